package promapi

import (
	"context"
	"net/http"
	"time"

	"github.com/prometheus/prometheus/model/metadata"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"

	"tripod/store"
)

// Engine evaluates PromQL; opts may be nil.
type Engine interface {
	InstantQuery(ctx context.Context, opts promql.QueryOpts, expr string, at time.Time) (promql.Query, error)
	RangeQuery(ctx context.Context, opts promql.QueryOpts, expr string, from, to time.Time, step time.Duration) (promql.Query, error)
}

// Samples are read by label and time.
type Samples interface {
	storage.Queryable
	storage.ExemplarQueryable
}

// Families are what senders said about their metrics.
type Families interface {
	Metadata(metric string) map[string]metadata.Metadata // all when metric is empty
}

// Doors are what the API asks.
type Doors struct {
	Engine   Engine
	Samples  Samples
	Families Families
	Targets  func() []store.Target // nil means none
	Ready    func() error          // nil means always
}

// Options of an API; zero means default.
type Options struct {
	// Version is the Prometheus release whose API this is; clients turn
	// features on by it. Default 3.15.0.
	Version string
	Now     func() time.Time
}

// API is the handlers.
type API struct {
	d      Doors
	o      Options
	parser parser.Parser
}

// New makes the handlers.
func New(d Doors, o Options) *API {
	if o.Version == "" {
		o.Version = "3.15.0"
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &API{
		d: d, o: o,
		parser: parser.NewParser(parser.Options{}),
	}
}

// Register hangs the handlers under their paths.
func (a *API) Register(mux *http.ServeMux) {
	for path, h := range map[string]handler{
		"query":           a.query,
		"query_range":     a.queryRange,
		"query_exemplars": a.queryExemplars,
		"format_query":    a.formatQuery,
		"labels":          a.labelNames,
		"series":          a.series,
	} {
		mux.Handle("GET /api/v1/"+path, h)
		mux.Handle("POST /api/v1/"+path, h)
	}
	mux.Handle("GET /api/v1/label/{name}/values", handler(a.labelValues))
	mux.Handle("GET /api/v1/metadata", handler(a.metadata))
	mux.Handle("GET /api/v1/targets", handler(a.targets))
	mux.Handle("GET /api/v1/status/buildinfo", handler(a.buildInfo))
	mux.HandleFunc("GET /-/healthy", a.healthy)
	mux.HandleFunc("GET /-/ready", a.ready)
}
