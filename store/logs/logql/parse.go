package logql

import (
	"fmt"
	"slices"
	"strconv"
)

// Bounds of a query.
const (
	maxQuery = 16 << 10
	maxParts = 1000 // conditions, stages, texts and parameters
	maxDepth = 64   // of parentheses and functions in one another
)

// ParseExpr reads a query of any kind. Errors are *store.QueryError.
func ParseExpr(text string) (Expr, error) {
	p := &parser{lexer: lexer{text: text}}
	if len(text) > maxQuery {
		return nil, p.fail(maxQuery, len(text), "query is longer than 16 KiB", "")
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.tok.kind == tokenEnd {
		return nil, p.wrong("a query begins with a stream selector", `as in {service_name="planner-api"}`)
	}
	e, err := p.expr(0)
	if err != nil {
		return nil, err
	}
	if p.tok.kind != tokenEnd {
		if _, ok := e.(*LogExpr); ok {
			if p.tok.is("[") {
				return nil, p.wrong("a range belongs into a function", `as in rate({service_name="planner-api"}[5m])`)
			}
			return nil, p.wrong("a line filter is missing", `as in |= "text"`)
		}
		return nil, p.wrong("the query should end here", "")
	}
	if l, ok := e.(*LogExpr); ok {
		if u := l.unwrap(); u != nil {
			return nil, p.fail(u.Pos, u.End, "unwrap belongs into a range aggregation", "as in sum_over_time({…} | unwrap "+u.Label+" [5m])")
		}
	}
	return e, nil
}

type parser struct {
	lexer
	tok   token
	depth int
	parts int
}

// advance reads the next token.
func (p *parser) advance() (err error) {
	p.tok, err = p.next()
	return err
}

// wrong says what is wrong with the token here.
func (p *parser) wrong(msg, hint string) error {
	end := p.tok.end
	if p.tok.kind == tokenOp {
		end = min(p.tok.start+1, len(p.text))
	}
	return p.fail(p.tok.start, end, msg, hint)
}

func (p *parser) take(op string) (bool, error) {
	if !p.tok.is(op) {
		return false, nil
	}
	return true, p.advance()
}

func (p *parser) need(op, where string) error {
	if !p.tok.is(op) {
		return p.wrong(strconv.Quote(op)+" is missing"+where, "")
	}
	return p.advance()
}

// word says whether a name stands here.
func (p *parser) word(name string) bool { return p.tok.kind == tokenName && p.tok.text == name }

// count bounds the parts of a query.
func (p *parser) count() error {
	if p.parts++; p.parts > maxParts {
		return p.wrong("more than 1,000 conditions", "")
	}
	return nil
}

func (p *parser) deeper() error {
	if p.depth++; p.depth > maxDepth {
		return p.wrong("too deeply nested", "")
	}
	return nil
}

// bindings say how tightly operators bind.
var bindings = map[string]int{
	"or": 1, "and": 2, "unless": 2,
	"==": 3, "!=": 3, ">": 3, ">=": 3, "<": 3, "<=": 3,
	"+": 4, "-": 4, "*": 5, "/": 5, "%": 5, "^": 6,
}

func (p *parser) binding() int {
	if p.tok.kind == tokenOp || p.tok.kind == tokenName {
		return bindings[p.tok.text]
	}
	return 0
}

// expr reads operands whose operators bind more tightly than above.
func (p *parser) expr(above int) (Expr, error) {
	if err := p.deeper(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	l, err := p.operand()
	if err != nil {
		return nil, err
	}
	for {
		bind := p.binding()
		if bind <= above {
			return l, nil
		}
		if _, ok := l.(*LogExpr); ok {
			return l, nil // the caller says what is wrong with it
		}
		if err := p.count(); err != nil {
			return nil, err
		}
		b := &Binary{Op: p.tok.text, L: l, Pos: p.tok.start, End: p.tok.end}
		if err := p.modifiers(b); err != nil {
			return nil, err
		}
		if b.Op == "^" {
			bind-- // right to left
		}
		at := p.tok
		if b.R, err = p.expr(bind); err != nil {
			return nil, err
		}
		if err := p.checkBinary(b, at); err != nil {
			return nil, err
		}
		l = b
	}
}

func isSetOp(op string) bool      { return op == "and" || op == "or" || op == "unless" }
func isComparison(op string) bool { return bindings[op] == 3 }

func (p *parser) checkBinary(b *Binary, right token) error {
	if _, ok := b.R.(*LogExpr); ok {
		return p.fail(right.start, right.end, "lines cannot be computed with", "count them first: count_over_time({…}[5m])")
	}
	_, l := b.L.(*Number)
	_, r := b.R.(*Number)
	if isSetOp(b.Op) && (l || r) {
		return p.fail(b.Pos, b.End, fmt.Sprintf("%q needs vectors on both sides", b.Op), "")
	}
	return nil
}

// modifiers reads the operator and what stands behind it: bool, on or
// ignoring, group_left or group_right.
func (p *parser) modifiers(b *Binary) error {
	if err := p.advance(); err != nil {
		return err
	}
	if p.word("bool") {
		if !isComparison(b.Op) {
			return p.wrong("bool goes with comparisons only", "")
		}
		b.Bool = true
		if err := p.advance(); err != nil {
			return err
		}
	}
	if !p.word("on") && !p.word("ignoring") {
		return nil
	}
	b.Match = &Matching{On: p.word("on")}
	var err error
	if b.Match.Labels, err = p.labelList(); err != nil {
		return err
	}
	if !p.word("group_left") && !p.word("group_right") {
		return nil
	}
	if isSetOp(b.Op) {
		return p.wrong(fmt.Sprintf("no grouping with %q", b.Op), "")
	}
	b.Match.Group = p.tok.text
	if err := p.advance(); err != nil || !p.tok.is("(") {
		return err
	}
	b.Match.Include, err = p.labelsIn()
	return err
}

// labelList reads the word here and the names in parentheses behind it.
func (p *parser) labelList() ([]string, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	return p.labelsIn()
}

func (p *parser) labelsIn() ([]string, error) {
	if err := p.need("(", ""); err != nil {
		return nil, err
	}
	var list []string
	for !p.tok.is(")") {
		if len(list) > 0 {
			if err := p.need(",", " or \")\""); err != nil {
				return nil, err
			}
		}
		if p.tok.kind != tokenName {
			return nil, p.wrong("a label name is missing", "")
		}
		if err := p.count(); err != nil {
			return nil, err
		}
		list = append(list, p.tok.text)
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
	return list, p.advance()
}

func (p *parser) grouping() (*Grouping, error) {
	if !p.word("by") && !p.word("without") {
		return nil, nil
	}
	g := &Grouping{Without: p.word("without")}
	var err error
	g.Labels, err = p.labelList()
	return g, err
}

// operand reads a literal, a function, a selector or what is in parentheses.
func (p *parser) operand() (Expr, error) {
	switch {
	case p.tok.is("{"):
		return p.logExpr()
	case p.tok.is("("):
		return p.group()
	case p.tok.is("-"), p.tok.is("+"), p.tok.kind == tokenNumber:
		v, err := p.number()
		return &Number{v}, err
	case p.tok.kind != tokenName:
		return nil, p.wrong("a query begins with a stream selector", `as in {service_name="planner-api"}`)
	case p.word("vector"):
		return p.vector()
	case p.word("label_replace"):
		return p.labelReplace()
	case rangeFns[p.tok.text].known:
		return p.rangeAgg()
	case slices.Contains(vectorOps, p.tok.text):
		return p.vectorAgg()
	}
	return nil, p.wrong(fmt.Sprintf("unknown function %q", p.tok.text), `to search for a word: {service_name="…"} |= "`+p.tok.text+`"`)
}

// group reads what is in parentheses: numbers, or lines and their stages.
func (p *parser) group() (Expr, error) {
	open := p.tok
	if err := p.advance(); err != nil {
		return nil, err
	}
	e, err := p.expr(0)
	if err != nil {
		return nil, err
	}
	if !p.tok.is(")") {
		return nil, p.fail(open.start, open.end, `"(" is never closed`, "")
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if l, ok := e.(*LogExpr); ok {
		return l, p.stages(l)
	}
	return e, nil
}

// number reads a literal with its sign.
func (p *parser) number() (float64, error) {
	minus := p.tok.is("-")
	if minus || p.tok.is("+") {
		if err := p.advance(); err != nil {
			return 0, err
		}
	}
	if p.tok.kind != tokenNumber {
		return 0, p.wrong("a number is missing", "")
	}
	v, err := strconv.ParseFloat(p.tok.text, 64)
	if err != nil {
		return 0, p.wrong(fmt.Sprintf("%q is no number", p.tok.text), "")
	}
	if minus {
		v = -v
	}
	return v, p.advance()
}
