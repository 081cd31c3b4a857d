package alerting

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/util/annotations"
)

// drawn answers with two series and keeps what it was asked.
type drawn struct {
	asked []string
	err   error
}

func (d *drawn) Range(_ context.Context, expr string, from, _ time.Time, step time.Duration) (promql.Matrix, annotations.Annotations, error) {
	d.asked = append(d.asked, expr)
	at := func(i int, v float64) promql.FPoint {
		return promql.FPoint{T: from.Add(time.Duration(i) * step).UnixMilli(), F: v}
	}
	return promql.Matrix{
		{Metric: labels.FromStrings("__name__", "errors", "zone", "2"), Floats: []promql.FPoint{at(0, 9)}},
		{Metric: labels.FromStrings("__name__", "errors", "zone", "1"), Floats: []promql.FPoint{at(0, 1), at(58, 2), at(59, 3)}},
	}, nil, d.err
}

func TestChartOfAnAlert(t *testing.T) {
	for expr, asked := range map[string]string{"errors > 0.5": "errors", "(0.5 < (errors))": "errors", "errors > other": "errors", "errors > 2 * 3 and other": "errors", "errors >bool 1": "errors > bool 1", "vector(1)": "vector(1)"} {
		run(t, "groups: [{name: g, rules: [{alert: A, expr: '"+expr+"'}]}]", func(r *running) {
			time.Sleep(time.Minute)
			d := &drawn{}
			a := Alert{Labels: map[string]string{"alertname": "A", "zone": "1", "severity": "page"}}
			got := r.Chart(context.Background(), d, a, time.Now(), time.Hour)
			if len(got) != 60 || got[0] != 1 || !math.IsNaN(got[1]) || got[58] != 2 || got[59] != 3 || !slices.Equal(d.asked, []string{asked}) {
				t.Errorf("%s asks %q and gives %v", expr, d.asked, got)
			}
			if none := r.Chart(context.Background(), d, Alert{Labels: map[string]string{"alertname": "B"}}, time.Now(), time.Hour); none != nil {
				t.Errorf("an alert of nobody has the chart %v", none)
			}
			if none := r.Chart(context.Background(), &drawn{err: errors.New("no")}, a, time.Now(), time.Hour); none != nil {
				t.Errorf("a failed query gives %v", none)
			}
		})
	}
}
