package lokiapi

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"strings"
	"time"

	"tripod/store"
	"tripod/web"
)

// Logs takes records; it returns *store.PartialError when it refused some for
// good, and store.ErrOverloaded when all may be sent again.
type Logs interface {
	Append(ctx context.Context, records []store.Record) error
}

// Searcher finds records; a query that it cannot read is a *store.QueryError.
type Searcher interface {
	Search(ctx context.Context, q store.LogQuery) iter.Seq2[store.Record, error]
}

// Labels knows by which names and values one can select.
type Labels interface {
	LabelNames(ctx context.Context, r store.TimeRange) ([]string, error)
	LabelValues(ctx context.Context, name string, r store.TimeRange) ([]string, error)
}

// Doors are where pushes go and queries are asked.
type Doors struct {
	Logs   Logs
	Search Searcher
	Labels Labels
}

// Options of an API; the zero value is ready.
type Options struct {
	Version     string                  // told by status/buildinfo; "3.0.0"
	MaxLine     int                     // bytes of one line; 1 MiB
	MaxInFlight int                     // pushes in work at a time; 32
	Now         func() time.Time        // end of a query that does not say one
	Rejected    func(n int, why string) // entries refused for good
}

// API speaks Loki's.
type API struct {
	doors Doors
	o     Options
	gate  web.Gate
}

// New makes an API.
func New(d Doors, o Options) *API {
	if o.Version == "" {
		o.Version = "3.0.0"
	}
	if o.MaxLine == 0 {
		o.MaxLine = 1 << 20
	}
	if o.MaxInFlight == 0 {
		o.MaxInFlight = 32
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rejected == nil {
		o.Rejected = func(int, string) {}
	}
	return &API{doors: d, o: o, gate: web.NewGate(o.MaxInFlight)}
}

// Register adds Loki's paths.
func (a *API) Register(mux *http.ServeMux) {
	mux.HandleFunc("POST /loki/api/v1/push", a.push)
	for _, method := range []string{"GET ", "POST "} {
		mux.HandleFunc(method+"/loki/api/v1/query_range", a.queryRange)
		mux.HandleFunc(method+"/loki/api/v1/query", a.query)
		mux.HandleFunc(method+"/loki/api/v1/labels", a.labels)
		mux.HandleFunc(method+"/loki/api/v1/series", a.series)
	}
	mux.HandleFunc("GET /loki/api/v1/label", a.labels)
	mux.HandleFunc("GET /loki/api/v1/label/{name}/values", a.labelValues)
	mux.HandleFunc("GET /loki/api/v1/status/buildinfo", a.buildInfo)
}

func (a *API) buildInfo(w http.ResponseWriter, r *http.Request) {
	web.JSON(w, http.StatusOK, struct {
		Version   string `json:"version"`
		Revision  string `json:"revision"`
		Branch    string `json:"branch"`
		BuildUser string `json:"buildUser"`
		BuildDate string `json:"buildDate"`
		GoVersion string `json:"goVersion"`
	}{Version: a.o.Version})
}

// writeError answers in plain text, as Loki does.
func writeError(w http.ResponseWriter, err error) {
	status := web.Status(err)
	web.RetryAfter(w, status)
	text := err.Error()
	var q *store.QueryError
	if errors.As(err, &q) {
		text = queryErrorText(q)
	}
	http.Error(w, text, status)
}

// queryErrorText has the position as Loki writes it, from 1, in bytes.
func queryErrorText(q *store.QueryError) string {
	before := q.Query[:min(max(q.Pos, 0), len(q.Query))]
	line := 1 + strings.Count(before, "\n")
	col := len(before) - strings.LastIndexByte(before, '\n')
	text := fmt.Sprintf("parse error at line %d, col %d: %s", line, col, q.Msg)
	if q.Hint != "" {
		text += ": " + q.Hint
	}
	return text
}
