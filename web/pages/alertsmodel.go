package pages

import (
	"cmp"
	"context"
	"maps"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"tripod/alerting"
	"tripod/ui"
	"tripod/ui/chart"
	"tripod/ui/screens"
)

const (
	alertInstances = 100 // shown of one rule
	alertNotices   = 30
	alertMargin    = 15 * time.Minute // before an alert, in links to its logs
)

func (p *Pages) alertsModel(ctx context.Context, st State) screens.Alerts {
	if p.o.Alerts.Rules == nil {
		return screens.Alerts{Failed: p.reason(ctx, "alerts", errNoDoor)}
	}
	entries := alertEntries(p.o.Alerts.Rules.Groups())
	list := p.alertList(entries, st)
	sel, found := list.choose(st.Sel)
	var m screens.Alerts
	m.None = len(entries) == 0
	if !found {
		m.NotFound = st.Sel
	}
	left := p.measureQuiet(ctx, entries, st.Now, valuesSoon)
	m.List = list.model(found, sel)
	if left {
		m.List.Rest = st.at("/alerts/values")
	}
	if found {
		d := p.alertDetail(ctx, st, entries[sel])
		if d.Alerting {
			d.Silence = p.alertSilence(st, entries[sel])
		}
		if quiet, silenced := list.held[entries[sel].rule.Name]; silenced && entries[sel].rule.State == alerting.Firing {
			d.Held = "silenced " + silenceNote(quiet, st.Now)
		}
		p.alertTools(ctx, entries, sel, &d)
		m.Sel = &d
	}
	m.Silences = p.silencesWords(st.Now)
	if p.o.Alerts.Evidence != nil {
		m.Evidence = st.Carry().Href("/alerts/evidence")
	}
	if p.o.Alerts.Desk != nil {
		m.New = st.Carry().Href("/alerts/new")
		if id := st.Values.Get("deleted"); id != "" {
			m.Undo = "/alerts/edit/" + pathPart(id) + "/undelete"
		}
		m.Saved = p.ruleSaved(ctx, st.Values.Get("saved"))
	}
	return m
}

// alertTone is the dot of a rule and its word.
func alertTone(r alerting.Rule) (tone, word string) {
	switch alertSection(r) {
	case "Firing":
		return "err", "firing"
	case "Pending":
		return "warn", "pending"
	case "Failing":
		return "warn", "evaluation fails"
	}
	if r.Health == alerting.HealthUnknown {
		return "idle", "not evaluated yet"
	}
	return "", "ok"
}

// alertValue is what the rule says of the value, or the value in its unit.
func (p *Pages) alertValue(r alerting.Rule, a alerting.ActiveAlert) string {
	if s := a.Annotations["value"]; s != "" {
		return s
	}
	return quantity(a.Value, ruleUnit(p.o.Alerts.Parser, r.Expr, r.Annotations)).String()
}

func (p *Pages) alertDetail(ctx context.Context, st State, e alertEntry) screens.AlertDetail {
	r := e.rule
	d := screens.AlertDetail{
		Name: r.Name, Severity: r.Labels["severity"], Error: r.LastError, Alerting: r.Kind == alerting.Alerting,
	}
	d.Tone, d.Word = alertTone(r)
	d.Badge, d.Kind = alertBadge(r, st.Now, d.Word), d.Tone
	if d.Kind == "idle" {
		d.Kind = ""
	}
	d.Text, d.Runbook = ruleText(r)
	d.Facts = alertFacts(e, st.Now)
	d.Chart = p.alertChart(ctx, st, r)
	kept := p.keptEvidence(ctx, r.Name)
	for i, a := range r.Alerts {
		if i == alertInstances {
			d.More = len(r.Alerts) - i
			break
		}
		instance := p.alertInstance(st, r, a)
		if a.State == alerting.Firing {
			instance.Evidence = kept.during(alerting.Fingerprint(a.Labels), a.ActiveAt, time.Time{})
		}
		d.Active = append(d.Active, instance)
	}
	if d.Alerting {
		if p.o.Alerts.Evidence != nil {
			d.Evidence = ui.Carry{}.Href("/alerts/evidence", "name", r.Name)
		}
		d.Changes = p.alertChanges(ctx, st, r)
		d.Why = p.alertWhy(ctx, st, r)
		d.Test = p.alertTest(ctx, st, e, st.Values.Get("run") != "")
	}
	d.Notices = p.alertNotices(st, r)
	if d.Alerting {
		p.alertNext(st, e, &d.Notices)
	}
	return d
}

func alertBadge(r alerting.Rule, now time.Time, word string) string {
	if len(r.Alerts) == 0 {
		return word
	}
	if r.State == alerting.Firing {
		return "firing " + brief(now.Sub(r.Alerts[0].FiredAt))
	}
	return "pending " + brief(now.Sub(r.Alerts[0].ActiveAt))
}

// alertTemplate is a piece of a template: what it names can be told without
// an alert, not what it is.
var alertTemplate = regexp.MustCompile(`\{\{-?\s*\$(?:labels\.)?(\w+)[^}]*\}\}`)

// ruleText is the text of the first alert, or what the rule would say.
func ruleText(r alerting.Rule) (text, runbook string) {
	notes := r.Annotations
	if len(r.Alerts) > 0 && len(r.Alerts[0].Annotations) > 0 {
		notes = r.Alerts[0].Annotations
	}
	text = cmp.Or(notes["description"], notes["summary"], notes["message"])
	text = alertTemplate.ReplaceAllString(text, "‹$1›")
	for _, name := range [...]string{"runbook_url", "runbook"} {
		if u, err := url.Parse(notes[name]); err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != "" {
			return text, u.String()
		}
	}
	return text, ""
}

func alertFacts(e alertEntry, now time.Time) []string {
	var out []string
	if e.rule.For > 0 {
		out = append(out, "for "+chart.Long(e.rule.For))
	}
	if e.rule.KeepFiringFor > 0 {
		out = append(out, "keeps firing for "+chart.Long(e.rule.KeepFiringFor))
	}
	out = append(out, "evaluated every "+chart.Long(e.group.Interval))
	if at := e.rule.LastEvaluation; !at.IsZero() {
		out = append(out, "last "+brief(now.Sub(at))+" ago in "+chart.Duration(e.rule.EvaluationTime).String())
	}
	if e.group.File == alerting.Builtin {
		return append(out, "built-in")
	}
	return append(out, filepath.Base(e.group.File)+", group "+e.group.Name)
}

func (p *Pages) alertInstance(st State, r alerting.Rule, a alerting.ActiveAlert) screens.AlertInstance {
	out := screens.AlertInstance{
		Tone: "warn", Word: string(a.State), Value: p.alertValue(r, a), Summary: a.Annotations["summary"],
		Since: chart.When(a.ActiveAt.UTC(), st.Now), Exact: chart.Exact(a.ActiveAt.UTC()),
	}
	if a.State == alerting.Firing {
		out.Tone = "err"
		out.Since, out.Exact = chart.When(a.FiredAt.UTC(), st.Now), chart.Exact(a.FiredAt.UTC())
	}
	if p.o.Alerts.Silences != nil {
		out.Silence = silenceHref(a.Labels)
	}
	carry := st.Carry().Between(strconv.FormatInt(a.ActiveAt.Add(-alertMargin).UnixMilli(), 10), "")
	if name := alerting.ServiceOf(a.Labels); name != "" {
		out.Service = &ui.Service{Name: name, Slot: p.o.Slots(name)}
		carry = carry.In(name)
	}
	out.Logs, out.Traces = carry.Href("/logs"), carry.Href("/traces")
	for _, name := range slices.Sorted(maps.Keys(a.Labels)) {
		switch name {
		case "alertname", "severity", "service_name", "service":
		default:
			out.Labels = append(out.Labels, name+"="+a.Labels[name])
		}
	}
	return out
}

func (p *Pages) alertNotices(st State, r alerting.Rule) screens.AlertNotices {
	n := screens.AlertNotices{NoTarget: true}
	if p.o.Alerts.Notices == nil {
		return n
	}
	if names := p.o.Alerts.Notices.Receivers(); len(names) > 0 {
		n.NoTarget, n.Hint = false, "to "+strings.Join(names, ", ")
	}
	for _, d := range p.o.Alerts.Notices.Deliveries() {
		if d.Name != r.Name && !slices.Contains(d.Names, r.Name) {
			continue
		}
		if len(n.Rows) == alertNotices {
			break
		}
		row := screens.AlertNotice{
			Time: noticeTime(d.Time.UTC(), st.Now), Exact: chart.Exact(d.Time.UTC()),
			Receiver: d.Receiver, Text: noticeText(d), Error: d.Error,
		}
		row.Result, row.Tone = noticeResult(d)
		n.Rows = append(n.Rows, row)
	}
	return n
}

func noticeTime(t, now time.Time) string {
	if t.Format(time.DateOnly) == now.Format(time.DateOnly) {
		return t.Format(time.TimeOnly)
	}
	return chart.When(t, now)
}

func noticeText(d alerting.Delivery) string {
	text := d.What
	if d.What == "repeat" {
		text = "still firing"
	}
	if d.Service != "" {
		text += ", " + d.Service
	}
	if n := len(d.Alerts); n > 1 {
		text += ", " + chart.Count(int64(n)) + " alerts"
	}
	return text
}

func noticeResult(d alerting.Delivery) (text, tone string) {
	tries := ""
	if d.Attempts > 1 {
		tries = ", attempt " + chart.Count(int64(d.Attempts))
	}
	switch d.Result {
	case alerting.Sent:
		return "sent, " + chart.Duration(d.Took).String() + tries, "t-ok"
	case alerting.Retrying:
		return "retrying" + tries + ": " + d.Error, "t-warn"
	case alerting.GaveUp:
		return "given up" + tries + ": " + d.Error, "t-err"
	}
	return string(d.Result) + tries, "t-2"
}
