package notify_test

import (
	"cmp"
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/tsdb"

	"tripod/alerting"
	"tripod/alerting/notify"
)

// world is a metric store with rules and a pipeline on top, as the appliance
// has them, in a synctest bubble.
type world struct {
	t    *testing.T
	dir  string
	recv *inbox

	db    *tsdb.DB
	rules *alerting.Rules
	pipe  *notify.Pipeline
	stop  func()
}

func newWorld(t *testing.T, rules string) *world {
	w := &world{t: t, dir: t.TempDir(), recv: &inbox{}}
	if err := os.WriteFile(filepath.Join(w.dir, "rules.yml"), []byte(cmp.Or(rules, highErrorRate)), 0o644); err != nil {
		t.Fatal(err)
	}
	w.start()
	return w
}

// highErrorRate is the rule when a test names none.
const highErrorRate = `groups:
- name: services
  rules:
  - alert: HighErrorRate
    expr: |
      sum by (service_name) (rate(http_server_requests_total{http_response_status_code=~"5.."}[2m]))
        / sum by (service_name) (rate(http_server_requests_total[2m]))
        > 0.05
    for: 5m
    labels: {severity: page}
    annotations: {summary: '{{ $labels.service_name }} fails {{ $value | humanizePercentage }} of its requests', value: '{{ $value | humanizePercentage }}'}
`

func (w *world) start() {
	w.t.Helper()
	opts := tsdb.DefaultOptions()
	opts.RetentionDuration = 0
	db, err := tsdb.Open(filepath.Join(w.dir, "metrics"), slog.New(slog.DiscardHandler), nil, opts, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	w.db = db
	w.pipe, err = notify.Open(notify.Options{
		Dir: filepath.Join(w.dir, "state"), Config: notify.Default("http://127.0.0.1/", 0),
		Sender: func(string, string) notify.Sender { return w.recv },
	})
	if err != nil {
		w.t.Fatal(err)
	}
	engine := promql.NewEngine(promql.EngineOpts{
		MaxSamples: 1e6, Timeout: time.Minute, Parser: parser.NewParser(parser.Options{}),
	})
	w.rules, err = alerting.Open(alerting.Options{
		RuleFiles:  []string{filepath.Join(w.dir, "*.yml")},
		NoBuiltin:  true,
		Query:      rules.EngineQueryFunc(engine, db),
		Appendable: db, Queryable: db, Pipeline: w.pipe,
		ExternalURL: "http://tripod.example",
	})
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	for _, run := range []func(context.Context) error{w.rules.Run, w.pipe.Run} {
		wg.Go(func() {
			if err := run(ctx); err != nil {
				w.t.Error(err)
			}
		})
	}
	w.stop = func() {
		cancel()
		wg.Wait()
		for _, c := range []io.Closer{w.rules, w.pipe, engine, db} {
			if err := c.Close(); err != nil {
				w.t.Error(err)
			}
		}
	}
}

// serve lets time pass while planner-api answers one request a second, a
// share of them with an error, and every 15 s somebody scrapes the counters.
func (w *world) serve(d time.Duration, failing float64, counters *[2]float64) {
	w.t.Helper()
	for range d / (15 * time.Second) {
		time.Sleep(15 * time.Second)
		counters[0] += 15 * (1 - failing)
		counters[1] += 15 * failing
		app := w.db.Appender(context.Background())
		for i, code := range []string{"200", "503"} {
			l := labels.FromStrings("__name__", "http_server_requests_total",
				"service_name", "planner-api", "http_response_status_code", code)
			if _, err := app.Append(0, l, time.Now().UnixMilli(), counters[i]); err != nil {
				w.t.Fatal(err)
			}
		}
		if err := app.Commit(); err != nil {
			w.t.Fatal(err)
		}
	}
}

func TestFailingServiceIsReportedAndThenResolved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "")
		var counters [2]float64
		w.serve(10*time.Minute, 0, &counters)
		w.recv.want(t)
		w.serve(4*time.Minute, 0.5, &counters)
		w.recv.want(t) // pending
		if got := w.rules.Pending(); got != 1 {
			t.Errorf("%d pending, want 1", got)
		}
		w.serve(3*time.Minute, 0.5, &counters)
		w.recv.want(t, "firing HighErrorRate planner-api")
		if got := w.rules.Firing(); got != 1 {
			t.Errorf("%d firing, want 1", got)
		}
		if s := w.recv.all()[0].Alerts[0].Annotations["summary"]; !strings.Contains(s, "planner-api fails") {
			t.Errorf("summary %q", s)
		}
		w.serve(30*time.Minute, 0.5, &counters)
		w.recv.want(t, "firing HighErrorRate planner-api")
		w.serve(4*time.Minute, 0, &counters)
		w.recv.want(t, "firing HighErrorRate planner-api", "resolved HighErrorRate planner-api")
		w.stop()
	})
}

func TestRestartWhileFiringSaysNothingTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "")
		var counters [2]float64
		w.serve(10*time.Minute, 0.5, &counters)
		w.recv.want(t, "firing HighErrorRate planner-api")
		w.stop()
		time.Sleep(2 * time.Minute)
		w.start()
		w.serve(20*time.Minute, 0.5, &counters)
		w.recv.want(t, "firing HighErrorRate planner-api")
		if got := w.rules.Firing(); got != 1 {
			t.Errorf("%d firing after the restart, want 1", got)
		}
		w.serve(5*time.Minute, 0, &counters)
		w.recv.want(t, "firing HighErrorRate planner-api", "resolved HighErrorRate planner-api")
		w.stop()
	})
}

func TestResolvedIsSentWhenItHappenedWhileDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "")
		var counters [2]float64
		w.serve(10*time.Minute, 0.5, &counters)
		w.stop()
		time.Sleep(30 * time.Minute)
		w.start()
		w.serve(10*time.Minute, 0, &counters)
		w.recv.want(t, "firing HighErrorRate planner-api", "resolved HighErrorRate planner-api")
		w.stop()
	})
}

func TestRestartAfterHoursWhileStillFailing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "")
		var counters [2]float64
		w.serve(10*time.Minute, 0.5, &counters)
		w.stop()
		time.Sleep(3 * time.Hour) // longer than Outage: the rule starts over
		w.start()
		w.serve(20*time.Minute, 0.5, &counters)
		w.recv.want(t, "firing HighErrorRate planner-api")
		w.stop()
	})
}

func TestAlertOfARemovedRuleIsResolved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "groups: [{name: g, rules: [{alert: Always, expr: vector(1)}]}]")
		time.Sleep(time.Minute)
		w.recv.want(t, "firing Always ")
		if err := os.Remove(filepath.Join(w.dir, "rules.yml")); err != nil {
			t.Fatal(err)
		}
		if err := w.rules.Reload([]string{filepath.Join(w.dir, "*.yml")}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Minute)
		w.recv.want(t, "firing Always ", "resolved Always ")
		w.stop()
	})
}
