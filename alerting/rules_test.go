package alerting

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/tsdb"
	"go.opentelemetry.io/otel"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
)

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

// outbox is a pipeline that keeps what it is sent.
type outbox struct {
	mu   sync.Mutex
	got  []Alert
	kept map[string]time.Time
}

func (o *outbox) Send(_ context.Context, alerts ...Alert) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.got = append(o.got, alerts...)
}

func (o *outbox) Keep(fingerprints []string, until time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, f := range fingerprints {
		o.kept[f] = until
	}
}

// running is a rule manager on a real store, for one test in a bubble.
type running struct {
	*Rules
	out  *outbox
	db   *tsdb.DB
	file string
	fail atomic.Pointer[error] // what queries answer, if set

	mu    sync.Mutex
	steps []Step
}

func run(t *testing.T, text string, f func(r *running)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		dir := t.TempDir()
		r := &running{out: &outbox{kept: map[string]time.Time{}}, file: filepath.Join(dir, "r.yml")}
		r.write(t, text)
		db, err := tsdb.Open(filepath.Join(dir, "metrics"), discard(), nil, tsdb.DefaultOptions(), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		r.db = db
		engine := promql.NewEngine(promql.EngineOpts{MaxSamples: 1e6, Timeout: time.Minute, Parser: parser.NewParser(parser.Options{})})
		defer engine.Close()
		query := rules.EngineQueryFunc(engine, db)
		r.Rules, err = Open(Options{
			RuleFiles: []string{r.file}, NoBuiltin: true, Pipeline: r.out, Appendable: db, Queryable: db,
			ExternalURL: "http://tripod.example/x",
			Steps: func(steps []Step) {
				r.mu.Lock()
				defer r.mu.Unlock()
				r.steps = append(r.steps, steps...)
			},
			Query: func(ctx context.Context, expr string, at time.Time) (promql.Vector, error) {
				if err := r.fail.Load(); err != nil {
					return nil, *err
				}
				return query(ctx, expr, at)
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		ran := make(chan error)
		go func() { ran <- r.Run(ctx) }()
		defer func() {
			cancel()
			if err := errors.Join(<-ran, r.Close()); err != nil {
				t.Error(err)
			}
		}()
		f(r)
	})
}

func (r *running) write(t *testing.T, text string) {
	t.Helper()
	if err := os.WriteFile(r.file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

const twoRules = `
groups:
  - name: g
    interval: 10s
    limit: 5
    rules:
      - record: answer
        expr: vector(42)
      - alert: TooMuch
        expr: answer > 40
        for: 30s
        keep_firing_for: 1m
        labels: {severity: ticket, team: '{{ "a" | toUpper }}'}
        annotations: {summary: 'it is {{ $value }}'}
`

func TestGroups(t *testing.T) {
	run(t, twoRules, func(r *running) {
		time.Sleep(25 * time.Second) // the first evaluation is at 0 to 10 s
		g := r.Groups()
		if len(g) != 1 || g[0].File != r.file || g[0].Name != "g" || g[0].Interval != 10*time.Second || g[0].Limit != 5 ||
			g[0].LastEvaluation.IsZero() || len(g[0].Rules) != 2 {
			t.Fatalf("groups %+v", g)
		}
		if rec := g[0].Rules[0]; rec.Kind != Recording || rec.Name != "answer" || rec.Health != HealthOK || rec.State != "" {
			t.Errorf("recording rule %+v", rec)
		}
		a := g[0].Rules[1]
		if a.Kind != Alerting || a.For != 30*time.Second || a.KeepFiringFor != time.Minute || a.State != Pending ||
			a.Annotations["summary"] != "it is {{ $value }}" || len(a.Alerts) != 1 {
			t.Fatalf("alerting rule %+v", a)
		}
		if al := a.Alerts[0]; al.Value != 42 || al.Labels["team"] != "A" || al.Annotations["summary"] != "it is 42" || !al.FiredAt.IsZero() {
			t.Errorf("alert %+v", al)
		}
		if r.Pending() != 1 || r.Firing() != 0 {
			t.Errorf("%d pending, %d firing", r.Pending(), r.Firing())
		}
		time.Sleep(30 * time.Second)
		if r.Pending() != 0 || r.Firing() != 1 || r.Groups()[0].Rules[1].State != Firing {
			t.Errorf("%d pending, %d firing", r.Pending(), r.Firing())
		}
	})
}

func TestAlertsLeaveInPrometheusForm(t *testing.T) {
	run(t, twoRules, func(r *running) {
		time.Sleep(70 * time.Second)
		synctest.Wait()
		if len(r.out.got) == 0 {
			t.Fatal("nothing was sent")
		}
		a := r.out.got[0]
		want := map[string]string{"alertname": "TooMuch", "severity": "ticket", "team": "A"}
		for k, v := range want {
			if a.Labels[k] != v {
				t.Errorf("label %s is %q, want %q", k, a.Labels[k], v)
			}
		}
		if a.Annotations[ValueAnnotation] != "42" || a.StartsAt.IsZero() || a.EndsAt.Sub(time.Now()) < 3*time.Minute {
			t.Errorf("alert %+v", a)
		}
		if a.GeneratorURL != "http://tripod.example/x/graph?g0.expr=answer+%3E+40&g0.tab=1" {
			t.Errorf("generator URL %s", a.GeneratorURL)
		}
		if r.out.kept[a.Fingerprint()].IsZero() {
			t.Error("the pipeline was not told that the condition still holds")
		}
	})
}

func TestStateIsWritten(t *testing.T) {
	run(t, twoRules, func(r *running) {
		time.Sleep(2 * time.Minute)
		q, err := r.db.Querier(0, time.Now().UnixMilli())
		if err != nil {
			t.Fatal(err)
		}
		defer q.Close()
		for _, name := range []string{"answer", "ALERTS", "ALERTS_FOR_STATE"} {
			if !q.Select(context.Background(), false, nil, labels.MustNewMatcher(labels.MatchEqual, "__name__", name)).Next() {
				t.Errorf("no series %s", name)
			}
		}
	})
}

func TestAFailingQueryIsShownAndResolvesNothing(t *testing.T) {
	run(t, twoRules, func(r *running) {
		time.Sleep(70 * time.Second)
		fire := errors.New("store is on fire")
		r.fail.Store(&fire)
		time.Sleep(20 * time.Minute)
		synctest.Wait()
		rule := r.Groups()[0].Rules[1]
		if rule.Health != HealthErr || !strings.Contains(rule.LastError, "on fire") || rule.State != Firing {
			t.Errorf("rule %+v, want it firing and unhealthy", rule)
		}
		for f, until := range r.out.kept {
			if !until.After(time.Now()) {
				t.Errorf("alert %s was left to end", f)
			}
		}
	})
}

func TestReload(t *testing.T) {
	run(t, twoRules, func(r *running) {
		names := func() (out []string) {
			for _, g := range r.Groups() {
				for _, rule := range g.Rules {
					out = append(out, rule.Name)
				}
			}
			return out
		}
		time.Sleep(time.Minute)
		r.write(t, "groups:\n  - name: g\n    rules:\n      - alert: New\n        expr: sum(\n")
		err := r.Reload([]string{r.file})
		if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), r.file+":5: ") {
			t.Errorf("got %v, want file, line and reason", err)
		}
		if got := names(); !slices.Equal(got, []string{"answer", "TooMuch"}) {
			t.Errorf("rules are %q after a bad reload", got)
		}
		if r.Firing()+r.Pending() != 1 {
			t.Error("a bad reload lost the state")
		}
		r.write(t, twoRules+"      - {alert: New, expr: vector(1)}\n")
		if err := r.Reload([]string{r.file}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(15 * time.Second)
		if got := names(); !slices.Equal(got, []string{"answer", "TooMuch", "New"}) {
			t.Errorf("rules are %q", got)
		}
		if r.Firing() != 2 {
			t.Errorf("%d fire, want the old one with its age and the new one", r.Firing())
		}
	})
}

func TestOpenNamesAllFaults(t *testing.T) {
	_, err := Open(Options{Interval: -1, ExternalURL: ":"})
	for _, want := range []string{"Query", "negative", "external URL"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want it to hold %q", err, want)
		}
	}
}

func TestNoSpanReachesTheGlobalTracer(t *testing.T) {
	spans := tracetest.NewInMemoryExporter()
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
	before := otel.GetTracerProvider()
	otel.SetTracerProvider(provider)
	t.Cleanup(func() { otel.SetTracerProvider(before) })
	run(t, twoRules, func(r *running) { time.Sleep(2 * time.Minute) })
	if got := spans.GetSpans(); len(got) != 0 {
		t.Errorf("%d spans, the first %q", len(got), got[0].Name)
	}
	_, seen := provider.Tracer("").Start(context.Background(), "own")
	seen.End()
	if len(spans.GetSpans()) != 1 {
		t.Error("the test would not have seen a span")
	}
}
