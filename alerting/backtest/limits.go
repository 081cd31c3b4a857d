package backtest

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/prometheus/prometheus/promql"

	"tripod/alerting"
)

// Comparison is the left side of an expression that is compared with a number,
// without bool, and how: ">", ">=", "<", "<=", "==" or "!=".
type Comparison struct{ Left, Op string }

// with is the whole expression.
func (c Comparison) with(limit float64) string {
	return fmt.Sprintf("(%s) %s %s", c.Left, c.Op, strconv.FormatFloat(limit, 'g', -1, 64))
}

func (c Comparison) holds(v, limit float64) bool {
	switch c.Op {
	case ">":
		return v > limit
	case ">=":
		return v >= limit
	case "<":
		return v < limit
	case "<=":
		return v <= limit
	case "==":
		return v == limit
	}
	return v != limit
}

// RunAt tests a rule at several limits, and gives a report for each, as Run
// does one after the other. The left side is asked once for all of them.
func RunAt(ctx context.Context, rule Rule, c Comparison, limits []float64, o Options) ([]*Report, error) {
	if !slices.Contains([]string{">", ">=", "<", "<=", "==", "!="}, c.Op) {
		return nil, fmt.Errorf("%.20q is no comparison: %w", c.Op, alerting.ErrInvalid)
	}
	rules := make([]Rule, len(limits))
	for i, limit := range limits {
		rules[i] = rule
		rules[i].Expr = c.with(limit)
	}
	rule.Expr = c.Left
	return run(ctx, rule, rules, func(i int, answer promql.Matrix) promql.Matrix { return c.filter(answer, limits[i]) }, o)
}

// filter keeps the points at which the comparison holds, as PromQL does:
// native histograms compare with nothing.
func (c Comparison) filter(answer promql.Matrix, limit float64) promql.Matrix {
	var out promql.Matrix
	for _, s := range answer {
		var points []promql.FPoint
		for _, p := range s.Floats {
			if c.holds(p.F, limit) {
				points = append(points, p)
			}
		}
		if len(points) > 0 {
			out = append(out, promql.Series{Metric: s.Metric, Floats: points})
		}
	}
	return out
}
