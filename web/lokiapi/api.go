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
// good, and store.ErrOverloaded when all may be sent again. It must not keep any
// part of the records: their memory is used again.
type Logs interface {
	Append(ctx context.Context, records []store.Record) error
}

// Querier answers LogQL; a query that it cannot read is a *store.QueryError.
type Querier interface {
	Kind(text string) (store.LogKind, error)
	Lines(ctx context.Context, q store.LogQuery) iter.Seq2[store.LogEntry, error]
	// Streams yields the labels of the streams of the newest q.Limit lines; a
	// stream may come twice.
	Streams(ctx context.Context, q store.LogQuery) iter.Seq2[store.LogLabels, error]
	Metric(ctx context.Context, q store.LogMetricQuery) ([]store.LogSeries, error)
	// Format is the query as it prints; Selected are the names in its selector.
	Format(text string) (string, error)
	Selected(text string) ([]string, error)
	// Tail calls ready once it follows, and each for entries as they come and
	// the number of those lost since; it returns when the context ends or each
	// returns an error.
	Tail(ctx context.Context, text string, ready func() error, each func(list []store.LogEntry, lost int64) error) error
}

// Labels knows by which names and values one can select.
type Labels interface {
	LabelNames(ctx context.Context, r store.TimeRange) ([]string, error)
	LabelValues(ctx context.Context, name string, r store.TimeRange) ([]string, error)
}

// Doors are where pushes go and queries are asked.
type Doors struct {
	Logs     Logs
	Query    Querier
	Labels   Labels
	Patterns Patterns
}

// Options of an API; the zero value is ready.
type Options struct {
	Version     string           // told by status/buildinfo; "3.0.0"
	MaxLine     int              // bytes of one line; 1 MiB
	MaxInFlight int              // pushes in work at a time; 32
	MaxTails    int              // tails at a time; 32
	Now         func() time.Time // end of a query that does not say one
	// Rejected counts entries that are refused for good, by the engine too, and
	// as one a push that cannot be read; reasons are those of package web.
	Rejected func(reason string, n int, why string)
}

// API speaks Loki's.
type API struct {
	doors Doors
	o     Options
	gate  web.Gate
	tails chan struct{}
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
	if o.MaxTails == 0 {
		o.MaxTails = 32
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rejected == nil {
		o.Rejected = func(string, int, string) {}
	}
	return &API{doors: d, o: o, gate: web.NewGate(o.MaxInFlight), tails: make(chan struct{}, o.MaxTails)}
}

// Register adds Loki's paths.
func (a *API) Register(mux *http.ServeMux) {
	mux.HandleFunc("POST /loki/api/v1/push", a.push)
	for _, method := range []string{"GET ", "POST "} {
		mux.HandleFunc(method+"/loki/api/v1/query_range", a.queryRange)
		mux.HandleFunc(method+"/loki/api/v1/query", a.query)
		mux.HandleFunc(method+"/loki/api/v1/labels", a.labels)
		mux.HandleFunc(method+"/loki/api/v1/series", a.series)
		mux.HandleFunc(method+"/loki/api/v1/index/stats", a.indexStats)
		mux.HandleFunc(method+"/loki/api/v1/index/shards", a.indexShards)
		mux.HandleFunc(method+"/loki/api/v1/index/volume", a.volume)
		mux.HandleFunc(method+"/loki/api/v1/index/volume_range", a.volumeRange)
		mux.HandleFunc(method+"/loki/api/v1/detected_labels", a.detectedLabels)
		mux.HandleFunc(method+"/loki/api/v1/detected_fields", a.detectedFields)
		mux.HandleFunc(method+"/loki/api/v1/detected_field/{name}/values", a.detectedValues)
		mux.HandleFunc(method+"/loki/api/v1/patterns", a.patterns)
		mux.HandleFunc(method+"/loki/api/v1/format_query", a.formatQuery)
	}
	mux.HandleFunc("GET /loki/api/v1/tail", a.tail)
	mux.HandleFunc("GET /loki/api/v1/label", a.labels)
	mux.HandleFunc("GET /loki/api/v1/label/{name}/values", a.labelValues)
	mux.HandleFunc("GET /loki/api/v1/status/buildinfo", a.buildInfo)
	mux.HandleFunc("GET /loki/api/v1/drilldown-limits", a.drilldownLimits)
	mux.HandleFunc("GET /loki/api/v1/rules", noRules)
	mux.HandleFunc("GET /prometheus/api/v1/rules", rulesState("groups"))
	mux.HandleFunc("GET /prometheus/api/v1/alerts", rulesState("alerts"))
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
	http.Error(w, errorText(err), status)
}

func errorText(err error) string {
	var q *store.QueryError
	if errors.As(err, &q) {
		return queryErrorText(q)
	}
	return err.Error()
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
