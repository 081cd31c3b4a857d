package backtest

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
)

// TestManyLimitsAreAsOneByOne compares the shared answer with what PromQL says
// of each comparison.
func TestManyLimitsAreAsOneByOne(t *testing.T) {
	storage := promqltest.LoadedStorage(t, "")
	defer storage.Close()
	rnd := rand.New(rand.NewPCG(4, 2))
	app := storage.Appender(t.Context())
	const n = 300
	for i := range 4 {
		ls := labels.FromStrings("__name__", "x", "i", fmt.Sprint(i))
		v := 0.0
		for k := range n {
			v += rnd.Float64() - 0.5
			value := math.Round(v)
			if rnd.IntN(40) == 0 {
				value = math.NaN()
			}
			if rnd.IntN(9) == 0 {
				continue
			}
			if _, err := app.Append(0, ls, start.Add(time.Duration(k)*step).UnixMilli(), value); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := app.Commit(); err != nil {
		t.Fatal(err)
	}
	engine := promql.NewEngine(promql.EngineOpts{MaxSamples: 1e6, Timeout: time.Minute, LookbackDelta: 20 * time.Second, Parser: parser.NewParser(parser.Options{})})
	defer engine.Close()
	asked := 0
	o := Options{From: start, To: start.Add(n * step), Query: func(ctx context.Context, expr string, from, to time.Time, by time.Duration) (promql.Matrix, error) {
		asked++
		q, err := engine.NewRangeQuery(ctx, storage, nil, expr, from, to, by)
		if err != nil {
			return nil, err
		}
		defer q.Close()
		m, err := q.Exec(ctx).Matrix()
		copied := make(promql.Matrix, len(m))
		for i, s := range m {
			copied[i] = promql.Series{Metric: s.Metric, Floats: append([]promql.FPoint(nil), s.Floats...)}
		}
		return copied, err
	}}
	rule := Rule{Name: "R", For: time.Minute, KeepFiringFor: 30 * time.Second, Labels: map[string]string{"v": "{{ $value }}"}}
	limits := []float64{-3, -1, 0, 0.5, 1, 2}
	fired := 0
	for _, op := range []string{">", ">=", "<", "<=", "==", "!="} {
		c := Comparison{Left: "x", Op: op}
		asked = 0
		together, err := RunAt(t.Context(), rule, c, limits, o)
		if err != nil {
			t.Fatal(err)
		}
		if asked != 1 {
			t.Errorf("%s: asked %d times, want once", op, asked)
		}
		for i, limit := range limits {
			alone := rule
			alone.Expr = c.with(limit)
			want, err := Run(t.Context(), alone, o)
			if err != nil {
				t.Fatal(err)
			}
			fired += want.Fired()
			got := together[i]
			if got.Rule.Expr != want.Rule.Expr || got.Fired() != want.Fired() || got.Firing() != want.Firing() || !reflect.DeepEqual(got.Strip(50), want.Strip(50)) {
				t.Errorf("%s: together %d times for %s, alone %d times for %s", alone.Expr, got.Fired(), got.Firing(), want.Fired(), want.Firing())
			}
		}
	}
	if fired == 0 {
		t.Error("nothing fired in any of them")
	}
	if _, err := RunAt(t.Context(), rule, Comparison{"x", "and"}, limits, o); err == nil {
		t.Error("and is taken for a comparison")
	}
}
