package logsapi

import (
	"context"
	"iter"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"tripod/store"
	"tripod/web"
)

// Records answers the search line. An error may stand between records that
// could be read; a query that cannot be read is a *store.QueryError.
type Records interface {
	Search(ctx context.Context, q store.LogQuery) iter.Seq2[store.Record, error]
	// Tail calls ready once it follows, and each for records as they come and
	// the number of those lost since; it returns when the context ends or a
	// function returns an error.
	Tail(ctx context.Context, q store.LogQuery, ready func() error, each func(list []store.Record, lost int64) error) error
}

// Entries answers LogQL for lines, as Records does.
type Entries interface {
	Kind(text string) (store.LogKind, error)
	Lines(ctx context.Context, q store.LogQuery) iter.Seq2[store.LogEntry, error]
	Tail(ctx context.Context, text string, ready func() error, each func(list []store.LogEntry, lost int64) error) error
}

// Numbers answers LogQL for numbers.
type Numbers interface {
	Metric(ctx context.Context, q store.LogMetricQuery) ([]store.LogSeries, error)
}

// Doors are where queries are asked.
type Doors struct {
	Records Records
	Entries Entries
	Numbers Numbers
}

// Options of an API; the zero value is ready.
type Options struct {
	MaxQueries int              // answers in work at a time; 16
	MaxTails   int              // tails at a time; 32
	Now        func() time.Time // end of a query that does not say one
	Log        *slog.Logger     // of answers that failed in the middle; slog.Default unless set
}

// API answers queries of logs.
type API struct {
	doors Doors
	o     Options
	gate  web.Gate
	tails chan struct{}

	ending  chan struct{} // closed by Run
	endOnce sync.Once
}

// New makes an API.
func New(d Doors, o Options) *API {
	if o.MaxQueries == 0 {
		o.MaxQueries = 16
	}
	if o.MaxTails == 0 {
		o.MaxTails = 32
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return &API{doors: d, o: o, gate: web.NewGate(o.MaxQueries), tails: make(chan struct{}, o.MaxTails), ending: make(chan struct{})}
}

// Run ends all tails when its context ends, so that a server need not wait for
// answers that have no end.
func (a *API) Run(ctx context.Context) error {
	<-ctx.Done()
	a.endOnce.Do(func() { close(a.ending) })
	return ctx.Err()
}

// Register adds the API's paths.
func (a *API) Register(mux *http.ServeMux) {
	mux.HandleFunc("GET /api/v1/logs/query", a.query)
	mux.HandleFunc("GET /api/v1/logs/explain", a.explain)
	mux.HandleFunc("GET /api/v1/logs/tail", a.tail)
}
