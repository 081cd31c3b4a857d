package logs

import (
	"strings"
	"unicode/utf8"

	"tripod/store"
)

// How Loki's json stage names the members of a line, as labels, which
// store.Record.SetLine keeps as attributes (joined by dots) and words.

// memberWords are the labels of members that may have become words of the
// record, and then say little: which of the members it was, or how a time was
// written, is in the line alone.
var memberWords = func() map[string]string {
	m := map[string]string{}
	for word, names := range map[string]string{
		wordBody:      "msg message @message @m short_message",
		wordLevelText: "level severity lvl log.level loglevel levelname level_name @level @l Level LogLevel Severity severity_text severityText SeverityText",
		wordTrace:     "trace_id traceId traceID traceid trace.id TraceId",
		wordSpan:      "span_id spanId spanID spanid span.id SpanId",
		wordService:   "service service.name service_name",
		"":            "severity_number severityNumber SeverityNumber time ts timestamp @timestamp @t datetime Timestamp",
	} {
		for name := range strings.FieldsSeq(names) {
			m[LabelName(name)] = word
		}
	}
	return m
}()

// memberLabel says whether an attribute is a label of this name: as Loki spells
// it, behind "_" where it begins with a digit.
func memberLabel(attr, label string) bool {
	if attr != "" && attr[0] >= '0' && attr[0] <= '9' {
		if label == "" || label[0] != '_' {
			return false
		}
		label = label[1:]
	}
	at := 0
	for i := 0; i < len(attr); at++ {
		r, size := rune(attr[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(attr[i:])
		}
		if !isLabelRune(r) {
			r = '_'
		}
		if at >= len(label) || rune(label[at]) != r {
			return false
		}
		i += size
	}
	return at == len(label)
}

// oddMember says that an attribute's name does not tell its label: Loki takes
// the white space around each part of a name away, and empty parts in front.
func oddMember(attr string) bool {
	if attr == "" || attr[0] == '.' {
		return true
	}
	for i := range len(attr) {
		if attr[i] <= ' ' || attr[i] >= utf8.RuneSelf {
			return spacedMember(attr)
		}
	}
	return false
}

func spacedMember(attr string) bool {
	for part := range strings.SplitSeq(attr, ".") {
		if strings.TrimSpace(part) != part {
			return true
		}
	}
	return false
}

// JSON says what the line is to Loki's json stage.
type JSON uint8

const (
	NoJSON    JSON = iota // no object: the stage fails
	FieldJSON             // an object whose members are the record's fields: Label answers for them
	OtherJSON             // maybe an object
)

// JSON says what the line is to Loki's json stage.
func (r *Row) JSON() JSON {
	switch {
	case r.opaque:
		return OtherJSON
	case r.raw, r.Lean():
		return FieldJSON
	}
	return NoJSON
}

// Label is the label of a name that came with a line of FieldJSON or is in it:
// an empty value when there is none, false when the fields do not tell. The
// text of a float is not that of the line; its number is.
func (r *Row) Label(name string) (store.Value, bool) {
	word, isWord := memberWords[name]
	if isWord && name != "trace_id" && name != "span_id" && word != wordLevelText || strings.HasPrefix(name, "scope_") || strings.HasSuffix(name, "_extracted") {
		return store.Value{}, false
	}
	var found store.Value
	from := ""
	for i := range r.e.Fields {
		f := &r.e.Fields[i]
		attr := f.Name
		if attr != "" && attr[0] < keep[0] {
			if isWord && attr == word {
				found = f.Value
			} else if attr == wordLevelFrom {
				from = f.Value.Str()
			}
			continue
		}
		if attr != "" && attr[0] == keep[0] {
			attr = attr[1:]
		}
		switch is := memberLabel(attr, name); {
		case is && isWord, oddMember(attr):
			return store.Value{}, false
		case !is || found.Kind != store.KindEmpty:
		case f.Value.Kind >= store.KindBytes:
			return store.Value{}, false
		case f.Value.Kind != store.KindString || f.Value.Str() != "":
			found = f.Value
		}
	}
	if word == wordLevelText && !memberLabel(from, name) {
		return store.Value{}, from != "?"
	}
	return found, true
}
