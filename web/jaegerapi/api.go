package jaegerapi

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"net/http"
	"slices"
	"strings"
	"time"

	"tripod/store"
	"tripod/web"
)

// Services knows which services sent spans.
type Services interface {
	Services(ctx context.Context) ([]string, error)
}

// Operations knows the operations of a service.
type Operations interface {
	Operations(ctx context.Context, service string) ([]store.Operation, error)
}

// Traces finds traces, also whole ones, and gives those of ids in their order:
// with store.ErrNotFound one that is not kept.
type Traces interface {
	Search(ctx context.Context, q store.TraceQuery) ([]store.TraceSummary, error)
	SearchWhole(ctx context.Context, q store.TraceQuery) ([]store.TraceSummary, iter.Seq2[store.Trace, error], error)
	Traces(ctx context.Context, ids []store.TraceID) iter.Seq2[store.Trace, error]
}

// Dependencies knows which services call which, in order of both their names.
type Dependencies interface {
	Dependencies(ctx context.Context, r store.TimeRange) ([]store.Dependency, error)
}

// Doors are where the questions go.
type Doors struct {
	Services     Services
	Operations   Operations
	Traces       Traces
	Dependencies Dependencies
	OTLP         func([]store.Span) ([]byte, error) // writes OTLP's TracesData in JSON
}

// Options of an API; the zero value is ready.
type Options struct {
	MaxSpans int              // of one answer; 200,000
	Now      func() time.Time // end of a search that does not say one
}

// API speaks Jaeger's.
type API struct {
	doors Doors
	o     Options
}

// New makes an API.
func New(d Doors, o Options) *API {
	if o.MaxSpans == 0 {
		o.MaxSpans = 200_000
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &API{doors: d, o: o}
}

// Register adds Jaeger's paths.
func (a *API) Register(mux *http.ServeMux) {
	mux.HandleFunc("GET /api/services", a.services)
	mux.HandleFunc("GET /api/services/{service}/operations", a.operationNames)
	mux.HandleFunc("GET /api/operations", a.operations)
	mux.HandleFunc("GET /api/traces", a.search)
	mux.HandleFunc("GET /api/traces/{id}", a.trace)
	mux.HandleFunc("GET /api/dependencies", a.dependencies)
	a.registerV3(mux)
}

// answer is the envelope of everything; Errors is null when there are none.
type answer struct {
	Data   any     `json:"data"`
	Total  int     `json:"total"`
	Limit  int     `json:"limit"`
	Offset int     `json:"offset"`
	Errors []fault `json:"errors"`
}

type fault struct {
	Code    int    `json:"code,omitempty"`
	Msg     string `json:"msg"`
	TraceID string `json:"traceID,omitempty"`
}

func writeError(w http.ResponseWriter, err error) {
	status, msg := web.Status(err), err.Error()
	if errors.Is(err, store.ErrNotFound) {
		msg = "trace not found" // by which clients know it
	}
	web.RetryAfter(w, status)
	web.JSON(w, status, answer{Errors: []fault{{Code: status, Msg: msg}}})
}

func writeList[T any](w http.ResponseWriter, list []T) {
	if list == nil {
		list = []T{}
	}
	web.JSON(w, http.StatusOK, answer{Data: list, Total: len(list)})
}

func (a *API) services(w http.ResponseWriter, r *http.Request) {
	list, err := a.doors.Services.Services(r.Context())
	if err != nil {
		writeError(w, err)
		return
	}
	writeList(w, list)
}

// ops lists a service's operations; a service that nobody knows has none.
func (a *API) ops(r *http.Request, service string) ([]store.Operation, error) {
	list, err := a.doors.Operations.Operations(r.Context(), service)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	return list, err
}

func (a *API) operationNames(w http.ResponseWriter, r *http.Request) {
	list, err := a.ops(r, r.PathValue("service"))
	if err != nil {
		writeError(w, err)
		return
	}
	names := make([]string, 0, len(list))
	for _, op := range list {
		names = append(names, op.Name)
	}
	slices.Sort(names)
	writeList(w, slices.Compact(names))
}

func (a *API) operations(w http.ResponseWriter, r *http.Request) {
	params := r.URL.Query()
	if params.Get("service") == "" {
		writeError(w, required("service"))
		return
	}
	list, err := a.ops(r, params.Get("service"))
	if err != nil {
		writeError(w, err)
		return
	}
	writeList(w, operationsOf(list, params.Get("spanKind"), ""))
}

type operation struct {
	Name     string `json:"name"`
	SpanKind string `json:"spanKind"`
}

// operationsOf are those of a kind, or all; unspecified is the word for those of
// no kind.
func operationsOf(list []store.Operation, want, unspecified string) []operation {
	out := make([]operation, 0, len(list))
	want = strings.ToLower(want)
	for _, op := range list {
		if kind := cmp.Or(kindWord(op.Kind), unspecified); want == "" || want == kind {
			out = append(out, operation{op.Name, kind})
		}
	}
	return out
}

// kindWord is Jaeger's word, empty for an unspecified kind.
func kindWord(k store.SpanKind) string {
	if k == store.SpanUnspecified {
		return ""
	}
	return k.String()
}
