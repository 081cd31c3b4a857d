package alerting

import (
	"math"

	"github.com/prometheus/prometheus/promql/parser"
)

// measured is an expression taken apart: what is measured, and what that is
// compared with, a number or another expression.
type measured struct {
	left     parser.Expr
	compared bool
	op       parser.ItemType
	limit    float64
	right    parser.Expr // nil when limit is known
}

// measure looks for the comparison that decides. Of conditions that are joined
// with "and" or "unless" the first is the one whose value the alert has.
func measure(e parser.Expr) measured {
	b, ok := unwrap(e).(*parser.BinaryExpr)
	switch {
	case !ok:
		return measured{left: unwrap(e)}
	case b.Op == parser.LAND || b.Op == parser.LUNLESS:
		return measure(b.LHS)
	case !b.Op.IsComparisonOperator() || b.ReturnBool:
		return measured{left: b}
	}
	if n, ok := Constant(b.RHS); ok {
		return measured{left: unwrap(b.LHS), compared: true, op: b.Op, limit: n}
	}
	if n, ok := Constant(b.LHS); ok {
		return measured{left: unwrap(b.RHS), compared: true, op: Mirrored(b.Op), limit: n}
	}
	return measured{left: unwrap(b.LHS), compared: true, op: b.Op, right: unwrap(b.RHS)}
}

func unwrap(e parser.Expr) parser.Expr {
	for {
		switch in := e.(type) {
		case *parser.ParenExpr:
			e = in.Expr
		case *parser.StepInvariantExpr:
			e = in.Expr
		default:
			return e
		}
	}
}

// Constant is what an expression of numbers alone comes to: 14.4 * 0.001.
func Constant(e parser.Expr) (float64, bool) {
	switch e := unwrap(e).(type) {
	case *parser.NumberLiteral:
		return e.Val, true
	case *parser.UnaryExpr:
		v, ok := Constant(e.Expr)
		if e.Op == parser.SUB {
			v = -v
		}
		return v, ok
	case *parser.BinaryExpr:
		a, ok := Constant(e.LHS)
		b, also := Constant(e.RHS)
		if !ok || !also {
			return 0, false
		}
		switch e.Op {
		case parser.ADD:
			return a + b, true
		case parser.SUB:
			return a - b, true
		case parser.MUL:
			return a * b, true
		case parser.DIV:
			return a / b, true
		case parser.POW:
			return math.Pow(a, b), true
		}
	}
	return 0, false
}

// Mirrored is a comparison whose sides change places.
func Mirrored(op parser.ItemType) parser.ItemType {
	switch op {
	case parser.GTR:
		return parser.LSS
	case parser.LSS:
		return parser.GTR
	case parser.GTE:
		return parser.LTE
	case parser.LTE:
		return parser.GTE
	}
	return op
}
