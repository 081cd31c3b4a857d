package promapi_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"

	"tripod/store/metrics"
)

// variants are what the published cases are made with, each for all of its
// words.
var variants = map[string][]string{
	"aggregate":   {"sum", "avg", "max", "min", "count", "stddev", "stdvar"},
	"overtime":    {"sum", "avg", "max", "min", "count", "stddev", "stdvar", "absent", "last", "present"},
	"first":       {"topk", "bottomk"},
	"quantile":    {"-0.5", "0.1", "0.5", "0.75", "0.95", "0.90", "0.99", "1", "1.5"},
	"range":       {"1s", "15s", "1m", "5m", "15m", "1h"},
	"offset":      {"1m", "5m", "10m"},
	"arithmetic":  {"+", "-", "*", "/", "%", "^"},
	"compare":     {"==", "!=", "<", ">", "<=", ">="},
	"operator":    {"+", "-", "*", "/", "%", "^", "==", "!=", "<", ">", "<=", ">="},
	"math":        {"abs", "ceil", "floor", "exp", "sqrt", "ln", "log2", "log10", "round"},
	"extrapolate": {"delta", "rate", "increase"},
	"instantly":   {"idelta", "irate"},
	"clamp":       {"clamp_min", "clamp_max"},
	"date":        {"day_of_month", "day_of_week", "days_in_month", "hour", "minute", "month", "year"},
}

// complianceCases are the kinds of expressions that the PromQL tester of
// github.com/prometheus/compliance asks of every system (promql/
// promql-test-queries.yml), over series of our own.
var complianceCases = []string{
	// numbers
	"42", "1.234", ".123", "1.23e-3", "0x3d", "Inf", "+Inf", "-Inf", "NaN",
	// selectors
	"mem", `{__name__="mem"}`, `mem{type="free"}`, `mem{type!="free"}`, `mem{instance=~"shop:.*"}`, `mem{instance=~"shop"}`, `mem{instance!~".*:1"}`,
	`mem{type="free",instance!="shop:1"}`, `{type="free",instance!="shop:1"}`, "nothing", "mem offset <offset>", "mem offset -<offset>", "sometimes",
	// aggregations
	"<aggregate>(mem)", "<aggregate>(nothing)", "<aggregate> by () (mem)", "<aggregate> by (instance) (mem)", "<aggregate> by (instance, type) (mem)",
	"<aggregate> by (no) (mem)", "<aggregate> without () (mem)", "<aggregate> without (instance) (mem)", "<aggregate> without (instance, type) (mem)",
	"<aggregate> without (no) (mem)", "<first>(3, mem)", "<first> by (instance) (2, mem)", "<first> without (instance) (2, mem)", "<first> without () (2, mem)",
	"quantile(<quantile>, mem)", "avg(max by (type) (mem))",
	// operators
	"1 * 2 + 4 / 6 - 10 % 2 ^ 2", "cpus + (1 <compare> bool 2)", "mem <operator> 1.2345", "mem <compare> bool 1.2345", "1.2345 <compare> bool mem",
	"0.12345 <operator> mem", "(1 * 2 + 4 / 6 - (10 % 7) ^ 2) <operator> mem", "mem <operator> (1 * 2 + 4 / 6 - 10)", "timestamp(mem * 1)", "timestamp(-mem)",
	"mem <operator> on (instance, job, type) mem", "sum by (instance, type) (mem) <operator> on (instance, type) group_left (job) mem",
	"mem <compare> bool on (instance, job, type) mem", "mem / on (instance, job, type, __name__) mem", "sum without (job) (mem) / on (instance, type) mem",
	"sum without (job) (mem) / on (instance, type) group_left mem", "sum without (job) (mem) / on (instance, type) group_left (job) mem",
	"mem / on (instance, job) group_left cpus", "mem / on (instance, type, job, no) mem", "cpus * Inf", "cpus * -Inf", "cpus * NaN", "mem + -(1)", "-mem", "-1 ^ 2",
	"1 <arithmetic> time()", "time() <arithmetic> 1", "time() <compare> bool 1", "1 <compare> bool time()", "time() <arithmetic> time()",
	"time() <compare> bool time()", "time() <operator> mem", "mem <operator> time()",
	// functions
	"<overtime>_over_time(mem[<range>])", "quantile_over_time(<quantile>, mem[<range>])", "timestamp(cpus)", "timestamp(timestamp(cpus))", "<math>(mem)", "<math>(-mem)",
	"<extrapolate>(nothing[5m])", "<extrapolate>(busy_total[<range>])", "deriv(disk[<range>])", "predict_linear(disk[<range>], 600)", "time()",
	`label_replace(cpus, "job", "to-$1", "instance", "shop:(.*)")`, `label_replace(cpus, "job", "to-$1", "instance", "hop:(.*)")`,
	`label_replace(cpus, "job", "$1-$2", "instance", "sh(.*):(.*)")`, `label_replace(cpus, "job", "v-$1", "no", "from-(.*)")`, `label_replace(cpus, "job", "v-$1", "no", "(.*)")`,
	`label_replace(cpus, "job", "v-$1", "instance", "else")`, `label_replace(cpus, "job", "", "to", ".*")`,
	`label_join(cpus, "new", "-", "instance", "job")`, `label_join(cpus, "job", "-", "instance", "job")`, `label_join(cpus, "job", "-", "instance")`,
	"<date>()", "<date>(batch_seconds offset <offset>)", "<instantly>(busy_total[<range>])", "<clamp>(mem, 2)", "clamp(mem, 0, 1)", "clamp(mem, 0, 1000000000000)",
	"clamp(mem, 1000000000000, 0)", "clamp(mem, 1000000000000, 1000000000000)", "resets(busy_total[<range>])", "changes(batch_seconds[<range>])", "vector(1.23)", "vector(time())",
	"histogram_quantile(<quantile>, rate(took_seconds_bucket[1m]))", "histogram_quantile(0.9, nothing)", "histogram_quantile(0.9, mem)",
	`histogram_quantile(0.9, {__name__=~"took_seconds_.+"})`, `count_values("value", took_seconds_bucket)`, "absent(mem)", "absent(nothing)",
	// subqueries
	"max_over_time((time() - max(batch_seconds) < 1000)[5m:10s] offset 5m)", "avg_over_time(rate(busy_total[1m])[2m:10s])",
}

// complianceFaults must be refused.
var complianceFaults = []string{
	`{__name__=~".*"}`, `label_replace(cpus, "job", "v-$1", "src", "(.*")`, `label_replace(cpus, "\xff", "", "src", "(.*)")`,
	`label_replace(cpus, "instance", "", "", "")`, `label_join(cpus, "\xff", "-", "instance")`,
}

// TestPromQLCompliance asks Prometheus's own API and ours.
func TestPromQLCompliance(t *testing.T) {
	w := newWorld(t)
	seedShops(t, w.store)
	end := seedEnd.Unix()
	ask := func(expr string) bool {
		form := url.Values{"query": {expr}, "start": {fmt.Sprint(end - 600)}, "end": {fmt.Sprint(end)}, "step": {"10"}}
		return w.compare(t, "POST", "/api/v1/query_range?"+form.Encode())
	}
	asked, wrong := 0, 0
	for _, c := range complianceCases {
		for _, expr := range expand(c) {
			asked++
			if !ask(expr) {
				if wrong++; wrong == 10 {
					t.FailNow()
				}
			}
		}
	}
	for _, expr := range complianceFaults {
		ask(expr)
		form := url.Values{"query": {expr}, "start": {fmt.Sprint(end - 600)}, "end": {fmt.Sprint(end)}, "step": {"10"}}
		if got := get(t, w.ours, "POST", "/api/v1/query_range?"+form.Encode()); got.status < 400 {
			t.Errorf("%s is answered with status %d", expr, got.status)
		}
	}
	if asked < 500 {
		t.Errorf("only %d expressions were asked", asked)
	}
}

// expand gives a case once for each word of its variants.
func expand(c string) []string {
	for name, words := range variants {
		if place := "<" + name + ">"; strings.Contains(c, place) {
			var out []string
			for _, word := range words {
				out = append(out, expand(strings.ReplaceAll(c, place, word))...)
			}
			return out
		}
	}
	return []string{c}
}

// seedShops is an hour of what three instances of a service say each 5 s.
func seedShops(t *testing.T, s *metrics.Store) {
	t.Helper()
	rnd := rand.New(rand.NewPCG(3, 9))
	app := s.Appender(t.Context())
	add := func(at time.Time, v float64, kv ...string) {
		if _, err := app.Append(0, labels.FromStrings(append(kv, "job", "shops")...), at.UnixMilli(), v); err != nil {
			t.Fatal(err)
		}
	}
	busy, took := map[string]float64{}, map[string]float64{}
	for at := seedEnd.Add(-time.Hour); !at.After(seedEnd); at = at.Add(5 * time.Second) {
		for i := range 3 {
			instance := fmt.Sprint("shop:", i)
			for k, kind := range []string{"used", "free", "cached"} {
				add(at, math.Round(1e6*rnd.Float64())*float64(k+1), "__name__", "mem", "instance", instance, "type", kind)
			}
			for _, mode := range []string{"user", "system", "idle"} {
				busy[instance+mode] += rnd.Float64()
				if rnd.IntN(300) == 0 {
					busy[instance+mode] = 0
				}
				add(at, busy[instance+mode], "__name__", "busy_total", "instance", instance, "mode", mode)
			}
			add(at, float64(4+i), "__name__", "cpus", "instance", instance)
			add(at, 1e9-float64(at.Unix()%3600)*1e5, "__name__", "disk", "instance", instance)
			add(at, float64(at.Unix()/60*60), "__name__", "batch_seconds", "instance", instance)
			for _, le := range []string{"0.05", "0.2", "1", "+Inf"} {
				took[instance+le] += float64(rnd.IntN(9))
			}
			took[instance+"0.2"] = max(took[instance+"0.2"], took[instance+"0.05"])
			took[instance+"1"] = max(took[instance+"1"], took[instance+"0.2"])
			took[instance+"+Inf"] = max(took[instance+"+Inf"], took[instance+"1"])
			for _, le := range []string{"0.05", "0.2", "1", "+Inf"} {
				add(at, took[instance+le], "__name__", "took_seconds_bucket", "instance", instance, "le", le)
			}
			add(at, took[instance+"+Inf"], "__name__", "took_seconds_count", "instance", instance)
		}
		switch at.Unix() / 60 % 3 { // there, marked as gone, and not there
		case 0:
			add(at, float64(at.Unix()%60), "__name__", "sometimes", "instance", "shop:0")
		case 1:
			if at.Unix()%60 == 0 {
				add(at, math.Float64frombits(value.StaleNaN), "__name__", "sometimes", "instance", "shop:0")
			}
		}
	}
	if err := app.Commit(); err != nil {
		t.Fatal(err)
	}
}
