package pages

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/metadata"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/util/annotations"
	"github.com/prometheus/prometheus/util/stats"

	"tripod/store"
)

// fakeMetrics has a rising line for each of two services, and remembers what
// it was asked.
type fakeMetrics struct {
	asked  []string
	empty  bool
	err    error
	series func(from, to time.Time, step time.Duration) promql.Matrix // instead of the two lines
}

func (f *fakeMetrics) Measured(_ context.Context, expr string, from, to time.Time, step time.Duration) (promql.Matrix, annotations.Annotations, *stats.QuerySamples, error) {
	m, w, err := f.answer(expr, from, to, step)
	return m, w, &stats.QuerySamples{TotalSamples: 1234}, err
}

func (f *fakeMetrics) answer(expr string, from, to time.Time, step time.Duration) (promql.Matrix, annotations.Annotations, error) {
	if strings.Contains(expr, "count by (__name__)") {
		if f.empty {
			return nil, nil, nil
		}
		var out promql.Matrix
		for _, n := range []string{"up", "jobs_total", "took_seconds_bucket", "took_seconds_count", "took_seconds_sum"} {
			out = append(out, promql.Series{Metric: labels.FromStrings("__name__", n), Floats: []promql.FPoint{{T: to.UnixMilli(), F: 2}}})
		}
		return out, nil, nil
	}
	f.asked = append(f.asked, expr)
	if f.empty || f.err != nil {
		return nil, nil, f.err
	}
	if f.series != nil {
		return f.series(from, to, step), nil, nil
	}
	var out promql.Matrix
	for i, s := range []string{"planner-web", "planner-api"} {
		m := promql.Series{Metric: labels.FromStrings("service_name", s)}
		for t := from; !t.After(to); t = t.Add(step) {
			m.Floats = append(m.Floats, promql.FPoint{T: t.UnixMilli(), F: float64(i+1) * 0.25})
		}
		out = append(out, m)
	}
	var warn annotations.Annotations
	warn.Add(errors.New("metric might not be a counter"))
	return out, warn, nil
}

func (f *fakeMetrics) Exemplars(_ context.Context, expr string, from, to time.Time) ([]exemplar.QueryResult, error) {
	return []exemplar.QueryResult{{
		SeriesLabels: labels.FromStrings("__name__", "took_seconds_bucket", "service_name", "planner-api", "http_route", "/api/tasks"),
		Exemplars: []exemplar.Exemplar{
			{Labels: labels.FromStrings("trace_id", "ab000000000000000000000000000001", "span_id", "0000000000000003"), Value: 0.4, Ts: to.Add(-time.Minute).UnixMilli()},
			{Labels: labels.FromStrings("user", "no trace"), Value: 1, Ts: to.UnixMilli()},
		},
	}}, nil
}

func (f *fakeMetrics) Metadata(string) map[string]metadata.Metadata {
	return map[string]metadata.Metadata{
		"up": {Type: "gauge", Help: "1 when the target answers"}, "took_seconds": {Type: "histogram", Help: "How long it took."},
	}
}

func (f *fakeMetrics) Series(_ context.Context, selectors []string, _, _ time.Time, _ int) ([]labels.Labels, error) {
	if f.empty || strings.Contains(selectors[0], "none") {
		return nil, nil
	}
	return []labels.Labels{labels.FromStrings("__name__", "x", "le", "1"), labels.FromStrings("__name__", "x", "le", "2")}, nil
}

func TestMetricsScreen(t *testing.T) {
	w := ask(screenOf(t, Options{Metrics: &fakeMetrics{}}), "/graph?from=now-1m&metric=took_seconds&q="+url.QueryEscape("histogram_quantile(0.95, took_seconds_bucket)"))
	if w.Code != 200 {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	golden(t, "metrics.html", regexp.MustCompile(`touched, [^<"]+`).ReplaceAllString(mainOf(t, w.Body.String()), "touched, 1 ms"))
}

func TestMetricsSays(t *testing.T) {
	for name, c := range map[string]struct {
		url  string
		f    fakeMetrics
		has  []string
		lack []string
	}{
		"the first look":       {"/graph", fakeMetrics{}, []string{"http_server_request_duration_seconds_bucket", "2 series", `data-graph=`, "might not be a counter"}, nil},
		"Prometheus's address": {"/graph?g0.expr=up&g1.expr=down&g0.tab=0", fakeMetrics{}, []string{`>up</textarea>`, `>down</textarea>`, `id="q1"`}, []string{`name="g0.expr"`}},
		"an error with place":  {"/graph?q=" + url.QueryEscape("sum(rate(a[$__rate])) +* 1"), fakeMetrics{err: store.ErrInvalid}, []string{`<span class="qerr">`, "at position 24", "The query cannot be answered"}, []string{"data-graph"}},
		"a door that fails":    {"/graph?q=up", fakeMetrics{err: store.ErrOverloaded}, []string{"Too much is asked at once"}, nil},
		"nothing":              {"/graph?q=up", fakeMetrics{empty: true}, []string{"No metric has been received yet"}, nil},
		"an open metric":       {"/graph?metric=took_seconds", fakeMetrics{}, []string{"How long it took.", ">Average<", "Add as a query"}, nil},
		"families are one":     {"/graph", fakeMetrics{}, []string{`data-name="took_seconds"`, `data-name="jobs_total"`}, []string{`data-name="took_seconds_sum"`}},
		"letters are hidden":   {"/graph?q=up&q=A&hide=A", fakeMetrics{}, []string{`aria-label="Show A"`, `aria-label="Hide B"`, "2 series, 1,234 samples touched"}, []string{"4 series"}},
		"all are hidden":       {"/graph?q=up&q=down&hide=AB", fakeMetrics{}, []string{"All queries are hidden", "Show all"}, []string{"data-graph"}},
		"a stack":              {"/graph?q=up&view=stacked", fakeMetrics{}, []string{`&#34;kind&#34;:&#34;stacked&#34;`, ">0.8</span>"}, []string{">Log<"}},
		"bars":                 {"/graph?q=up&view=bars", fakeMetrics{}, []string{`class="bar c`}, nil},
		"a log scale":          {"/graph?q=up&y=log", fakeMetrics{}, []string{`&#34;log&#34;:true`, ">0.1</span>"}, nil},
		"a table":              {"/graph?q=up&view=table", fakeMetrics{}, []string{"mtab", ">service_name</th>", "planner-api"}, []string{"data-graph"}},
		"no histogram":         {"/graph?q=up&view=heatmap", fakeMetrics{}, []string{"These series are no histogram", "Show lines"}, nil},
		"a condition to drop":  {"/graph?q=" + url.QueryEscape(`rate(x{a="none"}[$__rate])`), fakeMetrics{series: noSeries}, []string{"Nothing matches", "Without a=&#34;none&#34; there would be 2 series.", "q=rate%28x%5B%24__rate%5D%29"}, nil},
		"the scope to leave":   {"/graph?service=none&q=x", fakeMetrics{series: noSeries}, []string{"Nothing matches", ">All services</a>"}, nil},
		"never received":       {"/graph?q=none_total", fakeMetrics{series: noSeries}, []string{"Nothing was ever received for this"}, nil},
		"a query that drops":   {"/graph?q=" + url.QueryEscape(`x > 5`), fakeMetrics{series: noSeries}, []string{"a comparison"}, nil},
		"too many":             {"/graph?q=x", fakeMetrics{series: tenThousand}, []string{"200 series with the largest last values of 10,000", "10,000 series, "}, nil},
		"no numbers":           {"/graph?q=x", fakeMetrics{series: noNumbers}, []string{"+Inf", "data-graph="}, []string{"NaN"}},
		"exemplars lead on":    {"/graph?q=x_bucket", fakeMetrics{}, []string{"/traces/ab000000000000000000000000000001?sel=0000000000000003", "400 ms", "1 trace behind"}, nil},
	} {
		f := c.f
		body := mainOf(t, ask(screenOf(t, Options{Metrics: &f}), c.url).Body.String())
		for _, s := range c.has {
			if !strings.Contains(body, s) {
				t.Errorf("%s: no %q in %s", name, s, body)
			}
		}
		for _, s := range c.lack {
			if strings.Contains(body, s) {
				t.Errorf("%s: %q in %s", name, s, body)
			}
		}
	}
}

func noSeries(time.Time, time.Time, time.Duration) promql.Matrix { return nil }

// tenThousand are series of which number i has the value i.
func tenThousand(from, _ time.Time, _ time.Duration) promql.Matrix {
	out := make(promql.Matrix, 10_000)
	for i := range out {
		out[i] = promql.Series{Metric: labels.FromStrings("i", fmt.Sprint(i)), Floats: []promql.FPoint{{T: from.UnixMilli(), F: float64(i)}}}
	}
	return out
}

func noNumbers(from, _ time.Time, step time.Duration) promql.Matrix {
	t := from.UnixMilli()
	return promql.Matrix{{Metric: labels.FromStrings("a", "b"), Floats: []promql.FPoint{{T: t, F: 1}, {T: t + step.Milliseconds(), F: math.NaN()}, {T: t + 2*step.Milliseconds(), F: math.Inf(1)}}}}
}

func TestMetricsOfTooManySeriesAreTheLargest(t *testing.T) {
	st := State{Path: "/graph", Range: store.Between(halfPastTwo.Add(-time.Minute), halfPastTwo), Queries: []string{"x"}, Values: url.Values{}}
	p, err := New(Options{Metrics: &fakeMetrics{series: tenThousand}, Now: func() time.Time { return halfPastTwo }})
	if err != nil {
		t.Fatal(err)
	}
	a := p.metricsAsk(&st)
	a.run(t.Context())
	all := a.series()
	if len(all) != maxSeries || all[0].last != 9999 || all[maxSeries-1].last != 9800 {
		t.Errorf("%d series from %v to %v", len(all), all[0].last, all[len(all)-1].last)
	}
}

func TestLegendLeavesOutWhatIsTheSame(t *testing.T) {
	of := func(query int, pairs ...string) drawn {
		return drawn{query: query, labels: labels.FromStrings(pairs...)}
	}
	got := sameLabels([]drawn{of(0, "__name__", "x", "job", "a", "i", "1"), of(0, "__name__", "x", "job", "a", "i", "2"), of(1, "job", "a"), of(2, "z", "1"), of(2, "y", "1")})
	if fmt.Sprint(got) != "map[0:[job]]" {
		t.Errorf("got %v", got)
	}
}

func TestMetricsExportHasEveryPoint(t *testing.T) {
	w := ask(screenOf(t, Options{Metrics: &fakeMetrics{}}), "/graph/export.csv?from=now-10s&q=up&q=A*2&hide=B")
	got := w.Body.String()
	if w.Code != 200 || !strings.HasPrefix(got, "query,series,time,value\nA,\"{service_name=\"\"planner-web\"\"}\",2026-") || strings.Count(got, "\n") != 7 {
		t.Errorf("%d %s", w.Code, got)
	}
	if n := strings.Count(ask(screenOf(t, Options{Metrics: &fakeMetrics{series: tenThousand}}), "/graph/export.csv?q=up").Body.String(), "\n"); n != 10_001 {
		t.Errorf("%d lines of 10,000 series, want all and a head", n)
	}
	if w := ask(screenOf(t, Options{Metrics: &fakeMetrics{}}), "/graph/export.csv?q=A"); w.Code != 400 || !strings.Contains(w.Body.String(), "A refers to itself") {
		t.Errorf("a broken query: %d %s", w.Code, w.Body)
	}
}

func TestMetricsCheckCountsAsScriptsDo(t *testing.T) {
	w := ask(screenOf(t, Options{Metrics: &fakeMetrics{}}), "/graph/check?"+url.Values{"q": {"up", "x{a=\"\U0001F600é\"} / Z", "A"}}.Encode())
	want := `[{"query":1,"from":13,"to":14,"text":"There is no query Z. There is A, C"}]`
	if got := strings.TrimSpace(w.Body.String()); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestRateWindowHoldsFourScrapes(t *testing.T) {
	for _, c := range []struct{ step, scrape, want time.Duration }{
		{5 * time.Second, 15 * time.Second, time.Minute}, {5 * time.Minute, 15 * time.Second, 315 * time.Second}, {5 * time.Second, 2 * time.Second, 8 * time.Second},
	} {
		if got := rateWindow(c.step, c.scrape); got != c.want {
			t.Errorf("step %s, scrapes every %s: got %s, want %s", c.step, c.scrape, got, c.want)
		}
	}
	if got := expandRate("rate(a[$__rate]) + rate(b[$__rate_interval])", 315*time.Second); got != "rate(a[5m15s]) + rate(b[5m15s])" {
		t.Errorf("got %s", got)
	}
}

func TestMetricsAsksInTheScope(t *testing.T) {
	f := &fakeMetrics{}
	ask(screenOf(t, Options{Metrics: f}), "/graph?service=planner-web&service=a.b&q="+url.QueryEscape(`rate(x[$__rate]) + y{service_name="z"}`))
	want := `rate(x{service_name=~"planner-web|a\\.b"}[1m]) + y{service_name="z"}`
	if len(f.asked) != 1 || f.asked[0] != want {
		t.Errorf("got %q, want %q", f.asked, want)
	}
}

// TestScopeKnowsWhereTheServiceIs: metrics of spans have it under another name.
func TestScopeKnowsWhereTheServiceIs(t *testing.T) {
	for q, want := range map[string]string{
		`rate(hits_total[5m])`:                             `rate(hits_total{service_name=~"a\\.b|c"}[5m])`,
		`sum(traces_spanmetrics_calls_total)`:              `sum(traces_spanmetrics_calls_total{service=~"a\\.b|c"})`,
		`{__name__="traces_spanmetrics_calls_total"}`:      `{__name__="traces_spanmetrics_calls_total",service=~"a\\.b|c"}`,
		`traces_service_graph_request_total{client="d"}`:   `traces_service_graph_request_total{client="d",server=~"a\\.b|c"}`,
		`x + {__logql__="rate({a=\"b\"}[5m])"}`:            `x{service_name=~"a\\.b|c"} + {__logql__="rate({a=\"b\"}[5m])"}`,
		`traces_spanmetrics_calls_total{service="other"}`:  `traces_spanmetrics_calls_total{service="other"}`,
		`hits_total{service_name="other"} / other_total{}`: `hits_total{service_name="other"} / other_total{service_name=~"a\\.b|c"}`,
	} {
		if got, _ := inScope(nil, q, []string{"a.b", "c"}); got != want {
			t.Errorf("%s: got %s, want %s", q, got, want)
		}
	}
}

func TestUnitOf(t *testing.T) {
	for q, want := range map[string]string{
		`histogram_quantile(0.9, sum by (le) (rate(a_seconds_bucket[1m])))`: "s",
		`sum(rate(a_seconds_count[$__rate]))`:                               "/s",
		`rate(a_seconds_sum[1m]) / rate(a_seconds_count[1m])`:               "s",
		`process_resident_memory_bytes`:                                     "B",
		`rate(net_bytes_total[5m])`:                                         "B/s",
		`rate(process_cpu_seconds_total[5m])`:                               "",
		`sum(rate(a_total[1m])) / sum(rate(b_total[1m]))`:                   "",
		`cache_hit_ratio`:                                                   "%",
		`up`:                                                                "",
		`1 + `:                                                              "",
		`vector(1)`:                                                         "",
		`count(a_seconds)`:                                                  "",
	} {
		if got := unitOf(nil, q); got != want {
			t.Errorf("%s: got %q, want %q", q, got, want)
		}
	}
}

func TestFamilyAsksWhatIsUsuallyWanted(t *testing.T) {
	counts := map[string]int64{"a_total": 1, "h_bucket": 8, "h_count": 1, "h_sum": 1, "native": 2, "g": 1, "x_count": 3}
	known := map[string]metadata.Metadata{"g": {Type: "gauge"}, "native": {Type: "histogram"}, "a": {Type: "counter", Help: "as"}}
	got := map[string]string{}
	for _, f := range families(counts, known) {
		got[f.name] = fmt.Sprint(f.letter(), " ", f.series, " ", f.query())
	}
	for name, want := range map[string]string{
		"a_total": "C 1 sum by (service_name) (rate(a_total[$__rate]))",
		"h":       "H 10 histogram_quantile(0.95, sum by (le, service_name) (rate(h_bucket[$__rate])))",
		"native":  "H 2 histogram_quantile(0.95, sum by (service_name) (rate(native[$__rate])))",
		"g":       "G 1 g",
		"x_count": "? 3 x_count",
	} {
		if got[name] != want {
			t.Errorf("%s: got %q, want %q", name, got[name], want)
		}
	}
}

func TestProblemPlacesCountWhatWasTyped(t *testing.T) {
	for q, want := range map[string]int{`rate(a[$__rate]) )`: 17, `rate(a[$__rate_interval]) )`: 26, `a )`: 2} {
		qe := parseProblem(nil, q)
		if qe == nil || qe.Pos != want {
			t.Errorf("%s: got %+v, want position %d", q, qe, want)
		}
	}
	if qe := parseProblem(nil, `rate(a[$__rate])`); qe != nil {
		t.Errorf("a good query has a problem: %v", qe)
	}
}

func TestStatsLeaveGapsOut(t *testing.T) {
	nan := math.NaN()
	if a, b, c := stats64([]float64{nan, 1, 3, nan}); a != 1 || b != 2 || c != 3 {
		t.Errorf("got %v %v %v", a, b, c)
	}
	if a, b, c := stats64([]float64{nan}); !math.IsNaN(a) || !math.IsNaN(b) || !math.IsNaN(c) {
		t.Errorf("got %v %v %v for gaps", a, b, c)
	}
}

func TestScaleHoldsItsValues(t *testing.T) {
	nan := math.NaN()
	for name, c := range map[string]struct {
		values  []float64
		highest float64
		unit    string
		lo, top float64
	}{
		"below 0":    {[]float64{-3, nan, 10, math.Inf(1)}, 0, "", -5, 10},
		"an outlier": {[]float64{1}, 100, "", 0, 3},
		"gaps alone": {[]float64{nan, nan}, 0, "", 0, 1},
		"minutes":    {[]float64{500}, 0, "s", 0, 600},
	} {
		s := linearScaleOf([][]float64{c.values}, c.highest, c.unit)
		if s.lo != c.lo || s.top != c.top {
			t.Errorf("%s: axis from %v to %v, want %v to %v", name, s.lo, s.top, c.lo, c.top)
		}
	}
	s, ok := logScaleOf([][]float64{{0, 0.5, 80}}, 0)
	if !ok || s.lo != 0.1 || s.top != 100 || !math.IsNaN(s.share(0)) || math.Abs(s.share(1)-1.0/3) > 1e-12 {
		t.Errorf("log: %+v, 1 lies at %v", s, s.share(1))
	}
	if _, ok := logScaleOf([][]float64{{0, -1}}, 0); ok {
		t.Error("a log scale without values above 0")
	}
}

// Any address must give a page.
func FuzzMetricsAddress(f *testing.F) {
	mux := screenOf(f, Options{Metrics: &fakeMetrics{}})
	for _, s := range []string{"", "q=up&q=&q=a%7B", "g0.expr=up", "metric=took_seconds&q=x", "q=up&q=A/B&q=&hide=AZ&view=heatmap&y=log", "view=table&q=up&sort=series", "q=%24__rate&from=now-1s&service=a", "view=area&q=rate(a[$__rate])"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, query string) {
		r := httptest.NewRequest("GET", "/graph", nil)
		r.URL.RawQuery = query
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		if w.Code >= 500 {
			t.Fatalf("%s: %d %s", query, w.Code, w.Body)
		}
	})
}
