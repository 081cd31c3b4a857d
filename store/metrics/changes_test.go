package metrics_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"

	"tripod/store/metrics"
)

// TestAskedAgain asks the same of windows that move on, while samples come, in
// order and late, and some are deleted: each answer must be the stock engine's,
// whatever was kept of the last one.
func TestAskedAgain(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 6))
	now := time.UnixMilli(1_700_000_000_000)
	s := open(t, t.TempDir(), metrics.Options{Now: func() time.Time { return now }})
	stock := promql.NewEngine(promql.EngineOpts{MaxSamples: 1_000_000, Timeout: time.Minute, LookbackDelta: 5 * time.Minute, Parser: parser.NewParser(parser.Options{})})
	series := make([]labels.Labels, 12)
	for i := range series {
		series[i] = labels.FromStrings("__name__", "hits_total", "job", fmt.Sprint("j", i%3), "instance", fmt.Sprint("i", i))
	}
	values := make([]float64, len(series))
	add := func(i int, at time.Time, v float64) {
		app := s.Appender(t.Context())
		if _, err := app.Append(0, series[i], at.UnixMilli(), v); err != nil && !metrics.Refused(err) {
			t.Fatal(err)
		}
		if err := app.Commit(); err != nil {
			t.Fatal(err)
		}
	}
	exprs := []string{
		"sum by (job) (rate(hits_total[5m]))", "rate(hits_total[2m])", "max by (job) (hits_total)", "avg_over_time(hits_total[3m] offset 1m)",
		"sum by (job) (rate(hits_total[5m])) / count by (job) (hits_total)", "sum(max by (job) (hits_total))", "changes(hits_total[4m])",
	}
	for round := range 400 {
		now = now.Add(15 * time.Second)
		for i := range series {
			values[i] += float64(rnd.IntN(50))
			if rnd.IntN(30) > 0 {
				add(i, now.Add(-time.Duration(i)*time.Millisecond), values[i])
			}
		}
		switch rnd.IntN(12) {
		case 0:
			add(rnd.IntN(len(series)), now.Add(-time.Duration(rnd.Int64N(int64(time.Hour)))), rnd.Float64())
		case 1:
			if round%3 == 0 {
				from := now.Add(-time.Duration(rnd.Int64N(int64(20 * time.Minute)))).UnixMilli()
				if err := s.Delete(t.Context(), from, from+120_000, labels.MustNewMatcher(labels.MatchEqual, "instance", fmt.Sprint("i", rnd.IntN(len(series))))); err != nil {
					t.Fatal(err)
				}
			}
		}
		for _, expr := range exprs {
			if rnd.IntN(2) == 0 {
				continue
			}
			step := []time.Duration{15 * time.Second, 15 * time.Second, 20 * time.Second}[rnd.IntN(3)]
			to := now.Truncate(step)
			from := to.Add(-time.Duration(5+rnd.IntN(3)*10) * time.Minute)
			q, err := stock.NewRangeQuery(t.Context(), s, nil, expr, from, to, step)
			if err != nil {
				t.Fatal(err)
			}
			want := bits(t, q)
			if q, err = s.RangeQuery(t.Context(), nil, expr, from, to, step); err != nil {
				t.Fatal(err)
			}
			if got := bits(t, q); got != want {
				t.Fatalf("round %d: %s\ngot  %s\nwant %s", round, expr, got, want)
			}
		}
	}
}

// bits is a query's answer to the last bit, with what it counted.
func bits(t testing.TB, q promql.Query) string {
	t.Helper()
	defer q.Close()
	res := q.Exec(t.Context())
	m, err := res.Matrix()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, s := range m {
		b.WriteString("\n" + s.Metric.String())
		for _, p := range s.Floats {
			fmt.Fprintf(&b, " %d:%x", p.T, math.Float64bits(p.F))
		}
	}
	samples := q.Stats().Samples
	fmt.Fprintf(&b, "\n%d %d", samples.TotalSamples, samples.SamplesRead)
	return b.String()
}
