package appliance

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"

	"tripod/alerting"
	"tripod/alerting/backtest"
	"tripod/store"
	"tripod/store/metrics"
)

// week opens a store with samples of so many counters, each 15 s.
func week(b testing.TB, series int, over time.Duration, end time.Time) *metrics.Store {
	s, err := metrics.Open(b.TempDir(), metrics.Options{Now: func() time.Time { return end }, OutOfOrder: 8 * 24 * time.Hour, MaxSeries: 100_000})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan struct{})
	go func() { defer close(ran); s.Run(ctx) }() // makes blocks of what is older than some hours
	b.Cleanup(func() { cancel(); <-ran; s.Close() })
	rnd := rand.New(rand.NewPCG(1, 3))
	ls, values, refs := make([]labels.Labels, series), make([]float64, series), make([]storage.SeriesRef, series)
	for i := range ls {
		ls[i] = labels.FromStrings("__name__", "errors_total", "instance", fmt.Sprint("host", i), "job", fmt.Sprint("job", i%10))
	}
	for at := end.Add(-over); !at.After(end); at = at.Add(15 * time.Second) {
		app := s.Appender(b.Context())
		busy := math.Sin(float64(at.Unix())/7000) > 0.9
		for i := range ls {
			values[i] += float64(rnd.IntN(3))
			if busy && i%50 == 0 {
				values[i] += 40
			}
			if refs[i], err = app.Append(refs[i], ls[i], at.UnixMilli(), values[i]); err != nil {
				b.Fatal(err)
			}
		}
		if err := app.Commit(); err != nil {
			b.Fatal(err)
		}
	}
	return s
}

func rangeOf(s *metrics.Store) backtest.Query {
	return (&Appliance{metrics: s}).rangeOf
}

// TestBacktestAsLive: over the same stored samples a back-test says of each
// evaluation what asking for that moment alone says.
func TestBacktestAsLive(t *testing.T) {
	end := time.UnixMilli(1_700_000_000_000)
	s := week(t, 60, 12*time.Hour, end)
	for _, rule := range []backtest.Rule{
		{Name: "Errors", Expr: `rate(errors_total[5m]) > 1`, For: time.Minute},
		{Name: "Job", Expr: `sum by (job) (rate(errors_total[5m])) > 4`, KeepFiringFor: 3 * time.Minute},
		{Name: "Late", Expr: `increase(errors_total{job="job0"}[2m] offset 1m) > 60`, Offset: 30 * time.Second},
	} {
		o := backtest.Options{From: end.Add(-11 * time.Hour), To: end, Query: rangeOf(s)}
		got, err := backtest.Run(t.Context(), rule, o)
		if err != nil {
			t.Fatal(err)
		}
		if got.Fired() == 0 {
			t.Errorf("%s never fired", rule.Name)
		}
		// one moment after the other, through the same states
		o.Query = func(ctx context.Context, expr string, from, to time.Time, step time.Duration) (promql.Matrix, error) {
			if from.Before(to) {
				return nil, store.ErrTooLarge
			}
			v, _, err := s.Instant(ctx, expr, from)
			if err != nil {
				return nil, err
			}
			var m promql.Matrix
			for _, x := range v.(promql.Vector) {
				m = append(m, promql.Series{Metric: x.Metric, Floats: []promql.FPoint{{T: x.T, F: x.F}}})
			}
			return m, nil
		}
		want, err := backtest.Run(t.Context(), rule, o)
		if err != nil {
			t.Fatal(err)
		}
		if a, b := fmt.Sprint(got.Alerts), fmt.Sprint(want.Alerts); a != b {
			t.Errorf("%s\ngot  %.800s\nwant %.800s", rule.Name, a, b)
		}
	}
	if _, err := backtest.Run(t.Context(), backtest.Rule{Name: "R", Expr: "rate(errors_total) > 1"}, backtest.Options{From: end, To: end, Query: rangeOf(s)}); !errors.Is(err, alerting.ErrInvalid) {
		t.Errorf("a wrong expression: %v", err)
	}
}

// BenchmarkBacktest runs one rule over seven days of 1,000 series: to reach
// within a second on two cores.
func BenchmarkBacktest(b *testing.B) {
	end := time.UnixMilli(1_700_000_000_000)
	s := week(b, 1000, 7*24*time.Hour, end)
	rule := backtest.Rule{Name: "Errors", Expr: `rate(errors_total[5m]) > 1`, For: 5 * time.Minute}
	o := backtest.Options{From: end.Add(-7 * 24 * time.Hour), To: end, Query: rangeOf(s)}
	b.Run("one limit", func(b *testing.B) {
		for b.Loop() {
			r, err := backtest.Run(b.Context(), rule, o)
			if err != nil || r.Fired() == 0 {
				b.Fatal(r, err)
			}
		}
	})
	b.Run("six limits", func(b *testing.B) {
		for b.Loop() {
			all, err := backtest.RunAt(b.Context(), rule, backtest.Comparison{Left: "rate(errors_total[5m])", Op: ">"}, []float64{0.25, 0.5, 0.9, 1, 2, 4}, o)
			if err != nil || all[3].Fired() == 0 {
				b.Fatal(all, err)
			}
		}
	})
}
