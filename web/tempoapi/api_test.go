package tempoapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protowire"

	"tripod/store"
)

var now = time.Unix(1_773_324_360, 0)

// engine answers what it was given, and keeps what it was asked.
type engine struct {
	found  store.SpanAnswer
	trace  store.Trace
	series store.SpanMetrics
	values []store.SpanTagValue
	err    error

	spans   store.SpanQuery
	metrics store.SpanMetricQuery
	tag     store.SpanTagQuery
	rng     store.TimeRange
}

func (e *engine) FindSpans(_ context.Context, q store.SpanQuery) (store.SpanAnswer, error) {
	e.spans = q
	return e.found, e.err
}

func (e *engine) Trace(context.Context, store.TraceID) (store.Trace, error) { return e.trace, e.err }

func (e *engine) SpanMetrics(_ context.Context, q store.SpanMetricQuery) (store.SpanMetrics, error) {
	e.metrics = q
	return e.series, e.err
}

func (e *engine) TagNames(_ context.Context, r store.TimeRange) (store.SpanTags, error) {
	e.rng = r
	return store.SpanTags{Resource: []string{"service.name"}, Span: []string{"http.route", "service.name"}}, e.err
}

func (e *engine) TagValues(_ context.Context, q store.SpanTagQuery) ([]store.SpanTagValue, error) {
	e.tag = q
	return e.values, e.err
}

func (e *engine) api() http.Handler {
	mux := http.NewServeMux()
	encode := Encode{
		Proto: func(s []store.Span) []byte { return []byte(fmt.Sprintf("%d spans", len(s))) },
		JSON:  func(s []store.Span) ([]byte, error) { return fmt.Appendf(nil, `{"resourceSpans":[%d]}`, len(s)), nil },
	}
	a := New(Doors{Traces: e, Metrics: e, Tags: e, Encode: encode}, Options{Now: func() time.Time { return now }})
	a.Register(mux)
	mux.HandleFunc("GET /api/traces/{id}", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("Jaeger's")) })
	return a.Before(mux)
}

func ask(e *engine, path string, query url.Values, accept string) (int, string, string) {
	r := httptest.NewRequest("GET", path+"?"+query.Encode(), nil)
	r.Header.Set("Accept", accept)
	w := httptest.NewRecorder()
	e.api().ServeHTTP(w, r)
	return w.Code, w.Header().Get("Content-Type"), w.Body.String()
}

func same(t *testing.T, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestSearch(t *testing.T) {
	e := &engine{found: store.SpanAnswer{Inspected: 7, Traces: []store.TraceMatch{{
		Trace: store.TraceSummary{ID: store.TraceID{1}, RootService: "shop", RootName: "GET /", Start: 5, End: 5 + 1_500_000_000, Services: []store.ServiceShare{{Service: "shop", Spans: 3, Errors: 1}}},
		Sets: []store.Spanset{{Matched: 2, Attrs: store.Attrs{{Key: "count()", Value: store.Int(2)}}, Spans: []store.MatchedSpan{{
			ID: store.SpanID{2}, Name: "SELECT", Start: 6, Duration: 7, Attrs: store.Attrs{
				{Key: "span.http.route", Value: store.String("/a")}, {Key: "resource.cold", Value: store.Bool(true)}, {Key: ".n", Value: store.Int(-3)}, {Key: "status", Value: store.String("error")}, {Key: "span.f", Value: store.Float(0.5)}}}}}},
	}}}}
	code, kind, body := ask(e, "/api/search", url.Values{"q": {"{}"}, "start": {"100"}, "end": {"200"}, "limit": {"5"}, "spss": {"4"}, "minDuration": {"10ms"}, "maxDuration": {"2s"}}, "")
	if code != 200 || kind != "application/json" {
		t.Fatal(code, kind, body)
	}
	set := `{"spans":[{"spanID":"0200000000000000","name":"SELECT","startTimeUnixNano":"6","durationNanos":"7","attributes":[` +
		`{"key":"http.route","value":{"stringValue":"/a"}},{"key":"cold","value":{"boolValue":true}},{"key":"n","value":{"intValue":"-3"}},{"key":"status","value":{"stringValue":"error"}},{"key":"f","value":{"doubleValue":0.5}}]}],` +
		`"matched":2,"attributes":[{"key":"count()","value":{"intValue":"2"}}]}`
	same(t, body, `{"traces":[{"traceID":"01000000000000000000000000000000","rootServiceName":"shop","rootTraceName":"GET /","startTimeUnixNano":"5","durationMs":1500,"spanSet":`+set+`,"spanSets":[`+set+`],"serviceStats":{"shop":{"spanCount":3,"errorCount":1}}}],"metrics":{"inspectedTraces":7}}`)
	want := store.SpanQuery{Text: "{}", Range: store.TimeRange{From: 100e9, To: 200e9}, MinDuration: 10 * time.Millisecond, MaxDuration: 2 * time.Second, Limit: 5, Spans: 4}
	if e.spans != want {
		t.Errorf("asked %+v", e.spans)
	}
	if _, _, body = ask(&engine{}, "/api/search", nil, ""); body != `{"traces":[],"metrics":{}}` {
		t.Error("nothing found:", body)
	}
}

func TestSearchByTags(t *testing.T) {
	for tags, want := range map[string]string{
		"":                        "{}",
		"service.name=shop":       `{.service.name="shop"}`,
		`name="a b" status=error`: `{name="a b" && status=error}`,
		"error=true code=500":     `{status=error && (.code="500" || .code=500)}`,
	} {
		e := &engine{}
		if code, _, body := ask(e, "/api/search", url.Values{"tags": {tags}}, ""); code != 200 || e.spans.Text != want {
			t.Errorf("%s: %d %s, asked %s, want %s", tags, code, body, e.spans.Text, want)
		}
		if e.spans.Range != (store.TimeRange{From: now.Add(-time.Hour).UnixNano(), To: now.UnixNano()}) {
			t.Errorf("%s: range %+v", tags, e.spans.Range)
		}
	}
}

func TestTrace(t *testing.T) {
	e := &engine{trace: store.Trace{Spans: make([]store.Span, 3)}}
	_, kind, body := ask(e, "/api/v2/traces/4bf9", nil, "application/protobuf")
	num, _, n := protowire.ConsumeTag([]byte(body))
	got, _ := protowire.ConsumeBytes([]byte(body)[max(n, 0):])
	if kind != "application/protobuf" || num != 1 || !bytes.Equal(got, []byte("3 spans")) {
		t.Errorf("%s: %q", kind, body)
	}
	_, _, body = ask(e, "/api/v2/traces/4bf9", nil, "")
	same(t, body, `{"trace":{"resourceSpans":[3]},"metrics":{}}`)
	e.err = errors.New("block at 7: torn")
	_, _, body = ask(e, "/api/v2/traces/4bf9", nil, "")
	same(t, body, `{"trace":{"resourceSpans":[3]},"metrics":{},"status":"PARTIAL","message":"block at 7: torn"}`)
	_, _, body = ask(e, "/api/v2/traces/4bf9", nil, "application/protobuf")
	if !strings.HasSuffix(body, "\x18\x01\x22\x10block at 7: torn") {
		t.Errorf("partial: %q", body)
	}
	for id, want := range map[string]int{"4bf9": 404, "xyz": 400} {
		if code, _, body := ask(&engine{err: store.ErrNotFound}, "/api/v2/traces/"+id, nil, ""); code != want {
			t.Errorf("%s: %d %s", id, code, body)
		}
	}
}

// TestTraceBesideJaegers: the first version has its path in common with Jaeger.
func TestTraceBesideJaegers(t *testing.T) {
	e := &engine{trace: store.Trace{Spans: make([]store.Span, 3)}}
	for accept, want := range map[string]string{"application/protobuf": "3 spans", "application/json": "Jaeger's", "*/*": "Jaeger's", "": "Jaeger's"} {
		code, kind, body := ask(e, "/api/traces/4bf9", nil, accept)
		if code != 200 || body != want || (kind == "application/protobuf") != (want == "3 spans") {
			t.Errorf("%s: got %d %s %q, want %q", accept, code, kind, body, want)
		}
	}
	for id, want := range map[string]int{"4bf9": 404, "xyz": 400} {
		if code, _, body := ask(&engine{err: store.ErrNotFound}, "/api/traces/"+id, nil, "application/protobuf"); code != want {
			t.Errorf("%s: %d %s", id, code, body)
		}
	}
}

func TestTags(t *testing.T) {
	e := &engine{values: []store.SpanTagValue{{Value: store.String("/a"), Spans: 3}, {Value: store.Int(5), Spans: 1}}}
	_, _, body := ask(e, "/api/v2/search/tags", url.Values{"scope": {"span"}}, "")
	same(t, body, `{"metrics":{},"scopes":[{"name":"span","tags":["http.route","service.name"]}]}`)
	_, _, body = ask(e, "/api/search/tags", nil, "")
	same(t, body, `{"metrics":{},"tagNames":["http.route","service.name"]}`)
	_, _, body = ask(e, "/api/v2/search/tag/span.http.route/values", url.Values{"q": {"{}"}, "limit": {"9"}}, "")
	same(t, body, `{"metrics":{},"tagValues":[{"type":"string","value":"/a"},{"type":"int","value":"5"}]}`)
	if e.tag.Tag != "span.http.route" || e.tag.Text != "{}" || e.tag.Limit != 9 {
		t.Errorf("asked %+v", e.tag)
	}
	_, _, body = ask(e, "/api/search/tag/http.route/values", nil, "")
	same(t, body, `{"metrics":{},"tagValues":["/a","5"]}`)
	_, _, body = ask(e, "/api/v2/search/tag/status/values", nil, "")
	if !strings.Contains(body, `"keyword"`) {
		t.Error(body)
	}
}

func TestMetrics(t *testing.T) {
	e := &engine{series: store.SpanMetrics{Series: []store.SpanSeries{{
		Labels: store.Attrs{{Key: "resource.service.name", Value: store.String(`a"b`)}, {Key: "p", Value: store.Float(0.5)}}, Points: []store.SpanPoint{{Time: 60e9, Value: 1.5}},
	}}}}
	series := `{"series":[{"labels":[{"key":"resource.service.name","value":{"stringValue":"a\"b"}},{"key":"p","value":{"doubleValue":0.5}}],"promLabels":"{resource.service.name=\"a\\\"b\", p=\"0.5\"}",`
	_, _, body := ask(e, "/api/metrics/query_range", url.Values{"q": {"{} | rate()"}, "since": {"2h"}, "step": {"15s"}}, "")
	same(t, body, series+`"samples":[{"timestampMs":"60000","value":1.5}]}],"metrics":{}}`)
	if e.metrics.Step != 15*time.Second || e.metrics.Range.To-e.metrics.Range.From != int64(2*time.Hour) {
		t.Errorf("asked %+v", e.metrics)
	}
	_, _, body = ask(e, "/api/metrics/query", url.Values{"q": {"{} | rate()"}}, "")
	same(t, body, series+`"value":1.5}],"metrics":{}}`)
	if e.metrics.Step != 0 {
		t.Errorf("asked %+v", e.metrics)
	}
}

// JSON has no such numbers, and an attribute may be one.
func TestNumbersThatAreNone(t *testing.T) {
	odd := []store.SpanPoint{{Time: 1e9, Value: math.NaN()}, {Time: 2e9, Value: math.Inf(1)}, {Time: 3e9, Value: math.Inf(-1)}}
	e := &engine{series: store.SpanMetrics{Series: []store.SpanSeries{{Labels: store.Attrs{{Key: "x", Value: store.Float(math.Inf(1))}}, Points: odd}}}}
	_, _, body := ask(e, "/api/metrics/query_range", url.Values{"q": {"{} | max_over_time(span.x)"}, "step": {"1s"}}, "")
	same(t, body, `{"series":[{"labels":[{"key":"x","value":{"doubleValue":"Infinity"}}],"promLabels":"{x=\"+Inf\"}",`+
		`"samples":[{"timestampMs":"1000","value":"NaN"},{"timestampMs":"2000","value":"Infinity"},{"timestampMs":"3000","value":"-Infinity"}]}],"metrics":{}}`)
	if code, _, body := ask(e, "/api/metrics/query", url.Values{"q": {"{} | max_over_time(span.x)"}}, ""); code != 200 || !strings.Contains(body, `"value":"-Infinity"`) {
		t.Error(code, body)
	}
}

func TestWhatIsWrongIsNamed(t *testing.T) {
	for query, want := range map[string]string{
		"start=200&end=100":  "start 200 is behind end 100",
		"start=yesterday":    `start="yesterday": want Unix seconds`,
		"since=-1h":          `since="-1h": want a duration`,
		"limit=many":         `limit="many": want a number`,
		"minDuration=5":      `minDuration="5": want a duration`,
		"tags=a":             `tags="a": want at most 64 of key=value`,
		"tags=a%3D%22b":      "a closing quote",
		"tags=%7B%7D%3D1":    "key=value",
		"start=1e300&end=99": `start="1e300": want Unix seconds`,
	} {
		q, _ := url.ParseQuery(query)
		if code, _, body := ask(&engine{}, "/api/search", q, ""); code != 400 || !strings.Contains(body, want) {
			t.Errorf("%s: %d %s", query, code, body)
		}
	}
	if code, _, body := ask(&engine{}, "/api/metrics/query_range", url.Values{"step": {"0"}}, ""); code != 400 || !strings.Contains(body, "step") {
		t.Error(code, body)
	}
	if code, _, body := ask(&engine{err: store.ErrOverloaded}, "/api/search", nil, ""); code != 429 {
		t.Error(code, body)
	}
}

func FuzzParams(f *testing.F) {
	f.Add("service.name=shop", "1773324360", "1h")
	f.Add(`a="b c" d=1`, "1773324360000000000", "")
	f.Fuzz(func(t *testing.T, tags, start, since string) {
		e := &engine{}
		code, _, body := ask(e, "/api/search", url.Values{"tags": {tags}, "start": {start}, "since": {since}}, "")
		if code != 200 && code != 400 {
			t.Fatalf("%d %s", code, body)
		}
	})
}
