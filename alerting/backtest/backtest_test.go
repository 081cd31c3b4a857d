package backtest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"

	"tripod/alerting"
	"tripod/alerting/config"
	"tripod/store"
)

var start = time.Date(2026, 3, 12, 20, 0, 0, 0, time.UTC)

const step = 15 * time.Second

// held is when a series fits the condition, by number of the evaluation.
type held struct {
	labels labels.Labels
	at     map[int]float64
}

// world answers as a store would whose series are these.
type world []held

func (w world) query(_ context.Context, _ string, from, to time.Time, by time.Duration) (promql.Matrix, error) {
	if to.Sub(from)/by > 400 {
		return nil, fmt.Errorf("%w", store.ErrTooLarge)
	}
	var out promql.Matrix
	for _, s := range w {
		series := promql.Series{Metric: s.labels}
		for at := from; !at.After(to); at = at.Add(by) {
			if v, ok := s.at[int(at.Sub(start)/by)]; ok {
				series.Floats = append(series.Floats, promql.FPoint{T: at.UnixMilli(), F: v})
			}
		}
		if len(series.Floats) > 0 {
			out = append(out, series)
		}
	}
	return out, nil
}

func (w world) vector(_ context.Context, _ string, at time.Time) (promql.Vector, error) {
	var out promql.Vector
	for _, s := range w {
		if v, ok := s.at[int(at.Sub(start)/step)]; ok {
			out = append(out, promql.Sample{Metric: s.labels, F: v, T: at.UnixMilli()})
		}
	}
	return out, nil
}

// live runs Prometheus's own rule through the evaluations, one by one.
func live(t *testing.T, w world, r Rule, n int) string {
	t.Helper()
	expr, err := parser.NewParser(parser.Options{}).ParseExpr(r.Expr)
	if err != nil {
		t.Fatal(err)
	}
	rule := rules.NewAlertingRule(r.Name, expr, r.For, r.KeepFiringFor, labels.FromMap(r.Labels), labels.EmptyLabels(), labels.EmptyLabels(), "", true, slog.New(slog.DiscardHandler))
	var lines []string
	fired := map[string]time.Time{}
	for i := range n {
		at := start.Add(time.Duration(i) * step)
		if _, err := rule.Eval(t.Context(), 0, at, w.vector, &url.URL{}, 0); err != nil {
			t.Fatal(err)
		}
		now := map[string]bool{}
		rule.ForEachActiveAlert(func(a *rules.Alert) {
			if a.State == rules.StateFiring {
				now[a.Labels.String()] = true
				fired[a.Labels.String()] = a.FiredAt
			}
		})
		for name, since := range fired {
			if !now[name] {
				lines = append(lines, fmt.Sprintf("%s %s to %s", name, since.Sub(start), at.Sub(start)))
				delete(fired, name)
			}
		}
	}
	for name, since := range fired {
		lines = append(lines, fmt.Sprintf("%s %s on", name, since.Sub(start)))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func tested(r *Report) string {
	var lines []string
	for _, a := range r.Alerts {
		for _, e := range a.Episodes {
			if e.ResolvedAt.IsZero() {
				lines = append(lines, fmt.Sprintf("%s %s on", labels.FromMap(a.Labels), e.FiredAt.Sub(start)))
			} else {
				lines = append(lines, fmt.Sprintf("%s %s to %s", labels.FromMap(a.Labels), e.FiredAt.Sub(start), e.ResolvedAt.Sub(start)))
			}
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// TestAsPrometheus: what fires, when and until when is what Prometheus's rule
// does with the same answers, evaluation by evaluation.
func TestAsPrometheus(t *testing.T) {
	fired := 0
	for seed := range uint64(24) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		n := 200 + rnd.IntN(1500)
		var w world
		for i := range 1 + rnd.IntN(5) {
			s := held{labels.FromStrings("__name__", "x", "instance", fmt.Sprint(i)), map[int]float64{}}
			for at := 0; at < n; {
				on := rnd.IntN(1 + rnd.IntN(60))
				for range on {
					s.at[at] = float64(rnd.IntN(3))
					at++
				}
				at += 1 + rnd.IntN(1+rnd.IntN(40))
			}
			w = append(w, s)
		}
		r := Rule{Name: "Down", Expr: "x > 1", Labels: map[string]string{"severity": "page"}}
		if rnd.IntN(3) > 0 {
			r.For = time.Duration(rnd.IntN(200)) * time.Second
		}
		if rnd.IntN(2) > 0 {
			r.KeepFiringFor = time.Duration(rnd.IntN(200)) * time.Second
		}
		switch rnd.IntN(4) {
		case 0:
			r.Labels["who"] = "{{ $labels.instance }}-{{ .Labels.instance }}"
		case 1:
			r.Labels["much"] = "{{ $value }}" // another alert with each value
		}
		o := Options{From: start, To: start.Add(time.Duration(n-1) * step), Query: w.query}
		report, err := Run(t.Context(), r, o)
		if err != nil {
			t.Fatal(err)
		}
		fired += report.Fired()
		if got, want := tested(report), live(t, w, r, n); got != want {
			t.Fatalf("seed %d, for %s, keep %s, labels %v\ngot\n%s\nwant\n%s", seed, r.For, r.KeepFiringFor, r.Labels, got, want)
		}
	}
	if fired < 400 {
		t.Errorf("only %d alerts fired", fired)
	}
}

const routes = `
route:
  receiver: day
  group_by: [alertname]
  group_wait: 30s
  group_interval: 5m
  repeat_interval: 4h
  routes:
  - receiver: pager
    matchers: [severity=page]
receivers:
- name: day
  webhook_configs: [{url: 'http://127.0.0.1:1/day'}]
- name: pager
  webhook_configs: [{url: 'http://127.0.0.1:1/pager'}]
`

// TestNotices: the pipeline's own decisions say who is told, and when.
func TestNotices(t *testing.T) {
	c, err := config.Parse([]byte(routes), config.Source{File: "tripod.yaml"})
	if err != nil {
		t.Fatal(err)
	}
	minute := func(n int) int { return int(time.Duration(n) * time.Minute / step) }
	s := held{labels.FromStrings("instance", "a"), map[int]float64{}}
	for i := minute(60); i < minute(60+30); i++ {
		s.at[i] = 7
	}
	for i := minute(180); i < minute(180+10); i++ {
		s.at[i] = 7
	}
	r := Rule{Name: "Down", Expr: "x > 1", For: time.Minute, Labels: map[string]string{"severity": "page"}}
	o := Options{From: start, To: start.Add(6 * time.Hour), Query: world{s}.query, Config: c}
	notes := func(o Options) string {
		t.Helper()
		report, err := Run(t.Context(), r, o)
		if err != nil {
			t.Fatal(err)
		}
		var lines []string
		for _, n := range report.Notices {
			lines = append(lines, fmt.Sprintf("%s %s firing %d resolved %d night %v", n.Time.Sub(start), n.Receiver, n.Firing, n.Resolved, n.Night))
		}
		return strings.Join(lines, "\n")
	}
	want := `1h1m30s pager firing 1 resolved 0 night false
1h31m30s pager firing 0 resolved 1 night false
3h1m30s pager firing 1 resolved 0 night true
3h11m30s pager firing 0 resolved 1 night true`
	if got := notes(o); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	o.Silences = []alerting.Silence{{ID: "s", Matchers: []alerting.Matcher{{Name: "instance", Value: "a", IsEqual: true}},
		StartsAt: start.Add(150 * time.Minute), EndsAt: start.Add(5 * time.Hour), CreatedBy: "t", Comment: "c"}}
	want = strings.Join(strings.Split(want, "\n")[:2], "\n")
	if got := notes(o); got != want {
		t.Errorf("silenced: got\n%s\nwant\n%s", got, want)
	}
}

func TestRefused(t *testing.T) {
	o := Options{From: start, To: start.Add(time.Hour), Query: world{
		{labels.FromStrings("a", "1"), map[int]float64{3: 1}}, {labels.FromStrings("a", "2"), map[int]float64{3: 1}}}.query}
	for name, c := range map[string]struct {
		rule Rule
		o    Options
		says string
	}{
		"no expression":         {Rule{Name: "R", Expr: "x >"}, o, "R: "},
		"each evaluation's end": {Rule{Name: "R", Expr: "x @ end() > 1"}, o, "@ start() and @ end()"},
		"two series, one alert": {Rule{Name: "R", Expr: "x > 1", Labels: map[string]string{"a": "b"}}, o, "two series are one alert"},
		"too long":              {Rule{Name: "R", Expr: "x > 1", Interval: time.Millisecond}, Options{From: start, To: start.Add(24 * time.Hour), Query: o.Query}, "at most"},
		"backwards":             {Rule{Name: "R", Expr: "x > 1"}, Options{From: start, To: start.Add(-time.Hour), Query: o.Query}, "a test from"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Run(t.Context(), c.rule, c.o); err == nil || !strings.Contains(err.Error(), c.says) || !errors.Is(err, alerting.ErrInvalid) {
				t.Errorf("got %v, want an ErrInvalid with %q", err, c.says)
			}
		})
	}
}

// TestTheParserIsTheStores: rules may use what was turned on for the store.
func TestTheParserIsTheStores(t *testing.T) {
	text := []byte("groups:\n  - name: g\n    rules:\n      - {alert: A, expr: 'sort_by_label(x, \"a\") > 1'}\n")
	if _, err := Parse(nil, text); !errors.Is(err, alerting.ErrInvalid) {
		t.Errorf("stock PromQL: %v", err)
	}
	p := parser.NewParser(parser.Options{EnableExperimentalFunctions: true})
	rules, err := Parse(p, text)
	if err != nil {
		t.Fatal(err)
	}
	o := Options{From: start, To: start.Add(time.Hour), Query: world{{labels.FromStrings("a", "1"), map[int]float64{3: 2}}}.query, Parser: p}
	report, err := Run(t.Context(), rules[0], o)
	if err != nil || report.Fired() != 1 {
		t.Errorf("got %+v, %v", report, err)
	}
	if _, err := RunAt(t.Context(), rules[0], Comparison{`sort_by_label(x, "a")`, ">"}, []float64{1, 2}, o); err != nil {
		t.Errorf("at limits: %v", err)
	}
}
