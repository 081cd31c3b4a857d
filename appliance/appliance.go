package appliance

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/util/features"
	"github.com/prometheus/prometheus/util/notifications"
	"go.opentelemetry.io/otel"

	"tripod/alerting"
	"tripod/alerting/chronicle"
	"tripod/alerting/evidence"
	"tripod/alerting/notify"
	"tripod/appliance/catalog"
	"tripod/appliance/state"
	"tripod/store"
	"tripod/store/logs"
	"tripod/store/logs/logql"
	"tripod/store/metrics"
	"tripod/store/metrics/scrape"
	"tripod/store/traces"
	"tripod/web/otlp"
)

// Appliance is one process of everything.
type Appliance struct {
	o       Options
	life    life
	started time.Time
	ready   atomic.Bool

	log      *slog.Logger
	level    *slog.LevelVar
	warnings []string // what a person should know, for the terminal and Status

	main  net.Listener
	doors []door

	reports  *reports
	state    *state.State
	catalog  *catalog.Catalog
	logs     *logs.Store
	traces   *traces.Store
	metrics  *metrics.Store
	lines    *lineBridge
	spans    *spanBridge
	registry *prometheus.Registry
	expo     *exposition
	planner  *plannerApp
	scrape   *scrape.Manager
	host     *hostMetrics // nil when not asked for
	rules    *alerting.Rules
	desk     *ruleDesk
	notify   *notify.Pipeline
	told     *alertMeters
	meters   meters
	seen     *requestMetrics
	counted  *spanMetrics

	chronicle *chronicle.Chronicle
	evidence  *evidence.Keeper
	changes   changes

	syslog []syslogDoor

	otlpGRPC, otlpHTTP *otlp.API
	collector          http.Handler // of the OTLP HTTP listener

	reloading  sync.Mutex
	notices    *notifications.Notifications
	abilities  features.Collector // what the parts say that they can
	configBad  bool               // the last that was tried; guarded by reloading
	scraping   string             // the users' jobs that run; guarded by reloading
	configRead atomic.Int64       // Unix ns of the last reload, 0 before the first
	configHash atomic.Pointer[float64]
	rates      atomic.Pointer[rates]
}

// New opens every engine and binds every listener, and starts nothing. What
// can fail at start fails here; on an error everything is undone.
//
// It is one straight line on purpose: the order in which the parts come to be
// is the order in which they depend on each other, and Close walks it back.
func New(o Options) (_ *Appliance, err error) {
	o.fill()
	if err := o.validate(); err != nil {
		return nil, err
	}
	a := &Appliance{o: o, scraping: o.ScrapeConfigs, started: time.Now(), level: new(slog.LevelVar),
		notices: notifications.NewNotifications(maxFollowers, nil), abilities: features.NewRegistry()}
	a.level.Set(o.LogLevel)
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close())
		}
	}()

	for _, dir := range []string{"logs", "traces", "metrics", "planner", "state"} {
		if err := os.MkdirAll(filepath.Join(o.Data, dir), 0o700); err != nil {
			return nil, fmt.Errorf("data directory: %w", err)
		}
	}
	lock, err := lockDir(o.Data)
	if err != nil {
		return nil, err
	}
	a.life.onClose("lock", lock.Close)
	if err := a.listen(); err != nil {
		return nil, err
	}
	if err := lock.sign(a.URL()); err != nil {
		return nil, err
	}
	if err := a.listenSyslog(); err != nil {
		return nil, err
	}

	if a.state, err = state.Open(filepath.Join(o.Data, "state", "state.db")); err != nil {
		return nil, err
	}
	a.life.onClose("state", a.state.Close)
	if a.catalog, err = catalog.Open(filepath.Join(o.Data, "state", catalogFile)); err != nil {
		return nil, err
	}
	a.life.onClose("catalog", a.catalog.Close)
	a.reports = newReports(o.Data, slog.New(slog.NewTextHandler(o.Stderr, nil)))
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { a.reports.trouble("telemetry", "failed", err.Error()) }))
	if err := a.openEngines(); err != nil {
		return nil, err
	}
	a.lines = newLineBridge(o.Stdout, a.logs)
	a.life.onRun(bridges, "log lines", a.lines.Run)
	a.life.onRun(bridges, "stdout", a.lines.Print)
	a.log = newLogger(o.Stderr, a.level, a.lines, o.Version)
	a.spans = &spanBridge{sink: a.traces}
	for _, w := range a.warnings {
		a.log.Warn(w)
	}

	if a.planner, err = openPlanner(plannerOptions{
		Dir: filepath.Join(o.Data, "planner"), RedisAddr: o.PlannerRedis, Spans: a.spans, Lines: a.lines.Line, Level: a.level, Faults: o.Demo,
	}); err != nil {
		return nil, fmt.Errorf("planner: %w", err)
	}
	a.life.onClose("planner", a.planner.Close)
	a.life.onRun(background, "planner", a.planner.Run)

	a.tellAboutItself()
	if err := a.openScrape(); err != nil {
		return nil, err
	}
	a.openHostMetrics()
	if err := a.openAlerting(); err != nil {
		return nil, err
	}
	if err := a.openDoors(); err != nil {
		return nil, err
	}
	if err := a.openLogFiles(); err != nil {
		return nil, err
	}
	if o.Demo {
		if err := a.openDemo(); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// URL is where a browser finds the appliance.
func (a *Appliance) URL() string { return "http://" + reachable(a.main.Addr().String()) }

// Run starts everything and blocks until ctx ends or the first part does.
func (a *Appliance) Run(ctx context.Context) error {
	a.log.Info("ready", "url", a.URL(), "data", a.o.Data, "version", a.o.Version, "took", time.Since(a.started).Round(time.Millisecond).String())
	a.ready.Store(true)
	defer a.ready.Store(false)
	return a.life.run(ctx)
}

// Close undoes New, backwards.
func (a *Appliance) Close() error { return a.life.close() }

// reachable turns "any address" into one that this machine can open.
func reachable(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

// listen binds all doors. The main one must be free: without it there is
// nothing to open.
func (a *Appliance) listen() error {
	main, d, err := bind("HTTP", a.o.Listen, true)
	if err != nil {
		return fmt.Errorf("%w; choose another with --listen", err)
	}
	a.main = main
	a.life.onClose("HTTP listener", closeListener(main))
	a.doors = []door{d}
	if !loopback(d.Addr) {
		a.warnings = append(a.warnings, d.Addr+" can be reached from other machines, and there is no login: anyone there can read and write")
	}
	for _, w := range []struct {
		name, addr string
		asked      bool
		serve      func(net.Listener) func(context.Context) error
	}{
		{"OTLP gRPC", a.o.OTLPGRPC, a.o.OTLPGRPCAsked, func(l net.Listener) func(context.Context) error {
			return func(ctx context.Context) error { return a.otlpGRPC.ServeGRPC(ctx, l) }
		}},
		{"OTLP HTTP", a.o.OTLPHTTP, a.o.OTLPHTTPAsked, func(l net.Listener) func(context.Context) error {
			return func(ctx context.Context) error { return serveHTTP(l, a.collector)(ctx) }
		}},
	} {
		l, d, err := bind(w.name, w.addr, w.asked)
		if err != nil {
			return err
		}
		a.doors = append(a.doors, d)
		if l == nil {
			if w.addr != "off" {
				a.warnings = append(a.warnings, w.name+" stays shut: "+d.Shut)
			}
			continue
		}
		a.life.onClose(w.name+" listener", closeListener(l))
		a.life.onRun(servers, w.name, w.serve(l))
	}
	return nil
}

// closeListener closes what a server may have closed already.
func closeListener(l interface{ Close() error }) func() error {
	return func() error {
		if err := l.Close(); !errors.Is(err, net.ErrClosed) {
			return err
		}
		return nil
	}
}

func (a *Appliance) openEngines() (err error) {
	o := a.o
	a.counted = newSpanMetrics()
	share := o.MaxDisk / 5 // two fifths each for logs and metrics, one for traces
	if a.logs, err = logs.Open(filepath.Join(o.Data, "logs"), logs.Options{Sync: o.Sync, Retention: o.RetentionLogs, MaxBytes: 2 * share, LogQL: logql.Parse, Events: a.reports.events("logs")}); err != nil {
		return fmt.Errorf("open logs: %w", err)
	}
	a.life.onClose("logs", a.logs.Close)
	a.life.onRun(engines, "logs", a.logs.Run)
	if a.traces, err = traces.Open(filepath.Join(o.Data, "traces"), traces.Options{Sync: o.Sync, Retention: o.RetentionTraces, KeepFor: o.KeepTraces, KeepSlow: o.SlowTraces, MaxBytes: share, Events: a.reports.events("traces"), Counter: a.counted}); err != nil {
		return fmt.Errorf("open traces: %w", err)
	}
	a.life.onClose("traces", a.traces.Close)
	a.life.onRun(engines, "traces", a.traces.Run)
	if a.metrics, err = metrics.Open(filepath.Join(o.Data, "metrics"), metrics.Options{
		Retention: o.RetentionMetrics, MaxBytes: 2 * share, MaxSeries: o.MaxSeries, Features: o.PromQLFeatures, Languages: a.languages(),
		OTLPLabels: o.OTLPLabels, OTLPScope: o.OTLPScope, Log: a.reports.logger("metrics"), Told: a.abilities,
	}); err != nil {
		return fmt.Errorf("open metrics: %w", err)
	}
	a.life.onClose("metrics", a.metrics.Close)
	a.life.onRun(engines, "metrics", a.metrics.Run)
	return nil
}

func (a *Appliance) openScrape() (err error) {
	a.scrape, err = scrape.New(scrape.Options{
		Dir: filepath.Join(a.o.Data, "state"), Config: a.scrapeConfig(a.o.ScrapeConfigs), Base: baseOf(a.o.Config),
		Sink: a.metrics, Family: a.metrics.SetMetadata,
		Refused: func(samples int) { a.log.Debug("scraped samples refused", "samples", samples) },
		Failed:  func(err error) { a.log.Warn("scrape lost", "err", err) },
		Log:     a.scrapeLog,
	})
	if err != nil {
		return fmt.Errorf("scrape: %w", err)
	}
	a.noteJobs(a.o.ScrapeNotes)
	a.life.onRun(background, "scrape", a.scrape.Run)
	return nil
}

// baseOf is where relative paths of a configuration start.
func baseOf(config string) string {
	base, err := filepath.Abs(filepath.Dir(config))
	if err != nil {
		return ""
	}
	return base
}

func (a *Appliance) openAlerting() (err error) {
	alerts := a.o.alertConfig()
	for _, note := range alerts.Notes {
		a.log.Warn("alert routing", "note", note)
	}
	if a.chronicle, err = chronicle.Open(chronicle.Options{Dir: filepath.Join(a.o.Data, "state"), Keep: a.o.RetentionAlerts, Log: a.log}); err != nil {
		return fmt.Errorf("chronicle of alerts: %w", err)
	}
	a.life.onClose("chronicle of alerts", a.chronicle.Close)
	a.life.onRun(background, "chronicle of alerts", a.chronicle.Run)
	if err := a.openEvidence(); err != nil {
		return err
	}
	events := a.told.events()
	events.Steps = a.alertSteps
	a.notify, err = notify.Open(notify.Options{
		Dir: filepath.Join(a.o.Data, "state"), Config: alerts, ExternalURL: a.URL(), Log: a.log, Events: events, Detail: a.alertDetail,
	})
	if err != nil {
		return fmt.Errorf("notifications: %w", err)
	}
	a.life.onClose("notifications", a.notify.Close)
	a.life.onRun(engines, "notifications", a.notify.Run)
	a.remindEvidence()
	a.desk = &ruleDesk{catalog: a.catalog, path: filepath.Join(a.o.Data, "state", rulesFile), query: a.metrics.QueryFunc(), parser: a.metrics.Parser(), url: a.URL()}
	book, err := a.desk.open(context.Background(), a.log)
	if err != nil {
		return fmt.Errorf("rules made on the page: %w", err)
	}
	a.rules, err = alerting.Open(alerting.Options{
		Book: book, RuleFiles: a.o.Rules, Interval: a.o.EvalInterval, Query: a.metrics.QueryFunc(), Parser: a.metrics.Parser(), Appendable: a.metrics, Queryable: a.metrics,
		Pipeline: a.notify, ExternalURL: a.URL(), Log: a.log, Steps: a.chronicle.Add, Told: a.abilities,
	})
	if err != nil {
		return fmt.Errorf("rules: %w", err)
	}
	a.desk.rules = a.rules
	a.life.onClose("rules", a.rules.Close)
	a.life.onRun(background, "rules", a.rules.Run)
	return nil
}

// tellAboutItself makes the registries behind /metrics.
func (a *Appliance) tellAboutItself() {
	usage := newEngineUsage(map[string]func() store.Usage{"logs": a.logs.Usage, "traces": a.traces.Usage, "metrics": a.metrics.Usage})
	dropped := func(name, help string, n *atomic.Int64) prometheus.Collector {
		return prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, func() float64 { return float64(n.Load()) })
	}
	a.seen, a.told = newRequestMetrics(), newAlertMeters()
	read := prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "tripod_config_read_timestamp_seconds", Help: "When the configuration was read last, at start or by a reload."},
		func() float64 { return float64(max(a.configRead.Load(), a.started.UnixNano())) / 1e9 })
	hash := prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "tripod_config_hash", Help: "A number that changes with the configuration and the files that it names."},
		func() float64 { return *a.configHash.Load() })
	a.noteConfig(&a.o)
	a.registry = newRegistry(a.o.Version, usage, read, hash, a.seen.took, a.told, a.reports.count, a.reports.thinned, &a.meters, a.counted, newSeriesMetrics(a.metrics, func() map[string]int64 { return a.scrape.Skipped() }),
		dropped("tripod_own_lines_dropped_total", "Own log lines that could not be stored.", &a.lines.dropped),
		dropped("tripod_own_lines_unseen_total", "Own log lines that standard output did not take.", &a.lines.unseen),
		dropped("tripod_own_spans_dropped_total", "Own spans that could not be stored.", &a.spans.dropped))
	a.life.onRun(background, "own metrics", a.tellEarly)
	a.life.onRun(background, "rates", a.watchRates)
	a.expo = &exposition{parts: map[string]prometheus.Gatherer{"tripod": a.registry, "planner": a.planner.Gatherer()}}
}
