package logql

import (
	"fmt"
	"strconv"
)

// filterOps are the operators of label filters.
var filterOps = map[string]bool{"=": true, "==": true, "!=": true, "=~": true, "!~": true, ">": true, ">=": true, "<": true, "<=": true}

// condition reads conditions joined by or, and, a comma, or nothing.
func (p *parser) condition() (Cond, error) {
	c, err := p.oneCondition()
	if err != nil {
		return nil, err
	}
	return p.conditionRest(c, false)
}

// conditionRest goes on behind a condition; and binds more tightly than or.
func (p *parser) conditionRest(l Cond, tight bool) (Cond, error) {
	for {
		or := p.word("or")
		and := p.word("and") || p.tok.is(",")
		if !or && !and && p.tok.kind != tokenName && !p.tok.is("(") || or && tight {
			return l, nil
		}
		if err := p.count(); err != nil {
			return nil, err
		}
		if or || and {
			if err := p.advance(); err != nil {
				return nil, err
			}
		}
		r, err := p.oneCondition()
		if err == nil && or {
			r, err = p.conditionRest(r, true)
		}
		if err != nil {
			return nil, err
		}
		l = &Both{Or: or, L: l, R: r}
	}
}

func (p *parser) oneCondition() (Cond, error) {
	if p.tok.is("(") {
		return p.conditionGroup()
	}
	name := p.tok
	if name.kind != tokenName {
		return nil, p.wrong("a label name is missing", "")
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	return p.conditionOf(name)
}

func (p *parser) conditionGroup() (Cond, error) {
	open := p.tok
	if err := p.deeper(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	if err := p.advance(); err != nil {
		return nil, err
	}
	c, err := p.condition()
	if err != nil {
		return nil, err
	}
	if !p.tok.is(")") {
		return nil, p.fail(open.start, open.end, `"(" is never closed`, "")
	}
	return c, p.advance()
}

// conditionOf reads the operator behind a label's name, and its value.
func (p *parser) conditionOf(name token) (Cond, error) {
	op := p.tok.text
	if p.tok.kind != tokenOp || !filterOps[op] {
		return nil, p.fail(name.start, name.end, fmt.Sprintf("unknown stage %q", name.text), `a label filter needs an operator, as in | `+name.text+`="…"`)
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	isRegexp := op == "=~" || op == "!~"
	switch {
	case p.tok.kind == tokenText && (isRegexp || op == "=" || op == "!=" || op == "=="):
		if op == "==" {
			op = "="
		}
		m, err := p.matcherValue(Matcher{Name: name.text, Op: op, Pos: name.start})
		return &MatchCond{m}, err
	case p.word("ip") && (op == "=" || op == "==" || op == "!="):
		c := &IPCond{Name: name.text, Not: op == "!=", Pos: name.start}
		var err error
		c.Text, c.End, err = p.ipText()
		return c, err
	case isRegexp:
		return nil, p.wrong("a quoted regular expression is missing", "")
	case p.tok.kind == tokenNumber, p.tok.is("-"), p.tok.is("+"):
		return p.numberCondition(name.text, op)
	}
	return nil, p.wrong("a quoted text, a number, a duration or a size is missing", "")
}

// numberCondition reads 5, -1.5, 10ms or 20KB.
func (p *parser) numberCondition(name, op string) (Cond, error) {
	if op == "=" {
		op = "=="
	}
	c := &NumberCond{Name: name, Op: op}
	sign := ""
	if p.tok.is("-") || p.tok.is("+") {
		sign = p.tok.text
		if err := p.advance(); err != nil {
			return nil, err
		}
		if p.tok.kind != tokenNumber {
			return nil, p.wrong("a number is missing", "")
		}
	}
	c.Text = sign + p.tok.text
	var ok bool
	if c.Value, c.Unit, ok = parseLiteral(c.Text); !ok {
		return nil, p.wrong(strconv.Quote(c.Text)+" is no number, duration or size", "as in 500, 1.5s, 2h30m or 10KB")
	}
	return c, p.advance()
}
