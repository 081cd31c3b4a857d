package promapi_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// TEST_TRIPOD_REQUESTS and TEST_TRIPOD_SEED choose how many requests, and which.
func fromEnv(name string, def uint64) uint64 {
	if n, err := strconv.ParseUint(os.Getenv(name), 10, 64); err == nil {
		return n
	}
	return def
}

func TestSameAnswersToRandomRequests(t *testing.T) {
	w := newWorld(t)
	seed := fromEnv("TEST_TRIPOD_SEED", 7)
	g := &dice{rand.New(rand.NewPCG(seed, 1))}
	paths, wrong := map[string]int{}, 0
	n := int(fromEnv("TEST_TRIPOD_REQUESTS", 3000))
	for range n {
		method, target := g.request()
		path, _, _ := strings.Cut(target, "?")
		paths[path]++
		if !w.compare(t, method, target) {
			if wrong++; wrong == 10 {
				t.Fatalf("seed %d", seed)
			}
		}
	}
	if n >= 3000 && len(paths) < 30 {
		t.Errorf("only %d paths were asked: %v", len(paths), paths)
	}
}

// dice make requests.
type dice struct{ *rand.Rand }

func (d *dice) one(of ...string) string { return of[d.IntN(len(of))] }

// sometimes is one of n.
func (d *dice) sometimes(n int) bool { return d.IntN(n) == 0 }

func (d *dice) request() (method, target string) {
	type kind struct {
		path   string
		params map[string]func() string
		post   bool
	}
	q := map[string]func() string{"query": d.expr, "timeout": d.timeout, "lookback_delta": d.duration, "limit": d.limit, "stats": func() string { return d.one("true", "all", "all", "x") }}
	with := func(more map[string]func() string) map[string]func() string {
		out := map[string]func() string{}
		for _, m := range []map[string]func() string{q, more} {
			for k, v := range m {
				out[k] = v
			}
		}
		return out
	}
	names := map[string]func() string{"match[]": d.selector, "match[] ": d.selector, "start": d.time, "end": d.time, "limit": d.limit}
	kinds := []kind{
		{"query", with(map[string]func() string{"time": d.time}), true}, {"query", with(map[string]func() string{"time": d.time}), true},
		{"query_range", with(map[string]func() string{"start": d.time, "end": d.time, "step": d.step}), true}, {"query_range", with(map[string]func() string{"start": d.time, "end": d.time, "step": d.step}), true},
		{"query_exemplars", map[string]func() string{"query": d.expr, "start": d.time, "end": d.time}, true},
		{"format_query", q, true}, {"parse_query", q, true},
		{"series", names, true}, {"labels", names, true}, {"label/" + d.one("job", "__name__", "le", "instance", "U__label_2e_with_2e_dots", "label.with.dots", "U__a", "nothing", "%FF", "a%20b") + "/values", names, false},
		{"metadata", map[string]func() string{"metric": d.metric, "limit": d.limit, "limit_per_metric": d.limit}, false},
		{"targets", map[string]func() string{"state": func() string { return d.one("active", "dropped", "any", "ANY", "x") }, "scrapePool": func() string { return d.one("job0", "job1", "x") }}, false},
		{"targets/metadata", map[string]func() string{"match_target": func() string { return d.one(`{job="job0"}`, `{instance=~"host[01].*"}`, "{", "{}", `{nothing=""}`) }, "metric": d.metric, "limit": d.limit}, false},
		{"scrape_pools", nil, false}, {"alertmanagers", nil, false},
		{"status/" + d.one("config", "flags", "runtimeinfo", "buildinfo", "tsdb", "tsdb/blocks", "walreplay", "self_metrics"), map[string]func() string{"limit": d.limit, "metric_name_pattern": func() string { return d.one("took", ".*", "(", "x") }}, false},
		{"features", nil, false}, {"notifications", nil, false}, {"search/" + d.one("metric_names", "label_names", "label_values"), names, true},
		{"admin/tsdb/" + d.one("delete_series", "snapshot", "clean_tombstones"), nil, false}, // by GET
		{"nothing", nil, false},
	}
	k := kinds[d.IntN(len(kinds))]
	values := url.Values{}
	// The time is always given: two servers have two nows.
	for name, value := range k.params {
		needed := name == "query" || name == "start" || name == "end" || name == "step"
		if name == "time" || needed && !d.sometimes(12) || !needed && d.sometimes(3) {
			values.Add(strings.TrimSpace(name), value())
		}
	}
	method = "GET"
	if k.post && d.sometimes(2) {
		method = "POST"
	}
	if d.sometimes(60) && !strings.HasPrefix(k.path, "admin") {
		method = "POST"
	}
	return method, "/api/v1/" + k.path + "?" + values.Encode()
}

func (d *dice) time() string {
	at := seedEnd.Add(-time.Duration(d.IntN(4200)) * time.Second)
	switch d.IntN(20) {
	case 0:
		return d.one("x", "NaN", "1e400", "-1", "0", "2026-13-01T00:00:00Z", "Inf", "9223372036854775807", "-292273086-05-16T16:47:06Z", "292277025-08-18T07:12:54.999999999Z", " 1")
	case 1:
		return at.Format(time.RFC3339Nano)
	case 2:
		return fmt.Sprintf("%d.%03d", at.Unix(), d.IntN(1000))
	case 3, 4, 5, 6, 7, 8:
		return fmt.Sprint(seedEnd.Unix())
	}
	return fmt.Sprint(at.Unix())
}

func (d *dice) step() string {
	if d.sometimes(15) {
		return d.one("0", "-1", "x", "0.001", "1e300", "1y", "NaN", "")
	}
	return d.one("15", "30s", "1m", "60", "7.5", "5m", "1h", "1234ms")
}

func (d *dice) duration() string {
	return d.one("1m", "5", "30s", "1h", "100", "0.5", "1e300", "x", "-1", "-5m", "NaN", "1h30m", "2d")
}

// timeout is none that could end before the answer: at which step it does is
// anyone's guess.
func (d *dice) timeout() string { return d.one("1m", "60", "1h", "1e300", "x", "2d", "") }

func (d *dice) limit() string {
	return d.one("0", "1", "2", "3", "10", "10000", "10001", "-1", "x", "1.5", "99999999999999999999")
}

func (d *dice) metric() string {
	return d.one("up", "requests_total", "lat_bucket", "lat", "native", "native_float", "native_gauge", "custom", "odd", "gone", "late", "nothing")
}

func (d *dice) matcher() string {
	return d.one(`job="job0"`, `job!="job1"`, `instance=~"host[0-3].*"`, `instance!~".*5.*"`, `le="1"`, `le!=""`, `code=~"2..|3.."`, `job=""`, `nothing!="x"`, `job=~".*"`, `kind=~".+"`, `"label.with.dots"="x"`, `job=~"("`)
}

func (d *dice) selector() string {
	if d.sometimes(25) {
		return d.one("{}", "up{", `{job=~".*"}`, "up[5m]", "sum(up)", "", `{"utf8.metric"}`, "🙂", `{__name__=~".+"}`, "up offset 5m")
	}
	name := d.metric()
	if d.sometimes(6) {
		name = ""
	}
	var ms []string
	for range d.IntN(3) {
		ms = append(ms, d.matcher())
	}
	if name == "" || len(ms) > 0 {
		if name == "" && len(ms) == 0 {
			ms = []string{`job="job0"`}
		}
		return name + "{" + strings.Join(ms, ",") + "}"
	}
	return name
}

// instant is a selector of one moment.
func (d *dice) instant() string { return d.selector() + d.modifier() }

func (d *dice) modifier() string {
	if !d.sometimes(6) {
		return ""
	}
	return d.one(" offset 5m", " offset -1m", " @ end()", " @ start()", fmt.Sprintf(" @ %d", seedEnd.Add(-10*time.Minute).Unix()), " offset 1h", " @ x")
}

func (d *dice) window() string {
	w := d.one("1m", "5m", "10m", "1h", "30s", "15s")
	if d.sometimes(8) {
		return "(" + d.vector(1) + ")[" + w + ":" + d.one("", "1m", "30s") + "]" + d.modifier()
	}
	return d.selector() + "[" + w + "]" + d.modifier()
}

func (d *dice) expr() string {
	if d.sometimes(15) {
		return exprs[d.IntN(len(exprs))]
	}
	if d.sometimes(20) {
		return d.window()
	}
	return d.vector(3)
}

func (d *dice) grouping() string {
	if d.sometimes(3) {
		return ""
	}
	return " " + d.one("by", "by", "without") + " (" + d.one("job", "instance", "job, le", "le", "", "nothing", "__name__", `"label.with.dots"`) + ") "
}

// vector is an expression of at most so many layers.
func (d *dice) vector(deep int) string {
	if deep == 0 {
		return d.instant()
	}
	in := func() string { return d.vector(d.IntN(deep)) }
	switch d.IntN(12) {
	case 0, 1:
		return d.one("sum", "avg", "min", "max", "count", "group", "stddev", "stdvar") + d.grouping() + "(" + in() + ")"
	case 2:
		return d.one("topk", "bottomk") + d.grouping() + "(" + d.one("1", "2", "100", "0", "-1", "NaN") + ", " + in() + ")"
	case 3:
		return "quantile" + d.grouping() + "(" + d.one("0.5", "0.9", "-1", "2") + ", " + in() + ")"
	case 4, 5, 6:
		return d.one("rate", "increase", "delta", "irate", "idelta", "deriv", "changes", "resets", "avg_over_time", "sum_over_time", "max_over_time", "min_over_time", "count_over_time", "last_over_time", "stddev_over_time", "present_over_time", "absent_over_time") + "(" + d.window() + ")"
	case 7:
		return "histogram_quantile(" + d.one("0.5", "0.99", "2", "-1") + ", " + in() + ")"
	case 8:
		return d.one("abs", "ceil", "exp", "ln", "sgn", "timestamp", "absent", "histogram_count", "histogram_sum", "histogram_avg", "sort", "sort_desc", "day_of_week", "scalar", "-", "+") + "(" + in() + ")"
	case 9:
		return "(" + in() + " " + d.one("+", "-", "*", "/", "%", "^", "==", "> bool", "<", "!=", "and", "or", "unless", "atan2") + d.one("", "", " on (job)", " ignoring (le)", " on (instance) group_left", " on (job) group_right (le)") + " " + in() + ")"
	case 10:
		return "(" + in() + " " + d.one("+", "*", "/", ">", "== bool") + " " + d.one("2", "0", "NaN", "Inf", "1e-9") + ")"
	}
	return d.one("label_replace("+in()+`, "x", "$1-`+`", "job", "(.*)")`, `label_join(`+in()+`, "j", "-", "job", "instance")`, "vector(1)", "time()", "clamp("+in()+", 0, 3)", "round("+in()+", 0.1)", `count_values("v", `+in()+")")
}
