package tempoapi

import (
	"context"
	"net/http"
	"strings"
	"time"

	"tripod/store"
	"tripod/web"
)

// Traces finds traces; Trace returns store.ErrNotFound for one that is not kept.
type Traces interface {
	FindSpans(ctx context.Context, q store.SpanQuery) (store.SpanAnswer, error)
	Trace(ctx context.Context, id store.TraceID) (store.Trace, error)
}

// Metrics makes numbers of spans.
type Metrics interface {
	SpanMetrics(ctx context.Context, q store.SpanMetricQuery) (store.SpanMetrics, error)
}

// Tags knows what attributes spans have.
type Tags interface {
	TagNames(ctx context.Context, r store.TimeRange) (store.SpanTags, error)
	TagValues(ctx context.Context, q store.SpanTagQuery) ([]store.SpanTagValue, error)
}

// Encode writes spans as OTLP's TracesData.
type Encode struct {
	Proto func([]store.Span) []byte
	JSON  func([]store.Span) ([]byte, error)
}

// Doors are where the questions go.
type Doors struct {
	Traces  Traces
	Metrics Metrics
	Tags    Tags
	Encode  Encode
}

// Options of an API; the zero value is ready.
type Options struct {
	Now func() time.Time // end of a range that does not say one
}

// API speaks Tempo's.
type API struct {
	doors Doors
	o     Options
}

// New makes an API.
func New(d Doors, o Options) *API {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &API{doors: d, o: o}
}

// Register adds Tempo's paths, but for that of Before.
func (a *API) Register(mux *http.ServeMux) {
	mux.HandleFunc("GET /api/echo", echo)
	mux.HandleFunc("GET /api/status/buildinfo", buildInfo)
	mux.HandleFunc("GET /api/v2/traces/{id}", a.trace)
	mux.HandleFunc("GET /api/search", a.search)
	mux.HandleFunc("GET /api/search/tags", a.tags)
	mux.HandleFunc("GET /api/v2/search/tags", a.scopedTags)
	mux.HandleFunc("GET /api/search/tag/{tag}/values", a.values)
	mux.HandleFunc("GET /api/v2/search/tag/{tag}/values", a.typedValues)
	mux.HandleFunc("GET /api/metrics/query_range", a.metrics)
	mux.HandleFunc("GET /api/metrics/query", a.metric)
}

// Before answers on /api/traces/{id} whoever accepts protobuf, which Jaeger, who
// has that path too, does not write; all else goes on to next.
func (a *API) Before(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, ok := strings.CutPrefix(r.URL.Path, "/api/traces/")
		if !ok || r.Method != http.MethodGet || !acceptsProto(r) || strings.Contains(id, "/") {
			next.ServeHTTP(w, r)
			return
		}
		r.Pattern = "/api/traces/{id}" // by which requests are counted
		if t, _, ok := a.find(w, r, id); ok {
			writeProto(w, a.doors.Encode.Proto(t.Spans))
		}
	})
}

func acceptsProto(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept"), typeProto)
}

const typeProto = "application/protobuf"

func writeProto(w http.ResponseWriter, b []byte) {
	w.Header().Set("Content-Type", typeProto)
	w.Write(b)
}

func echo(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("echo")) }

// buildInfo names the version of the API that this one is like: clients choose
// by it what to ask.
func buildInfo(w http.ResponseWriter, _ *http.Request) {
	web.JSON(w, http.StatusOK, map[string]string{"version": "2.8.0", "revision": "", "branch": "", "buildUser": "", "buildDate": "", "goVersion": ""})
}

// fail answers with text, as Tempo does.
func fail(w http.ResponseWriter, err error) {
	status := web.Status(err)
	web.RetryAfter(w, status)
	http.Error(w, err.Error(), status)
}

// trace answers with a whole trace: OTLP, in protobuf where that is accepted.
func (a *API) trace(w http.ResponseWriter, r *http.Request) {
	t, damage, ok := a.find(w, r, r.PathValue("id"))
	if !ok {
		return
	}
	if acceptsProto(r) {
		writeProto(w, traceProto(a.doors.Encode.Proto(t.Spans), damage))
		return
	}
	body, err := a.doors.Encode.JSON(t.Spans)
	if err != nil {
		fail(w, err)
		return
	}
	web.JSON(w, http.StatusOK, traceAnswer{Trace: body, Metrics: struct{}{}, Message: damage, Status: statusOf(damage)})
}

// find gives a trace, and what could not be read of it; otherwise it has
// answered.
func (a *API) find(w http.ResponseWriter, r *http.Request, text string) (t store.Trace, damage string, ok bool) {
	id, err := store.ParseTraceID(text)
	if err != nil {
		fail(w, err)
		return t, "", false
	}
	t, err = a.doors.Traces.Trace(r.Context(), id)
	if err != nil && len(t.Spans) == 0 {
		fail(w, err)
		return t, "", false
	}
	if err != nil {
		damage = err.Error()
	}
	return t, damage, true
}
