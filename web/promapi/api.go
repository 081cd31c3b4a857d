package promapi

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/metadata"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/util/features"
	"github.com/prometheus/prometheus/util/notifications"

	"tripod/store"
	"tripod/web"
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

// Scraper knows the targets, and names its pools.
type Scraper interface {
	Targets() []store.Target
	Dropped() []store.Target // by relabelling; of each only what was discovered
	Pools() []string
}

// Insight is what a store knows of its own.
type Insight interface {
	// Head is of what is in no block yet: the names with the most of
	// something, limit of each kind, and how many chunks there are.
	Head(limit int) (*tsdb.Stats, int64, error)
	Blocks() []tsdb.BlockMeta
}

// Admin changes what is stored.
type Admin interface {
	Delete(ctx context.Context, mint, maxt int64, ms ...*labels.Matcher) error
	CleanTombstones() error
	// Snapshot is the name of a folder that holds a copy.
	Snapshot(ctx context.Context, withHead bool) (name string, err error)
}

// Process is how the server runs.
type Process struct {
	Started    time.Time
	ConfigRead time.Time // the last that went well; zero when there is none
	ConfigBad  bool      // the last that was tried
	Retention  string
	Config     string            // what was read, without secrets
	Flags      map[string]string // without secrets
	Managers   []string          // URLs of Alertmanagers
}

// Own are the metrics of the server itself.
type Own interface {
	Gather() ([]*dto.MetricFamily, error)
}

// Doors are what the API asks.
type Doors struct {
	Engine   Engine
	Samples  Samples
	Families Families
	Scraper  Scraper // nil means nothing is scraped
	Insight  Insight
	Admin    Admin
	Process  func() Process
	Notices  Notices            // nil means that there is never one
	Features features.Collector // nil means that nobody told
	Own      Own
	Ready    func() error // nil means always
}

// Options of an API; zero means default.
type Options struct {
	// Version is the Prometheus release whose API this is; clients turn
	// features on by it. Default 3.15.0.
	Version string
	// Parser reads expressions; default one without experimental features.
	Parser parser.Parser
	Now    func() time.Time
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
	if o.Parser == nil {
		o.Parser = parser.NewParser(parser.Options{})
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if d.Notices == nil {
		d.Notices = notifications.NewNotifications(0, nil)
	}
	return &API{
		d: d, o: o,
		parser: o.Parser,
	}
}

// Register hangs the handlers under their paths. Each answers OPTIONS too,
// which browsers ask before a page of another origin may.
func (a *API) Register(mux web.Routes) {
	get := map[string]handler{
		"label/{name}/values":   a.labelValues,
		"metadata":              a.metadata,
		"scrape_pools":          a.scrapePools,
		"scrape_pools/config":   a.poolConfig,
		"targets":               a.targets,
		"targets/metadata":      a.targetMetadata,
		"targets/relabel_steps": a.relabelSteps,
		"alertmanagers":         a.alertmanagers,
		"status/buildinfo":      a.buildInfo,
		"status/config":         a.config,
		"status/flags":          a.flags,
		"status/runtimeinfo":    a.runtimeInfo,
		"status/tsdb":           a.head,
		"status/tsdb/blocks":    a.blocks,
		"status/walreplay":      a.replayed,
		"status/self_metrics":   a.selfMetrics,
		"features":              a.features,
		"notifications":         a.notices,
	}
	both := map[string]handler{}
	for i, h := range []handler{a.query, a.queryRange, a.queryExemplars, a.formatQuery, a.parseQuery, a.labelNames, a.series} {
		both[posted[i]] = h
	}
	for _, path := range searches {
		both[path] = a.search
	}
	admin := map[string]handler{
		"admin/tsdb/delete_series":    a.deleteSeries,
		"admin/tsdb/clean_tombstones": a.cleanTombstones,
		"admin/tsdb/snapshot":         a.snapshot,
	}
	for methods, paths := range map[string]map[string]handler{"GET": get, "GET POST": both, "POST PUT": admin} {
		for path, h := range paths {
			for _, method := range append(strings.Fields(methods), "OPTIONS") {
				if method == "OPTIONS" {
					h = options
				}
				mux.Handle(method+" /api/v1/"+path, h)
			}
		}
	}
	mux.Handle("GET /api/v1/notifications/live", http.HandlerFunc(a.liveNotices))
	mux.Handle("HEAD /api/v1/notifications/live", http.HandlerFunc(noHead))
	mux.Handle("GET /-/healthy", http.HandlerFunc(a.healthy))
	mux.Handle("GET /-/ready", http.HandlerFunc(a.ready))
}

// posted are the paths that only ask, also by POST, which takes longer queries.
var posted = []string{"query", "query_range", "query_exemplars", "format_query", "parse_query", "labels", "series"}

// Reads says whether a request asks, though it may be a POST.
func Reads(r *http.Request) bool {
	path, ok := strings.CutPrefix(r.URL.Path, "/api/v1/")
	return ok && slices.Contains(posted, path)
}

func options(*http.Request) (answer, error) { return answer{}, nil }
