package traceql

import (
	"fmt"
	"slices"
)

// stage reads one stage of the outermost pipeline.
func (p *parser) stage() (Stage, error) {
	at := p.tok
	n, err := p.node(0)
	if err != nil {
		return nil, err
	}
	s, ok := n.(Stage)
	if scalar(n) || !ok {
		return nil, p.fail(at.start, p.tok.start, "a number alone keeps nothing", "compare it: count() > 2")
	}
	return s, nil
}

// scalar says whether a node is a Scalar; else it is a Stage.
func scalar(n any) bool {
	switch n.(type) {
	case *Aggregate, *ScalarBinary, *ScalarMinus, *ScalarLiteral, *ScalarPipeline:
		return true
	}
	return false
}

// bindings say how tightly operators bind, between stages and in expressions.
var bindings = map[string]int{
	"&&": 1, "||": 1,
	"=": 2, "!=": 2, "<": 2, "<=": 2, ">": 2, ">=": 2, "=~": 2, "!~": 2,
	">>": 2, "<<": 2, "~": 2, "!>": 2, "!<": 2, "!>>": 2, "!<<": 2,
	"&>": 2, "&<": 2, "&>>": 2, "&<<": 2, "&~": 2,
	"+": 3, "-": 3, "*": 4, "/": 4, "%": 4, "^": 5,
}

var structural = []string{">", ">>", "<", "<<", "~", "!>", "!>>", "!<", "!<<", "!~", "&>", "&>>", "&<", "&<<", "&~"}

func isComparison(op string) bool {
	return slices.Contains([]string{"=", "!=", "<", "<=", ">", ">="}, op)
}

func (p *parser) binding() int {
	if p.tok.kind == tokenOp {
		return bindings[p.tok.text]
	}
	return 0
}

// node reads a stage, or a number about a spanset, whose operators bind more
// tightly than above.
func (p *parser) node(above int) (any, error) {
	up, err := p.deeper()
	defer up()
	if err != nil {
		return nil, err
	}
	l, err := p.nodeOperand()
	if err != nil {
		return nil, err
	}
	for {
		op, bind := p.tok, p.binding()
		if bind <= above {
			return l, nil
		}
		if err := p.count(); err != nil {
			return nil, err
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
		if op.text == "^" {
			bind-- // right to left
		}
		r, err := p.node(bind)
		if err != nil {
			return nil, err
		}
		if l, err = p.join(op, l, r); err != nil {
			return nil, err
		}
	}
}

// join makes one node of two.
func (p *parser) join(op token, l, r any) (any, error) {
	switch x, y := scalar(l), scalar(r); {
	case !x && !y && (op.text == "&&" || op.text == "||" || slices.Contains(structural, op.text)):
		for _, side := range []any{l, r} {
			if !isSpanset(side) {
				return nil, p.fail(op.start, op.end, fmt.Sprintf("%q joins spansets only", op.text), "put a pipeline into parentheses")
			}
		}
		return &Joined{Op: op.text, L: l.(Stage), R: r.(Stage)}, nil
	case x && y && isComparison(op.text):
		return &ScalarFilter{Op: op.text, L: l.(Scalar), R: r.(Scalar)}, nil
	case x && y && bindings[op.text] > 2:
		return &ScalarBinary{Op: op.text, L: l.(Scalar), R: r.(Scalar)}, nil
	case x != y:
		return nil, p.fail(op.start, op.end, fmt.Sprintf("%q stands between a spanset and a number", op.text), "a spanset is followed by |, as in {…} | count() > 2")
	}
	return nil, p.fail(op.start, op.end, fmt.Sprintf("%q has no meaning here", op.text), "")
}

// isSpanset says whether a stage may be an operand.
func isSpanset(n any) bool {
	switch n.(type) {
	case *Filter, *Joined, *Pipeline, *ScalarFilter:
		return true
	}
	return false
}

func (p *parser) nodeOperand() (any, error) {
	if err := p.count(); err != nil {
		return nil, err
	}
	switch {
	case p.tok.is("{"):
		return p.filter()
	case p.tok.is("("):
		return p.group()
	case p.tok.is("-"):
		return p.scalarMinus()
	case p.tok.kind == tokenNumber:
		v, err := p.number()
		return &ScalarLiteral{Literal{v}}, err
	case p.tok.kind == tokenName:
		return p.named()
	case p.tok.kind == tokenAttribute || p.tok.kind == tokenIntrinsic:
		return nil, p.wrong("conditions on spans belong into braces", "{"+p.text[p.tok.start:p.tok.end]+" …}")
	}
	return nil, p.wrong("a spanset or stage is missing", `as in {status = error} or count() > 2`)
}

func (p *parser) scalarMinus() (any, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	at := p.tok
	x, err := p.node(bindings["^"] - 1)
	if err != nil {
		return nil, err
	}
	s, ok := x.(Scalar)
	if !scalar(x) || !ok {
		return nil, p.fail(at.start, p.tok.start, "a number is missing", "")
	}
	return &ScalarMinus{s}, nil
}

// group reads what is in parentheses.
func (p *parser) group() (any, error) {
	open := p.tok
	if err := p.advance(); err != nil {
		return nil, err
	}
	var stages []Stage
	for {
		n, err := p.node(0)
		if err != nil {
			return nil, err
		}
		pipe, last := p.tok.is("|"), p.tok.is(")")
		if !pipe && !last {
			return nil, p.fail(open.start, open.end, `"(" is never closed`, "")
		}
		if pipe && scalar(n) {
			return nil, p.wrong("a number alone keeps nothing", "compare it: count() > 2")
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
		switch {
		case pipe:
			stages = append(stages, n.(Stage))
			continue
		case scalar(n) && len(stages) > 0:
			return &ScalarPipeline{Stages: stages, X: n.(Scalar)}, nil
		case len(stages) == 0 && (scalar(n) || isSpanset(n)):
			return n, nil
		}
		return &Pipeline{Stages: append(stages, n.(Stage))}, nil
	}
}

var aggregateFns = []string{"count", "avg", "max", "min", "sum"}

// named reads a stage or an aggregate that begins with its name.
func (p *parser) named() (any, error) {
	name := p.tok
	switch {
	case slices.Contains(aggregateFns, name.text):
		return p.aggregate()
	case name.text == "by":
		return p.groupBy()
	case name.text == "select":
		return p.selection()
	case name.text == "coalesce":
		if err := p.advance(); err != nil {
			return nil, err
		}
		if err := p.need("(", ""); err != nil {
			return nil, err
		}
		return &Coalesce{}, p.need(")", "")
	case slices.Contains(metricFns, name.text):
		return nil, p.wrong(name.text+" stands at the end of the whole query", "as in {status = error} | rate() by (resource.service.name)")
	case intrinsics[name.text] != Attribute:
		return nil, p.wrong("conditions on spans belong into braces", "{"+name.text+" …}")
	}
	return nil, p.wrong(fmt.Sprintf("unknown stage %q", name.text), "there are count, avg, max, min, sum, by, select and coalesce")
}

func (p *parser) aggregate() (any, error) {
	a := &Aggregate{Fn: p.tok.text}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if err := p.need("(", " behind "+a.Fn); err != nil {
		return nil, err
	}
	if a.Fn == "count" {
		return a, p.need(")", ": count() takes nothing")
	}
	at := p.tok
	x, err := p.expr(0)
	if err != nil {
		return nil, err
	}
	a.X = x
	if c, err := p.check(x); err != nil {
		return nil, err
	} else if c != classAny && c != classNumber {
		return nil, p.fail(at.start, p.tok.start, a.Fn+" is of numbers and durations", "")
	}
	return a, p.need(")", "")
}

func (p *parser) groupBy() (any, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	if err := p.need("(", " behind by"); err != nil {
		return nil, err
	}
	g := &GroupBy{}
	for {
		x, err := p.expr(0)
		if err != nil {
			return nil, err
		}
		if _, err := p.check(x); err != nil {
			return nil, err
		}
		g.By = append(g.By, x)
		if more, err := p.take(","); err != nil || !more {
			if err != nil {
				return nil, err
			}
			return g, p.need(")", "")
		}
	}
}

func (p *parser) selection() (any, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	fields, err := p.fields()
	return &Select{fields}, err
}

// fields reads names in parentheses.
func (p *parser) fields() ([]*Field, error) {
	if err := p.need("(", ""); err != nil {
		return nil, err
	}
	var list []*Field
	for {
		f, err := p.field()
		if err != nil {
			return nil, err
		}
		list = append(list, f)
		if more, err := p.take(","); err != nil || !more {
			if err != nil {
				return nil, err
			}
			return list, p.need(")", ` or ","`)
		}
	}
}
