package promapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/tsdb/tsdbutil"

	"tripod/store/metrics"
	"tripod/web/promapi"
)

// seeded is a fixed hour of counters, gauges, histograms of both kinds, gaps,
// stale markers, NaN and infinities. All times are relative to seedEnd.
var seedEnd = time.Now().Truncate(time.Minute)

func seed(t testing.TB, s *metrics.Store) {
	t.Helper()
	rnd := rand.New(rand.NewPCG(1, 2))
	app := s.Appender(t.Context())
	add := func(at time.Time, v float64, kv ...string) {
		if _, err := app.Append(0, labels.FromStrings(kv...), at.UnixMilli(), v); err != nil {
			t.Fatal(err)
		}
	}
	counters := map[string]float64{}
	for at := seedEnd.Add(-time.Hour); !at.After(seedEnd); at = at.Add(15 * time.Second) {
		for i := range 6 {
			job, inst := fmt.Sprintf("job%d", i%2), fmt.Sprintf("host%d:80", i)
			add(at, float64(rnd.IntN(2)), "__name__", "up", "job", job, "instance", inst)
			counters[inst] += rnd.Float64() * 10
			if rnd.IntN(100) == 0 {
				counters[inst] = 0
			}
			if rnd.IntN(20) > 0 {
				add(at, counters[inst], "__name__", "requests_total", "job", job, "instance", inst, "code", fmt.Sprint(200+100*(i%3)))
			}
			count := 0.0
			for _, le := range []string{"0.1", "1", "+Inf"} {
				count += float64(at.Unix() % 7)
				add(at, count+counters[inst], "__name__", "lat_bucket", "job", job, "instance", inst, "le", le)
			}
		}
		h := tsdbutil.GenerateTestHistogram(at.Unix() / 15 % 50)
		if _, err := app.AppendHistogram(0, labels.FromStrings("__name__", "native", "job", "job0"), at.UnixMilli(), h, nil); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 40 {
		at := seedEnd.Add(time.Duration(i-40) * 30 * time.Second).UnixMilli()
		for name, h := range map[string]*histogram.FloatHistogram{
			"native_float": tsdbutil.GenerateTestFloatHistogram(int64(i)), "native_gauge": tsdbutil.GenerateTestGaugeFloatHistogram(int64(i % 7)), "custom": tsdbutil.GenerateTestCustomBucketsFloatHistogram(int64(i)),
		} {
			if _, err := app.AppendHistogram(0, labels.FromStrings("__name__", name, "job", "job1"), at, nil, h); err != nil {
				t.Fatal(err)
			}
		}
	}
	add(seedEnd.Add(-5*time.Second), 4, "__name__", "native_float", "job", "mixed")
	add(seedEnd, math.NaN(), "__name__", "odd", "kind", "nan")
	add(seedEnd, math.Inf(1), "__name__", "odd", "kind", "inf")
	add(seedEnd, 1e-9, "__name__", "odd", "kind", "small", "text", "quote \" < ü \n")
	add(seedEnd, 1e25, "__name__", "odd", "kind", "large")
	add(seedEnd.Add(-2*time.Minute), 1, "__name__", "gone")
	add(seedEnd.Add(-time.Minute), math.Float64frombits(value.StaleNaN), "__name__", "gone")
	add(seedEnd, 1, "__name__", "utf8.metric", "label.with.dots", "x")
	for i := range 5 {
		ls := labels.FromStrings("__name__", "up", "job", "job0", "instance", "host0:80")
		e := exemplar.Exemplar{Labels: labels.FromStrings("trace_id", fmt.Sprint("t", i)), Value: float64(i) / 3, Ts: seedEnd.Add(time.Duration(i-5) * time.Second).UnixMilli(), HasTs: true}
		if _, err := app.AppendExemplar(0, ls, e); err != nil {
			t.Fatal(err)
		}
	}
	add(seedEnd, 1, "__name__", "late")
	if err := app.Commit(); err != nil {
		t.Fatal(err)
	}
	app = s.Appender(t.Context())
	for i := range 10 {
		add(seedEnd.Add(-time.Duration(10+i)*time.Minute), float64(i), "__name__", "late")
	}
	if err := app.Commit(); err != nil {
		t.Fatal(err)
	}
}

type reply struct {
	status int
	typ    string
	body   any
}

// get is an answer; what is no JSON is the text that it is.
func get(t testing.TB, h http.Handler, method, target string) reply {
	t.Helper()
	path, query, _ := strings.Cut(target, "?")
	req := httptest.NewRequest(method, target, nil)
	if method == "POST" {
		req = httptest.NewRequest(method, path, strings.NewReader(query))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, req.WithContext(t.Context()))
	out := reply{status: w.Code, typ: w.Header().Get("Content-Type")}
	if out.typ != "application/json" {
		out.body = w.Body.String()
		return out
	}
	d := json.NewDecoder(w.Body)
	d.UseNumber()
	if err := d.Decode(&out.body); err != nil {
		t.Fatalf("%s: %v", target, err)
	}
	return out
}

func TestSameAnswersAsPrometheus(t *testing.T) {
	w := newWorld(t)
	n := 0
	for _, target := range requests() {
		methods := []string{"GET", "POST"}
		if strings.Contains(target, "/label/") {
			methods = methods[:1]
		}
		for _, method := range methods {
			n++
			w.compare(t, method, target)
		}
	}
	if n < 400 {
		t.Errorf("%d requests compared", n)
	}
}

var exprs = []string{
	"1", "1+1", `"text"`, "vector(1)+vector(1)", "-1e-7", "1e21", "NaN", "-Inf", "time()", "up", `up{job="job0"}`, `{__name__=~"up|odd"}`, "odd", "gone",
	"absent(nothing)", "nothing", "rate(requests_total[5m])", "sum by (job) (rate(requests_total[5m]))", "increase(requests_total[1h])",
	"histogram_quantile(0.9, sum by (le) (rate(lat_bucket[5m])))", "native", "histogram_count(native)", "rate(native[5m])", "histogram_quantile(0.5, native)",
	"up offset 10m", "up @ end()", "max_over_time(up[10m:1m])", "topk(2, requests_total)", "sort_desc(requests_total)", "sort(count_values(\"v\", up) * 0 + 1) > 2",
	"requests_total[1m]", "up * on (instance) group_left requests_total", "up and requests_total", `label_replace(up, "x", "$1", "job", "(.*)")`,
	`{"utf8.metric"}`, "sum(odd)", "rate(odd[5m])", "rate(up[5m])", "quantile(2, up)", "avg(native)", "native + up", "bottomk(1, up)", "deriv(up[5m])",
	// wrong ones
	"", "up{", "sum by (", "unknown_function(up)", "rate(up)", "up[5m] offset", "{}", `{job=~".*"}`, "1 and 1", "up * requests_total", `label_replace(up, "x", "$1", "job", "(")`,
	"foo bar", "up[5m", "up ==", "\"unterminated", "sum(up, 1)", "up{job=\"a\"}{", "count_values(\"a b\\xff\", up)", "🙂",
}

func requests() (out []string) {
	enc := func(path string, kv ...string) {
		q := url.Values{}
		for i := 0; i < len(kv); i += 2 {
			q.Add(kv[i], kv[i+1])
		}
		out = append(out, "/api/v1/"+path+"?"+q.Encode())
	}
	end, start := fmt.Sprint(seedEnd.Unix()), fmt.Sprint(seedEnd.Add(-time.Hour).Unix())
	for _, e := range exprs {
		enc("query", "query", e, "time", end)
		enc("query_range", "query", e, "start", start, "end", end, "step", "60")
		enc("format_query", "query", e)
		enc("query_exemplars", "query", e, "start", start, "end", end)
	}
	for _, kv := range [][]string{
		{"limit", "2"}, {"limit", "-1"}, {"limit", "x"}, {"limit", "0"}, {"limit", "99999999999999999999"}, {"lookback_delta", "1s"}, {"lookback_delta", "x"},
		{"stats", "true"}, {"stats", "all"}, {"stats", "other"}, {"timeout", "x"}, {"timeout", "-1s"}, {"timeout", "1m"}, {"timeout", "1e300"}, {"time", "x"},
		{"time", seedEnd.Format(time.RFC3339Nano)}, {"time", end + ".123"}, {"time", end + ".120"}, {"time", "1e300"}, {"step", "0"}, {"step", "-1"}, {"step", "x"}, {"step", "1m"},
		{"step", "0.1"}, {"step", "1e300"}, {"step", ""}, {"start", ""}, {"start", "x"}, {"end", ""}, {"end", start + ".5"}, {"end", "1"}, {"start", "NaN"},
	} {
		for _, e := range []string{"up", "sum(requests_total)", "1", "up{"} {
			base := map[string]string{"query": e, "time": end, "start": start, "end": end, "step": "60", kv[0]: kv[1]}
			var flat []string
			for k, v := range base {
				flat = append(flat, k, v)
			}
			enc("query", flat...)
			enc("query_range", flat...)
		}
	}
	for _, kv := range [][]string{
		{}, {"match[]", "up"}, {"match[]", "up", "match[]", "odd"}, {"match[]", "{}"}, {"match[]", `{job=~".*"}`}, {"match[]", "up{"}, {"match[]", "nothing"},
		{"limit", "1"}, {"limit", "1", "match[]", "up"}, {"limit", "3", "match[]", "up", "match[]", `{job="job1"}`}, {"limit", "x"}, {"limit", "-3"},
		{"start", "x"}, {"end", "x"}, {"start", start, "end", end, "match[]", `{code!=""}`}, {"start", "1", "end", "2", "match[]", "up"}, {"match[]", `{"utf8.metric"}`},
		{"start", "-292273086-05-16T16:47:06Z", "end", "292277025-08-18T07:12:54.999999999Z", "match[]", "up"}, {"match[]", ""},
		{"start", end, "end", start, "match[]", "up"},
	} {
		for _, path := range []string{"series", "labels", "label/job/values", "label/__name__/values", "label/U__label_2e_with_2e_dots/values", "label/label.with.dots/values", "label/nothing/values"} {
			enc(path, kv...)
		}
	}
	enc("label/U__label_2e_with_2e_dots/values")
	enc("label/%FF/values")
	for _, kv := range [][]string{{"query", "up"}, {"query", "up", "start", end, "end", start}, {"query", "1"}, {"query", "up", "start", "x"}, {"query", "up", "end", "x"}, {}} {
		enc("query_exemplars", kv...)
	}
	return out
}

// FuzzParams asks with any parameters: never a panic, never a 5xx, and the
// same status as Prometheus.
func FuzzParams(f *testing.F) {
	for _, q := range []string{"query=up&time=1", "query=up&start=1&end=2&step=1", "match[]=up&limit=1", "query=sum(up[5m:1s])&timeout=1s&stats=all", "limit=%zz"} {
		f.Add(q)
	}
	s, err := metrics.Open(f.TempDir(), metrics.Options{MaxSamples: 10_000, Timeout: 2 * time.Second})
	if err != nil {
		f.Fatal(err)
	}
	defer s.Close()
	mux := http.NewServeMux()
	promapi.New(promapi.Doors{Engine: s, Samples: s, Families: s}, promapi.Options{}).Register(mux)
	theirs := (&world{store: s}).upstream()
	f.Fuzz(func(t *testing.T, query string) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		for _, path := range []string{"query", "query_range", "series", "labels", "label/a/values", "query_exemplars", "format_query"} {
			var codes [2]int
			for i, h := range []http.Handler{mux, theirs} {
				req := httptest.NewRequest("GET", "/api/v1/"+path, nil).WithContext(ctx)
				req.URL.RawQuery = query
				w := httptest.NewRecorder()
				h.ServeHTTP(w, req)
				codes[i] = w.Code
			}
			if codes[0] != codes[1] && codes[0] != 422 && codes[0] != 503 {
				t.Errorf("%s?%s: %d, Prometheus says %d", path, query, codes[0], codes[1])
			}
		}
	})
}

func BenchmarkQueryRange(b *testing.B) {
	s := newServer(b)
	seed(b, s.store)
	target := fmt.Sprintf("/api/v1/query_range?query=%s&start=%d&end=%d&step=15", url.QueryEscape("sum by (job) (rate(requests_total[5m]))"), seedEnd.Add(-time.Hour).Unix(), seedEnd.Unix())
	b.ReportAllocs()
	for b.Loop() {
		w := httptest.NewRecorder()
		s.Config.Handler.ServeHTTP(w, httptest.NewRequest("GET", target, nil))
		if w.Code != 200 {
			b.Fatal(w.Body)
		}
	}
}
