package otlp

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/protobuf/proto"

	"tripod/store"
)

// engine keeps what came through a door, or answers with an error.
type engine struct {
	mu      sync.Mutex
	records []store.Record
	spans   []store.Span
	metrics int
	err     error
}

type (
	logDoor    struct{ *engine }
	traceDoor  struct{ *engine }
	metricDoor struct{ *engine }
)

func (e logDoor) Append(_ context.Context, r []store.Record) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.records = append(e.records, r...)
	return e.err
}

func (e traceDoor) Append(_ context.Context, s []store.Span) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.spans = append(e.spans, s...)
	return e.err
}

func (e metricDoor) WriteOTLP(_ context.Context, md pmetric.Metrics) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.metrics += md.DataPointCount()
	return e.err
}

func (e *engine) doors() Doors { return Doors{logDoor{e}, traceDoor{e}, metricDoor{e}} }

func serve(t testing.TB, e *engine, o Options) *httptest.Server {
	t.Helper()
	mux := http.NewServeMux()
	New(e.doors(), o).Register(mux)
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	return srv
}

func post(t testing.TB, url, contentType, encoding string, body []byte) (*http.Response, []byte) {
	t.Helper()
	req := must[*http.Request](t)(http.NewRequest("POST", url, bytes.NewReader(body)))
	req.Header.Set("Content-Type", contentType)
	if encoding != "" {
		req.Header.Set("Content-Encoding", encoding)
	}
	resp := must[*http.Response](t)(http.DefaultClient.Do(req))
	defer resp.Body.Close()
	return resp, must[[]byte](t)(io.ReadAll(resp.Body))
}

func zipped(t testing.TB, b []byte) []byte {
	var buf bytes.Buffer
	zw := gzip.NewWriter(&buf)
	zw.Write(b)
	zw.Close()
	return buf.Bytes()
}

func TestHTTPTakesEverySignal(t *testing.T) {
	logs := plogotlp.NewExportRequestFromLogs(sampleLogs())
	traces := ptraceotlp.NewExportRequestFromTraces(sampleTraces())
	metrics := pmetricotlp.NewExportRequestFromMetrics(sampleMetrics())
	for path, c := range map[string]struct {
		req   response
		items int
	}{
		"/v1/logs":                {logs, 7},
		"/otlp/v1/logs":           {logs, 7},
		"/v1/traces":              {traces, 4},
		"/v1/metrics":             {metrics, 1},
		"/api/v1/otlp/v1/metrics": {metrics, 1},
	} {
		for _, contentType := range []string{"application/x-protobuf", "application/json", "application/json; charset=utf-8"} {
			for _, encoding := range []string{"", "gzip"} {
				t.Run(path+" "+contentType+" "+encoding, func(t *testing.T) {
					var e engine
					srv := serve(t, &e, Options{})
					body := must[[]byte](t)(c.req.MarshalProto())
					want := ""
					if strings.HasPrefix(contentType, typeJSON) {
						body = must[[]byte](t)(c.req.MarshalJSON())
						want = "{}"
					}
					if encoding == "gzip" {
						body = zipped(t, body)
					}
					resp, got := post(t, srv.URL+path, contentType, encoding, body)
					if resp.StatusCode != 200 || string(got) != want {
						t.Fatalf("got %d %q, want 200 %q", resp.StatusCode, got, want)
					}
					if ct := resp.Header.Get("Content-Type"); !strings.HasPrefix(contentType, ct) {
						t.Errorf("got content type %q, want that of the request", ct)
					}
					if n := len(e.records) + len(e.spans) + e.metrics; n != c.items {
						t.Errorf("got %d items, want %d", n, c.items)
					}
				})
			}
		}
	}
}

func TestHTTPAnswersErrorsInTheRequestsEncoding(t *testing.T) {
	deep := strings.Repeat(`{"arrayValue":{"values":[`, 500) + strings.Repeat(`]}}`, 500)
	for name, c := range map[string]struct {
		contentType, encoding string
		body                  []byte
		err                   error
		want                  int
		code                  int32
		says                  string
		retry                 string
	}{
		"overloaded":        {typeProto, "", logsProto(sampleLogs()), store.ErrOverloaded, 429, 8, "overloaded", "1"},
		"disk full":         {typeProto, "", logsProto(sampleLogs()), store.ErrFull, 507, 8, "disk full", "1"},
		"closing":           {typeProto, "", logsProto(sampleLogs()), store.ErrClosed, 503, 14, "closed", "1"},
		"broken engine":     {typeProto, "", logsProto(sampleLogs()), io.ErrShortWrite, 500, 13, "short write", ""},
		"torn protobuf":     {typeProto, "", logsProto(sampleLogs())[:40], nil, 400, 3, "protobuf", ""},
		"not gzip":          {typeProto, "gzip", []byte("plain"), nil, 400, 3, "gzip", ""},
		"unknown encoding":  {typeProto, "br", []byte("plain"), nil, 400, 3, `"br"`, ""},
		"gzip bomb":         {typeProto, "gzip", zipped(t, make([]byte, 33<<20)), nil, 413, 3, "33554432 bytes", ""},
		"torn JSON":         {typeJSON, "", []byte(`{"resourceLogs":[{`), nil, 400, 3, "JSON is cut off at byte 18", ""},
		"torn text":         {typeJSON, "", []byte(`{"resourceLogs":[{"x":"y}]}`), nil, 400, 3, "JSON is cut off at byte 27", ""},
		"no JSON":           {typeJSON, "", []byte(" \n"), nil, 400, 3, "the body is empty: want a JSON object", ""},
		"a list":            {typeJSON, "", []byte(` []`), nil, 400, 3, "the body begins with '[': want a JSON object", ""},
		"text behind JSON":  {typeJSON, "", []byte(`{} {}`), nil, 400, 3, "byte 2", ""},
		"wrong type":        {typeJSON, "", []byte(`{"resourceLogs":7}`), nil, 400, 3, "decode", ""},
		"deeply nested":     {typeJSON, "", []byte(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":` + deep + `}]}]}]}`), nil, 413, 3, "levels deep", ""},
		"error about bytes": {typeProto, "br\xff", []byte("plain"), nil, 400, 3, "encoding", ""},
	} {
		t.Run(name, func(t *testing.T) {
			srv := serve(t, &engine{err: c.err}, Options{})
			resp, body := post(t, srv.URL+"/v1/logs", c.contentType, c.encoding, c.body)
			var st spb.Status
			var err error
			if c.contentType == typeJSON {
				err = json.Unmarshal(body, &st)
			} else {
				err = proto.Unmarshal(body, &st)
			}
			if err != nil {
				t.Fatalf("%v in %q", err, body)
			}
			if resp.StatusCode != c.want || st.Code != c.code || !strings.Contains(st.Message, c.says) {
				t.Errorf("got %d, %d %q; want %d, %d with %q", resp.StatusCode, st.Code, st.Message, c.want, c.code, c.says)
			}
			if got := resp.Header.Get("Retry-After"); got != c.retry {
				t.Errorf("got Retry-After %q, want %q", got, c.retry)
			}
			if got := resp.Header.Get("Content-Type"); got != c.contentType {
				t.Errorf("got content type %q, want %q", got, c.contentType)
			}
		})
	}
}

func TestHTTPRefusesOtherContent(t *testing.T) {
	srv := serve(t, &engine{}, Options{})
	for _, contentType := range []string{"text/plain", "", "application/x-www-form-urlencoded", "application/;"} {
		if resp, body := post(t, srv.URL+"/v1/logs", contentType, "", nil); resp.StatusCode != 415 || !strings.Contains(string(body), "want application/x-protobuf") {
			t.Errorf("%q: got %d %s, want 415", contentType, resp.StatusCode, body)
		}
	}
	resp := must[*http.Response](t)(http.Get(srv.URL + "/v1/logs"))
	resp.Body.Close()
	if resp.StatusCode != 405 {
		t.Errorf("GET: got %d, want 405", resp.StatusCode)
	}
}

func TestPartialSuccessKeepsTheGoodOnes(t *testing.T) {
	td := sampleTraces()
	bad := td.ResourceSpans().At(0).ScopeSpans().At(0).Spans()
	bad.At(0).SetTraceID([16]byte{})
	bad.At(1).SetSpanID([8]byte{})
	ld := sampleLogs()
	ld.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).SetTimestamp(1 << 63)

	var seen []string
	e := &engine{}
	srv := serve(t, e, Options{Rejected: func(signal, reason string, n int, _ string) {
		seen = append(seen, fmt.Sprint(signal, " ", reason, " ", n))
	}})

	_, body := post(t, srv.URL+"/v1/traces", typeProto, "", tracesProto(td))
	traces := ptraceotlp.NewExportResponse()
	if err := traces.UnmarshalProto(body); err != nil {
		t.Fatal(err)
	}
	if p := traces.PartialSuccess(); p.RejectedSpans() != 2 || !strings.Contains(p.ErrorMessage(), `span "GET /work" of service "shop": trace id is all zero`) {
		t.Errorf("got %d %q", p.RejectedSpans(), p.ErrorMessage())
	}
	if len(e.spans) != 2 {
		t.Errorf("got %d spans kept, want 2", len(e.spans))
	}

	e.err = &store.PartialError{Rejected: 2, Reason: "too old"}
	_, body = post(t, srv.URL+"/v1/logs", typeProto, "", logsProto(ld))
	logs := plogotlp.NewExportResponse()
	if err := logs.UnmarshalProto(body); err != nil {
		t.Fatal(err)
	}
	if p := logs.PartialSuccess(); p.RejectedLogRecords() != 3 || !strings.Contains(p.ErrorMessage(), "after the year 2262") {
		t.Errorf("got %d %q", p.RejectedLogRecords(), p.ErrorMessage())
	}

	body = must[[]byte](t)(pmetricotlp.NewExportRequestFromMetrics(sampleMetrics()).MarshalJSON())
	_, body = post(t, srv.URL+"/v1/metrics", typeJSON, "", body)
	if want := `{"partialSuccess":{"rejectedDataPoints":"2","errorMessage":"too old"}}`; string(body) != want {
		t.Errorf("got %s, want %s", body, want)
	}
	e.err = nil
	post(t, srv.URL+"/v1/logs", typeJSON, "", []byte("{"))
	post(t, srv.URL+"/v1/traces", typeProto, "gzip", []byte("no gzip"))
	e.err = store.ErrOverloaded // which the door counts
	post(t, srv.URL+"/v1/traces", typeProto, "", tracesProto(sampleTraces()))
	if want := []string{"traces invalid 2", "logs invalid 1", "logs refused 2", "metrics refused 2", "logs invalid 1", "traces invalid 1"}; !slices.Equal(seen, want) {
		t.Errorf("told %q, want %q", seen, want)
	}
}

func TestNothingIsAppendedForAnEmptyRequest(t *testing.T) {
	srv := serve(t, &engine{err: store.ErrInvalid}, Options{})
	for path, body := range map[string][]byte{
		"/v1/logs":    logsProto(plog.NewLogs()),
		"/v1/traces":  tracesProto(ptrace.NewTraces()),
		"/v1/metrics": {},
	} {
		if resp, _ := post(t, srv.URL+path, typeProto, "", body); resp.StatusCode != 200 {
			t.Errorf("%s: got %d, want 200", path, resp.StatusCode)
		}
	}
}
