package logs

import (
	"regexp"
	"strings"
)

// Node is one part of a query: All, And, Or, *Not, *Text, *Field or, of LogQL
// alone, *Keep, *Maybe or JSONLine. String prints the search line that parses
// to the same node, if it has none of those.
type Node interface {
	String() string
	// write prints the node inside an operator that binds as tightly as bind.
	write(b *strings.Builder, bind int)
}

// All matches every record.
type All struct{}

// And matches when all of its two or more parts do.
type And []Node

// Or matches when one of its two or more parts does.
type Or []Node

// Not matches when X does not.
type Not struct{ X Node }

// Text asks for a pattern in what a record says itself: its message, its
// attributes' values, its service, event name and ids.
type Text struct {
	Pattern  Pattern
	Pos, End int // in the text that was parsed
}

// Field asks for a field by name. "level", "service", "msg", "trace_id",
// "span_id" and "line" (the record as it was sent) are the record's own words;
// any other name is an attribute of the record, its resource or its scope.
// "_" in a name stands for any character that is no letter or digit, so that
// http_route finds http.route, as Loki's label names do.
type Field struct {
	Name     string
	Op       Op
	Pattern  Pattern // a literal for all operators but Is
	To       string  // upper end of Between
	Pos, End int     // in the text that was parsed
}

// Op is how a field is compared.
type Op uint8

// The operators of Field.
const (
	Is           Op = iota // name:value, or an item of a list; for msg and line: contains the words
	Equal                  // name:=value: the whole text
	Contains               // name:~value: the text anywhere, case matters
	Less                   // name:<value
	LessEqual              // name:<=value
	Greater                // name:>value
	GreaterEqual           // name:>=value
	Between                // name:a..b, both included
	Exists                 // name:*
)

var opText = [...]string{"", "=", "~", "<", "<=", ">", ">=", "", "*"}

// PatternKind says how a pattern's text is meant.
type PatternKind uint8

// The kinds of Pattern.
const (
	Literal PatternKind = iota
	Glob                // "*" stands for any run of characters
	Regexp
)

// Pattern is what a text or field is compared with.
type Pattern struct {
	Kind PatternKind
	Text string
	Fold bool // Regexp: ignore case

	re *regexp.Regexp // of Regexp
}

// NewRegexp makes a pattern of Go's regular expressions.
func NewRegexp(text string, fold bool) (Pattern, error) {
	text = pairwise(text, func(pair string) string {
		if pair == `\/` {
			return "/"
		}
		return pair
	})
	with := text
	if fold {
		with = "(?i)" + text
	}
	re, err := regexp.Compile(with)
	return Pattern{Kind: Regexp, Text: text, Fold: fold, re: re}, err
}

// pairwise rebuilds a regular expression from what each of its characters and
// escapes (a backslash and the byte behind it) becomes.
func pairwise(text string, each func(string) string) string {
	var b strings.Builder
	for i := 0; i < len(text); {
		n := 1
		if text[i] == '\\' && i+1 < len(text) {
			n = 2
		}
		b.WriteString(each(text[i : i+n]))
		i += n
	}
	return b.String()
}
