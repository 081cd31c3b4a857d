package backtest

import (
	"context"
	"fmt"
	"math"
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
	return run(ctx, rule, rules, func(answer promql.Matrix) []promql.Matrix { return c.split(answer, limits) }, o)
}

// split keeps for each limit the points at which the comparison holds, as
// PromQL does: native histograms compare with nothing.
func (c Comparison) split(answer promql.Matrix, limits []float64) []promql.Matrix {
	out := make([]promql.Matrix, len(limits))
	for _, s := range answer {
		least, most := extent(s.Floats)
		for i, limit := range limits {
			if !c.mayHold(least, most, limit) {
				continue
			}
			if points := c.filter(s.Floats, limit); len(points) > 0 {
				out[i] = append(out[i], promql.Series{Metric: s.Metric, Floats: points})
			}
		}
	}
	return out
}

// extent are the least and the greatest value that is a number; the least is
// greater when there is none.
func extent(points []promql.FPoint) (least, most float64) {
	least, most = math.Inf(1), math.Inf(-1)
	for i := range points {
		if v := points[i].F; v < least {
			least = v
		}
		if v := points[i].F; v > most {
			most = v
		}
	}
	return least, most
}

// mayHold is false when the comparison holds for no value of an extent.
func (c Comparison) mayHold(least, most, limit float64) bool {
	switch c.Op {
	case ">", ">=":
		return c.holds(most, limit)
	case "<", "<=":
		return c.holds(least, limit)
	case "==":
		return least <= limit && limit <= most
	}
	return true
}

func (c Comparison) filter(points []promql.FPoint, limit float64) (kept []promql.FPoint) {
	for _, p := range points {
		if c.holds(p.F, limit) {
			kept = append(kept, p)
		}
	}
	return kept
}
