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

// line matches the line as it was sent.
func line(text string, expr bool, start, end int) (logs.Node, error) {
	if text == "" {
		return logs.All{}, nil
	}
	n := &logs.Field{Name: "line", Op: logs.Contains, Pattern: logs.Pattern{Text: text}, Pos: start, End: end}
	if !expr {
		return n, nil
	}
	p, err := logs.NewRegexp(text, false)
	n.Op, n.Pattern = logs.Is, p
	return n, err
}
