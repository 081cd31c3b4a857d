package appliance

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"
	_ "time/tzdata" // users have time zones; the machine may have none

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"tripod/planner"
	"tripod/planner/cache"
	"tripod/planner/observed"
	"tripod/planner/sqlite"
	"tripod/planner/traffic"
	"tripod/web/planapi"
)

// The services of the planner and what they run.
const (
	plannerWebName, plannerWebVersion           = "planner-web", "1.9.2"
	plannerAPIName                              = "planner-api"
	plannerGood, plannerBad                     = "1.17.4", "1.18.0"
	plannerStreakName, plannerStreakVersion     = "streak-worker", "1.6.0"
	plannerReminderName, plannerReminderVersion = "reminder-worker", "1.6.0"
)

const (
	// plannerDrain bounds how long a stop waits for requests, and again for the
	// last spans.
	plannerDrain = 2 * time.Second
	// plannerRemindEvery is how often tasks that are due soon are looked for.
	plannerRemindEvery = 15 * time.Second
	plannerRemindBatch = 50
	plannerSweepEvery  = 10 * time.Minute
)

// plannerOptions of the planner; Dir is required, zero means default elsewhere.
type plannerOptions struct {
	Dir       string                // holds planner.db
	RedisAddr string                // "" embeds a server
	Spans     sdktrace.SpanExporter // called by one goroutine at a time; never shut down here
	// Lines gets each log line, without its newline; it owns the line.
	Lines        func(res *resource.Resource, line []byte)
	Level        *slog.LevelVar
	Faults       bool // whether faults can be switched on
	Now          func() time.Time
	PasswordCost int // bcrypt's; 0 is 10
}

// plannerApp is the whole planner: two servers, two workers, and what they share.
type plannerApp struct {
	o        plannerOptions
	db       *sqlite.DB
	cache    *cache.Cache
	registry *prometheus.Registry
	shared   observed.Options

	web, streaks, reminders *observed.Source
	api                     *plannerRelease
	faults                  *traffic.Faults
	client                  *planapi.Client
	transport               *http.Transport
	pages                   http.Handler

	webListener, apiListener net.Listener
	closeOnce                sync.Once
	closeErr                 error
}

// openPlanner binds loopback sockets and opens the stores; it starts nothing.
func openPlanner(o plannerOptions) (_ *plannerApp, err error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	p := &plannerApp{o: o, registry: prometheus.NewRegistry(), transport: plannerTransport()}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.Close())
		}
	}()
	if err := p.openStores(); err != nil {
		return nil, err
	}
	if p.webListener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, fmt.Errorf("planner-web: %w", err)
	}
	if p.apiListener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, fmt.Errorf("planner-api: %w", err)
	}
	p.openSources()
	return p, nil
}

func (p *plannerApp) openStores() (err error) {
	if err := os.MkdirAll(p.o.Dir, 0o700); err != nil {
		return fmt.Errorf("planner: %w", err)
	}
	p.db, err = sqlite.Open(filepath.Join(p.o.Dir, "planner.db"), sqlite.Options{
		Tracers: observed.Follow(), Events: sqlite.Events{Done: observed.Statement}})
	if err != nil {
		return fmt.Errorf("planner: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	p.cache, err = cache.Open(ctx, cache.Options{Addr: p.o.RedisAddr, Tracers: observed.Follow()})
	if err != nil {
		return fmt.Errorf("planner: %w", err)
	}
	return nil
}

func (p *plannerApp) openSources() {
	metrics := observed.NewMetrics(p.registry)
	metrics.Watch(p.registry, func() observed.Pool { return observed.Pool(p.db.Stats()) },
		[]string{planner.TaskCompleted, planner.TaskDue}, p.cache.Depth)
	p.shared = observed.Options{Spans: observed.Exporter(p.o.Spans), Lines: p.o.Lines, Level: p.o.Level, Metrics: metrics, Now: p.o.Now}
	p.web = observed.NewSource(plannerWebName, plannerWebVersion, p.shared)
	p.streaks = observed.NewSource(plannerStreakName, plannerStreakVersion, p.shared)
	p.reminders = observed.NewSource(plannerReminderName, plannerReminderVersion, p.shared)
	p.client = &planapi.Client{Base: p.apiURL().String(),
		HTTP: &http.Client{Transport: p.web.Transport(p.transport), Timeout: 15 * time.Second}}
	p.api = &plannerRelease{app: p}
	if p.o.Faults {
		p.faults = p.newFaults()
	}
	p.api.deploy(plannerGood, p.db)
}

// WebAddr is where planner-web listens.
func (p *plannerApp) WebAddr() string { return p.webListener.Addr().String() }

// RedisAddr is where the cache listens.
func (p *plannerApp) RedisAddr() string { return p.cache.Addr() }

func (p *plannerApp) apiURL() *url.URL {
	return &url.URL{Scheme: "http", Host: p.apiListener.Addr().String()}
}

// Gatherer has the planner's metrics, with exemplars.
func (p *plannerApp) Gatherer() prometheus.Gatherer { return p.registry }

// Client asks planner-api as planner-web does; give it the context of a page's request.
func (p *plannerApp) Client() *planapi.Client { return p.client }

// SetPages mounts the pages below /planner/. It is called before Run.
func (p *plannerApp) SetPages(h http.Handler) { p.pages = h }

// SwitchFault is for flags; without faults it is planner.ErrNotFound.
func (p *plannerApp) SwitchFault(ctx context.Context, name string, on bool, d time.Duration) error {
	if p.faults == nil {
		return fmt.Errorf("fault %s: there are none without the demo: %w", name, planner.ErrNotFound)
	}
	_, err := p.faults.Switch(ctx, name, on, d)
	return err
}

// plannerTransport carries planner-web's requests to planner-api.
func plannerTransport() *http.Transport {
	return &http.Transport{
		Proxy:               nil, // never through a proxy of the environment: it is loopback
		MaxIdleConnsPerHost: 16,
		MaxConnsPerHost:     64,
		IdleConnTimeout:     90 * time.Second,
	}
}
