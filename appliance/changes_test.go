package appliance

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/util/annotations"

	"tripod/store"
)

// fakeHistory has an alert that fires from the fifth step on and another that
// fired before, and a configuration that was read before, once in the range, and
// again, when it was the same.
type fakeHistory struct{ err error }

func (f fakeHistory) Range(_ context.Context, expr string, from, _ time.Time, step time.Duration) (promql.Matrix, annotations.Annotations, error) {
	if f.err != nil {
		return nil, nil, f.err
	}
	series := func(l labels.Labels, value func(i int) float64) promql.Series {
		s := promql.Series{Metric: l}
		for i := range 10 {
			if v := value(i); v != 0 {
				s.Floats = append(s.Floats, promql.FPoint{T: from.Add(time.Duration(i) * step).UnixMilli(), F: v})
			}
		}
		return s
	}
	if strings.Contains(expr, "ALERTS") {
		return promql.Matrix{
			series(labels.FromStrings("alertname", "Slow", "service", "api"), func(i int) float64 { return float64(i / 5) }),
			series(labels.FromStrings("alertname", "Old"), func(int) float64 { return 1 }),
		}, nil, nil
	}
	hash := strings.Contains(expr, "tripod_config_hash")
	return promql.Matrix{series(labels.EmptyLabels(), func(i int) float64 {
		switch {
		case hash:
			return float64(1 + min(i/3, 1))
		case i < 3:
			return float64(from.Add(-time.Hour).Unix())
		case i < 6:
			return float64(from.Add(30 * time.Second).Unix())
		}
		return float64(from.Add(80 * time.Second).Unix())
	})}, nil, nil
}

func (f fakeHistory) Versions(context.Context) ([]store.ServiceVersion, error) {
	at := time.Date(2026, 3, 12, 14, 0, 0, 0, time.UTC)
	return []store.ServiceVersion{
		{Service: "api", Version: "1", First: at.Add(-time.Hour)}, {Service: "api", Version: "2", First: at.Add(time.Minute)},
		{Service: "new", Version: "1", First: at.Add(time.Minute)}, {Service: "web", Version: "1", First: at.Add(-2 * time.Hour)}, {Service: "web", Version: "2", First: at.Add(-time.Hour)},
	}, f.err
}

func TestChanges(t *testing.T) {
	from := time.Date(2026, 3, 12, 14, 0, 0, 0, time.UTC)
	all, err := changes{fakeHistory{}, fakeHistory{}}.Changes(t.Context(), from, from.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range all {
		got = append(got, fmt.Sprintf("%s %s %q %s", c.Time.UTC().Format(time.TimeOnly), c.Kind, c.Detail, c.Service))
	}
	want := `14:01:00 version "api runs version 2, before it 1" api
14:00:30 config "Tripod read another configuration" 
14:01:15 alert "Slow began to fire for api" api`
	if strings.Join(got, "\n") != want {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), want)
	}
	broken := fakeHistory{errors.New("closed")}
	if all, err := (changes{broken, fakeHistory{}}).Changes(t.Context(), from, from.Add(time.Hour)); err == nil || len(all) != 1 {
		t.Errorf("without metrics: %v, %v", all, err)
	}
}
