package logql

import (
	"fmt"
	"regexp"
	"slices"

	"tripod/store/logs"
)

// logExpr reads a selector and its stages.
func (p *parser) logExpr() (*LogExpr, error) {
	l := &LogExpr{}
	if err := p.selector(l); err != nil {
		return nil, err
	}
	return l, p.stages(l)
}

func (p *parser) selector(l *LogExpr) error {
	if err := p.advance(); err != nil {
		return err
	}
	for !p.tok.is("}") {
		m, err := p.matcher()
		if err != nil {
			return err
		}
		l.Matchers = append(l.Matchers, m)
		if p.tok.is("}") {
			break
		}
		if !p.tok.is(",") {
			return p.wrong(`"," or "}" is missing`, "")
		}
		if err := p.advance(); err != nil {
			return err
		}
	}
	return p.advance()
}

// matcher reads label="value".
func (p *parser) matcher() (Matcher, error) {
	if p.tok.kind != tokenName {
		return Matcher{}, p.wrong("a label name is missing", "")
	}
	m := Matcher{Name: p.tok.text, Pos: p.tok.start}
	if err := p.advance(); err != nil {
		return m, err
	}
	if !slices.Contains([]string{"=", "!=", "=~", "!~"}, p.tok.text) || p.tok.kind != tokenOp {
		return m, p.wrong("= != =~ or !~ is missing behind "+m.Name, "")
	}
	m.Op = p.tok.text
	if err := p.advance(); err != nil {
		return m, err
	}
	return p.matcherValue(m)
}

func (p *parser) matcherValue(m Matcher) (Matcher, error) {
	at := p.tok
	var err error
	if m.Value, err = p.quotedText(); err != nil {
		return m, err
	}
	m.End = at.end
	if m.Op == "=~" || m.Op == "!~" {
		if _, err := wholeRegexp(m.Value); err != nil {
			return m, p.fail(at.start, at.end, logs.RegexpProblem(err), "")
		}
	}
	return m, p.count()
}

// wholeRegexp matches whole values.
func wholeRegexp(expr string) (*regexp.Regexp, error) {
	if _, err := regexp.Compile(expr); err != nil {
		return nil, err // in the words of what was written
	}
	return regexp.Compile("^(?s:" + expr + ")$")
}

func (p *parser) quotedText() (string, error) {
	if p.tok.kind != tokenText {
		end := min(p.tok.start+1, len(p.text))
		return "", p.fail(p.tok.start, end, "a quoted text is missing", "")
	}
	text := p.tok.text
	return text, p.advance()
}

var lineOps = []string{"|=", "!=", "|~", "!~", "|>", "!>"}

// stages reads line filters and what stands behind pipes.
func (p *parser) stages(l *LogExpr) error {
	for {
		var s Stage
		var err error
		switch {
		case p.tok.kind == tokenOp && slices.Contains(lineOps, p.tok.text):
			s, err = p.lineFilter()
		case p.tok.is("|"):
			s, err = p.stage()
		default:
			return nil
		}
		if err == nil {
			err = p.count()
		}
		if err != nil {
			return err
		}
		l.Stages = append(l.Stages, s)
	}
}

// lineFilter reads the operator here and the texts behind it.
func (p *parser) lineFilter() (Stage, error) {
	f := &LineFilter{Op: p.tok.text}
	for {
		if err := p.advance(); err != nil {
			return nil, err
		}
		t, err := p.lineText(f.Op)
		if err != nil {
			return nil, err
		}
		f.Texts = append(f.Texts, t)
		if !p.word("or") {
			return f, nil
		}
		if err := p.count(); err != nil {
			return nil, err
		}
	}
}

func (p *parser) lineText(op string) (LineText, error) {
	t := LineText{Pos: p.tok.start}
	if p.tok.kind == tokenName {
		return p.lineIP(op)
	}
	t.End = p.tok.end
	var err error
	if t.Text, err = p.quotedText(); err != nil {
		return t, err
	}
	switch op[1] {
	case '~':
		if _, err := logs.NewRegexp(t.Text, false); err != nil {
			return t, p.fail(t.Pos, t.End, logs.RegexpProblem(err), "")
		}
	case '>':
		if _, err := newLinePattern(t.Text); err != nil {
			return t, p.fail(t.Pos, t.End, err.Error(), "")
		}
	}
	return t, nil
}

// lineIP reads ip("…").
func (p *parser) lineIP(op string) (LineText, error) {
	t := LineText{IP: true, Pos: p.tok.start}
	if !p.word("ip") {
		return t, p.wrong(fmt.Sprintf("unknown function %q in a line filter", p.tok.text), `there is ip("…") only`)
	}
	if op[1] != '=' {
		return t, p.wrong("ip goes with |= and != only", "")
	}
	var err error
	t.Text, t.End, err = p.ipText()
	return t, err
}

// ipText reads ("…") behind the word ip.
func (p *parser) ipText() (text string, end int, err error) {
	if err := p.advance(); err != nil {
		return "", 0, err
	}
	if err := p.need("(", " behind ip"); err != nil {
		return "", 0, err
	}
	at := p.tok
	if text, err = p.quotedText(); err != nil {
		return "", 0, err
	}
	if _, err := parseIPs(text); err != nil {
		return "", 0, p.fail(at.start, at.end, err.Error(), "an address, a network such as 10.0.0.0/8, or a range such as 10.0.0.1-10.0.0.9")
	}
	end = p.tok.end
	return text, end, p.need(")", "")
}
