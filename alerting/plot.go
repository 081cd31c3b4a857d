package alerting

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
)

// The bounds of a Plot, in series and in values of each.
const (
	plotLines  = 10
	plotPoints = 121
)

// Plot draws the expression of an alert's rule, with the series that made the
// alert before the others. It is nil for an alert that no rule made.
func (r *Rules) Plot(ctx context.Context, s Series, a Alert, from, to time.Time) (*Plot, error) {
	rule := r.ruleOf(&a)
	if rule == nil {
		return nil, nil
	}
	step := max(to.Sub(from)/(plotPoints-1), time.Second).Truncate(time.Second)
	from = to.Add(-to.Sub(from).Truncate(step))
	m := measure(rule.Query())
	p := &Plot{Expr: m.left.String(), For: rule.HoldDuration(), From: from, Step: step}
	if m.compared {
		p.Op = m.op.String()
	}
	if m.compared && m.right == nil {
		limit := Value(m.limit)
		p.Threshold = &limit
	}
	series, _, err := s.Range(unseen(ctx), p.Expr, from, to, step)
	if err != nil {
		return p, fmt.Errorf("the expression: %w", err)
	}
	p.add(series, a.Labels, to)
	if m.right != nil {
		limits, _, err := s.Range(unseen(ctx), m.right.String(), from, to, step)
		if err != nil {
			return p, fmt.Errorf("what it is compared with: %w", err)
		}
		for _, l := range limits {
			if within(l.Metric, a.Labels) {
				p.Lines = append(p.Lines, PlotLine{Labels: named(l.Metric), Limit: true, Values: p.values(l, to)})
				break
			}
		}
	}
	return p, nil
}

// ruleOf finds the rule that made an alert: that of its name and, if there are
// several, the one that its link shows.
func (r *Rules) ruleOf(a *Alert) (found *rules.AlertingRule) {
	for _, rule := range r.manager.AlertingRules() {
		if rule.Name() != a.Name() {
			continue
		}
		if r.linkOf(rule.Query().String()) == a.GeneratorURL {
			return rule
		}
		if found == nil {
			found = rule
		}
	}
	return found
}

// add takes the series that fit best: the alert's own, then the highest.
func (p *Plot) add(m promql.Matrix, alert map[string]string, to time.Time) {
	own := -1
	for i, s := range m {
		if within(s.Metric, alert) && (own < 0 || s.Metric.Len() > m[own].Metric.Len()) {
			own = i
		}
	}
	if own < 0 && len(m) == 1 {
		own = 0 // it went by other labels through the comparison
	}
	for i, s := range m {
		p.Lines = append(p.Lines, PlotLine{Labels: named(s.Metric), Own: i == own, Values: p.values(s, to)})
	}
	slices.SortStableFunc(p.Lines, func(a, b PlotLine) int {
		switch {
		case a.Own != b.Own && a.Own:
			return -1
		case a.Own != b.Own:
			return 1
		case a.last() > b.last():
			return -1
		case a.last() < b.last():
			return 1
		}
		return 0
	})
	if len(p.Lines) > plotLines {
		p.More = len(p.Lines) - plotLines
		p.Lines = p.Lines[:plotLines]
	}
}

func (l *PlotLine) last() float64 {
	for _, v := range slices.Backward(l.Values) {
		if !math.IsNaN(float64(v)) {
			return float64(v)
		}
	}
	return math.Inf(-1)
}

func named(l labels.Labels) map[string]string {
	m := l.Map()
	delete(m, labels.MetricName)
	return m
}

func (p *Plot) values(s promql.Series, to time.Time) []Value {
	out := make([]Value, int(to.Sub(p.From)/p.Step)+1)
	for i := range out {
		out[i] = Value(math.NaN())
	}
	for _, f := range s.Floats {
		if i := int((f.T - p.From.UnixMilli()) / p.Step.Milliseconds()); i >= 0 && i < len(out) {
			out[i] = Value(f.F)
		}
	}
	return out
}

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
	if n, ok := constant(b.RHS); ok {
		return measured{left: unwrap(b.LHS), compared: true, op: b.Op, limit: n}
	}
	if n, ok := constant(b.LHS); ok {
		return measured{left: unwrap(b.RHS), compared: true, op: mirrored(b.Op), limit: n}
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

// constant is what an expression of numbers alone comes to: 14.4 * 0.001.
func constant(e parser.Expr) (float64, bool) {
	switch e := unwrap(e).(type) {
	case *parser.NumberLiteral:
		return e.Val, true
	case *parser.UnaryExpr:
		v, ok := constant(e.Expr)
		if e.Op == parser.SUB {
			v = -v
		}
		return v, ok
	case *parser.BinaryExpr:
		a, ok := constant(e.LHS)
		b, also := constant(e.RHS)
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

// mirrored is a comparison whose sides change places.
func mirrored(op parser.ItemType) parser.ItemType {
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
