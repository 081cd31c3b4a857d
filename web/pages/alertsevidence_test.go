package pages

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"tripod/alerting"
	"tripod/store"
)

type fakeEvidence map[string]alerting.Evidence

func (f fakeEvidence) Evidence(_ context.Context, id string) (alerting.Evidence, error) {
	e, ok := f[id]
	if !ok {
		return e, fmt.Errorf("evidence %s: %w", id, store.ErrNotFound)
	}
	return e, nil
}

func (f fakeEvidence) EvidenceList(_ context.Context, q alerting.EvidenceQuery) (out []alerting.EvidenceHead, err error) {
	for _, e := range f {
		if q.Name == "" || q.Name == e.Name {
			out = append(out, e.EvidenceHead)
		}
	}
	return out, nil
}

// someEvidence is that of the firing alert of someRules.
func someEvidence() alerting.Evidence {
	a := someRules().groups[0].Rules[0].Alerts[0]
	limit, gap := alerting.Value(0.05), alerting.Value(math.NaN())
	e := alerting.Evidence{
		EvidenceHead: alerting.EvidenceHead{
			ID: "00112233445566778899aabb", Alert: alerting.Fingerprint(a.Labels), Name: "HighErrorRate", Labels: a.Labels, Annotations: a.Annotations,
			Value: "42 %", FiredAt: a.FiredAt, GatheredAt: a.FiredAt.Add(time.Second), Took: 120 * time.Millisecond,
		},
		Expression: &alerting.Plot{
			Expr: "sum(errors) / sum(requests)", Op: ">", Threshold: &limit, For: 5 * time.Minute, From: a.FiredAt.Add(-time.Hour), Step: 12 * time.Minute,
			Lines: []alerting.PlotLine{
				{Labels: map[string]string{"service_name": "planner-api"}, Own: true, Values: []alerting.Value{0.01, 0.01, gap, 0.01, 0.2, 0.42}},
				{Labels: map[string]string{"service_name": "planner-web"}, Values: []alerting.Value{0, 0, 0, 0, 0.1, 0.2}},
			}, More: 4,
		},
		Services: []string{"planner-api"}, From: a.FiredAt.Add(-15 * time.Minute), To: a.FiredAt, Lines: 1000, Before: 900,
		Patterns: []alerting.KeptPattern{
			{Text: "pool timed out after <_>", Shown: "pool timed out after ‹dur›", Level: "error", Service: "planner-api", Lines: 412, Steps: []int64{0, 4, 408}, Examples: []alerting.KeptLine{
				{Time: a.FiredAt.Add(-time.Second), Line: `{"msg":"pool timed out after 5s","html":"<b>"}`, Trace: "ab000000000000000000000000000001"},
			}},
			{Text: "request completed", Shown: "request completed", Level: "info", Service: "planner-api", Lines: 500, Before: 800},
		},
		Traces: []alerting.KeptTrace{
			{ID: "ab000000000000000000000000000001", Why: "failing", Service: "planner-web", Name: "POST /tasks", Start: a.FiredAt.Add(-time.Minute), Duration: time.Second, Spans: 50, Errors: 2, Shown: []alerting.KeptSpan{
				{Service: "planner-web", Name: "POST /tasks", Duration: time.Second},
				{Depth: 1, Service: "planner-api", Name: "wait for a connection", Start: 250 * time.Millisecond, Duration: 500 * time.Millisecond, Failed: true, Message: "no connection became free"},
			}},
			{ID: "cd000000000000000000000000000001", Why: "slow", Service: "planner-web", Name: "GET /", Start: a.FiredAt.Add(-time.Minute), Duration: 2 * time.Second, Spans: 1},
		},
		Changes: []alerting.Change{
			{Time: a.FiredAt.Add(-10 * time.Minute), Kind: alerting.ChangeVersion, Service: "planner-api", Text: "1.18.0", Detail: "planner-api runs version 1.18.0, before it 1.17.4"},
			{Time: a.FiredAt, Kind: alerting.ChangeAlert, Text: "Slow", Detail: "Slow began to fire"},
		},
	}
	return e
}

// evidenceScreen is the status and main part of the answer.
func evidenceScreen(t *testing.T, f AlertEvidence, path string) (int, string) {
	t.Helper()
	p, err := New(Options{Alerts: Alerts{Evidence: f}, Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	p.alerts(mux)
	rec := httptest.NewRecorder()
	mux.ServeHTTP(rec, httptest.NewRequest("GET", path, nil))
	_, main, _ := strings.Cut(rec.Body.String(), "<main")
	main, _, _ = strings.Cut(main, "</main>")
	return rec.Code, "<main" + main + "</main>\n"
}

func TestEvidenceScreen(t *testing.T) {
	e := someEvidence()
	_, got := evidenceScreen(t, fakeEvidence{e.ID: e}, "/alerts/evidence/"+e.ID)
	got = strings.ReplaceAll(got, "><", ">\n<")
	const path = "testdata/evidence.html"
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
}

func TestEvidenceScreenSays(t *testing.T) {
	path := evidencePath + someEvidence().ID
	for name, c := range map[string]struct {
		change func(*alerting.Evidence)
		path   string
		code   int
		want   []string
		not    []string
	}{
		"what it was":          {code: 200, want: []string{"At 11:36:00 it was 42 %, above 5 % for 5 min.", "planner-api runs version 1.18.0, before it 1.17.4, 10 min before.", "412 more lines say “pool timed out after ‹dur›”.", "A failing trace is kept.", "4 more series were not kept"}},
		"what young ones were": {change: func(e *alerting.Evidence) { e.Before = 0; e.Beside = []string{"planner-web"} }, code: 200, want: []string{"412 lines say", "Of planner-web, which take part"}},
		"that it is over":      {change: func(e *alerting.Evidence) { e.EndedAt = e.FiredAt.Add(20 * time.Minute) }, code: 200, want: []string{"over after 20 min"}, not: []string{"firing 24"}},
		"that it is gathered": {change: func(e *alerting.Evidence) {
			*e = alerting.Evidence{EvidenceHead: e.EvidenceHead}
			e.GatheredAt = time.Time{}
		}, code: 200, want: []string{"being gathered", "42"}, not: []string{"Log patterns"}},
		"what is missing, and why":      {change: func(e *alerting.Evidence) { e.Missing = []alerting.Missing{{Part: "logs", Why: "it took too long"}} }, code: 200, want: []string{"Logs could not be had: it took too long"}},
		"that nothing was there":        {change: func(e *alerting.Evidence) { e.Patterns, e.Traces, e.Changes, e.Expression.Lines = nil, nil, nil, nil }, code: 200, want: []string{"No log lines of planner-api", "No traces of planner-api", "Nothing that is known changed", "had no value"}},
		"that a stranger's has no rule": {change: func(e *alerting.Evidence) { e.Expression = nil }, code: 200, want: []string{"No rule of this appliance"}},
		"nothing that a log line makes": {code: 200, want: []string{"html=</span>&lt;b&gt;"}, not: []string{"<b>\""}},
		"that there is none":            {path: "/alerts/evidence/00112233445566778899aa00", code: 404, want: []string{"Not found"}},
	} {
		t.Run(name, func(t *testing.T) {
			e := someEvidence()
			if c.change != nil {
				c.change(&e)
			}
			if c.path == "" {
				c.path = path
			}
			code, got := evidenceScreen(t, fakeEvidence{e.ID: e}, c.path)
			if code != c.code {
				t.Errorf("answered %d, want %d", code, c.code)
			}
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

// What is gone elsewhere is shown, and not linked.
func TestEvidenceOfWhatIsGone(t *testing.T) {
	e := someEvidence()
	show := func(o Options) string {
		o.Alerts, o.Now = Alerts{Evidence: fakeEvidence{e.ID: e}}, func() time.Time { return noon }
		p, err := New(o)
		if err != nil {
			t.Fatal(err)
		}
		mux := http.NewServeMux()
		p.alerts(mux)
		rec := httptest.NewRecorder()
		mux.ServeHTTP(rec, httptest.NewRequest("GET", evidencePath+e.ID, nil))
		return rec.Body.String()
	}
	const trace, logs = `href="/traces/ab0000000000000`, "These lines in logs"
	if there := show(Options{Oldest: func() time.Time { return e.From }}); !strings.Contains(there, trace) || !strings.Contains(there, logs) {
		t.Error("what is there is not linked")
	}
	if gone := show(Options{Oldest: func() time.Time { return e.To.Add(time.Second) }}); strings.Contains(gone, trace) || strings.Contains(gone, logs) || !strings.Contains(gone, "are gone") {
		t.Error("what is gone is linked")
	}
	if gone := show(Options{Traces: &fakeTraces{}}); strings.Contains(gone, trace) || !strings.Contains(gone, logs) || !strings.Contains(gone, "wait for a connection") {
		t.Error("a trace that is gone is linked")
	}
}

// The Alerts page leads to what was kept of an alert that fires.
func TestAlertsLeadToEvidence(t *testing.T) {
	e := someEvidence()
	p, err := New(Options{Alerts: Alerts{Rules: someRules(), Chronicle: someRules(), Evidence: fakeEvidence{e.ID: e}}, Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	p.alerts(mux)
	rec := httptest.NewRecorder()
	mux.ServeHTTP(rec, httptest.NewRequest("GET", "/alerts?sel=HighErrorRate", nil))
	if !strings.Contains(rec.Body.String(), `href="/alerts/evidence/`+e.ID) {
		t.Error("no link to the evidence")
	}
	kept := keptEvidence{e.EvidenceHead}
	if kept.during(e.Alert, e.FiredAt.Add(2*time.Minute), time.Time{}) != "" || kept.during(e.Alert, e.FiredAt.Add(-time.Hour), e.FiredAt.Add(-time.Second)) != "" || kept.during("x", e.FiredAt, time.Time{}) != "" {
		t.Error("evidence of another time or alert is taken")
	}
}
