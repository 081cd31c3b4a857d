package backtest_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
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
	"tripod/alerting/backtest"
	"tripod/alerting/config"
	"tripod/alerting/notify"
)

const liveRules = `groups:
- name: g
  interval: 1m
  rules:
  - alert: DatabaseDown
    expr: database_up == 0
    labels: {severity: critical}
  - alert: Errors
    expr: errors > 5
    for: 3m
    keep_firing_for: 2m
    labels: {severity: warning}
    annotations: {summary: '{{ $labels.zone }} has {{ $value }}'}
`

const liveRoutes = `
route:
  receiver: team
  group_by: [alertname]
  group_wait: 30s
  group_interval: 5m
  repeat_interval: 2h
  routes:
  - {receiver: nights, matchers: [zone="c"], group_by: [alertname, zone], active_time_intervals: [nights], continue: true}
  - {receiver: team, matchers: [severity=warning], mute_time_intervals: [weekend]}
receivers:
- {name: team, webhook_configs: [{url: 'http://127.0.0.1:1/'}]}
- {name: nights, webhook_configs: [{url: 'http://127.0.0.1:1/', send_resolved: false}]}
inhibit_rules:
- {source_matchers: [alertname=DatabaseDown], target_matchers: [severity=warning], equal: [zone]}
time_intervals:
- {name: nights, time_intervals: [{times: [{start_time: '22:00', end_time: '24:00'}, {start_time: '00:00', end_time: '06:00'}]}]}
- {name: weekend, time_intervals: [{weekdays: ['saturday', 'sunday']}]}
`

const day = 24 * time.Hour

// lived is what rules and pipeline did while a week went by.
type lived struct {
	mu       sync.Mutex
	episodes map[string][]string // "fired to over" of an alert of Errors
	since    map[string]time.Time
	told     []string
	held     map[alerting.StepKind]int
	first    time.Time // evaluation
}

func (l *lived) steps(steps []alerting.Step) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range steps {
		if s.Name != "Errors" {
			continue
		}
		switch s.Kind {
		case alerting.StepFiring:
			if l.since[s.Alert].IsZero() { // it may be kept, and fire again
				l.since[s.Alert] = s.Time
			}
		case alerting.StepOver:
			if from := l.since[s.Alert]; !from.IsZero() {
				l.episodes[s.Alert] = append(l.episodes[s.Alert], from.UTC().Format(time.DateTime)+" to "+s.Time.UTC().Format(time.DateTime))
				delete(l.since, s.Alert)
			}
		case alerting.StepInhibited, alerting.StepSilenced, alerting.StepMuted:
			l.held[s.Kind]++
		}
	}
}

// Send fits notify.Sender.
func (l *lived) Send(_ context.Context, n notify.Notification) error {
	firing, resolved := 0, 0
	for _, a := range n.Alerts {
		switch {
		case a.Name() != "Errors":
		case a.Resolved:
			resolved++
		default:
			firing++
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if firing+resolved > 0 {
		l.told = append(l.told, line(n.At, n.Receiver, n.Reason, firing, resolved))
	}
	return nil
}

// line writes a notification down to the second: the live clock has fractions.
func line(at time.Time, receiver, reason string, firing, resolved int) string {
	return fmt.Sprintf("%s %s, %s: %d firing, %d resolved", at.UTC().Format(time.DateTime), receiver, reason, firing, resolved)
}

// TestAWeekAsLive lets rules and the pipeline run for seven days, in a bubble,
// with silences, inhibitions and time intervals, and then tests the rule over
// what was stored: the same alerts, the same notifications, at the same second.
func TestAWeekAsLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { liveWeek(t, rand.New(rand.NewPCG(1, 7))) })
}

func liveWeek(t *testing.T, rnd *rand.Rand) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "rules.yml"), []byte(liveRules), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Parse([]byte(liveRoutes), config.Source{File: "tripod.yaml"})
	if err != nil {
		t.Fatal(err)
	}
	opts := tsdb.DefaultOptions()
	opts.RetentionDuration = 0
	opts.MinBlockDuration, opts.MaxBlockDuration = (14 * day).Milliseconds(), (14 * day).Milliseconds() // looking for blocks takes most of a week
	opts.BlockReloadInterval = 14 * day
	db, err := tsdb.Open(filepath.Join(dir, "metrics"), slog.New(slog.DiscardHandler), nil, opts, nil)
	if err != nil {
		t.Fatal(err)
	}
	engine := promql.NewEngine(promql.EngineOpts{MaxSamples: 1e7, Timeout: time.Minute, Parser: parser.NewParser(parser.Options{})})
	l := &lived{episodes: map[string][]string{}, since: map[string]time.Time{}, held: map[alerting.StepKind]int{}}
	pipe, err := notify.Open(notify.Options{Dir: filepath.Join(dir, "state"), Config: cfg, Sender: func(string, string) notify.Sender { return l }, Events: notify.Events{Steps: l.steps}})
	if err != nil {
		t.Fatal(err)
	}
	live, err := alerting.Open(alerting.Options{
		RuleFiles: []string{filepath.Join(dir, "rules.yml")}, NoBuiltin: true, Query: rules.EngineQueryFunc(engine, db),
		Appendable: db, Queryable: db, Pipeline: pipe, ExternalURL: "http://tripod.example", Steps: l.steps,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { live.Run(ctx) })
	running.Go(func() { pipe.Run(ctx) })

	synctest.Wait()
	begin := time.Now()
	w := weather{rnd: rnd, errors: map[string]*spell{}, down: map[string]*spell{}}
	for minute := range int(7 * day / time.Minute) {
		w.store(t, db)
		if minute%(17*60) == 16*60 {
			if _, err := pipe.SetSilence(alerting.Silence{
				Matchers: []alerting.Matcher{{Name: "zone", Value: "a|b", IsRegex: true, IsEqual: true}, {Name: "alertname", Value: "Errors", IsEqual: true}},
				StartsAt: time.Now(), EndsAt: time.Now().Add(time.Duration(1+rnd.IntN(300)) * time.Minute), CreatedBy: "me", Comment: "work",
			}); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Minute)
		if l.first.IsZero() {
			l.first = live.Groups()[0].LastEvaluation
		}
	}
	cancel()
	running.Wait()
	last := live.Groups()[0].LastEvaluation
	report, err := backtest.Run(t.Context(), backtest.Rule{
		Name: "Errors", Expr: "errors > 5", For: 3 * time.Minute, KeepFiringFor: 2 * time.Minute, Interval: time.Minute, Labels: map[string]string{"severity": "warning"},
	}, backtest.Options{
		From: l.first, To: last, Config: cfg, Silences: pipe.Silences(),
		Query: func(ctx context.Context, expr string, from, to time.Time, step time.Duration) (promql.Matrix, error) {
			q, err := engine.NewRangeQuery(ctx, db, nil, expr, from, to, step)
			if err != nil {
				return nil, err
			}
			return q.Exec(ctx).Matrix()
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	l.same(t, report)
	t.Logf("%s to %s: %d episodes, %d notifications; held back %v", begin.Format(time.DateTime), last.Format(time.DateTime), report.Fired(), len(report.Notices), l.held)
	for _, err := range []error{live.Close(), pipe.Close(), engine.Close(), db.Close()} {
		if err != nil {
			t.Error(err)
		}
	}
}

func (l *lived) same(t *testing.T, report *backtest.Report) {
	t.Helper()
	for f, from := range l.since {
		l.episodes[f] = append(l.episodes[f], from.UTC().Format(time.DateTime)+" on")
	}
	tested := map[string][]string{}
	for _, a := range report.Alerts {
		f := alerting.Fingerprint(a.Labels)
		for _, e := range a.Episodes {
			end := " on"
			if !e.ResolvedAt.IsZero() {
				end = " to " + e.ResolvedAt.UTC().Format(time.DateTime)
			}
			tested[f] = append(tested[f], e.FiredAt.UTC().Format(time.DateTime)+end)
		}
	}
	if len(tested) != 3 || len(tested) != len(l.episodes) {
		t.Errorf("%d alerts in the test, %d live, want 3", len(tested), len(l.episodes))
	}
	for f := range l.episodes {
		compare(t, "episodes of "+f, tested[f], l.episodes[f])
	}
	var notices []string
	for _, n := range report.Notices {
		notices = append(notices, line(n.Time, n.Receiver, n.Reason, n.Firing, n.Resolved))
	}
	slices.Sort(notices) // at one moment there is no order
	slices.Sort(l.told)
	compare(t, "notifications", notices, l.told)
	held := map[alerting.StepKind]int{}
	for _, h := range report.Held {
		switch {
		case strings.HasPrefix(h.Why, "inhibited by DatabaseDown"):
			held[alerting.StepInhibited]++
		case strings.HasPrefix(h.Why, "silenced by work (me)"):
			held[alerting.StepSilenced]++
		case strings.HasPrefix(h.Why, "the time is "):
			held[alerting.StepMuted]++
		}
	}
	for _, kind := range []alerting.StepKind{alerting.StepInhibited, alerting.StepSilenced, alerting.StepMuted} {
		if held[kind] != l.held[kind] || held[kind] == 0 {
			t.Errorf("%s %d times in the test, %d live", kind, held[kind], l.held[kind])
		}
	}
}

func compare(t *testing.T, what string, got, want []string) {
	t.Helper()
	wrong := 0
	for i := range max(len(got), len(want)) {
		g, w := "nothing", "nothing"
		if i < len(got) {
			g = got[i]
		}
		if i < len(want) {
			w = want[i]
		}
		if g != w && wrong < 5 {
			wrong++
			t.Errorf("%s %d: tested %s, live %s", what, i, g, w)
		}
	}
}

// weather makes samples in which errors and downtimes come in spells.
type weather struct {
	rnd          *rand.Rand
	errors, down map[string]*spell
}

type spell struct {
	on   bool
	left int // minutes
}

func (s *spell) next(rnd *rand.Rand, on, off int) bool {
	if s.left--; s.left <= 0 {
		s.on = !s.on
		s.left = 1 + rnd.IntN(off)
		if s.on {
			s.left = 1 + rnd.IntN(on)
		}
	}
	return s.on
}

func (w *weather) store(t *testing.T, db *tsdb.DB) {
	app := db.Appender(t.Context())
	for _, zone := range []string{"a", "b", "c"} {
		if w.errors[zone] == nil {
			w.errors[zone], w.down[zone] = &spell{on: true}, &spell{on: true}
		}
		errors, up := float64(w.rnd.IntN(5)), 1.0
		if w.errors[zone].next(w.rnd, 30, 120) {
			errors = float64(5 + w.rnd.IntN(6))
		}
		if w.down[zone].next(w.rnd, 20, 200) {
			up = 0
		}
		for name, v := range map[string]float64{"errors": errors, "database_up": up} {
			if _, err := app.Append(0, labels.FromStrings("__name__", name, "zone", zone), time.Now().UnixMilli(), v); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := app.Commit(); err != nil {
		t.Fatal(err)
	}
}
