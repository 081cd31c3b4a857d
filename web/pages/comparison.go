package pages

import (
	"math"

	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/parser/posrange"

	"tripod/alerting"
)

// comparison is an expression that is compared with a number.
type comparison struct {
	left  string // what is compared, with the conditions beside it
	plain string // the same without them
	op    parser.ItemType
	limit float64
	place posrange.PositionRange // of the number, as it is written
	bool  bool                   // it gives 0 or 1, and so always something
}

// splitComparison takes an expression apart if it is such a comparison, or one
// that counts only where further conditions hold: x > 5 and y, x > 5 unless y.
// Of these, left is (x) and y, which compares to the same.
func splitComparison(read parser.Parser, expr string) (comparison, bool) {
	e, err := parsePromQL(read, expr)
	if err != nil {
		return comparison{}, false
	}
	c, left, ok := compared(e)
	if ok {
		c.left = left.String()
	}
	return c, ok
}

// compared also gives the expression without its comparison.
func compared(e parser.Expr) (c comparison, left parser.Expr, ok bool) {
	b, is := unwrapParens(e).(*parser.BinaryExpr)
	switch {
	case !is:
		return c, nil, false
	case b.Op == parser.LAND || b.Op == parser.LUNLESS:
		c, left, ok = compared(b.LHS)
		if !ok || c.bool {
			return c, nil, false
		}
		whole := *b
		whole.LHS = &parser.ParenExpr{Expr: left}
		return c, &whole, true
	case !b.Op.IsComparisonOperator():
		return c, nil, false
	}
	side, number := b.LHS, b.RHS
	c.op, c.bool = b.Op, b.ReturnBool
	if _, ok := alerting.Constant(number); !ok {
		side, number, c.op = number, side, alerting.Mirrored(b.Op)
	}
	if c.limit, ok = alerting.Constant(number); !ok {
		return c, nil, false
	}
	left = unwrapParens(side)
	c.plain, c.place = left.String(), unwrapParens(number).PositionRange()
	return c, left, true
}

func unwrapParens(e parser.Expr) parser.Expr {
	for {
		p, ok := e.(*parser.ParenExpr)
		if !ok {
			return e
		}
		e = p.Expr
	}
}

// quiet says within what the rule does not fire.
func (c comparison) quiet(unit string) string {
	n := limitWords(c.limit, unit)
	switch c.op {
	case parser.GTR:
		return "not above " + n
	case parser.GTE:
		return "below " + n
	case parser.LSS:
		return "not below " + n
	case parser.LTE:
		return "above " + n
	case parser.EQLC:
		return "not " + n
	}
	return "always " + n
}

// holds says that a value fulfils the comparison.
func (c comparison) holds(v float64) bool {
	switch c.op {
	case parser.GTR:
		return v > c.limit
	case parser.GTE:
		return v >= c.limit
	case parser.LSS:
		return v < c.limit
	case parser.LTE:
		return v <= c.limit
	case parser.EQLC:
		return v == c.limit
	}
	return v != c.limit
}

// nearer says that a value is nearer to what the comparison asks for than
// another, or further beyond.
func (c comparison) nearer(v, than float64) bool {
	switch c.op {
	case parser.GTR, parser.GTE:
		return v > than
	case parser.LSS, parser.LTE:
		return v < than
	}
	return math.Abs(v-c.limit) < math.Abs(than-c.limit)
}
