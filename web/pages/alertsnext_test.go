package pages

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"tripod/alerting"
)

// fakeNext foretells what it is given, and tests what it is asked to.
type fakeNext struct {
	next, routed []alerting.Outlook
	results      []alerting.TestResult
	labels       map[string]string
}

func (f *fakeNext) Outlooks() []alerting.Outlook                { return f.next }
func (f *fakeNext) Routed(map[string]string) []alerting.Outlook { return f.routed }
func (f *fakeNext) Test(_ context.Context, labels, _ map[string]string) []alerting.TestResult {
	f.labels = labels
	return f.results
}

func nextPages(t *testing.T, f *fakeNext) http.Handler {
	t.Helper()
	rules := someRules()
	p, err := New(Options{Now: func() time.Time { return noon }, Alerts: Alerts{Rules: rules, Notices: rules, Series: rules, Outlook: f, Tester: f}})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	p.Register(mux)
	return mux
}

func TestWhatIsToldNext(t *testing.T) {
	firing := alerting.Fingerprint(someRules().groups[0].Rules[0].Alerts[0].Labels)
	o := func(change func(*alerting.Outlook)) *fakeNext {
		out := alerting.Outlook{Receiver: "Slack", Integration: "slack[0]", GroupBy: []string{"alertname", "service_name"}, Repeat: 4 * time.Hour, Alerts: []string{firing},
			Told: noon.Add(-24 * time.Minute), NextRepeat: noon.Add(216 * time.Minute)}
		change(&out)
		return &fakeNext{next: []alerting.Outlook{out}, routed: []alerting.Outlook{out}}
	}
	for name, c := range map[string]struct {
		f    *fakeNext
		sel  string
		want []string
	}{
		"the next repeat":           {o(func(*alerting.Outlook) {}), "HighErrorRate", []string{"To Slack, grouped by alertname, service_name, repeated every 4 h", "told at 11:36:00, again at 15:36:00 if it still fires", "planner-api", "Slack/slack[0]"}},
		"another attempt":           {o(func(o *alerting.Outlook) { o.Owed, o.NextTry = true, noon.Add(10*time.Second) }), "HighErrorRate", []string{"tried again at 12:00:10"}},
		"a mute interval":           {o(func(o *alerting.Outlook) { o.MutedBy, o.MutedUntil = []string{"lunch"}, noon.Add(time.Hour) }), "HighErrorRate", []string{"muted by lunch until 13:00"}},
		"one without an end":        {o(func(o *alerting.Outlook) { o.MutedBy = []string{"off"} }), "HighErrorRate", []string{"muted by off for more than a week"}},
		"the first word":            {o(func(o *alerting.Outlook) { o.Told, o.Opens = time.Time{}, noon.Add(20*time.Second) }), "HighErrorRate", []string{"told at 12:00:20 at the earliest"}},
		"a quiet rule":              {o(func(*alerting.Outlook) {}), "Backlog", []string{"repeated every 4 h", "!if it still fires"}},
		"a quiet one that is muted": {o(func(o *alerting.Outlook) { o.MutedBy, o.MutedUntil = []string{"lunch"}, noon.Add(time.Hour) }), "Backlog", []string{"muted by lunch until 13:00"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, page := pageOf(t, nextPages(t, c.f), "/alerts?sel="+c.sel)
			wants(t, page, c.want...)
		})
	}
}

func TestATestIsSentThroughTheRoute(t *testing.T) {
	f := &fakeNext{results: []alerting.TestResult{
		{Receiver: "Slack", Integration: "slack[0]", Took: 148 * time.Millisecond, HeldBack: "silenced by relay move"},
		{Receiver: "Duty", Integration: "pagerduty[0]", Error: "400 <b>no such key</b>"},
	}}
	h := nextPages(t, f)
	_, _, page := pageOf(t, h, "/alerts?sel=HighErrorRate")
	wants(t, page, "Send a test through the real route", `name="sel" value="HighErrorRate"`)
	w := sendTo(h, "POST", "/alerts/test", form, url.Values{"sel": {"HighErrorRate"}}.Encode())
	wants(t, w.Body.String(), "<main", "Slack/slack[0]", "took it in 148 ms", "a real alert would be silenced by relay move now", "did not take it: 400 &lt;b&gt;")
	if f.labels["alertname"] != "HighErrorRate" || f.labels["service_name"] != "planner-api" || f.labels[testLabel] != "yes" {
		t.Errorf("sent %v", f.labels)
	}
	r := httptest.NewRequest("POST", "/alerts/test", strings.NewReader("sel=Backlog"))
	r.Header.Set("Content-Type", form)
	r.Header.Set("HX-Request", "true")
	part := httptest.NewRecorder()
	h.ServeHTTP(part, r)
	body, _ := io.ReadAll(part.Body)
	wants(t, string(body), `id="alert-sent"`, "!<main")
	if f.labels["severity"] != "page" {
		t.Errorf("of a quiet rule: %v", f.labels)
	}
	f.results = nil
	wants(t, sendTo(h, "POST", "/alerts/test", form, "sel=Backlog").Body.String(), "The routes lead to nobody")
	if w := sendTo(h, "POST", "/alerts/test", form, "sel=Nobody"); w.Code != 404 {
		t.Errorf("of nobody: %d", w.Code)
	}
}
