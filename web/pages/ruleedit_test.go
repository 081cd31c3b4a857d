package pages

import (
	"context"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"tripod/alerting"
	"tripod/alerting/backtest"
	"tripod/alerting/rulebook"
	"tripod/appliance/catalog"
)

// testDesk keeps rules for real; what runs is what is kept.
type testDesk struct {
	*catalog.Catalog
	also []alerting.Group // of users' files
}

const testBook = "/data/state/rules.yml"

func (d *testDesk) SaveRule(ctx context.Context, id string, base int, note string, r rulebook.Rule) (string, error) {
	return d.ChangeRule(ctx, catalog.RuleChange{ID: id, Base: base, Note: note, Rule: &r}, func([]rulebook.Kept) error { return nil })
}

func (d *testDesk) DeleteRule(ctx context.Context, id string) error {
	_, err := d.ChangeRule(ctx, catalog.RuleChange{ID: id}, func([]rulebook.Kept) error { return nil })
	return err
}

func (d *testDesk) UndeleteRule(ctx context.Context, id string) error {
	_, err := d.ChangeRule(ctx, catalog.RuleChange{ID: id, Back: true}, func([]rulebook.Kept) error { return nil })
	return err
}

func (d *testDesk) Groups() []alerting.Group {
	all, _ := d.Rules(context.Background())
	out := append([]alerting.Group(nil), d.also...)
	for _, k := range all {
		if k.Record != "" {
			out = append(out, alerting.Group{File: testBook, Name: k.Group, Interval: time.Minute, Rules: []alerting.Rule{{
				Kind: alerting.Recording, Name: k.Record, Expr: k.Expr, Health: alerting.HealthOK, Labels: k.Labels,
			}}})
			continue
		}
		out = append(out, alerting.Group{File: testBook, Name: k.Group, Interval: time.Minute, Rules: []alerting.Rule{{
			Kind: alerting.Alerting, Name: k.Name, Expr: k.Expr, For: rulebook.Duration(k.For), Health: alerting.HealthOK, Labels: k.Labels,
		}}})
	}
	return out
}

func (d *testDesk) Now(ctx context.Context, r rulebook.Rule) (int, []rulebook.Sample, error) {
	if strings.Contains(r.Expr, ">") {
		return 0, nil, nil
	}
	return 1, []rulebook.Sample{r.Expand(ctx, labels.FromStrings("service_name", "planner-api", "zone", "<b>"), 0.042, rulebook.Surroundings{Now: halfPastTwo})}, nil
}

// Backtest fires once, for as long as the last fifth of the time.
func (d *testDesk) Backtest(_ context.Context, r backtest.Rule, from, to time.Time) (*backtest.Report, error) {
	at := func(share float64) time.Time { return from.Add(time.Duration(share * float64(to.Sub(from)))) }
	return &backtest.Report{Rule: r, From: from, To: to, Alerts: []backtest.Alert{{Episodes: []backtest.Episode{{ActiveAt: at(0.7), FiredAt: at(0.8)}}}}}, nil
}

func (d *testDesk) BacktestAt(ctx context.Context, r backtest.Rule, _ backtest.Comparison, limits []float64, from, to time.Time) (out []*backtest.Report, err error) {
	for range limits {
		one, _ := d.Backtest(ctx, r, from, to)
		out = append(out, one)
	}
	return out, nil
}

func ruleDesk(t *testing.T) (http.Handler, *testDesk) {
	t.Helper()
	c, err := catalog.Open(filepath.Join(t.TempDir(), "catalog.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	d := &testDesk{c, []alerting.Group{{File: "/etc/rules.yml", Name: "theirs", Interval: 30 * time.Second, QueryOffset: time.Minute, Limit: 7, Rules: []alerting.Rule{{
		Kind: alerting.Alerting, Name: "Theirs", Expr: "up == 0", For: 90 * time.Second, Health: alerting.HealthOK,
		Labels: map[string]string{"severity": "page"}, Annotations: map[string]string{"summary": "{{ $labels.job }} is down", "odd": "x"},
	}}}}}
	return newPages(t, Options{Alerts: Alerts{Rules: d, Series: someRules(), Trial: d, Book: c, BookFile: testBook, Desk: d, Now: d}}), d
}

func ruleFields(pairs ...string) string {
	v := url.Values{"alert": {"Slow"}, "expr": {"a / b > 0.05"}, "for": {"5m"}, "group": {"own"},
		"label.name": {"severity", ""}, "label.value": {"page", ""}, "annotation.name": {"summary", "description"}, "annotation.value": {"{{ $labels.service_name }} fails {{ $value | humanizePercentage }}", ""}}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return v.Encode()
}

func TestRuleForm(t *testing.T) {
	h, _ := ruleDesk(t)
	code, _, page := pageOf(t, h, "/alerts/new?alert=Failing&for=2m&expr="+url.QueryEscape("sum(rate(errors_total[5m])) / sum(rate(requests_total[5m])) > 0.05")+"&annotation.name=summary&annotation.value="+url.QueryEscape("{{ $labels.service_name }} fails {{ $value | humanizePercentage }}"))
	if code != 200 {
		t.Fatalf("answered %d", code)
	}
	golden(t, "ruleedit.html", mainOf(t, page))
	wants(t, page, "This query yields a share from 0 to 1: 0.05 is 5 %.", "planner-api fails 4.2%", "zone=&lt;b&gt;", `<div class="twait js" role="status"><span class="t-3">It runs over the last 7 days`, "Choose Preview to run it over the last 7 days", "!Choose Preview to see it", `value="2m"`, "!Rules cannot be changed here")
	w := sendTo(h, "POST", "/alerts/new", form, ruleFields("do", "preview")) // as a browser without scripts asks
	wants(t, w.Body.String(), "It would have fired once in 7 days", "!It runs over", "!Choose Preview")
	w = sendTo(h, "POST", "/alerts/preview?part=test", form, ruleFields())
	wants(t, w.Body.String(), "It would have fired once in 7 days", "!data-wait")
	_, _, page = pageOf(t, h, "/alerts/new?lang=logql&logql=x")
	wants(t, page, `id="rule-look"`, "data-wait", "!The expression cannot be read", `<div class="twait js">`, "Choose Preview to see it")
}

func TestARuleThatRecords(t *testing.T) {
	h, d := ruleDesk(t)
	fields := func(pairs ...string) string {
		return ruleFields(append([]string{"kind", "record", "alert", "api:errors:ratio", "expr", "a / b"}, pairs...)...)
	}
	_, _, page := pageOf(t, h, "/alerts/new?kind=record")
	wants(t, page, `value="record" checked`, "Metric that it writes", `name="group" value="recorded"`)
	w := sendTo(h, "POST", "/alerts/preview?part=look", form, fields())
	wants(t, w.Body.String(), "Every series of the answer is recorded.", "Now it records one series.", "!which would fire", "!data-threshold")
	w = sendTo(h, "POST", "/alerts/preview?part=test", form, fields())
	wants(t, w.Body.String(), `id="rule-test"`, " hidden")
	w = sendTo(h, "POST", "/alerts/preview?part=look", form, fields("alert", "up{a}"))
	wants(t, w.Body.String(), "has braces")
	w = sendTo(h, "POST", "/alerts/new", form, fields()) // the fields of an alert come along, hidden
	all, _ := d.Rules(t.Context())
	if w.Code != 303 || len(all) != 1 || all[0].Record != "api:errors:ratio" || all[0].Name != "" || all[0].For != "" || len(all[0].Annotations) != 0 || all[0].Labels["severity"] != "page" {
		t.Fatalf("answered %d, kept %+v", w.Code, all)
	}
	if got := w.Header().Get("Location"); got != "/alerts?sel=api%3Aerrors%3Aratio" {
		t.Errorf("it leads to %q", got)
	}
	_, _, page = pageOf(t, h, "/alerts?sel=api%3Aerrors%3Aratio")
	wants(t, page, "/alerts/edit/"+all[0].ID, "Recording", "!Active alerts")
	_, _, page = pageOf(t, h, "/alerts/edit/"+all[0].ID)
	wants(t, page, `type="hidden" name="kind" value="record"`, `value="api:errors:ratio"`)
	if w = sendTo(h, "POST", "/alerts/edit/"+all[0].ID, form, fields("base", "1", "expr", "a / c")); w.Code != 303 {
		t.Errorf("change: %d", w.Code)
	}
	if w = sendTo(h, "POST", "/alerts/edit/"+all[0].ID+"/delete", form, ""); w.Code != 303 {
		t.Errorf("delete: %d", w.Code)
	}
}

func TestRuleIsSavedChangedAndRestored(t *testing.T) {
	h, d := ruleDesk(t)
	w := sendTo(h, "POST", "/alerts/new", form, ruleFields())
	if w.Code != 303 || w.Header().Get("Location") != "/alerts?sel=Slow" {
		t.Fatalf("save: %d to %q: %s", w.Code, w.Header().Get("Location"), w.Body)
	}
	all, _ := d.Rules(t.Context())
	if len(all) != 1 || all[0].Labels["severity"] != "page" || len(all[0].Annotations) != 1 {
		t.Fatalf("kept %+v", all)
	}
	at := "/alerts/edit/" + all[0].ID
	_, _, list := pageOf(t, h, "/alerts?sel=Slow")
	wants(t, list, at, "Edit rule", "!Copy as mine")
	if w := sendTo(h, "POST", at, form, ruleFields("base", "1", "for", "10m", "note", "calmer")); w.Code != 303 {
		t.Fatalf("change: %d %s", w.Code, w.Body)
	} else {
		_, _, list := pageOf(t, h, w.Header().Get("Location"))
		wants(t, list, "Saved as version 2.", `name="version" value="1"`, "<h1>Slow</h1>")
	}
	w = sendTo(h, "POST", at, form, ruleFields("base", "1", "for", "1m"))
	if w.Code != 400 || !strings.Contains(w.Body.String(), "Somebody saved this rule meanwhile") || !strings.Contains(w.Body.String(), `value="1m"`) {
		t.Errorf("over another's: %d", w.Code)
	}
	_, _, page := pageOf(t, h, at)
	wants(t, page, "calmer", "2 versions", `name="base" value="2"`)
	_, _, page = pageOf(t, h, at+"?version=1")
	wants(t, page, "This is version 1, not the newest", `value="5m"`)
	if w := sendTo(h, "POST", at+"/restore", form, "version=1"); w.Code != 303 {
		t.Fatalf("restore: %d %s", w.Code, w.Body)
	}
	if k, err := d.Rule(t.Context(), all[0].ID, 0); err != nil || k.Version != 3 || k.For != "5m" || k.Note != "version 1 restored" {
		t.Errorf("restored: %+v, %v", k, err)
	}
	if _, _, file := pageOf(t, h, at+"/export"); !strings.Contains(file, "- alert: Slow") {
		t.Errorf("exported %s", file)
	}
	if _, _, file := pageOf(t, h, "/alerts/rules.yml"); !strings.Contains(file, "- name: own") {
		t.Errorf("all exported %s", file)
	}
}

func TestRuleWithFaultsIsShownAgain(t *testing.T) {
	h, d := ruleDesk(t)
	for name, c := range map[string]struct {
		form string
		want []string
	}{
		"a bad expression": {ruleFields("expr", "sum(a"), []string{"Column 6: unclosed left parenthesis", "The expression cannot be read yet"}},
		"a bad for":        {ruleFields("for", "5 min"), []string{"want a duration like 30s", `value="5 min"`, "alert-chart-none"}[:2]},
		"a bad template":   {ruleFields("annotation.value", "{{ $value"), []string{"summary: "}},
		"a bad limit":      {ruleFields("limit", "few"), []string{"want a number"}},
		"no name":          {ruleFields("alert", ""), []string{"Is missing"}},
		"a label twice":    {ruleFields() + "&label.name=severity&label.value=x", []string{"stands there twice"}},
		"only a preview":   {ruleFields("do", "preview"), []string{"It would have fired once"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := sendTo(h, "POST", "/alerts/new", form, c.form)
			if w.Code == 303 {
				t.Fatal("it was saved")
			}
			wants(t, w.Body.String(), c.want...)
		})
	}
	if all, _ := d.Rules(t.Context()); len(all) != 0 {
		t.Errorf("kept %+v", all)
	}
}

func TestRuleIsDeletedAndComesBack(t *testing.T) {
	h, _ := ruleDesk(t)
	sendTo(h, "POST", "/alerts/new", form, ruleFields())
	_, _, list := pageOf(t, h, "/alerts?sel=Slow")
	_, at, _ := strings.Cut(list, "/alerts/edit/")
	id, _, _ := strings.Cut(at, `"`)
	w := sendTo(h, "POST", "/alerts/edit/"+id+"/delete", form, "")
	_, _, list = pageOf(t, h, w.Header().Get("Location"))
	wants(t, list, "The rule was deleted.", "/alerts/edit/"+id+"/undelete", "!rule-Slow")
	if code, _, _ := pageOf(t, h, "/alerts/edit/"+id); code != 404 {
		t.Errorf("a deleted one: %d, want 404", code)
	}
	w = sendTo(h, "POST", "/alerts/edit/"+id+"/undelete", form, "")
	if w.Header().Get("Location") != "/alerts?sel=Slow" {
		t.Errorf("back at %q", w.Header().Get("Location"))
	}
}

func TestARuleOfAFileIsCopied(t *testing.T) {
	h, _ := ruleDesk(t)
	_, _, page := pageOf(t, h, "/alerts?sel=Theirs")
	wants(t, page, "/alerts/new?copy=Theirs", "Copy as mine", "!Edit rule")
	_, _, page = pageOf(t, h, "/alerts/new?copy=Theirs")
	wants(t, page, `value="Theirs"`, `value="1m30s"`, "is down", `value="30s"`, `value="1m"`, `value="7"`, "odd", "New rule")
	if code, _, _ := pageOf(t, h, "/alerts/new?copy=Nobody"); code != 404 {
		t.Errorf("of nobody: %d", code)
	}
}

func TestRulePreview(t *testing.T) {
	h, _ := ruleDesk(t)
	w := sendTo(h, "POST", "/alerts/preview", form, ruleFields("alert", "", "for", "x"))
	wants(t, w.Body.String(), `id="rule-look"`, "data-errors", "want a duration", "!&#34;alert&#34;", "!<main", `data-from="8" data-to="12"`)
	w = sendTo(h, "POST", "/alerts/preview?part=test", form, ruleFields("test", "1d"))
	wants(t, w.Body.String(), `id="rule-test"`, "once in 24 hours", "0.025", "!<main")
	_, _, said := pageOf(t, h, "/alerts/check?q="+url.QueryEscape("up == == 1"))
	wants(t, said, `"from":6`, "Column 7")
	_, _, said = pageOf(t, h, "/alerts/check?q=up")
	wants(t, said, "[]")
}
