package pages

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"tripod/ui/screens"
)

// maxNested is how deep parentheses are looked into.
const maxNested = 8

// Bounds on marking.
const (
	maxMarked = 16 // terms of a line that are looked for
	maxMarks  = 40 // in one text
)

// marker finds what a line looked for in the texts that it found.
type marker struct{ re *regexp.Regexp }

// newMarker takes a search line; it looks for its words, phrases, wildcards and
// regular expressions, those of groups included, but for those that must not
// be there.
func newMarker(q string) marker {
	parts := wanted(q, 0)
	re, err := regexp.Compile(strings.Join(parts, "|"))
	if len(parts) == 0 || err != nil { // each compiles by itself, but together they may be too much
		return marker{}
	}
	return marker{re}
}

func wanted(q string, depth int) []string {
	var out []string
	for _, t := range terms(q) {
		switch {
		case t.neg || len(out) >= maxMarked:
		case t.kind == groupTerm && depth < maxNested:
			out = append(out, wanted(t.value, depth+1)...)
		case t.kind == wordTerm, t.kind == fieldTerm && (t.field == "msg" || t.field == "message") && t.op == "":
			if s := wantedText(t); s != "" {
				out = append(out, s)
			}
		case t.kind == otherTerm:
			if s := wantedRegexp(strings.TrimPrefix(q[t.start:t.end], "msg:")); s != "" {
				out = append(out, s)
			}
		}
	}
	return out[:min(len(out), maxMarked)]
}

// wantedText is a word, phrase or wildcard as a regular expression that
// ignores case, with its ends in groups of their own where it must not begin or
// end inside a word.
func wantedText(t term) string {
	text := strings.ToValidUTF8(t.value, "\uFFFD")
	if strings.Trim(text, "*") == "" {
		return ""
	}
	if t.quoted || !strings.Contains(text, "*") {
		return `(?i:` + bound(text, true) + regexp.QuoteMeta(text) + bound(text, false) + `)`
	}
	parts := strings.Split(text, "*")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return `(?i:` + bound(text, true) + strings.Join(parts, `\S*`) + bound(text, false) + `)`
}

// bound is an assertion at an end that is a letter or digit. Go's \b knows
// those of ASCII alone; with others there is none, which marks more.
func bound(text string, first bool) string {
	r, _ := utf8.DecodeRuneInString(text)
	if !first {
		r, _ = utf8.DecodeLastRuneInString(text)
	}
	if r < utf8.RuneSelf && (r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r)) {
		return `\b`
	}
	return ""
}

// wantedRegexp is /…/ or /…/i without the slashes, empty when it is none.
func wantedRegexp(s string) string {
	flags := ""
	if strings.HasSuffix(s, "/i") {
		s, flags = s[:len(s)-1], "i"
	}
	if len(s) < 3 || s[0] != '/' || s[len(s)-1] != '/' {
		return ""
	}
	s = `(?` + flags + `:` + strings.ReplaceAll(s[1:len(s)-1], `\/`, "/") + `)`
	if _, err := regexp.Compile(s); err != nil {
		return ""
	}
	return s
}

// mark cuts a text at what is looked for.
func (m marker) mark(text string) []screens.LogPiece {
	if m.re == nil || text == "" {
		return []screens.LogPiece{{Text: text}}
	}
	var out []screens.LogPiece
	at := 0
	for _, hit := range m.re.FindAllStringIndex(text, maxMarks) {
		if hit[0] == hit[1] {
			continue // an expression that also finds nothing
		}
		if hit[0] > at {
			out = append(out, screens.LogPiece{Text: text[at:hit[0]]})
		}
		out = append(out, screens.LogPiece{Text: text[hit[0]:hit[1]], Hit: true})
		at = hit[1]
	}
	if at < len(text) {
		out = append(out, screens.LogPiece{Text: text[at:]})
	}
	return out
}
