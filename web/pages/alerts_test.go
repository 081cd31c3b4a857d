package pages

import (
	"context"
	"errors"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/util/annotations"

	"tripod/alerting"
)

type fakeAlerts struct {
	groups     []alerting.Group
	deliveries []alerting.Delivery
	receivers  []string
	episodes   []alerting.Episode
	err        error
	asked      []string
	never      string // what names it has no answer
}

func (f *fakeAlerts) Episodes(context.Context, alerting.EpisodeQuery) ([]alerting.Episode, error) {
	return f.episodes, f.err
}

func (f *fakeAlerts) Groups() []alerting.Group        { return f.groups }
func (f *fakeAlerts) Deliveries() []alerting.Delivery { return f.deliveries }
func (f *fakeAlerts) Receivers() []string             { return f.receivers }

// Range gives a share that rises after half of the time, with the states that
// a rule with for 5 minutes has then.
func (f *fakeAlerts) Range(_ context.Context, expr string, from, to time.Time, step time.Duration) (promql.Matrix, annotations.Annotations, error) {
	f.asked = append(f.asked, expr)
	if f.err != nil {
		return nil, nil, f.err
	}
	if f.never != "" && strings.Contains(expr, f.never) {
		return nil, nil, nil
	}
	series := func(l labels.Labels, value func(at float64) float64) promql.Series {
		s := promql.Series{Metric: l}
		for t := from; !t.After(to); t = t.Add(step) {
			if v := value(float64(t.Sub(from)) / float64(max(to.Sub(from), 1))); !math.IsNaN(v) {
				s.Floats = append(s.Floats, promql.FPoint{T: t.UnixMilli(), F: v})
			}
		}
		return s
	}
	between := func(a, b float64) func(float64) float64 {
		return func(at float64) float64 {
			if at < a || at >= b {
				return math.NaN()
			}
			return 1
		}
	}
	if strings.Contains(expr, "ALERTS") {
		if !strings.Contains(expr, "HighErrorRate") {
			return nil, nil, nil
		}
		return promql.Matrix{
			series(labels.FromStrings("alertstate", "firing"), between(0.6, 2)),
			series(labels.FromStrings("alertstate", "pending"), between(0.5, 0.6)),
		}, nil, nil
	}
	return promql.Matrix{series(labels.FromStrings("service_name", "planner-api"), func(at float64) float64 {
		return max(0.01, at-0.45)
	})}, nil, nil
}

func someRules() *fakeAlerts {
	evaluated := noon.Add(-4 * time.Second)
	rule := func(name, expr string) alerting.Rule {
		return alerting.Rule{
			Kind: alerting.Alerting, Name: name, Expr: expr, For: 5 * time.Minute, State: alerting.Inactive, Health: alerting.HealthOK,
			Labels:         map[string]string{"severity": "page"},
			Annotations:    map[string]string{"description": "{{ $labels.job }} is at {{ $value | humanize }}", "runbook_url": "javascript:alert(1)"},
			LastEvaluation: evaluated, EvaluationTime: 412 * time.Microsecond,
		}
	}
	firing := rule("HighErrorRate", "sum(errors) / sum(requests) > 0.05")
	firing.State, firing.Annotations["value"] = alerting.Firing, "{{ $value | humanizePercentage }}"
	firing.Alerts = []alerting.ActiveAlert{{
		Labels:      map[string]string{"alertname": "HighErrorRate", "service_name": "planner-api", "severity": "page", "zone": "<b>"},
		Annotations: map[string]string{"description": "More than 5 % fail.", "summary": "planner-api fails 42 %", "value": "42 %", "runbook_url": "https://wiki.example/pool"},
		State:       alerting.Firing, Value: 0.42, ActiveAt: noon.Add(-29 * time.Minute), FiredAt: noon.Add(-24 * time.Minute),
	}}
	pending := rule("Slow", "latency > 1")
	pending.State = alerting.Pending
	pending.Alerts = []alerting.ActiveAlert{{
		Labels: map[string]string{"alertname": "Slow"}, State: alerting.Pending, Value: 1.41, ActiveAt: noon.Add(-3 * time.Minute),
	}}
	broken := rule("Broken", "up and on(job) x")
	broken.Health, broken.LastError = alerting.HealthErr, "found duplicate series for the match group"
	ago := func(d time.Duration, kind alerting.StepKind, receiver, detail string) alerting.Step {
		return alerting.Step{Time: noon.Add(-d), Kind: kind, Receiver: receiver, Detail: detail}
	}
	return &fakeAlerts{
		receivers: []string{"Slack"},
		episodes: []alerting.Episode{
			{Alert: "0123456789abcdef", Name: "HighErrorRate", Labels: firing.Alerts[0].Labels, Start: noon.Add(-29 * time.Minute), Cut: 3, Steps: []alerting.Step{
				ago(29*time.Minute, alerting.StepPending, "", "value 0.42, fires when it has held for 5m"),
				ago(24*time.Minute, alerting.StepFiring, "", "value 0.42"),
				ago(24*time.Minute, alerting.StepRouted, "Slack", ""),
				ago(24*time.Minute, alerting.StepSending, "Slack/slack[0]", "first notification"),
				ago(24*time.Minute, alerting.StepRetried, "Slack/slack[0]", "503"),
				ago(23*time.Minute, alerting.StepSending, "Slack/slack[0]", "first notification"),
				ago(22*time.Minute, alerting.StepRetried, "Slack/slack[0]", "504"),
				ago(21*time.Minute, alerting.StepSending, "Slack/slack[0]", "first notification"),
				ago(20*time.Minute, alerting.StepSent, "Slack/slack[0]", ""),
			}},
			{Alert: "0123456789abcdef", Name: "HighErrorRate", Start: noon.Add(-2 * time.Hour), End: noon.Add(-118 * time.Minute), Steps: []alerting.Step{
				ago(2*time.Hour, alerting.StepPending, "", "value 0.2, fires when it has held for 5m"),
				ago(118*time.Minute, alerting.StepOver, "", "after 2m0s, before it had held for 5m0s"),
			}},
		},
		groups: []alerting.Group{
			{File: alerting.Builtin, Name: "services", Interval: 15 * time.Second, Rules: []alerting.Rule{firing}},
			{File: "/etc/tripod/rules/mine.yml", Name: "mine", Interval: time.Minute, Rules: []alerting.Rule{
				pending, broken, rule("Backlog", "500 < queue"), rule("Slow", "absent(up)"),
				{Kind: alerting.Recording, Name: "job:up:sum", Expr: "sum(up)", Health: alerting.HealthUnknown},
			}},
		},
		deliveries: []alerting.Delivery{
			{Time: noon.Add(-time.Minute), Receiver: "Slack", What: "repeat", Name: "HighErrorRate", Service: "planner-api", Alerts: []string{"a", "b"}, Result: alerting.Retrying, Error: "503 Service Unavailable", Attempts: 2},
			{Time: noon.Add(-24 * time.Minute), Receiver: "Slack", What: "firing", Name: "HighErrorRate", Service: "planner-api", Alerts: []string{"a"}, Result: alerting.Sent, Took: 148 * time.Millisecond, Attempts: 1},
			{Time: noon, Receiver: "Slack", What: "firing", Name: "Other", Result: alerting.Sent},
		},
	}
}

func alertsScreen(t *testing.T, f *fakeAlerts, address string) string {
	t.Helper()
	return alertsScreenWith(t, f, nil, address)
}

func alertsScreenWith(t *testing.T, f *fakeAlerts, trial AlertTrial, address string) string {
	t.Helper()
	_, main, _ := strings.Cut(alertsAnswer(t, f, trial, address).Body.String(), "<main")
	main, _, _ = strings.Cut(main, "</main>")
	return "<main" + main + "</main>\n"
}

func alertsAnswer(t *testing.T, f *fakeAlerts, trial AlertTrial, address string) *httptest.ResponseRecorder {
	t.Helper()
	o := Options{Now: func() time.Time { return noon }}
	if f != nil {
		o.Alerts = Alerts{Rules: f, Notices: f, Series: f, Chronicle: f, Trial: trial}
	}
	p, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	p.alerts(mux)
	rec := httptest.NewRecorder()
	mux.ServeHTTP(rec, httptest.NewRequest("GET", address, nil))
	if rec.Code != http.StatusOK {
		t.Fatalf("%s answered %d: %s", address, rec.Code, rec.Body)
	}
	return rec
}

func TestAlertsScreen(t *testing.T) {
	f := someRules()
	got := strings.ReplaceAll(alertsScreen(t, f, "/alerts"), "><", ">\n<")
	const path = "testdata/alerts.html"
	if *updateScreens {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; run with -update-screens and read the difference", path)
	}
	if !slices.Contains(f.asked, "sum(errors) / sum(requests)") {
		t.Errorf("asked for %q, want the left side for the chart", f.asked)
	}
}

func TestAlertsScreenSays(t *testing.T) {
	silent := someRules()
	silent.receivers = nil
	unreadable := someRules()
	unreadable.err = errors.New("too many samples")
	for name, c := range map[string]struct {
		f       *fakeAlerts
		address string
		want    []string
		not     []string
	}{
		"why it was told":            {someRules(), "/alerts", []string{"Slack/slack[0] was told at 11:40:00, 4 min after it fired, with 3 attempts.", "did not take it 2 times, the last at 11:38:00: 504", "3 further steps", "ended after 2 min, before it fired"}, nil},
		"which one is selected":      {someRules(), "/alerts?sel=Slow", []string{"<h1>Slow</h1>", "pending 3 min", "fires in 2 min", "‹job› is at ‹value›"}, []string{"javascript:"}},
		"the second of a name":       {someRules(), "/alerts?sel=Slow~2", []string{"absent(up)", "Nothing is firing or pending"}, nil},
		"why a rule fails":           {someRules(), "/alerts?sel=Broken", []string{"The last evaluation failed", "found duplicate series", "Failing"}, nil},
		"that a rule is gone":        {someRules(), "/alerts?sel=Gone", []string{"There is no rule Gone", "HighErrorRate"}, nil},
		"within what it is quiet":    {someRules(), "/alerts", []string{"not above 500", "Recording"}, nil},
		"that nobody is told":        {silent, "/alerts", []string{"No receiver is set", "retrying"}, nil},
		"that a chart is not there":  {unreadable, "/alerts", []string{"The expression could not be drawn", "too many samples", "<h1>HighErrorRate</h1>"}, nil},
		"that there are no rules":    {&fakeAlerts{}, "/alerts", []string{"No rules"}, []string{"<h1>"}},
		"that there are none at all": {&fakeAlerts{}, "/alerts?state=pending", []string{"No rules"}, []string{"<h1>"}},
		"that it is not running":     {nil, "/alerts", []string{"Rules are not known"}, nil},
		"what a quiet rule measures": {someRules(), "/alerts?state=quiet", []string{`title="">0.01<`, "planner-api", `href="/alerts" aria-current="true"`, "holds for nothing"}, []string{"<h3>Firing", `role="button"`, "aria-pressed"}},
		"that a state has no rules":  {someRules(), "/alerts?state=silenced", []string{"No rule is silenced", "Show all rules", `aria-label="Rule"`}, []string{"rule-Backlog", "<h1>", "There is no rule"}},
		"a recording rule":           {someRules(), "/alerts?sel=job:up:sum", []string{"not evaluated yet"}, []string{"Active alerts"}},
		"only what a reader can use": {someRules(), "/alerts", []string{"zone=&lt;b&gt;", "https://wiki.example/pool"}, []string{"<b>\"", "#silence"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := alertsScreen(t, c.f, c.address)
			for _, want := range c.want {
				if !strings.Contains(got, want) {
					t.Errorf("no %q in %s", want, got)
				}
			}
			for _, not := range c.not {
				if strings.Contains(got, not) {
					t.Errorf("%q is there", not)
				}
			}
		})
	}
}

// TestQuietBesideConditions holds that a rule whose further conditions do not
// hold says what it measures, as its chart does.
func TestQuietBesideConditions(t *testing.T) {
	for name, c := range map[string]struct {
		expr string
		want []string
	}{
		"within its limit":            {"disk > 0.8 and on () full", []string{`title="">0.01<`, "not above 0.8"}},
		"beyond its limit":            {"disk > 0.001 and on () full", []string{`title="">0.01<`, "a further condition does not hold"}},
		"below a limit":               {"disk <= 0.8 unless on () full", []string{`title="">0.01<`, "a further condition does not hold"}},
		"nothing, with or without":    {"fullest > 1 and on () full", []string{`title="no data">–<`, "not above 1"}},
		"beyond it, but not yet told": {"disk > 0.001", []string{`title="">0.01<`, "not above 0.001"}},
	} {
		f := &fakeAlerts{never: "full", groups: []alerting.Group{{Name: "g", Interval: time.Minute, Rules: []alerting.Rule{
			{Kind: alerting.Alerting, Name: "Disk", Expr: c.expr, State: alerting.Inactive, Health: alerting.HealthOK},
		}}}}
		t.Run(name, func(t *testing.T) { wants(t, alertsScreen(t, f, "/alerts"), c.want...) })
	}
}

func TestSplitComparison(t *testing.T) {
	for expr, want := range map[string]string{
		"a / b > 0.05":             "a / b | not above 0.05",
		"(sum by (x) (a) >= (10))": "sum by (x) (a) | below 10",
		"7 > days":                 "days | not below 7",
		"a < -1":                   "a | not below −1",
		"up == 0":                  "up | not 0",
		"x != bool 1":              "x | always 1",
		"a > b":                    "",
		"a > 1 and b > 1":          "(a) and b > 1 | not above 1",
		"(a > 1 unless b) and c":   "((a) unless b) and c | not above 1",
		"a or b > 1":               "",
		"a > 6 * 0.005":            "a | not above 0.03",
		"a > bool 1 and b":         "",
		"absent(up)":               "",
		"not promql (":             "",
	} {
		got := ""
		if c, ok := splitComparison(nil, expr); ok {
			got = c.left + " | " + c.quiet("")
		}
		if got != want {
			t.Errorf("%s: got %q, want %q", expr, got, want)
		}
	}
}

// TestQuietValuesOfOppositeRules: what is nearest to firing above a limit is
// not what is nearest to firing below one.
func TestQuietValuesOfOppositeRules(t *testing.T) {
	above, _ := splitComparison(nil, "x > 5")
	below, _ := splitComparison(nil, "x < 1")
	var q quietValues
	now := time.Unix(1_700_000_000, 0)
	q.put(above, quietValue{value: 4, at: now})
	if v, known := q.get(below, now); known {
		t.Errorf("below 1 is told what was measured above 5: %v", v.value)
	}
	if v, known := q.get(above, now); !known || v.value != 4 {
		t.Errorf("above 5 is %v, %t; want 4", v.value, known)
	}
}
