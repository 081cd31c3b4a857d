package promapi_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	grafana "github.com/grafana/regexp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/model"
	"github.com/prometheus/common/route"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/metadata"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/scrape"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/util/features"
	"github.com/prometheus/prometheus/util/notifications"
	v1 "github.com/prometheus/prometheus/web/api/v1"

	"tripod/store"
	"tripod/store/metrics"
	"tripod/web/promapi"
)

// world is one store, one list of targets and one process, of which our API
// and Prometheus's own tell.
type world struct {
	store *metrics.Store
	ours  http.Handler
	// theirs is Prometheus's own API.
	theirs    http.Handler
	active    []store.Target
	dropped   []store.Target
	process   promapi.Process
	notices   *notifications.Notifications
	abilities features.Collector
	own       *prometheus.Registry
}

func newWorld(t testing.TB) *world {
	t.Helper()
	s := newServer(t)
	seed(t, s.store)
	for name, md := range map[string]metadata.Metadata{
		"up": {Type: "gauge", Help: "is <up>"}, "requests_total": {Type: "counter", Help: "requests", Unit: "requests"}, "lat": {Type: "histogram", Help: "latency", Unit: "seconds"},
	} {
		s.store.SetMetadata(name, md)
	}
	w := &world{store: s.store, process: promapi.Process{
		Started: seedEnd, ConfigRead: seedEnd, Config: config.Config{}.String(), Flags: map[string]string{"web.x": "<1>", "b": ""}, Managers: []string{"http://am:9093/api/v2/alerts"},
	}}
	w.notices = notifications.NewNotifications(1, nil)
	w.notices.AddNotification(notifications.ConfigurationUnsuccessful)
	w.abilities = features.NewRegistry()
	w.abilities.Set(features.PromQLOperators, ">=", true)
	promapi.TellFeatures(w.abilities)
	w.own = prometheus.NewRegistry()
	w.own.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "prometheus_tsdb_head_chunks", Help: "of <chunks>", ConstLabels: prometheus.Labels{"a": "é"}}, func() float64 {
		_, chunks, _ := w.store.Head(1)
		return float64(chunks)
	}), prometheus.NewHistogram(prometheus.HistogramOpts{Name: "took", NativeHistogramBucketFactor: 1.1}), prometheus.NewCounter(prometheus.CounterOpts{Name: "nan_total"}))
	for i, errText := range []string{"", "Get \"http://x\": <refused>", ""} {
		host := []string{"host0:80", "host1:80", "host9:80"}[i]
		job := []string{"job0", "job1", "job0"}[i]
		x := store.Target{
			Pool: job, URL: "http://" + host + "/metrics", Error: errText, Up: errText == "",
			Labels:     map[string]string{"job": job, "instance": host},
			Discovered: discovered(host, job),
		}
		if i < 2 {
			x.Scraped, x.Took = seedEnd.UnixNano(), 1500*time.Microsecond
		}
		w.active = append(w.active, x)
	}
	w.dropped = []store.Target{{Pool: "job1", Discovered: discovered("gone:80", "job1")}}
	mux := http.NewServeMux()
	promapi.New(promapi.Doors{
		Engine: s.store, Samples: s.store, Families: s.store, Scraper: w, Insight: s.store, Admin: s.store, Process: func() promapi.Process { return w.process },
		Notices: w.notices, Features: w.abilities, Own: w.own,
	}, promapi.Options{}).Register(mux)
	w.ours, w.theirs = mux, w.upstream()
	return w
}

// discovered is what a target of Prometheus has, all of it.
func discovered(host, job string) map[string]string {
	return map[string]string{
		"__address__": host, "__scrape_interval__": "15s", "__scrape_timeout__": "10s", "__scheme__": "http", "__metrics_path__": "/metrics", "job": job,
		"__always_scrape_classic_histograms__": "false", "__convert_classic_histograms_to_nhcb__": "false", "__scrape_native_histograms__": "false",
	}
}

func (w *world) Targets() []store.Target { return slices.Clone(w.active) }
func (w *world) Dropped() []store.Target { return slices.Clone(w.dropped) }
func (w *world) Pools() []string         { return []string{"job1", "job0"} }

// upstream is Prometheus's own API over the same world.
func (w *world) upstream() http.Handler {
	p := parser.NewParser(parser.Options{})
	engine := promql.NewEngine(promql.EngineOpts{
		MaxSamples: 20_000_000, Timeout: time.Minute, LookbackDelta: 5 * time.Minute, EnableAtModifier: true, EnableNegativeOffset: true,
		EnablePerStepStats: true, Parser: p, NoStepSubqueryIntervalFn: func(int64) int64 { return 60_000 },
	})
	them := theirWorld{w}
	api := v1.NewAPI(engine, w.store, nil, nil, w.store,
		func(context.Context) v1.ScrapePoolsRetriever { return them }, func(context.Context) v1.TargetRetriever { return them },
		func(context.Context) v1.AlertmanagerRetriever { return them }, func() config.Config { return config.Config{} }, w.process.Flags,
		v1.GlobalURLOptions{ListenAddress: "0.0.0.0:9090", Host: "example.com", Scheme: "http"},
		func(f http.HandlerFunc) http.HandlerFunc { return f }, them, "", true, false, 0, slog.New(slog.DiscardHandler), nil, 0, 1, 0, false,
		grafana.MustCompile("^(?:.*)$"), them.runtimeInfo, &v1.PrometheusVersion{Version: "3.15.0"}, w.noticesNow, w.noticesLive, w.own, nil, nil, false, nil, false,
		false, false, false, 5*time.Minute, false, false, nil, w.abilities, v1.OpenAPIOptions{}, p)
	r := route.New()
	api.Register(r)
	return http.StripPrefix("/api/v1", r)
}

func (w *world) noticesNow() []notifications.Notification { return w.notices.Get() }

func (w *world) noticesLive() (<-chan notifications.Notification, func(), bool) {
	return w.notices.Sub()
}

// theirWorld is a world in the words of Prometheus.
type theirWorld struct{ *world }

func (w theirWorld) ScrapePools() []string { return w.Pools() }

func (w theirWorld) TargetsActive() map[string][]*scrape.Target {
	out := map[string][]*scrape.Target{}
	for _, x := range w.active {
		t := scrape.NewTarget(labels.FromMap(withAddress(x)), &config.ScrapeConfig{JobName: x.Pool}, nil, labelSet(x.Discovered))
		if x.Scraped != 0 {
			var err error
			if x.Error != "" {
				err = errors.New(x.Error)
			}
			t.Report(time.Unix(0, x.Scraped).UTC(), x.Took, err)
		}
		t.SetMetadataStore(familiesOf{w.store, x.Labels["instance"]})
		out[x.Pool] = append(out[x.Pool], t)
	}
	return out
}

// withAddress are a target's labels as a target of Prometheus has them.
func withAddress(x store.Target) map[string]string {
	out := maps.Clone(x.Labels)
	for name, v := range x.Discovered {
		if strings.HasPrefix(name, "__") {
			out[name] = v
		}
	}
	return out
}

func labelSet(m map[string]string) model.LabelSet {
	out := model.LabelSet{}
	for k, v := range m {
		out[model.LabelName(k)] = model.LabelValue(v)
	}
	return out
}

func (w theirWorld) TargetsDropped() map[string][]*scrape.Target {
	out := map[string][]*scrape.Target{}
	for _, x := range w.dropped {
		// one that is dropped keeps nothing but what was discovered, whole
		out[x.Pool] = append(out[x.Pool], scrape.NewTarget(labels.EmptyLabels(), &config.ScrapeConfig{}, nil, labelSet(x.Discovered)))
	}
	return out
}

func (w theirWorld) TargetsDroppedCounts() map[string]int {
	return map[string]int{"job0": 0, "job1": 1}
}

func (w theirWorld) ScrapePoolConfig(pool string) (*config.ScrapeConfig, error) {
	c, err := config.Load(w.process.Config, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	for _, job := range c.ScrapeConfigs {
		if job.JobName == pool {
			return job, nil
		}
	}
	return nil, fmt.Errorf("scrape pool %q not found", pool)
}

func (w theirWorld) Alertmanagers() []*url.URL {
	u, err := url.Parse(w.process.Managers[0])
	if err != nil {
		panic(err)
	}
	return []*url.URL{u}
}

func (w theirWorld) DroppedAlertmanagers() []*url.URL { return nil }

func (w theirWorld) CleanTombstones() error { return w.store.CleanTombstones() }

func (w theirWorld) Delete(ctx context.Context, mint, maxt int64, ms ...*labels.Matcher) error {
	return w.store.Delete(ctx, mint, maxt, ms...)
}

func (w theirWorld) Snapshot(string, bool) error { return nil }

func (w theirWorld) Stats(_ string, limit int) (*tsdb.Stats, error) {
	s, _, err := w.store.Head(limit)
	return s, err
}

func (w theirWorld) WALReplayStatus() (tsdb.WALReplayStatus, error) {
	return tsdb.WALReplayStatus{}, nil
}

func (w theirWorld) BlockMetas() ([]tsdb.BlockMeta, error) {
	return append([]tsdb.BlockMeta{}, w.store.Blocks()...), nil
}

func (w theirWorld) runtimeInfo() (v1.RuntimeInfo, error) {
	return v1.RuntimeInfo{StartTime: w.process.Started.UTC(), LastConfigTime: w.process.ConfigRead.UTC(), ReloadConfigSuccess: true}, nil
}

// familiesOf are those that a target of the seed sends.
type familiesOf struct {
	store    *metrics.Store
	instance string
}

func (f familiesOf) ListMetadata() (out []scrape.MetricMetadata) {
	for name := range f.store.Metadata("") {
		if md, ok := f.GetMetadata(name); ok {
			out = append(out, md)
		}
	}
	return out
}

func (f familiesOf) GetMetadata(name string) (scrape.MetricMetadata, bool) {
	md, ok := f.store.Metadata(name)[name]
	return scrape.MetricMetadata{MetricFamily: name, Type: md.Type, Help: md.Help, Unit: md.Unit}, ok && f.instance != "host9:80"
}

func (f familiesOf) SizeMetadata() int   { return 0 }
func (f familiesOf) LengthMetadata() int { return 0 }

// excuses are differences that are allowed; the zero value allows none.
type excuses struct {
	Timings  bool // of stats: no two runs take the same time
	Peak     bool // of samples in memory: the parallel engine holds others at a time
	Process  bool // of runtimeinfo: only what a test can know is compared
	Version  bool // of buildinfo: that of Go
	Ties     bool // of status/tsdb: which of several with the same count come first
	Chosen   bool // of metadata with a limit: which are left; Prometheus takes any, we the first by name
	Order    bool // of targets/metadata: Prometheus has none
	Unsorted bool // of instant vectors that the engine makes from a map, and with a limit which are left
	Notes    bool // of warnings: the engine keeps them in a map; of more than ten any ten are told
	NoAnswer bool // the text of a 404 or 405, which is that of the router
}

var excused = excuses{Timings: true, Peak: true, Process: true, Version: true, Ties: true, Chosen: true, Order: true, Unsorted: true, Notes: true, NoAnswer: true}

// compare says whether the answers are the same.
func (w *world) compare(t testing.TB, method, target string) bool {
	t.Helper()
	got := get(t, w.ours, method, target)
	want, panicked := getOrPanic(t, w.theirs, method, target)
	if panicked { // as it does for steps beyond what 64 bits of nanoseconds hold
		if got.status/100 != 4 {
			t.Errorf("%s %s: Prometheus panics, we answer %d", method, target, got.status)
		}
		return got.status/100 == 4
	}
	excused.apply(target, &got)
	excused.apply(target, &want)
	if reflect.DeepEqual(got, want) {
		return true
	}
	// of ties, and of what an error names, the engine takes what comes first in
	// a Go map: a request is left out to which Prometheus itself says now this,
	// now that
	for range 40 {
		other := get(t, w.theirs, method, target)
		if excused.apply(target, &other); !reflect.DeepEqual(other, want) {
			return true
		}
	}
	unescaped, _ := url.QueryUnescape(target)
	ours, theirs := text(got.body), text(want.body)
	at := 0
	for at < min(len(ours), len(theirs)) && ours[at] == theirs[at] {
		at++
	}
	at = max(0, at-100)
	t.Errorf("%s %s\n got %d %s …%.300s\nwant %d %s …%.300s", method, unescaped, got.status, got.typ, ours[at:], want.status, want.typ, theirs[at:])
	return false
}

func getOrPanic(t testing.TB, h http.Handler, method, target string) (r reply, panicked bool) {
	t.Helper()
	defer func() { panicked = recover() != nil }()
	return get(t, h, method, target), false
}

func (e excuses) apply(target string, r *reply) {
	body, _ := r.body.(map[string]any)
	data, _ := body["data"].(map[string]any)
	path, query, _ := strings.Cut(strings.TrimPrefix(target, "/api/v1/"), "?")
	if e.Notes {
		withoutOrder(body["warnings"], 10)
		withoutOrder(body["infos"], 10)
	}
	if list, ok := data["result"].([]any); ok && e.Unsorted && path == "query" && fromMap.MatchString(query) {
		withoutOrder(list, len(list)+1)
		if limited.MatchString(query) {
			data["result"] = len(list)
		}
	}
	switch {
	case e.NoAnswer && (r.status == 404 || r.status == 405):
		r.body, r.typ = nil, ""
	case e.Process && path == "status/runtimeinfo":
		for _, k := range []string{"CWD", "hostname", "serverTime", "goroutineCount", "GOMAXPROCS", "GOMEMLIMIT", "GOGC", "GODEBUG"} {
			if _, ok := data[k]; ok {
				data[k] = "" // it is there
			}
		}
	case e.Version && path == "status/buildinfo":
		data["goVersion"] = ""
	case e.Ties && path == "status/tsdb":
		for _, list := range data {
			if l, ok := list.([]any); ok {
				withoutTies(l, limited.MatchString(query))
			}
		}
	case e.Chosen && path == "metadata" && limited.MatchString(query):
		if body != nil && body["status"] == "success" {
			body["data"] = len(data)
		}
	case e.Order && path == "targets/metadata":
		if list, ok := body["data"].([]any); ok && limited.MatchString(query) {
			body["data"] = len(list) > 0
		} else if ok {
			slices.SortFunc(list, func(x, y any) int { return strings.Compare(text(x), text(y)) })
		}
	case e.Timings && (path == "query" || path == "query_range"):
		if stats, ok := data["stats"].(map[string]any); ok {
			delete(stats, "timings")
			if samples, ok := stats["samples"].(map[string]any); ok && e.Peak {
				delete(samples, "peakSamples")
			}
		}
	}
}

// fromMap are operations that make their vector from a map: some functions, and
// subqueries.
var fromMap = regexp.MustCompile(`histogram_|count_values|%3A`)

// withoutOrder sorts a list of anything; what it has from max on is cut off
// anyhow, so that it loses its texts.
func withoutOrder(v any, max int) {
	list, _ := v.([]any)
	slices.SortFunc(list, func(x, y any) int { return strings.Compare(text(x), text(y)) })
	for i := range list {
		if len(list) >= max {
			list[i] = ""
		}
	}
}

var limited = regexp.MustCompile(`(^|&)limit=\d`)

// withoutTies orders what counts the same by name; the last of a list that
// is cut lose theirs.
func withoutTies(list []any, cut bool) {
	count := func(x any) string { return text(x.(map[string]any)["value"]) }
	slices.SortStableFunc(list, func(x, y any) int {
		if count(x) != count(y) {
			return 0
		}
		return strings.Compare(text(x), text(y))
	})
	for _, x := range list {
		if (cut || len(list) == 10) && count(x) == count(list[len(list)-1]) {
			x.(map[string]any)["name"] = ""
		}
	}
}
