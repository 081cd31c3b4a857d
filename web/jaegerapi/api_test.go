package jaegerapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"iter"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"tripod/store"
	"tripod/web/otlp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var now = time.Date(2026, 3, 12, 14, 6, 0, 0, time.UTC)

// engine holds traces; it finds all of them.
type engine struct {
	traces []store.Trace
	err    error
	asked  store.TraceQuery
	calls  []store.Dependency
	within store.TimeRange
}

func (e *engine) Dependencies(_ context.Context, r store.TimeRange) ([]store.Dependency, error) {
	e.within = r
	return e.calls, e.err
}

func (e *engine) Services(context.Context) ([]string, error) {
	if len(e.traces) == 0 {
		return nil, e.err
	}
	return []string{"shop", "stock"}, e.err
}

func (e *engine) Operations(_ context.Context, service string) ([]store.Operation, error) {
	if service == "unknown" {
		return nil, store.ErrNotFound
	}
	return []store.Operation{{Name: "GET /work", Kind: store.SpanServer}, {Name: "GET /work", Kind: store.SpanClient}, {Name: service, Kind: store.SpanUnspecified}}, e.err
}

func (e *engine) Search(_ context.Context, q store.TraceQuery) ([]store.TraceSummary, error) {
	e.asked = q
	var out []store.TraceSummary
	for _, t := range e.traces {
		out = append(out, store.TraceSummary{ID: t.ID, RootService: "shop", RootName: "GET /work", Start: now.UnixNano(), End: now.UnixNano() + 1<<53 + 1, Spans: len(t.Spans), Errors: 1,
			Services: []store.ServiceShare{{Service: "shop", Spans: len(t.Spans), Errors: 1}}})
	}
	return out, e.err
}

func (e *engine) Traces(_ context.Context, ids []store.TraceID) iter.Seq2[store.Trace, error] {
	return func(yield func(store.Trace, error) bool) {
		for _, id := range ids {
			if !yield(e.trace(id)) {
				return
			}
		}
	}
}

func (e *engine) SearchWhole(ctx context.Context, q store.TraceQuery) ([]store.TraceSummary, iter.Seq2[store.Trace, error], error) {
	found, err := e.Search(ctx, q)
	var ids []store.TraceID
	for _, t := range found {
		ids = append(ids, t.ID)
	}
	return found, e.Traces(ctx, ids), err
}

func (e *engine) trace(id store.TraceID) (store.Trace, error) {
	for _, t := range e.traces {
		if t.ID == id && len(t.Spans) > 0 {
			return t, e.err
		}
	}
	return store.Trace{ID: id}, errors.Join(store.ErrNotFound, e.err)
}

func loaded() *engine {
	shop := &store.Resource{Attrs: store.Attrs{
		{Key: "service.name", Value: store.String("shop")}, {Key: "host.name", Value: store.String("node-1")}, {Key: "process.pid", Value: store.Int(4711)}}}
	again := &store.Resource{Attrs: shop.Attrs} // the same, by another request
	http := &store.Scope{Name: "@opentelemetry/instrumentation-http", Version: "0.200.0"}
	id := store.TraceID{0x4b, 0xf9, 15: 0x36}
	start := now.UnixNano()
	calls := []store.Dependency{
		{Callee: "shop", Calls: 9}, {Caller: "shop", Callee: "mail", Calls: 2}, {Caller: "shop", Callee: "mail", Kind: store.DependencyQueue, Calls: 3}, {Caller: "shop", Callee: "stock", Calls: 4},
	}
	return &engine{calls: calls, traces: []store.Trace{
		{ID: id, Spans: []store.Span{
			{TraceID: id, SpanID: store.SpanID{7: 1}, Name: "GET /work", Kind: store.SpanServer, Start: start + 1999, End: start + 25_001_999, Flags: 0x101,
				Status: store.StatusError, StatusMessage: "out of stock", TraceState: "vendor=1", Service: "shop", Resource: shop, Scope: http,
				Attrs: store.Attrs{
					{Key: "http.response.status_code", Value: store.Int(500)},
					{Key: "big", Value: store.Int(math.MaxInt64)},
					{Key: "ratio", Value: store.Float(0.5)},
					{Key: "nan", Value: store.Float(math.NaN())},
					{Key: "cached", Value: store.Bool(false)},
					{Key: "raw", Value: store.Bytes([]byte{0, 255})},
					{Key: "roles", Value: store.List(store.String("a"), store.Int(1))},
					{Key: "user", Value: store.Map(store.Attrs{{Key: "id", Value: store.String("u-7")}})},
					{Key: "none", Value: store.Value{}},
				},
				Events: []store.SpanEvent{
					{Time: start + 3_000_000, Name: "exception", Attrs: store.Attrs{{Key: "exception.message", Value: store.String("<nil>")}}},
					{Time: start + 4_000_000, Name: "log", Attrs: store.Attrs{{Key: "event", Value: store.String("own")}}},
				}},
			{TraceID: id, SpanID: store.SpanID{7: 2}, ParentID: store.SpanID{7: 1}, Name: "redis-GET", Kind: store.SpanClient, Start: start + 2_000_000, End: start + 1_000_000,
				Status: store.StatusOK, Service: "shop", Resource: again},
			{TraceID: id, SpanID: store.SpanID{7: 3}, ParentID: store.SpanID{7: 2}, Name: "job", Start: start, End: start + 1000, Service: "",
				Links: []store.SpanLink{
					{TraceID: store.TraceID{15: 9}, SpanID: store.SpanID{0: 9}},
					{TraceID: id, SpanID: store.SpanID{7: 1}, Attrs: store.Attrs{{Key: "opentracing.ref_type", Value: store.String("child_of")}}},
				}},
		}},
		{ID: store.TraceID{15: 7}, Spans: []store.Span{{TraceID: store.TraceID{15: 7}, SpanID: store.SpanID{7: 1}, Name: "small", Service: "stock", Kind: store.SpanInternal}}},
		{ID: store.TraceID{15: 8}}, // found, but gone when it is fetched
	}}
}

func get(t testing.TB, e *engine, o Options, path string) (*http.Response, string) {
	t.Helper()
	o.Now = func() time.Time { return now }
	mux := http.NewServeMux()
	New(Doors{e, e, e, e, otlp.MarshalTracesJSON}, o).Register(mux)
	srv := httptest.NewServer(mux)
	defer srv.Close()
	resp, err := http.Get(srv.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(b)
}

const timesV3 = "query.startTimeMin=2026-03-12T13:00:00Z&query.startTimeMax=2026-03-12T14:00:00Z"

func TestAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		path   string
		status int
		empty  bool
		o      Options
	}{
		"services":            {path: "/api/services", status: 200},
		"services-empty":      {path: "/api/services", status: 200, empty: true},
		"operation-names":     {path: "/api/services/a%2Fb/operations", status: 200},
		"operations-unknown":  {path: "/api/services/unknown/operations", status: 200},
		"operations":          {path: "/api/operations?service=shop", status: 200},
		"operations-of-kind":  {path: "/api/operations?service=shop&spanKind=SERVER", status: 200},
		"operations-required": {path: "/api/operations", status: 400},
		"trace":               {path: "/api/traces/4bf90000000000000000000000000036", status: 200},
		"trace-short-id":      {path: "/api/traces/7", status: 200},
		"trace-not-found":     {path: "/api/traces/abc", status: 404},
		"trace-bad-id":        {path: "/api/traces/xyz", status: 400},
		"search-empty":        {path: "/api/traces?service=shop", status: 200, empty: true},
		"search":              {path: "/api/traces?service=shop", status: 200},
		"search-cut":          {path: "/api/traces?service=shop", status: 200, o: Options{MaxSpans: 3}},
		"search-ids":          {path: "/api/traces?traceID=7&traceID=ff", status: 200},
		"search-bad-id":       {path: "/api/traces?traceID=x", status: 400},
		"search-bad-tag":      {path: "/api/traces?service=shop&tag=novalue", status: 400},
		"dependencies":        {path: "/api/dependencies?endTs=1773324360000&lookback=3600000", status: 200},
		"dependencies-empty":  {path: "/api/dependencies", status: 200, empty: true},
		"dependencies-bad":    {path: "/api/dependencies?lookback=1h", status: 400},
		"v3-services":         {path: "/api/v3/services", status: 200},
		"v3-services-empty":   {path: "/api/v3/services", status: 200, empty: true},
		"v3-operations":       {path: "/api/v3/operations?service=shop", status: 200},
		"v3-operations-kind":  {path: "/api/v3/operations?service=shop&span_kind=server", status: 200},
		"v3-operations-bad":   {path: "/api/v3/operations", status: 400},
		"v3-trace":            {path: "/api/v3/traces/4bf90000000000000000000000000036", status: 200},
		"v3-trace-not-found":  {path: "/api/v3/traces/abc", status: 404},
		"v3-trace-bad-id":     {path: "/api/v3/traces/xyz", status: 400},
		"v3-search":           {path: "/api/v3/traces?" + timesV3, status: 200, o: Options{MaxSpans: 3}},
		"v3-search-empty":     {path: "/api/v3/traces?" + timesV3, status: 404, empty: true},
		"v3-search-bad":       {path: "/api/v3/traces?query.serviceName=shop", status: 400},
		"v3-summaries":        {path: "/api/v3/trace-summaries?" + timesV3, status: 200},
		"v3-summaries-empty":  {path: "/api/v3/trace-summaries?" + timesV3, status: 200, empty: true},
	} {
		t.Run(name, func(t *testing.T) {
			e := loaded()
			if c.empty {
				e = &engine{}
			}
			resp, body := get(t, e, c.o, c.path)
			if resp.StatusCode != c.status || resp.Header.Get("Content-Type") != "application/json" {
				t.Fatalf("got %d %s %s, want %d", resp.StatusCode, resp.Header.Get("Content-Type"), body, c.status)
			}
			var pretty bytes.Buffer
			if err := json.Indent(&pretty, []byte(body), "", " "); err != nil {
				t.Fatal(err)
			}
			pretty.WriteByte('\n')
			golden := filepath.Join("testdata", name+".json")
			if *update {
				if err := os.WriteFile(golden, pretty.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if pretty.String() != string(want) {
				t.Errorf("got  %s\nwant %s", pretty.String(), want)
			}
		})
	}
}

func TestSearchParameters(t *testing.T) {
	end := now.UnixNano()
	full := store.TimeRange{From: end - int64(48*time.Hour), To: end + 1000}
	for name, c := range map[string]struct {
		params string
		want   store.TraceQuery
	}{
		"nothing": {"", store.TraceQuery{Range: full, Limit: 100}},
		"all": {"service=shop&operation=GET+/work&tags=" + url.QueryEscape(`{"error":"true","http.status_code":"500"}`) + "&tag=a:b:c&minDuration=1.5ms&maxDuration=2s&limit=7&start=1773324360000000&end=1773324361000000",
			store.TraceQuery{Service: "shop", Operation: "GET /work", Limit: 7, SpanMin: 1500 * time.Microsecond, SpanMax: 2 * time.Second,
				Tags:  map[string]string{"error": "true", "http.status_code": "500", "a": "b:c"},
				Range: store.TimeRange{From: 1773324360000000000, To: 1773324361000001000}}},
		"lookback":         {"lookback=1h", store.TraceQuery{Limit: 100, Range: store.TimeRange{From: end - int64(time.Hour), To: end + 1000}}},
		"lookback in days": {"lookback=7d", store.TraceQuery{Limit: 100, Range: store.TimeRange{From: end - int64(7*24*time.Hour), To: end + 1000}}},
		"custom lookback":  {"lookback=custom&start=1773324360000000", store.TraceQuery{Limit: 100, Range: store.TimeRange{From: 1773324360000000000, To: end + 1000}}},
		"limit past all":   {"limit=1000000", store.TraceQuery{Limit: maxLimit, Range: full}},
	} {
		t.Run(name, func(t *testing.T) {
			e := &engine{}
			resp, body := get(t, e, Options{}, "/api/traces?"+c.params)
			if resp.StatusCode != 200 || !reflect.DeepEqual(e.asked, c.want) {
				t.Errorf("got %d %s, asked %+v; want %+v", resp.StatusCode, body, e.asked, c.want)
			}
		})
	}
}

func TestSearchRefusesBadParameters(t *testing.T) {
	for _, params := range []string{
		"limit=0", "limit=x", "start=yesterday", "end=1.5", "minDuration=5", "maxDuration=-1s", "minDuration=2s&maxDuration=1s",
		"lookback=ever", "tag=x", "tags={", "tags=" + url.QueryEscape(`{"a":1}`), "tags=" + url.QueryEscape(`["a"]`),
	} {
		if resp, body := get(t, &engine{}, Options{}, "/api/traces?"+params); resp.StatusCode != 400 {
			t.Errorf("%s: got %d %s, want 400", params, resp.StatusCode, body)
		}
	}
}

// Who asks for more than an answer holds is told, if there may be more.
func TestSearchThatIsCutSaysSo(t *testing.T) {
	e := &engine{traces: make([]store.Trace, maxLimit)}
	for i := range e.traces {
		id := store.TraceID{1, byte(i >> 8), byte(i)}
		e.traces[i] = store.Trace{ID: id, Spans: []store.Span{{TraceID: id, SpanID: store.SpanID{1}}}}
	}
	const told = "only the newest 1500 traces are here"
	for limit, want := range map[string]bool{"1500": false, "1501": true, "1000000": true} {
		if _, body := get(t, e, Options{}, "/api/traces?limit="+limit); strings.Contains(body, told) != want {
			t.Errorf("limit %s: told %v", limit, !want)
		}
		for _, path := range []string{"/api/v3/traces?", "/api/v3/trace-summaries?"} {
			if resp, _ := get(t, e, Options{}, path+timesV3+"&query.searchDepth="+limit); strings.Contains(resp.Header.Get("Warning"), told) != want {
				t.Errorf("%s of depth %s: warning %q", path, limit, resp.Header["Warning"])
			}
		}
	}
	e.traces = e.traces[1:]
	if _, body := get(t, e, Options{}, "/api/traces?limit=2000"); strings.Contains(body, told) {
		t.Error("told of all that there is")
	}
}

func TestEngineErrors(t *testing.T) {
	for err, want := range map[error]int{store.ErrOverloaded: 429, store.ErrClosed: 503, context.DeadlineExceeded: 503, io.ErrUnexpectedEOF: 500} {
		for _, path := range []string{"/api/services", "/api/services/a/operations", "/api/operations?service=a", "/api/traces", "/api/dependencies"} {
			e := loaded()
			e.err = err
			resp, body := get(t, e, Options{}, path)
			var a answer
			if e := json.Unmarshal([]byte(body), &a); e != nil || resp.StatusCode != want || len(a.Errors) != 1 || a.Errors[0].Code != want {
				t.Errorf("%s, %v: got %d %s, want %d", path, err, resp.StatusCode, body, want)
			}
		}
	}
}

func FuzzParams(f *testing.F) {
	f.Add("service=a&tags=%7B%7D&tag=a:b&limit=5&start=1&end=2&lookback=2d&minDuration=1ms")
	f.Fuzz(func(t *testing.T, query string) {
		params, _ := url.ParseQuery(query)
		q, err := traceQuery(params, now)
		if err != nil {
			if !errors.Is(err, store.ErrInvalid) && !errors.Is(err, store.ErrTooLarge) {
				t.Errorf("got %v, want an error that blames the request", err)
			}
			return
		}
		if q.Limit < 1 || q.SpanMin < 0 || q.SpanMax < 0 || len(q.Tags) > maxTags {
			t.Errorf("%q: got %+v, which is out of bounds", query, q)
		}
	})
}
