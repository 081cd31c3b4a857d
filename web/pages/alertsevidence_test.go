package pages

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
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
		"what it was":                       {code: 200, want: []string{"At 11:36:00 it was 42 %, above 5 % for 5 min.", "planner-api runs version 1.18.0, before it 1.17.4, 10 min before.", "412 more lines say “pool timed out after ‹dur›”.", "A failing trace is kept.", "4 more series were not kept"}},
		"what young ones were":              {change: func(e *alerting.Evidence) { e.Before = 0; e.Beside = []string{"planner-web"} }, code: 200, want: []string{"412 lines say", "Of planner-web, which take part"}},
		"that it is over, of nobody's rule": {change: func(e *alerting.Evidence) { e.EndedAt, e.Expression = e.FiredAt.Add(20*time.Minute), nil }, code: 200, want: []string{"it was 42 %. It ended at 11:56:00, after 20 min."}},
		"that it is over":                   {change: func(e *alerting.Evidence) { e.EndedAt = e.FiredAt.Add(20 * time.Minute) }, code: 200, want: []string{"over after 20 min", "It ended at 11:56:00, after 20 min."}, not: []string{"firing 24"}},
		"how it ended": {change: func(e *alerting.Evidence) {
			e.EndedAt = e.FiredAt.Add(20 * time.Minute)
			e.Ending = &alerting.EvidenceEnding{Worst: 0.61, WorstAt: e.FiredAt.Add(time.Minute), Last: 0.042, LastAt: e.EndedAt}
		}, code: 200, want: []string{"It ended at 11:56:00, after 20 min: at worst it was 61 % at 11:37:00, at last 4.2 %."}},
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

// evidencePages gives pages of heads that are listed newest first, as the
// keeper gives them.
type evidencePages struct {
	fakeEvidence
	heads []alerting.EvidenceHead
	asked []alerting.EvidenceQuery
}

func (f *evidencePages) EvidenceList(_ context.Context, q alerting.EvidenceQuery) (out []alerting.EvidenceHead, err error) {
	f.asked = append(f.asked, q)
	for _, h := range f.heads {
		if len(out) < q.Limit && (q.Name == "" || q.Name == h.Name) && (q.Below == "" || h.ID < q.Below) {
			out = append(out, h)
		}
	}
	return out, nil
}

func TestEvidenceIsListed(t *testing.T) {
	f := &evidencePages{}
	for i := range evidenceShown + 3 {
		at := noon.Add(-time.Duration(i) * time.Hour)
		h := alerting.EvidenceHead{ID: fmt.Sprintf("%024x", 1000-i), Name: "HighErrorRate", Labels: map[string]string{"service_name": "planner-api", "severity": "page"}, Value: "42 %", FiredAt: at, GatheredAt: at}
		if i > 0 {
			h.EndedAt = at.Add(20 * time.Minute)
			h.Ending = &alerting.EvidenceEnding{Worst: 0.61, WorstAt: at.Add(time.Minute), Last: 0.02, LastAt: h.EndedAt}
		}
		f.heads = append(f.heads, h)
	}
	f.heads[2] = alerting.EvidenceHead{ID: f.heads[2].ID, FiredAt: f.heads[2].FiredAt, Damaged: "unexpected end of JSON input"}
	rules := someRules()
	screen := func(address string) string {
		p, err := New(Options{Alerts: Alerts{Evidence: f, Rules: rules}, Now: func() time.Time { return noon }})
		if err != nil {
			t.Fatal(err)
		}
		mux := http.NewServeMux()
		p.alerts(mux)
		rec := httptest.NewRecorder()
		mux.ServeHTTP(rec, httptest.NewRequest("GET", address, nil))
		if rec.Code != http.StatusOK {
			t.Fatalf("%s answered %d", address, rec.Code)
		}
		return rec.Body.String()
	}
	body := screen("/alerts/evidence")
	wants(t, body, `href="/alerts/evidence/`+f.heads[0].ID, "firing 0 s", "worst 61 %, last 2.0 %", ">20 min<", "It is damaged: unexpected end of JSON input", "Thursday", "Older evidence", "!>Newest<")
	if n := strings.Count(body, `class="evr"`); n != evidenceShown {
		t.Errorf("%d rows, want %d", n, evidenceShown)
	}
	last := f.heads[evidenceShown-1]
	body = screen(fmt.Sprintf("/alerts/evidence?at=%d&below=%s", last.FiredAt.UnixNano(), last.ID))
	if n := strings.Count(body, `class="evr"`); n != 3 {
		t.Errorf("%d older ones, want 3", n)
	}
	wants(t, body, ">Newest<", "!Older evidence")
	if q := f.asked[1]; !q.To.Equal(last.FiredAt) || q.Below != last.ID {
		t.Errorf("asked %+v", q)
	}
	wants(t, screen("/alerts/evidence?name=Nobody&service=a"), "No evidence of Nobody", "Show all evidence")
	if q := f.asked[2]; q.Name != "Nobody" || len(q.Services) != 1 {
		t.Errorf("asked %+v", q)
	}
	f.heads = nil
	wants(t, screen("/alerts/evidence"), "No alert has fired yet")
}

// TestChangesThatAreNotComplete holds that an error beside changes is said, and
// logged when it is nobody's question that failed.
func TestChangesThatAreNotComplete(t *testing.T) {
	version := alerting.Change{Time: noon.Add(-30 * time.Minute), Kind: alerting.ChangeVersion, Service: "planner-api", Text: "1.18.0", Detail: "planner-api runs version 1.18.0"}
	for name, c := range map[string]struct {
		list []alerting.Change
		want []string
	}{
		"some":   {[]alerting.Change{version}, []string{"The list is not complete.", "The query failed: disk gone", "planner-api runs version 1.18.0", "!What changed is not known"}},
		"no row": {nil, []string{"What changed is not known", "The query failed: disk gone", "!Nothing that is known changed", "!not complete"}},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			f := someRules()
			p, err := New(Options{Alerts: Alerts{Rules: f, Series: f}, Now: func() time.Time { return noon }, Log: slog.New(slog.NewTextHandler(&log, nil)),
				Changes: fakeChanges{list: c.list, err: errors.New("disk gone")}})
			if err != nil {
				t.Fatal(err)
			}
			mux := http.NewServeMux()
			p.alerts(mux)
			_, _, body := pageOf(t, mux, "/alerts?sel=HighErrorRate")
			wants(t, body, c.want...)
			wants(t, log.String(), "part=changes")
		})
	}
}

func TestAnAlertSaysWhatChanged(t *testing.T) {
	f := someRules()
	fired := f.groups[0].Rules[0].Alerts[0].FiredAt
	p, err := New(Options{Alerts: Alerts{Rules: f, Series: f}, Now: func() time.Time { return noon }, Changes: fakeChanges{list: []alerting.Change{
		{Time: fired.Add(-10 * time.Minute), Kind: alerting.ChangeVersion, Service: "planner-api", Text: "1.18.0", Detail: "planner-api runs version 1.18.0, before it 1.17.4"},
		{Time: fired.Add(2 * time.Minute), Kind: alerting.ChangeConfig, Text: "config", Detail: "Tripod read another configuration"},
		{Time: fired.Add(-2 * time.Hour), Kind: alerting.ChangeConfig, Text: "config", Detail: "long before"},
		{Time: fired, Kind: alerting.ChangeAlert, Text: "HighErrorRate", Detail: "itself"},
		{Time: fired.Add(time.Minute), Kind: alerting.ChangeAlert, Text: "Slow", Detail: "Slow began to fire"},
		{Time: fired.Add(3 * time.Minute), Kind: alerting.ChangeAlert, Text: "Slow", Detail: "Slow began to fire"},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	p.alerts(mux)
	_, _, body := pageOf(t, mux, "/alerts?sel=HighErrorRate")
	wants(t, body, `href="#alert-changes"`, "since an hour before it fired", "10 min before it fired", "2 min after it fired", "Slow began to fire, 2 times", "3 min after it fired", "!1 min after", "/traces?from=", "logs around it", "!long before", "!>itself<")
	if _, _, body = pageOf(t, mux, "/alerts?sel=Backlog"); strings.Contains(body, "alert-changes") {
		t.Error("a quiet rule asks what changed")
	}
}
