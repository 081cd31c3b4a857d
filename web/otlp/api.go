package otlp

import (
	"context"
	"net/http"
	"time"

	"go.opentelemetry.io/collector/pdata/pmetric"

	"tripod/store"
	"tripod/web"
)

// Logs takes log records, which are not its own when it returns, nor is the
// memory of their texts; it returns *store.PartialError when it refused some
// for good, and store.ErrOverloaded when all may be sent again.
type Logs interface {
	Append(ctx context.Context, records []store.Record) error
}

// Traces takes spans, as Logs takes records and with the same errors.
type Traces interface {
	Append(ctx context.Context, spans []store.Span) error
}

// Metrics takes metrics as they came, with the same errors as Logs, where
// PartialError counts data points.
type Metrics interface {
	WriteOTLP(ctx context.Context, md pmetric.Metrics) error
}

// Doors are where the signals go; a nil door answers 404 and UNIMPLEMENTED.
type Doors struct {
	Logs    Logs
	Traces  Traces
	Metrics Metrics
}

// Options of an API; the zero value is ready.
type Options struct {
	MaxInFlight int              // requests in work at a time; 32
	StopTime    time.Duration    // for calls in work when ServeGRPC ends; 5 s
	Now         func() time.Time // for log records without any time
	// Origins of pages that may send over HTTP, each of which CheckOrigin takes:
	// scheme, host and port, with a * for any text once, or * alone for all.
	Origins []string
	// Rejected counts items that are refused for good, by the engine too, and as
	// one a request that cannot be read; reasons are those of package web. The
	// signal of exemplars that are left out of data points is "exemplars".
	Rejected func(signal, reason string, n int, why string)
}

// API receives OTLP.
type API struct {
	doors  Doors
	o      Options
	gate   web.Gate
	schema [parts][]field
	paths  map[string]bool // on which pages of Options.Origins may send
}

// New makes an API; it serves nothing until Register or ServeGRPC.
func New(d Doors, o Options) *API {
	if o.MaxInFlight == 0 {
		o.MaxInFlight = 32
	}
	if o.StopTime == 0 {
		o.StopTime = 5 * time.Second
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rejected == nil {
		o.Rejected = func(string, string, int, string) {}
	}
	return &API{doors: d, o: o, gate: web.NewGate(o.MaxInFlight), schema: schema(), paths: map[string]bool{}}
}

// Register adds OTLP's HTTP paths, and those under which Loki and Prometheus
// take it.
func (a *API) Register(mux *http.ServeMux) {
	if a.doors.Traces != nil {
		a.handle(mux, "/v1/traces", "traces", a.traces)
	}
	if a.doors.Metrics != nil {
		a.handle(mux, "/v1/metrics", "metrics", a.metrics)
		a.handle(mux, "/api/v1/otlp/v1/metrics", "metrics", a.metrics)
	}
	if a.doors.Logs != nil {
		a.handle(mux, "/v1/logs", "logs", a.logs)
		a.handle(mux, "/otlp/v1/logs", "logs", a.logs)
	}
}
