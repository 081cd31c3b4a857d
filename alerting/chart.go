package alerting

import (
	"context"
	"math"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/util/annotations"
)

// Series evaluates an expression over time.
type Series interface {
	Range(ctx context.Context, expr string, from, to time.Time, step time.Duration) (promql.Matrix, annotations.Annotations, error)
}

// chartPoints is the number of values of a Chart.
const chartPoints = 60

// Chart is what an alert's expression was over the span before a moment, oldest
// first, without its comparison, so that one sees the way up to the threshold;
// NaN where there was nothing. It is nil for an alert that no rule made, or of
// which no series is left.
func (r *Rules) Chart(ctx context.Context, s Series, a Alert, to time.Time, span time.Duration) []float64 {
	for _, rule := range r.manager.AlertingRules() {
		if rule.Name() != a.Name() {
			continue
		}
		step := (span / chartPoints).Truncate(time.Second)
		m, _, err := s.Range(unseen(ctx), measure(rule.Query()).left.String(), to.Add(-step*(chartPoints-1)), to, step)
		if err != nil {
			continue // a notification goes out without its chart
		}
		for _, series := range m {
			if within(series.Metric, a.Labels) {
				return values(series, to.Add(-step*(chartPoints-1)), step)
			}
		}
	}
	return nil
}

// within says that an alert of these labels can come of the series.
func within(metric labels.Labels, alert map[string]string) bool {
	fits := true
	metric.Range(func(l labels.Label) {
		if l.Name != labels.MetricName && alert[l.Name] != l.Value {
			fits = false
		}
	})
	return fits
}

func values(s promql.Series, from time.Time, step time.Duration) []float64 {
	out := make([]float64, chartPoints)
	for i := range out {
		out[i] = math.NaN()
	}
	for _, p := range s.Floats {
		if i := int((p.T - from.UnixMilli()) / step.Milliseconds()); i >= 0 && i < len(out) {
			out[i] = p.F
		}
	}
	return out
}
