package tempoapi

import (
	"context"
	"errors"
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

// Register adds Tempo's paths, but for /api/traces/{id}, which is Jaeger's as
// well: Grafana asks for the second version first.
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
	id, err := store.ParseTraceID(r.PathValue("id"))
	if err != nil {
		fail(w, errors.Join(store.ErrInvalid, err))
		return
	}
	t, err := a.doors.Traces.Trace(r.Context(), id)
	if err != nil && len(t.Spans) == 0 {
		fail(w, err)
		return
	}
	damage := ""
	if err != nil {
		damage = err.Error()
	}
	if strings.Contains(r.Header.Get("Accept"), "application/protobuf") {
		w.Header().Set("Content-Type", "application/protobuf")
		w.Write(traceProto(a.doors.Encode.Proto(t.Spans), damage))
		return
	}
	body, err := a.doors.Encode.JSON(t.Spans)
	if err != nil {
		fail(w, err)
		return
	}
	web.JSON(w, http.StatusOK, traceAnswer{Trace: body, Metrics: struct{}{}, Message: damage, Status: statusOf(damage)})
}
