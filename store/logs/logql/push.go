package logql

import (
	"regexp"
	"strings"

	"tripod/store/logs"
)

// pusher tells, stage by stage, what the store may look for: nodes that hold for
// every record that the stage keeps.
type pusher struct {
	asSent bool    // the line is still as it was sent
	labels bool    // labels are those that came with the line or, behind json, stand in it
	json   *Parser // the stage that took the labels out, if one did
	fails  []logs.Node
	opaque bool // a line may have an error that fails does not tell

	forgiven bool // errors may have been dropped
}

// stage is a node for a stage, nil when there is none; whole says that the node
// is all that the stage asks.
func (p *pusher) stage(s Stage) (n logs.Node, whole bool) {
	switch s := s.(type) {
	case *LineFilter:
		if p.asSent {
			return s.node()
		}
	case *LabelFilter:
		if p.labels {
			return p.condition(s.Cond)
		}
	case *Parser:
		p.parser(s)
	case *Decolorize:
		p.asSent = false
	case *LineFormat:
		p.asSent, p.labels = false, false
	case *Unwrap:
		if p.labels {
			n = maybe(s.Label, s.String(), func(string) bool { return true })
		}
		p.labels = false
	case *DropKeep:
		p.labels, p.forgiven = p.labels && s.errorsOnly(), true
	default: // label_format
		p.labels = false
	}
	return n, false
}

func (p *pusher) parser(s *Parser) {
	if s.Kind == "unpack" {
		p.asSent = false
	}
	if p.json != nil || s.Kind != "json" || len(s.Params) > 0 || !p.asSent {
		p.labels = false
	}
	if p.labels {
		p.json = s
		p.fails = append(p.fails, &logs.Not{X: logs.JSONLine{Sure: true}})
	}
}

// maybe asks for a label, nil when the store cannot be asked about it.
func maybe(label, text string, test func(string) bool) logs.Node {
	if !logs.MaybeLabel(label) {
		return nil
	}
	return &logs.Maybe{Label: label, Test: test, Text: text}
}

func (p *pusher) condition(c Cond) (n logs.Node, whole bool) {
	switch c := c.(type) {
	case *Both:
		return p.both(c)
	case *MatchCond:
		return p.match(c)
	case *NumberCond:
		return p.number(c), false
	case *IPCond:
		return p.ip(c), false
	}
	return nil, false
}

func (p *pusher) both(c *Both) (logs.Node, bool) {
	l, wholeL := p.condition(c.L)
	r, wholeR := p.condition(c.R)
	switch {
	case c.Or && (l == nil || r == nil):
		return nil, false
	case c.Or:
		return logs.Or{l, r}, wholeL && wholeR
	case l == nil:
		return r, false
	case r == nil:
		return l, false
	}
	return logs.And{l, r}, wholeL && wholeR
}

func (p *pusher) match(c *MatchCond) (logs.Node, bool) {
	test, err := c.Matcher.compile()
	if err != nil {
		return nil, false
	}
	if c.Name == errorLabel {
		if p.json == nil || p.forgiven || test(jsonError) {
			return nil, false
		}
		return logs.JSONLine{}, false
	}
	if p.isLevel(c.Name) {
		var n logs.Node = &logs.Maybe{Label: "detected_level", Test: test, Text: c.String()}
		if c.Name == "level" {
			n = &logs.Maybe{Label: "level", Test: test, Text: c.String(), Ahead: true}
			n = &logs.StreamLabel{Label: c.Name, Test: test, Otherwise: n}
		}
		return n, true
	}
	if test("") || !logs.MaybeLabel(c.Name) {
		return nil, false
	}
	m := &logs.Maybe{Label: c.Name, Text: c.String()}
	if m.Is = c.Value; c.Op != "=" {
		m.Is, m.Test = "", test
	}
	return m, false
}

// isLevel says whether a name means the record's level, whatever is in the line.
func (p *pusher) isLevel(name string) bool {
	return name == "detected_level" || name == "level" && p.json == nil
}

// number also keeps lines that have an error, or get one by it.
func (p *pusher) number(c *NumberCond) logs.Node {
	unread := maybe(c.Name, c.String(), func(s string) bool { _, ok := c.read(s); return !ok })
	own := &logs.Maybe{Label: c.Name, Text: c.String(), Test: func(s string) bool {
		f, ok := c.read(s)
		return !ok || compare(c.Op, f, c.Value)
	}}
	if c.Unit == unitNumber {
		own.Number = func(f float64) bool { return compare(c.Op, f, c.Value) }
	}
	n := p.orFailed(own)
	if m, ok := unread.(*logs.Maybe); ok {
		m.Number = func(float64) bool { return c.Unit != unitNumber }
		p.fails = append(p.fails, unread)
	} else {
		p.opaque = true
	}
	return n
}

func (p *pusher) ip(c *IPCond) logs.Node {
	in, err := parseIPs(c.Text)
	if err != nil {
		return nil
	}
	return p.orFailed(&logs.Maybe{Label: c.Name, Text: c.String(), Test: func(s string) bool { return in.is(s) != c.Not }})
}

// orFailed is what keeps lines with an error.
func (p *pusher) orFailed(m *logs.Maybe) logs.Node {
	if p.opaque || !logs.MaybeLabel(m.Label) {
		return nil
	}
	if len(p.fails) == 0 {
		return m
	}
	return append(logs.Or{m}, p.fails...)
}

// node looks for a line filter's texts in lines as they were sent. When the
// store cannot, it is what holds for every line that the filter keeps, or nil.
func (f *LineFilter) node() (n logs.Node, whole bool) {
	var any logs.Or
	for _, t := range f.Texts {
		n := t.node(f.Op)
		if n == nil {
			return nil, false
		}
		any = append(any, n)
	}
	if n = any; len(any) == 1 {
		n = any[0]
	}
	if f.Op[0] == '!' {
		n = &logs.Not{X: n}
	}
	return n, true
}

func (t LineText) node(op string) logs.Node {
	switch {
	case t.IP:
		return nil
	case op[1] == '>':
		return t.patternNode()
	case t.Text == "":
		return logs.All{}
	case op[1] == '~':
		return t.regexp(dotAll(t.Text))
	}
	return t.contains(t.Text)
}

func (t LineText) contains(text string) logs.Node {
	return &logs.Field{Name: "line", Op: logs.Contains, Pattern: logs.Pattern{Text: text}, Pos: t.Pos, End: t.End}
}

func (t LineText) regexp(text string) logs.Node {
	p, err := logs.NewRegexp(text, false)
	if err != nil {
		return nil
	}
	return &logs.Field{Name: "line", Op: logs.Is, Pattern: p, Pos: t.Pos, End: t.End}
}

// patternNode is the pattern of |> as its literals, which the store finds
// fast, and as a regular expression.
func (t LineText) patternNode() logs.Node {
	p, err := newLinePattern(t.Text)
	if err != nil {
		return nil
	}
	re := t.regexp(p.regexp())
	if re == nil {
		return nil
	}
	var all logs.And
	for _, l := range p.literals {
		all = append(all, t.contains(l))
	}
	switch {
	case len(all) > 0:
		return append(all, re)
	case p.open:
		return logs.All{}
	}
	return re
}

// regexp matches what the pattern does.
func (p *linePattern) regexp() string {
	var b strings.Builder
	b.WriteString(`(?s)^`)
	if p.open {
		b.WriteString(`.*?`)
	}
	for i, l := range p.literals {
		if i > 0 {
			b.WriteString(`.*?`)
		}
		b.WriteString(regexp.QuoteMeta(l))
	}
	if !p.close {
		b.WriteString(`$`)
	}
	return b.String()
}
