package parallel_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/tsdbutil"

	"tripod/store/metrics/parallel"
)

func stockEngine(maxSamples int) *promql.Engine {
	return promql.NewEngine(promql.EngineOpts{
		MaxSamples: maxSamples, Timeout: time.Minute, LookbackDelta: 5 * time.Minute,
		EnableAtModifier: true, EnableNegativeOffset: true, EnablePerStepStats: true,
		NoStepSubqueryIntervalFn: func(int64) int64 { return 60_000 },
		Parser:                   parser.NewParser(promqltest.TestParserOpts),
	})
}

// TestPrometheusScripts takes every query of Prometheus's own scripts and
// compares with the stock engine, over the series that the script loads.
// What the script expects is asked of an engine with all features switched
// on, which ours does not have.
func TestPrometheusScripts(t *testing.T) {
	full := promqltest.NewTestEngine(t, true, 0, promqltest.DefaultMaxSamplesPerQuery)
	stock := stockEngine(promqltest.DefaultMaxSamplesPerQuery)
	ours := parallel.New(stock, parallel.Options{MaxSamples: promqltest.DefaultMaxSamplesPerQuery, Workers: 3})
	c := &comparing{QueryEngine: full, t: t, stock: stock, ours: ours}
	promqltest.RunBuiltinTests(t, c)
	if c.queries < 1000 {
		t.Errorf("the scripts held only %d queries", c.queries)
	}
}

// comparing answers as the engine that it embeds, and compares two others.
type comparing struct {
	promql.QueryEngine
	t           testing.TB
	stock, ours promql.QueryEngine
	queries     int
}

func (c *comparing) NewInstantQuery(ctx context.Context, q storage.Queryable, opts promql.QueryOpts, expr string, at time.Time) (promql.Query, error) {
	c.compare(expr, func(e promql.QueryEngine) (promql.Query, error) { return e.NewInstantQuery(ctx, q, opts, expr, at) })
	return c.QueryEngine.NewInstantQuery(ctx, q, opts, expr, at)
}

func (c *comparing) NewRangeQuery(ctx context.Context, q storage.Queryable, opts promql.QueryOpts, expr string, from, to time.Time, step time.Duration) (promql.Query, error) {
	c.compare(expr, func(e promql.QueryEngine) (promql.Query, error) {
		return e.NewRangeQuery(ctx, q, opts, expr, from, to, step)
	})
	return c.QueryEngine.NewRangeQuery(ctx, q, opts, expr, from, to, step)
}

func (c *comparing) compare(expr string, ask func(promql.QueryEngine) (promql.Query, error)) {
	c.queries++
	q, err := ask(c.stock)
	want := answer(c.t, q, err)
	q, err = ask(c.ours)
	if got := answer(c.t, q, err); got != want {
		c.t.Errorf("%s\ngot  %.2000s\nwant %.2000s", expr, got, want)
	}
}

// base is the first sample's time of a world, in Unix milliseconds.
const base = int64(1_700_000_000_000)

// world is a store with series of every kind that PromQL treats differently.
func world(t testing.TB, rnd *rand.Rand) storage.Queryable {
	t.Helper()
	o := tsdb.DefaultOptions()
	o.StripeSize, o.OutOfOrderTimeWindow = 1<<8, time.Hour.Milliseconds()
	db, err := tsdb.Open(t.TempDir(), nil, nil, o, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	app := db.Appender(t.Context())
	add := func(ls labels.Labels, at int64, v float64) {
		if _, err := app.Append(0, ls, at, v); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 90 {
		name := []string{"hits_total", "hits_total", "temp", "lat_bucket", "huge", "rare_total"}[i%6]
		ls := labels.FromStrings("__name__", name, "job", fmt.Sprint("j", i%4), "instance", fmt.Sprint("i", i), "le", []string{"0.1", "1", "+Inf"}[i%3])
		from, to := int64(0), int64(240)
		if rnd.IntN(4) == 0 {
			from = rnd.Int64N(100)
		}
		if rnd.IntN(4) == 0 {
			to = from + rnd.Int64N(140)
		}
		v, jitter := float64(rnd.IntN(1000)), rnd.Int64N(15_000)
		for n := from; n < to; n++ {
			if rnd.IntN(12) == 0 || name == "rare_total" && n%40 != 0 {
				continue
			}
			at := base + n*15_000 + jitter
			switch name {
			case "temp":
				v = rnd.NormFloat64() * 30
				switch rnd.IntN(60) {
				case 0:
					v = math.NaN()
				case 1:
					v = math.Inf(rnd.IntN(2)*2 - 1)
				case 2:
					v = math.Float64frombits(value.StaleNaN)
				}
			case "huge":
				v = math.MaxFloat64 * (0.5 + rnd.Float64()/2)
			default:
				v += math.Floor(rnd.ExpFloat64() * 10)
				if rnd.IntN(50) == 0 {
					v = rnd.Float64()
				}
			}
			add(ls, at, v)
			if rnd.IntN(80) == 0 {
				add(ls, at+1, math.Float64frombits(value.StaleNaN))
			}
		}
	}
	native := labels.FromStrings("__name__", "native", "job", "j1", "instance", "n")
	mixed := labels.FromStrings("__name__", "hits_total", "job", "mixed", "instance", "n")
	for n := range int64(200) {
		h := tsdbutil.GenerateTestHistogram(n)
		if _, err := app.AppendHistogram(0, native, base+n*15_000, h, nil); err != nil {
			t.Fatal(err)
		}
		var fh *histogram.FloatHistogram
		if n > 150 {
			fh = h.ToFloat(nil)
		}
		if fh != nil {
			if _, err := app.AppendHistogram(0, mixed, base+n*15_000, nil, fh); err != nil {
				t.Fatal(err)
			}
		} else {
			add(mixed, base+n*15_000, float64(n))
		}
	}
	if err := app.Commit(); err != nil {
		t.Fatal(err)
	}
	app = db.Appender(t.Context()) // late samples
	for i := range 90 {
		if i%6 == 0 && rnd.IntN(2) == 0 {
			ls := labels.FromStrings("__name__", "hits_total", "job", fmt.Sprint("j", i%4), "instance", fmt.Sprint("i", i), "le", "0.1")
			_, _ = app.Append(0, ls, base+100*15_000+1, 5)
		}
	}
	if err := app.Commit(); err != nil {
		t.Fatal(err)
	}
	return db
}

func pick(rnd *rand.Rand, of ...string) string { return of[rnd.IntN(len(of))] }

func randomSelector(rnd *rand.Rand) string {
	return pick(rnd, "hits_total", "hits_total", "temp", "lat_bucket", "huge", "rare_total", "native", `{__name__=~"hits_total|temp"}`, `{job="j1"}`, "nothing", "mixed") +
		pick(rnd, "", "", `{job="j1"}`, `{job=~"j[12]"}`, `{instance!="i3"}`, `{job="mixed"}`)
}

// randomExpr makes an expression. One that is to be ordered stands below an
// aggregation: it holds no operator or function behind which the stock engine
// has the series in the order of a Go map, since the last bits of a sum, or
// which series it takes, would be left to chance.
func randomExpr(rnd *rand.Rand, depth int, ordered bool) string {
	sel := strings.Replace(randomSelector(rnd), "}{", ",", 1)
	mod := pick(rnd, "", "", "", " offset 1m", " offset -2m", " @ 1700001000", " @ end()")
	if depth == 0 {
		return sel + mod
	}
	kinds := 14
	if ordered {
		kinds = 9
	}
	switch rnd.IntN(kinds) {
	case 12, 13:
		inner := randomExpr(rnd, depth-1, false)
		if rnd.IntN(2) == 0 {
			inner = "(" + inner + ")"
		}
		return inner + pick(rnd, " > 10", " < 1", " == 0", " != 5", " >= 300", " <= -3", " > bool 2", " + 1")
	case 0, 1, 2, 3:
		op := pick(rnd, "sum", "avg", "min", "max", "count", "group", "stddev", "stdvar")
		by := pick(rnd, "", "by (job)", "by (le, job)", "without (instance)", "without ()", "by (__name__)", "by (nothing)")
		return op + " " + by + " (" + randomExpr(rnd, depth-1, true) + ")"
	case 4, 5, 6, 7:
		fn := pick(rnd, "rate", "increase", "delta", "irate", "idelta", "changes", "resets", "deriv", "avg_over_time", "min_over_time",
			"max_over_time", "sum_over_time", "count_over_time", "last_over_time", "present_over_time", "stddev_over_time", "absent_over_time")
		return fn + "(" + sel + pick(rnd, "[1m]", "[2m]", "[5m]", "[15s]", "[20m]", "[7s]", "[61118ms]", "[16122ms]") + mod + ")"
	case 8:
		return pick(rnd, "quantile_over_time(0.7, ", "quantile_over_time(2, ", "predict_linear(") + sel + "[5m]" + mod + pick(rnd, ")", ", 60)", ")")
	case 9:
		return "(" + randomExpr(rnd, depth-1, false) + ") " + pick(rnd, "+", "/", "> bool", "and", "or", "unless", "- on (job) group_left") + " (" + randomExpr(rnd, depth-1, false) + ")"
	case 10:
		if rnd.IntN(4) == 0 { // which of several it takes depends on their order, which operators leave to chance
			return pick(rnd, "topk(3, ", "limitk(2, ", "bottomk by (job) (1, ", "quantile(0.5, ", "count_values(\"v\", ") + pick(rnd, "rate(", "max_over_time(") + sel + "[2m]))"
		}
		return pick(rnd, "histogram_quantile(0.9, ", "sort_desc(", "absent(", "abs(", "-(", "timestamp(") + randomExpr(rnd, depth-1, false) + ")"
	}
	return "max_over_time((" + randomExpr(rnd, depth-1, false) + ")[5m:1m])"
}

// randomOrder are expressions whose answer for one moment the stock engine
// gives in the order of a Go map.
var randomOrder = regexp.MustCompile(`histogram_(quantile|fraction)|count_values|\[[0-9a-z]+:`)

// randomSum are expressions in which the stock engine may add in the order of
// a Go map, because an operator or a subquery stands below an aggregation.
var randomSum = regexp.MustCompile(`(sum|avg|std...) .*( [-+/<>=!]+ | and | or | unless |-\(|topk|limitk|histogram_|count_values|sort|abs|timestamp|quantile\(|\[[0-9a-z]+:)`)

// answer is all that a query says, as text: values to the last bit.
func answer(t testing.TB, q promql.Query, err error) string {
	t.Helper()
	if err != nil {
		return "error: " + err.Error()
	}
	defer q.Close()
	expr := q.String()
	res := q.Exec(t.Context())
	if res.Err != nil {
		return "error: " + res.Err.Error()
	}
	if v, ok := res.Value.(promql.Vector); ok && randomOrder.MatchString(expr) {
		slices.SortFunc(v, func(a, b promql.Sample) int { return labels.Compare(a.Metric, b.Metric) })
	}
	var b strings.Builder
	point := func(at int64, v float64, h *histogram.FloatHistogram) {
		if h != nil {
			fmt.Fprintf(&b, " %d:%s", at, h)
			return
		}
		switch {
		case math.IsNaN(v):
			fmt.Fprintf(&b, " %d:NaN", at) // which NaN it is depends on the order of operands, and nobody can see it
		case randomSum.MatchString(expr):
			fmt.Fprintf(&b, " %d:%.10g", at, v)
		default:
			fmt.Fprintf(&b, " %d:%x", at, math.Float64bits(v))
		}
	}
	switch v := res.Value.(type) {
	case promql.Vector:
		for _, s := range v {
			b.WriteString(s.Metric.String())
			point(s.T, s.F, s.H)
			b.WriteByte('\n')
		}
	case promql.Matrix:
		for _, s := range v {
			b.WriteString(s.Metric.String())
			for _, p := range s.Floats {
				point(p.T, p.F, nil)
			}
			for _, p := range s.Histograms {
				point(p.T, 0, p.H)
			}
			b.WriteByte('\n')
		}
	default:
		b.WriteString(v.String())
	}
	warnings, infos := res.Warnings.AsStrings(expr, 0, 0)
	slices.Sort(warnings)
	slices.Sort(infos)
	samples := q.Stats().Samples
	fmt.Fprintf(&b, "%q %q total=%d read=%d %v %v", warnings, infos, samples.TotalSamples, samples.SamplesRead, samples.TotalSamplesPerStep, samples.SamplesReadPerStep)
	return b.String()
}

// TestSameAsStock compares random queries over random series with the stock
// engine's answers: values, order, notes, statistics and errors.
func TestSameAsStock(t *testing.T) {
	const queries = 600
	for seed := range uint64(3) {
		rnd := rand.New(rand.NewPCG(seed, 7))
		db := world(t, rnd)
		maxSamples := 2_000_000
		if seed == 2 {
			maxSamples = 4000 // where many queries are refused
		}
		stock := stockEngine(maxSamples)
		ours := parallel.New(stock, parallel.Options{MaxSamples: maxSamples, Workers: 3})
		opts := promql.NewPrometheusQueryOpts(true, 0)
		refused, some := 0, 0
		for range queries {
			expr := randomExpr(rnd, 1+rnd.IntN(3), false)
			from := time.UnixMilli(base + rnd.Int64N(60*60_000))
			var ask func(promql.QueryEngine) (promql.Query, error)
			if rnd.IntN(50) == 0 {
				from = time.Unix(rnd.Int64()-rnd.Int64(), 0) // before 1677 and after 2262, too
			}
			if rnd.IntN(3) == 0 {
				ask = func(e promql.QueryEngine) (promql.Query, error) {
					return e.NewInstantQuery(t.Context(), db, opts, expr, from)
				}
			} else {
				step := time.Duration(1+rnd.IntN(90)) * time.Second
				to := from.Add(time.Duration(rnd.IntN(1800)) * time.Second)
				ask = func(e promql.QueryEngine) (promql.Query, error) {
					return e.NewRangeQuery(t.Context(), db, opts, expr, from, to, step)
				}
			}
			q, err := ask(stock)
			want := answer(t, q, err)
			q, err = ask(ours)
			if got := answer(t, q, err); got != want {
				t.Fatalf("seed %d: %s\ngot  %.2000s\nwant %.2000s", seed, expr, got, want)
			}
			if strings.HasPrefix(want, "error") {
				refused++
			} else if strings.Contains(want, "{") {
				some++
			}
		}
		if some < queries/5 {
			t.Fatalf("only %d of %d queries answered with something", some, queries)
		}
		t.Logf("seed %d: %d answered with series, %d refused", seed, some, refused)
	}
}
