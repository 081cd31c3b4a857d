package traceql

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"tripod/store"
)

// filter reads {…}.
func (p *parser) filter() (any, error) {
	open := p.tok
	if err := p.advance(); err != nil {
		return nil, err
	}
	if done, err := p.take("}"); done || err != nil {
		return &Filter{}, err
	}
	at := p.tok
	x, err := p.expr(0)
	if err != nil {
		return nil, err
	}
	if !p.tok.is("}") {
		if p.tok.kind == tokenEnd {
			return nil, p.fail(open.start, open.end, `"{" is never closed`, "")
		}
		return nil, p.wrong("an operator is missing", "conditions are joined by && and ||")
	}
	end := p.tok.start
	if c, err := p.check(x); err != nil {
		return nil, err
	} else if c != classAny && c != classBool {
		return nil, p.fail(at.start, end, "a condition is true or false, this is neither", "compare it with something")
	}
	return &Filter{X: x}, p.advance()
}

// expr reads operands whose operators bind more tightly than above.
func (p *parser) expr(above int) (Expr, error) {
	up, err := p.deeper()
	defer up()
	if err != nil {
		return nil, err
	}
	l, err := p.operand()
	if err != nil {
		return nil, err
	}
	for {
		bind := p.binding()
		if bind <= above {
			return l, nil
		}
		if err := p.count(); err != nil {
			return nil, err
		}
		b := &Binary{Op: p.tok.text, L: l, Pos: p.tok.start, End: p.tok.end}
		if err := p.advance(); err != nil {
			return nil, err
		}
		if b.Op == "^" {
			bind-- // right to left
		}
		if b.R, err = p.expr(bind); err != nil {
			return nil, err
		}
		if bindings[b.Op] == 2 && !isComparison(b.Op) {
			if err := p.regexp(b); err != nil {
				return nil, err
			}
		}
		l = b
	}
}

// regexp compiles what stands behind =~ and !~; no other operator of its
// binding has a meaning between fields.
func (p *parser) regexp(b *Binary) (err error) {
	if b.Op != "=~" && b.Op != "!~" {
		return p.fail(b.Pos, b.End, fmt.Sprintf("%q joins spansets, not conditions", b.Op), "as in {…} "+b.Op+" {…}")
	}
	l, ok := b.R.(*Literal)
	if !ok || l.kind != kindText {
		return p.fail(b.Pos, b.End, "a regular expression in quotes is missing behind "+b.Op, "")
	}
	if _, err = regexp.Compile(l.s); err == nil {
		b.re, err = regexp.Compile("^(?:" + l.s + ")$")
	}
	if err != nil {
		msg := strings.TrimPrefix(err.Error(), "error parsing regexp: ")
		return p.fail(b.End, p.tok.start, "wrong regular expression: "+msg, "")
	}
	return nil
}

func (p *parser) operand() (Expr, error) {
	if err := p.count(); err != nil {
		return nil, err
	}
	switch {
	case p.tok.is("!"), p.tok.is("-"):
		return p.unary()
	case p.tok.is("("):
		return p.inParentheses()
	case p.tok.kind == tokenNumber:
		v, err := p.number()
		return &Literal{v}, err
	case p.tok.kind == tokenText:
		l := &Literal{text(p.tok.text)}
		return l, p.advance()
	case p.tok.kind == tokenName:
		if v, ok := words[p.tok.text]; ok {
			return &Literal{v}, p.advance()
		}
	}
	return p.field()
}

// unary reads a sign, which binds less tightly than ^ and more than the rest.
func (p *parser) unary() (Expr, error) {
	u := &Unary{Op: p.tok.text, Pos: p.tok.start, End: p.tok.end}
	err := p.advance()
	if err != nil {
		return nil, err
	}
	u.X, err = p.expr(bindings["^"] - 1)
	return u, err
}

func (p *parser) inParentheses() (Expr, error) {
	open := p.tok
	if err := p.advance(); err != nil {
		return nil, err
	}
	x, err := p.expr(0)
	if err != nil {
		return nil, err
	}
	if !p.tok.is(")") {
		return nil, p.fail(open.start, open.end, `"(" is never closed`, "")
	}
	return x, p.advance()
}

// words are the constants that have a name.
var words = map[string]value{
	"nil": {}, "true": boolean(true), "false": boolean(false),
	"minInt": integer(math.MinInt64), "maxInt": integer(math.MaxInt64),
	"error": status(store.StatusError), "ok": status(store.StatusOK), "unset": status(store.StatusUnset),
	"unspecified": kind(store.SpanUnspecified), "internal": kind(store.SpanInternal), "server": kind(store.SpanServer),
	"client": kind(store.SpanClient), "producer": kind(store.SpanProducer), "consumer": kind(store.SpanConsumer),
}

func kind(k store.SpanKind) value { return value{kind: kindSpanKind, n: int64(k)} }

// field reads the name of a field.
func (p *parser) field() (*Field, error) {
	if err := p.count(); err != nil {
		return nil, err
	}
	f := &Field{Name: p.tok.text, Scope: p.tok.scope, Pos: p.tok.start, End: p.tok.end}
	switch p.tok.kind {
	case tokenAttribute:
		return f, p.advance()
	case tokenName, tokenIntrinsic:
		if f.Intrinsic = intrinsics[f.Name]; f.Intrinsic != Attribute {
			return f, p.advance()
		}
		return nil, p.unknownField()
	}
	return nil, p.wrong("a field or value is missing", `as in span.http.route, name or "text"`)
}

func (p *parser) unknownField() error {
	name := p.tok.text
	if p.tok.kind == tokenIntrinsic {
		return p.wrong(fmt.Sprintf("unknown field %q", name), "an attribute has a dot: "+strings.Replace(name, ":", ".", 1))
	}
	if name == "trace" {
		return p.wrong("trace is a scope without attributes", "as in trace:rootName")
	}
	if slices.Contains(scopeWords[1:], name) {
		return p.wrong(name+" is a scope", "as in "+name+".http.route")
	}
	return p.wrong(fmt.Sprintf("unknown field %q", name), fmt.Sprintf("an attribute has a scope: span.%[1]s, resource.%[1]s or .%[1]s", name))
}

// number reads a number or a duration.
func (p *parser) number() (value, error) {
	s := p.tok.text
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return integer(n), p.advance()
	}
	if strings.Trim(s, "0123456789") == "" {
		return value{}, p.wrong("the number is too great", "write it with a decimal point")
	}
	if strings.ContainsAny(s, ".eE") && strings.Trim(s, "0123456789.eE+-") == "" {
		if f, err := strconv.ParseFloat(s, 64); err == nil {
			return float(f), p.advance()
		}
	}
	if d, err := time.ParseDuration(s); err == nil && strings.Trim(s[len(s)-1:], "0123456789.") != "" {
		return duration(int64(d)), p.advance()
	}
	return value{}, p.wrong(fmt.Sprintf("%q is no number or duration", s), "durations are like 100ms, 1.5s or 1h30m")
}
