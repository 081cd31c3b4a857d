package logql

import (
	"regexp"

	"tripod/store"
	"tripod/store/logs"
)

// label is the name of a matcher and where the matcher stands.
type label struct {
	name       string
	start, end int
}

func (l label) isLevel() bool { return l.name == "level" || l.name == "detected_level" }

func (l label) field(op logs.Op, p logs.Pattern) *logs.Field {
	return &logs.Field{Name: l.name, Op: op, Pattern: p, Pos: l.start, End: l.end}
}

// missing matches what has no such label, or an empty one.
func (l label) missing() logs.Node {
	none := &logs.Not{X: l.field(logs.Exists, logs.Pattern{})}
	if l.isLevel() {
		return none
	}
	return logs.Or{none, l.field(logs.Equal, logs.Pattern{})}
}

func (l label) equal(value string) logs.Node {
	if value == "" {
		return l.missing()
	}
	if l.isLevel() && value != "unknown" && value != "unset" {
		if _, ok := store.ParseLevel(value); !ok {
			return &logs.Not{X: logs.All{}}
		}
	}
	return l.field(logs.Equal, logs.Pattern{Text: value})
}

// regexp matches whole values; a missing label counts as an empty one.
func (l label) regexp(expr string) (logs.Node, error) {
	if _, err := regexp.Compile(expr); err != nil {
		return nil, err // in the words of what was written
	}
	whole, err := regexp.Compile("^(?s:" + expr + ")$")
	if err != nil {
		return nil, err
	}
	p, err := logs.NewRegexp("^(?s:"+expr+")$", false)
	if err != nil {
		return nil, err
	}
	n := l.field(logs.Is, p)
	if whole.MatchString("") {
		return logs.Or{l.missing(), n}, nil
	}
	return n, nil
}

// node is what a matcher asks of a record: the label of its stream or, where the
// stream has none, whatever is called so.
func (m *Matcher) node() (n logs.Node, err error) {
	l := label{name: m.Name, start: m.Pos, end: m.End}
	if n = l.equal(m.Value); m.Op == "=~" || m.Op == "!~" {
		n, err = l.regexp(m.Value)
	}
	if err != nil {
		return nil, err
	}
	if m.Name != "detected_level" { // which every record has
		n = m.ofStream(n)
	}
	if m.Op[0] == '!' {
		n = &logs.Not{X: n}
	}
	return n, nil
}

// ofStream asks the stream before it asks otherwise, whether or not the matcher
// is negated.
func (m *Matcher) ofStream(otherwise logs.Node) logs.Node {
	n := &logs.StreamLabel{Label: m.Name, Otherwise: otherwise, Test: func(s string) bool { return s == m.Value }}
	if m.Op == "=~" || m.Op == "!~" {
		n.Test = regexp.MustCompile("^(?s:" + m.Value + ")$").MatchString
	} else {
		n.Is = m.Value
	}
	return n
}
