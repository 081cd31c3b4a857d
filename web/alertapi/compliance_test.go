package alertapi

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
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
	"tripod/alerting/config"
	"tripod/alerting/notify"
	"tripod/alerting/notifytest"
)

// handed is what the rules gave to the pipeline, and when.
type handed struct {
	to alerting.Pipeline
	mu sync.Mutex
	by map[string][]sentAlert // by fingerprint
}

type sentAlert struct {
	at time.Time
	alerting.Alert
}

// Send fits alerting.Pipeline.
func (h *handed) Send(ctx context.Context, alerts ...alerting.Alert) {
	h.mu.Lock()
	for _, a := range alerts {
		a.Annotations = maps.Clone(a.Annotations)
		h.by[a.Fingerprint()] = append(h.by[a.Fingerprint()], sentAlert{time.Now(), a})
	}
	h.mu.Unlock()
	h.to.Send(ctx, alerts...)
}

// Keep fits it too.
func (h *handed) Keep(fingerprints []string, until time.Time) { h.to.Keep(fingerprints, until) }

// generator is rules, store, pipeline and the API on them.
type generator struct {
	t      *testing.T
	db     *tsdb.DB
	engine *promql.Engine
	rules  *alerting.Rules
	handed *handed
	mux    *http.ServeMux
	zero   time.Time // of the first sample
}

// TestAlertGeneratorCompliance performs the cases of prometheus/compliance: the
// states of alerts by /api/v1/rules, /api/v1/alerts and the series ALERTS after
// each evaluation, what the rules send and when, and what a second
// Alertmanager gets in the end.
func TestAlertGeneratorCompliance(t *testing.T) {
	second := notifytest.NewHTTP(t, notifytest.Alertmanager) // outside of the bubble: waiting for a connection would stop its time
	synctest.Test(t, func(t *testing.T) {
		var arrived []time.Time
		var mu sync.Mutex
		cfg, err := config.Parse(fmt.Appendf(nil, "route: {receiver: second, group_by: ['...'], group_wait: 0s, group_interval: 5s, repeat_interval: 24h}\nreceivers: [{name: second, alertmanager_configs: [{url: %q}]}]\n", second.URL+"/base"), config.Source{File: "x"})
		if err != nil {
			t.Fatal(err)
		}
		pipe, err := notify.Open(notify.Options{Dir: t.TempDir(), Config: cfg, Events: notify.Events{Attempt: func(_ string, _ time.Duration, err error) {
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			arrived = append(arrived, time.Now())
		}}})
		if err != nil {
			t.Fatal(err)
		}
		g := newGenerator(t, pipe)
		ctx, cancel := context.WithCancel(context.Background())
		var running sync.WaitGroup
		running.Go(func() { g.rules.Run(ctx) })
		running.Go(func() { pipe.Run(ctx) })
		g.live()
		cancel()
		running.Wait()
		for _, e := range complianceAlerts() {
			g.checkSent(e)
		}
		checkArrived(t, g, second.Got(), arrived)
		for _, err := range []error{g.rules.Close(), pipe.Close(), g.engine.Close(), g.db.Close()} {
			if err != nil {
				t.Error(err)
			}
		}
	})
}

func newGenerator(t *testing.T, pipe alerting.Pipeline) *generator {
	opts := tsdb.DefaultOptions()
	opts.RetentionDuration = 0
	db, err := tsdb.Open(t.TempDir(), slog.New(slog.DiscardHandler), nil, opts, nil)
	if err != nil {
		t.Fatal(err)
	}
	g := &generator{t: t, db: db, engine: promql.NewEngine(promql.EngineOpts{MaxSamples: 1e6, Timeout: time.Minute, Parser: parser.NewParser(parser.Options{})}),
		handed: &handed{to: pipe, by: map[string][]sentAlert{}}, mux: http.NewServeMux()}
	g.rules, err = alerting.Open(alerting.Options{
		RuleFiles: []string{"testdata/compliance.yml"}, NoBuiltin: true, ResendDelay: resendDelay, Query: rules.EngineQueryFunc(g.engine, db),
		Appendable: db, Queryable: db, Pipeline: g.handed, ExternalURL: "http://tripod.example",
	})
	if err != nil {
		t.Fatal(err)
	}
	New(g.rules).Register(g.mux)
	return g
}

// live writes the samples and looks at all states a second after each.
func (g *generator) live() {
	g.zero = time.Now()
	all := complianceSeries()
	for n := range 149 + 4*17 {
		app := g.db.Appender(context.Background())
		for _, s := range all {
			if v, ok := s.at(n); ok {
				if _, err := app.Append(0, labels.FromMap(s.labels), time.Now().UnixMilli(), v); err != nil {
					g.t.Fatal(err)
				}
			}
		}
		if err := app.Commit(); err != nil {
			g.t.Fatal(err)
		}
		time.Sleep(time.Second)
		if time.Since(g.zero) > 2*groupEvery { // by then each group was evaluated
			g.look()
		}
		time.Sleep(sampleEvery - time.Second)
	}
}

func (s *series) at(n int) (float64, bool) {
	for _, r := range s.runs {
		if n < r.times {
			return r.value, true
		}
		n -= r.times
	}
	return 0, false
}

// evaluated is when the group of a rule was evaluated first from a sample on:
// groups are evaluated every interval, at a moment of their own in it.
func (g *generator) evaluated(p phase, group alerting.Group) time.Time {
	from := g.zero.Add(time.Duration(p.sample) * sampleEvery)
	at := group.LastEvaluation
	for at.After(from) {
		at = at.Add(-groupEvery)
	}
	for at.Before(from) {
		at = at.Add(groupEvery)
	}
	if p.late {
		at = at.Add(groupEvery)
	}
	return at
}

func (g *generator) groupOf(rule string) alerting.Group {
	for _, group := range g.rules.Groups() {
		for _, r := range group.Rules {
			if r.Name == rule {
				return group
			}
		}
	}
	g.t.Fatalf("no rule %s", rule)
	return alerting.Group{}
}

// now is the phase that an alert is in, and when it became pending or fired.
func (g *generator) now(e expected, now time.Time) (p phase, active time.Time) {
	group := g.groupOf(e.rule)
	p.state = "inactive"
	for _, next := range e.phases {
		at := g.evaluated(next, group)
		if at.After(now) {
			break
		}
		if p.state == "inactive" {
			active = at
		}
		p = next
	}
	return p, active
}

type shownAlert struct {
	Labels, Annotations map[string]string
	State, Value        string
	ActiveAt            time.Time
}

func (g *generator) ask(path string, into any) {
	w := httptest.NewRecorder()
	g.mux.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	answer := struct {
		Status string
		Data   any
	}{Data: into}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != 200 || answer.Status != "success" {
		g.t.Fatalf("%s: %d %s, %v", path, w.Code, w.Body, err)
	}
}

// look compares all three answers with what is expected now.
func (g *generator) look() {
	now := time.Now()
	want, inRule, metrics := map[string]string{}, map[string][]string{}, map[string]bool{}
	states := map[string]string{}
	for _, e := range complianceAlerts() {
		p, active := g.now(e, now)
		states[e.rule] = worst(states[e.rule], p.state)
		if p.state == "inactive" {
			continue
		}
		f := alerting.Fingerprint(e.labels)
		want[f] = fmt.Sprint(p.state, p.value, p.notes, active.UnixMilli(), e.labels)
		inRule[e.rule] = append(inRule[e.rule], want[f])
		metrics[labels.FromMap(with(e.labels, "__name__", "ALERTS", "alertstate", p.state)).String()] = true
	}
	var alerts struct{ Alerts []shownAlert }
	g.ask("/api/v1/alerts", &alerts)
	got := map[string]string{}
	for _, a := range alerts.Alerts {
		got[alerting.Fingerprint(a.Labels)] = a.text(g.t)
	}
	if !maps.Equal(got, want) {
		g.t.Errorf("%s after the start /api/v1/alerts says\n%v\nwant\n%v", now.Sub(g.zero), got, want)
	}
	g.lookAtRules(now, states, inRule)
	g.lookAtSeries(now, metrics)
}

func worst(a, b string) string {
	rank := []string{"", "inactive", "pending", "firing"}
	return rank[max(slices.Index(rank, a), slices.Index(rank, b))]
}

func (a *shownAlert) text(t *testing.T) string {
	v, err := strconv.ParseFloat(a.Value, 64)
	if err != nil {
		t.Error(err)
	}
	return fmt.Sprint(a.State, v, a.Annotations, a.ActiveAt.UnixMilli(), a.Labels)
}

func (g *generator) lookAtRules(now time.Time, states map[string]string, inRule map[string][]string) {
	var data struct {
		Groups []struct {
			Name           string
			Interval       float64
			LastEvaluation time.Time
			Rules          []struct {
				Type, Name, Query, Health, LastError, State string
				Duration                                    float64
				Labels, Annotations                         map[string]string
				LastEvaluation                              time.Time
				Alerts                                      []shownAlert
			}
		}
	}
	g.ask("/api/v1/rules", &data)
	rules := 0
	for _, group := range data.Groups {
		if since := now.Sub(group.LastEvaluation); group.Interval != groupEvery.Seconds() || since < 0 || since > groupEvery {
			g.t.Errorf("group %s each %v s, %s ago", group.Name, group.Interval, since)
		}
		for _, r := range group.Rules {
			rules++
			var got []string
			for _, a := range r.Alerts {
				got = append(got, a.text(g.t))
			}
			want := inRule[r.Name]
			slices.Sort(got)
			slices.Sort(want)
			written := map[string]float64{"PendingAndFiringAndResolved_SimpleAlert": 360, "ZeroFor_SmallFor_ZeroFor": 0, "ZeroFor_SmallFor_SmallFor": 15, "NewAlerts_OrderCheck_Rule2": 0}
			d, other := written[r.Name]
			if !other {
				d = 180
			}
			if r.Type != "alerting" || r.Health != "ok" || r.LastError != "" || r.State != states[r.Name] || r.Duration != d || r.Labels["rulegroup"] != group.Name || len(r.Annotations) == 0 || !slices.Equal(got, want) {
				g.t.Errorf("%s after the start the rule is %+v\nwant %s with %v", now.Sub(g.zero), r, states[r.Name], want)
			}
			if _, err := parser.NewParser(parser.Options{}).ParseExpr(r.Query); err != nil {
				g.t.Error(err)
			}
		}
	}
	if rules != 7 {
		g.t.Errorf("%d rules, want 7", rules)
	}
}

func (g *generator) lookAtSeries(now time.Time, want map[string]bool) {
	q, err := g.engine.NewInstantQuery(context.Background(), g.db, nil, "ALERTS", now)
	if err != nil {
		g.t.Fatal(err)
	}
	defer q.Close()
	v, err := q.Exec(context.Background()).Vector()
	if err != nil {
		g.t.Fatal(err)
	}
	got := map[string]bool{}
	for _, s := range v {
		got[s.Metric.String()] = s.F == 1
	}
	if !maps.Equal(got, want) {
		g.t.Errorf("%s after the start ALERTS is\n%v\nwant\n%v", now.Sub(g.zero), got, want)
	}
}

// checkSent: first when it fires or is over, then each ResendDelay, rounded up
// to evaluations, and for 15 min after its end or until it is active again.
func (g *generator) checkSent(e expected) {
	group := g.groupOf(e.rule)
	sent := g.handed.by[alerting.Fingerprint(e.labels)]
	var fired time.Time
	next := func() *sentAlert {
		if len(sent) == 0 {
			return &sentAlert{}
		}
		return &sent[0]
	}
	for i, p := range e.phases {
		from := g.evaluated(p, group)
		until := g.zero.Add(24 * time.Hour)
		if i+1 < len(e.phases) {
			until = g.evaluated(e.phases[i+1], group)
		}
		was := "inactive"
		if i > 0 {
			was = e.phases[i-1].state
		}
		var due time.Time // of the first, when it must come at once
		switch {
		case p.state == "pending", p.state == "inactive" && was != "firing":
			if next().at.Before(until) && len(sent) > 0 {
				g.t.Errorf(e.rule+": sent at %s, while it was %s", sent[0].at.Sub(g.zero), p.state)
			}
			continue
		case p.state != was:
			due = from
		}
		if p.state == "firing" && was != "firing" {
			fired = from
		}
		if p.state == "inactive" {
			until = earlier(until, from.Add(15*time.Minute+time.Second))
		}
		notes, ends := p.notes, time.Time{}
		if p.state == "inactive" {
			notes, ends = e.phases[i-1].notes, from
		}
		sent = g.follow(e.rule, sent, fired, due, until, ends, notes)
	}
	if len(sent) > 0 {
		g.t.Errorf(e.rule+": %d too many, the first at %s", len(sent), sent[0].at.Sub(g.zero))
	}
}

// follow checks those up to a moment and returns the rest.
func (g *generator) follow(rule string, sent []sentAlert, fired, due, until, ends time.Time, notes map[string]string) []sentAlert {
	var last time.Time
	n := 0
	for ; len(sent) > 0 && sent[0].at.Before(until); sent = sent[1:] {
		a := sent[0]
		if n == 0 && !due.IsZero() && !a.at.Equal(due) {
			g.t.Errorf(rule+": first sent at %s, want %s", a.at.Sub(g.zero), due.Sub(g.zero))
		}
		if gap := a.at.Sub(last); n > 0 && (gap < resendDelay || gap > resendDelay+groupEvery) {
			g.t.Errorf(rule+": sent again at %s, %s later", a.at.Sub(g.zero), gap)
		}
		want := ends
		if want.IsZero() {
			want = a.at.Add(4 * resendDelay)
		}
		delete(a.Annotations, alerting.ValueAnnotation) // ours
		if !maps.Equal(a.Annotations, notes) || !a.StartsAt.Equal(fired) || !a.EndsAt.Equal(want) || a.GeneratorURL == "" {
			g.t.Errorf(rule+": at %s: %v from %s to %s, %s; want %v from %s to %s", a.at.Sub(g.zero), a.Annotations, a.StartsAt.Sub(g.zero), a.EndsAt.Sub(g.zero), a.GeneratorURL, notes, fired.Sub(g.zero), want.Sub(g.zero))
		}
		last = a.at
		n++
	}
	if quiet := until.Sub(last); n == 0 || until.Sub(g.zero) < 12*time.Hour && quiet > resendDelay+groupEvery+time.Second {
		g.t.Errorf(rule+": sent %d times before %s, the last %s before it", n, until.Sub(g.zero), quiet)
	}
	return sent
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// checkArrived: the second Alertmanager is told once that each alert fires, with
// its FiredAt, and once that it is over, with its ResolvedAt.
func checkArrived(t *testing.T, g *generator, bodies []string, arrived []time.Time) {
	type news struct {
		at, starts, ends time.Time
		name             string
	}
	var got, want []news
	for i, body := range bodies {
		var alerts []notifytest.Posted
		if err := json.Unmarshal([]byte(body), &alerts); err != nil || len(alerts) != 1 {
			t.Fatalf("%s: %v", body, err)
		}
		n := news{arrived[i], alerts[0].StartsAt, alerts[0].EndsAt, labels.FromMap(alerts[0].Labels).String()}
		if n.ends.After(n.at.Add(time.Hour)) {
			n.ends = time.Time{} // it fires on
		}
		got = append(got, n)
	}
	for _, e := range complianceAlerts() {
		group, was, fired := g.groupOf(e.rule), "inactive", time.Time{}
		for _, p := range e.phases {
			at := g.evaluated(p, group)
			switch {
			case p.state == "firing" && was != "firing":
				fired = at
				want = append(want, news{at, fired, time.Time{}, labels.FromMap(e.labels).String()})
			case p.state == "inactive" && was == "firing":
				want = append(want, news{at, fired, at, labels.FromMap(e.labels).String()})
			}
			was = p.state
		}
	}
	for _, list := range [][]news{got, want} {
		slices.SortFunc(list, func(a, b news) int { return cmp.Or(cmp.Compare(a.name, b.name), a.at.Compare(b.at)) })
	}
	if len(got) != len(want) || len(want) != 16 {
		t.Fatalf("%d came, want %d", len(got), len(want))
	}
	for i, w := range want {
		x := got[i]
		if late := x.at.Sub(w.at); x.name != w.name || !x.starts.Equal(w.starts) || !x.ends.Equal(w.ends) || late < 0 || late > 5*time.Second {
			t.Errorf("got %s at %s, from %s to %v\nwant %s at %s, from %s to %v", x.name, x.at.Sub(g.zero), x.starts.Sub(g.zero), x.ends, w.name, w.at.Sub(g.zero), w.starts.Sub(g.zero), w.ends)
		}
	}
}
