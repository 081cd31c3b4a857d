package pages

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"tripod/alerting"
	"tripod/alerting/config"
	"tripod/alerting/notify"
)

// told is a pipeline in which Busy fires for two services, with rules in which
// it does and Later is pending.
func told(t *testing.T) (http.Handler, *notify.Pipeline) {
	t.Helper()
	cfg, err := config.Parse([]byte("route: {receiver: Slack, group_by: [alertname]}\nreceivers: [{name: Slack, webhook_configs: [{url: 'http://127.0.0.1:1/'}]}]"), config.Source{File: "x"})
	if err != nil {
		t.Fatal(err)
	}
	n, err := notify.Open(notify.Options{Dir: t.TempDir(), Config: cfg})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	f := &fakeAlerts{}
	rules := alerting.Group{File: alerting.Builtin, Name: "g", Interval: time.Minute}
	add := func(name string, state alerting.State, services ...string) {
		r := alerting.Rule{Kind: alerting.Alerting, Name: name, Expr: "x > 1", State: state, Health: alerting.HealthOK, Labels: map[string]string{"severity": "page"}}
		for _, s := range services {
			labels := map[string]string{"alertname": name, "service_name": s, "severity": "page"}
			r.Alerts = append(r.Alerts, alerting.ActiveAlert{Labels: labels, State: state, ActiveAt: time.Now(), FiredAt: time.Now()})
			if state == alerting.Firing {
				n.Send(context.Background(), alerting.Alert{Labels: labels, StartsAt: time.Now(), EndsAt: time.Now().Add(time.Hour)})
			}
		}
		rules.Rules = append(rules.Rules, r)
	}
	add("Busy", alerting.Firing, "api", "web")
	add("Later", alerting.Pending, "api")
	f.groups = []alerting.Group{rules}
	p, err := New(Options{Alerts: Alerts{Rules: f, Notices: f, Series: f, Silences: n, Muted: n}})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	p.Register(mux)
	return mux, n
}

// matching are the fields of a silence's form.
func matching(pairs ...string) url.Values {
	v := url.Values{"span": {"1h"}, "comment": {"relay move"}, "by": {"alice"}}
	for i := 0; i+2 < len(pairs); i += 3 {
		v.Add("m.name", pairs[i])
		v.Add("m.op", pairs[i+1])
		v.Add("m.value", pairs[i+2])
	}
	return v
}

func TestSilenceSaysWhatItMutes(t *testing.T) {
	h, n := told(t)
	for name, c := range map[string]struct {
		fields url.Values
		want   []string
	}{
		"two that fire":        {matching("alertname", "=", "Busy"), []string{"Mutes 2 firing alerts until ", "Not told: Slack."}},
		"one and one to come":  {matching("service_name", "=", "api"), []string{"Mutes 1 firing and 1 pending alert until ", "Later"}},
		"only one to come":     {matching("alertname", "=~", "La.*"), []string{"Mutes 1 pending alert until "}},
		"none":                 {matching("alertname", "=", "Else"), []string{"Matches no alert of this moment", "!Not told"}},
		"all but one":          {matching("service_name", "!=", "web", "alertname", "=", "Busy"), []string{"Mutes 1 firing alert until "}},
		"nothing to match":     {matching(), []string{"At least one label is needed", "!Mutes"}},
		"a broken expression":  {matching("alertname", "=~", "("), []string{"missing closing )", "!Mutes"}},
		"a value without name": {matching("", "=", "x"), []string{"has no label"}},
		"a picked time that is over": {func() url.Values {
			v := matching("alertname", "=", "Busy")
			v.Set("span", "pick")
			v.Set("until", "2020-01-01 10:00")
			return v
		}(), []string{"is over already", "Mutes 2 firing alerts."}},
		"a time that is none": {func() url.Values {
			v := matching("alertname", "=", "Busy")
			v.Set("begin", "soon")
			return v
		}(), []string{"want a time like 18:00"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := sendTo(h, "POST", "/alerts/silences/preview", form, c.fields.Encode())
			if w.Code != 200 {
				t.Fatalf("answered %d: %s", w.Code, w.Body)
			}
			wants(t, w.Body.String(), append(c.want, `id="silence-look"`, "!<main")...)
		})
	}
	if len(n.Silences()) != 0 {
		t.Errorf("a preview kept %+v", n.Silences())
	}
}

func TestSilenceIsMadeChangedAndEnded(t *testing.T) {
	h, n := told(t)
	_, _, page := pageOf(t, h, "/alerts?sel=Busy")
	wants(t, page, `id="silence-form"`, "Mutes 2 firing alerts until", "/alerts/silences?m.name=alertname", `data-key="m"`)
	v := matching("alertname", "=", "Busy")
	v.Set("back", "Busy")
	w := sendTo(h, "POST", "/alerts/silences", form, v.Encode())
	if w.Code != 303 || w.Header().Get("Location") != "/alerts?sel=Busy#silence" {
		t.Fatalf("made: %d to %q: %s", w.Code, w.Header().Get("Location"), w.Body)
	}
	made := n.Silences()[0]
	if made.CreatedBy != "alice" || made.Comment != "relay move" || made.EndsAt.Sub(made.StartsAt).Round(time.Second) != time.Hour {
		t.Errorf("made %+v", made)
	}
	_, _, page = pageOf(t, h, "/alerts?sel=Busy")
	wants(t, page, "Silenced<", "relay move", "silenced until ", "/alerts/silences/"+made.ID+"/expire", "!Firing<span")
	_, _, page = pageOf(t, h, "/alerts/silences?edit="+made.ID)
	wants(t, page, "Change silence", `value="`+made.ID+`"`, made.EndsAt.Add(time.Second-1).UTC().Format(typedTime))
	v = matching("alertname", "=", "Busy")
	v.Set("id", made.ID)
	v.Set("begin", made.StartsAt.UTC().Format(time.RFC3339Nano))
	v.Set("span", "4h")
	if w := sendTo(h, "POST", "/alerts/silences", form, v.Encode()); w.Code != 303 {
		t.Fatalf("changed: %d %s", w.Code, w.Body)
	}
	if s := n.Silences(); len(s) != 1 || s[0].ID != made.ID || s[0].EndsAt.Sub(made.StartsAt).Round(time.Second) != 4*time.Hour {
		t.Errorf("changed: %+v", s)
	}
	if w := sendTo(h, "POST", "/alerts/silences/"+made.ID+"/expire", form, ""); w.Code != 303 {
		t.Fatalf("ended: %d %s", w.Code, w.Body)
	}
	_, _, page = pageOf(t, h, "/alerts/silences")
	wants(t, page, "Nothing is silenced", "Ended", "Again")
	if w := sendTo(h, "POST", "/alerts/silences/none/expire", form, ""); w.Code != 404 {
		t.Errorf("one that is not there: %d", w.Code)
	}
	if code, _, _ := pageOf(t, h, "/alerts/silences?edit=none"); code != 404 {
		t.Errorf("the form of one that is not there: %d", code)
	}
}

func TestSilenceThatIsRefusedIsShownAgain(t *testing.T) {
	h, n := told(t)
	w := sendTo(h, "POST", "/alerts/silences", form, matching("alertname", "=~", ".*").Encode())
	if w.Code != 400 || !strings.Contains(w.Body.String(), "At least one matcher must not match the empty string") {
		t.Errorf("one for everything: %d", w.Code)
	}
	w = sendTo(h, "POST", "/alerts/silences", form, matching("alertname", "=", "Busy", "m", "=~", "[").Encode())
	wants(t, w.Body.String(), "relay move", "missing closing ]")
	if len(n.Silences()) != 0 {
		t.Errorf("kept %+v", n.Silences())
	}
}

// TestSilenceThatHasBegunIsChanged counts spans from now on, and keeps its end
// when only something else is changed.
func TestSilenceThatHasBegunIsChanged(t *testing.T) {
	now := time.Date(2026, 3, 12, 14, 0, 10, 0, time.UTC)
	for name, c := range map[string]struct {
		begins, ends time.Time
		span         string // that is chosen; "" leaves the form as it is
		want         time.Time
	}{
		"an hour more, of one that began 3 h ago": {now.Add(-3 * time.Hour), now.Add(time.Minute), "1h", now.Add(time.Hour)},
		"an hour, of one that is to come":         {now.Add(2 * time.Hour), now.Add(9 * time.Hour), "1h", now.Add(3 * time.Hour)},
		"the end as it was":                       {now.Add(-time.Hour), now.Add(47 * time.Second), "", now.Add(47 * time.Second)},
		"the end, but for parts of a second":      {now.Add(-time.Hour), now.Add(47*time.Second + 1), "", now.Add(48 * time.Second)},
	} {
		f := editSilence(alerting.Silence{ID: "s", StartsAt: c.begins, EndsAt: c.ends}, now)
		v := matching("alertname", "=", "Busy")
		v.Set("id", "s")
		v.Set("begin", f.begin)
		v.Set("until", f.until)
		v.Set("span", cmp.Or(c.span, f.span))
		got := readSilence(v, now)
		if len(got.faults) > 0 || !got.silence.StartsAt.Equal(c.begins) || !got.silence.EndsAt.Equal(c.want) {
			t.Errorf("%s: from %s to %s, %v; want to %s", name, got.silence.StartsAt, got.silence.EndsAt, got.faults, c.want)
		}
	}
}
