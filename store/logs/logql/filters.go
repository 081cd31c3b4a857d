package logql

import (
	"regexp"
	"strconv"
	"strings"

	"tripod/store/logs"
)

// compile makes the test of one line filter.
func (f *LineFilter) compile() (func(*line) bool, error) {
	tests := make([]func(string) bool, len(f.Texts))
	for i, t := range f.Texts {
		test, err := t.compile(f.Op)
		if err != nil {
			return nil, err
		}
		tests[i] = test
	}
	want := f.Op[0] == '|'
	return func(l *line) bool {
		for _, test := range tests {
			if test(l.text) {
				return want
			}
		}
		return !want
	}, nil
}

func (t LineText) compile(op string) (func(string) bool, error) {
	switch {
	case t.IP:
		p, err := parseIPs(t.Text)
		return p.inLine, err
	case op[1] == '~':
		re, err := regexp.Compile(dotAll(t.Text))
		if err != nil {
			return nil, err
		}
		return re.MatchString, nil
	case op[1] == '>':
		p, err := newLinePattern(t.Text)
		if err != nil {
			return nil, err
		}
		return p.match, nil
	}
	return func(s string) bool { return strings.Contains(s, t.Text) }, nil
}

// dotAll lets "." in a line filter's regular expression match a newline too, as
// in Loki.
func dotAll(expr string) string {
	if !strings.Contains(expr, ".") {
		return expr
	}
	return "(?s:" + expr + ")"
}

// compile makes the test of conditions. Errors keep a line: it carries them.
func compileCond(c Cond) (func(*line) bool, error) {
	switch c := c.(type) {
	case *Both:
		return c.compile()
	case *MatchCond:
		test, err := c.compile()
		return func(l *line) bool { return test(l.get(c.Name)) }, err
	case *IPCond:
		return c.compile()
	case *NumberCond:
		return c.test, nil
	}
	return nil, nil
}

func (c *Both) compile() (func(*line) bool, error) {
	a, err := compileCond(c.L)
	if err != nil {
		return nil, err
	}
	b, err := compileCond(c.R)
	if c.Or {
		return func(l *line) bool { return a(l) || b(l) }, err
	}
	return func(l *line) bool { return a(l) && b(l) }, err
}

// compile makes the test of a value.
func (m *Matcher) compile() (func(string) bool, error) {
	is := func(s string) bool { return s == m.Value }
	if strings.HasSuffix(m.Op, "~") {
		re, err := wholeRegexp(m.Value)
		if err != nil {
			return nil, err
		}
		is = re.MatchString
	}
	if m.Op[0] == '!' {
		return func(s string) bool { return !is(s) }, nil
	}
	return is, nil
}

func (c *IPCond) compile() (func(*line) bool, error) {
	p, err := parseIPs(c.Text)
	return func(l *line) bool {
		value, ok := l.lookup(c.Name)
		if l.err != "" {
			return true
		}
		return ok && p.is(value) != c.Not
	}, err
}

// test compares a label's number; one that cannot be read is an error of the
// line, and a line with an error stays.
func (c *NumberCond) test(l *line) bool {
	if l.err != "" {
		return true
	}
	if c.Unit == unitNumber {
		if f, ok := l.number(c.Name); ok {
			return compare(c.Op, f, c.Value)
		}
	}
	text, ok := l.lookup(c.Name)
	if !ok {
		return false
	}
	f, ok := c.read(text)
	if !ok {
		l.fail(filterError, strconv.Quote(text)+" is no "+[...]string{"number", "duration", "size"}[c.Unit])
		return true
	}
	return compare(c.Op, f, c.Value)
}

func (c *NumberCond) read(text string) (float64, bool) {
	switch c.Unit {
	case unitDuration:
		d, ok := parseDuration(text)
		return float64(d), ok
	case unitBytes:
		return parseBytes(text)
	}
	f, err := strconv.ParseFloat(text, 64)
	return f, err == nil
}

func compare(op string, a, b float64) bool {
	switch op {
	case "==":
		return a == b
	case "!=":
		return a != b
	case ">":
		return a > b
	case ">=":
		return a >= b
	case "<":
		return a < b
	}
	return a <= b
}

// Parse reads a query for lines into what the store looks for. Selector and
// line filters become nodes of the search line; the rest of the stages is
// asked about each record that these leave.
func Parse(text string) (logs.Node, error) {
	p, err := linesOf(text)
	if err != nil {
		return nil, err
	}
	return p.wholeNode(), nil
}
