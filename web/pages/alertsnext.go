package pages

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"tripod/alerting"
	"tripod/store"
	"tripod/ui/chart"
	"tripod/ui/screens"
)

// AlertOutlook says where alerts go, and when they are told again.
type AlertOutlook interface {
	Outlooks() []alerting.Outlook // of what fires
	Routed(labels map[string]string) []alerting.Outlook
}

// AlertTester sends an alert through the real routes.
type AlertTester interface {
	Test(ctx context.Context, labels, annotations map[string]string) []alerting.TestResult
}

// testLabel keeps a test apart from the alert whose labels it has, where both
// arrive at the same place.
const testLabel = "tripod_test"

// routedLabels are those by which a rule's alerts are routed: of the first
// that is active, or those that the rule sets itself.
func routedLabels(r alerting.Rule) map[string]string {
	if len(r.Alerts) > 0 {
		return r.Alerts[0].Labels
	}
	out := map[string]string{"alertname": r.Name}
	for name, value := range r.Labels {
		if !strings.Contains(value, "{{") {
			out[name] = value
		}
	}
	return out
}

// alertNext adds to a rule's notifications how they are grouped and repeated,
// what comes next, and the offer of a test.
func (p *Pages) alertNext(st State, e alertEntry, n *screens.AlertNotices) {
	if p.o.Alerts.Tester != nil && !n.NoTarget {
		n.TestSel = e.key
	}
	if p.o.Alerts.Outlook == nil || n.NoTarget {
		return
	}
	var parts []string
	for _, o := range p.o.Alerts.Outlook.Routed(routedLabels(e.rule)) {
		parts = append(parts, "to "+o.Receiver+", "+grouping(o)+", repeated every "+chart.Long(o.Repeat))
		if len(o.MutedBy) > 0 && len(e.rule.Alerts) == 0 {
			n.Next = append(n.Next, screens.AlertNext{Receiver: o.Receiver, Text: mutedText(o, st.Now), Tone: "t-warn"})
		}
	}
	n.Hint, n.Route = "", sentence(strings.Join(parts, "; "))
	mine := map[string]bool{}
	for _, a := range e.rule.Alerts {
		mine[alerting.Fingerprint(a.Labels)] = true
	}
	for _, o := range p.o.Alerts.Outlook.Outlooks() {
		count := 0
		for _, f := range o.Alerts {
			if mine[f] {
				count++
			}
		}
		if count > 0 {
			n.Next = append(n.Next, p.nextOf(o, count, e.rule, st.Now))
		}
	}
	slices.SortStableFunc(n.Next, func(a, b screens.AlertNext) int { return strings.Compare(a.Receiver, b.Receiver) })
}

func grouping(o alerting.Outlook) string {
	switch {
	case o.ByAll:
		return "each alert by itself"
	case len(o.GroupBy) == 0:
		return "all together"
	}
	return "grouped by " + strings.Join(o.GroupBy, ", ")
}

func mutedText(o alerting.Outlook, now time.Time) string {
	text := "muted by " + strings.Join(o.MutedBy, ", ")
	if o.MutedUntil.IsZero() {
		return text + " for more than a week"
	}
	return text + " until " + untilText(o.MutedUntil, now)
}

// nextOf says what one integration hears next of some alerts of a rule.
func (p *Pages) nextOf(o alerting.Outlook, count int, r alerting.Rule, now time.Time) screens.AlertNext {
	out := screens.AlertNext{Receiver: o.Receiver + "/" + o.Integration}
	if count > 1 {
		out.Of = chart.Count(int64(count)) + " alerts"
	} else if service := serviceIn(o, r); service != "" {
		out.Of = service
	}
	quiet := p.quietUntil(o)
	switch {
	case o.Owed && o.NextTry.After(now):
		out.Text, out.Tone = "tried again at "+clock(o.NextTry, now), "t-warn"
	case o.Owed:
		out.Text, out.Tone = "is being told", "t-2"
	case len(o.MutedBy) > 0:
		out.Text, out.Tone = mutedText(o, now), "t-warn"
	case !quiet.IsZero():
		out.Text, out.Tone = "silenced until "+untilText(quiet, now), "t-warn"
	case o.Told.IsZero():
		out.Text = "told at " + clock(o.Opens, now) + " at the earliest"
	default:
		out.Text = "told at " + clock(o.Told, now) + ", again at " + clock(o.NextRepeat, now) + " if it still fires"
	}
	return out
}

// serviceIn is that of the one alert of a rule that an outlook is about.
func serviceIn(o alerting.Outlook, r alerting.Rule) string {
	for _, a := range r.Alerts {
		if slices.Contains(o.Alerts, alerting.Fingerprint(a.Labels)) {
			return alerting.ServiceOf(a.Labels)
		}
	}
	return ""
}

func clock(t, now time.Time) string {
	if t = t.UTC(); t.Format(time.DateOnly) == now.UTC().Format(time.DateOnly) {
		return t.Format(time.TimeOnly)
	}
	return untilText(t, now)
}

// quietUntil is when the silences end that hold every alert of an outlook back,
// or zero.
func (p *Pages) quietUntil(o alerting.Outlook) (until time.Time) {
	if p.o.Alerts.Muted == nil || p.o.Alerts.Silences == nil {
		return until
	}
	ends := map[string]time.Time{}
	for _, s := range p.o.Alerts.Silences.Silences() {
		ends[s.ID] = s.EndsAt
	}
	for _, a := range p.o.Alerts.Muted.Alerts() {
		if !slices.Contains(o.Alerts, a.Fingerprint()) {
			continue
		}
		if len(a.SilencedBy) == 0 {
			return time.Time{}
		}
		last := time.Time{}
		for _, id := range a.SilencedBy {
			last = later(last, ends[id])
		}
		if until.IsZero() || last.Before(until) {
			until = last
		}
	}
	return until
}

// alertSendTest sends a test of a rule through the real routes, and says what
// became of it.
func (p *Pages) alertSendTest(w http.ResponseWriter, r *http.Request) error {
	if p.o.Alerts.Tester == nil || p.o.Alerts.Rules == nil {
		return errNoDoor
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxRuleForm)
	key := r.FormValue("sel")
	entries := alertEntries(p.o.Alerts.Rules.Groups())
	i := slices.IndexFunc(entries, func(e alertEntry) bool { return e.key == key })
	if i < 0 {
		return fmt.Errorf("there is no rule %.80q: %w", key, store.ErrNotFound)
	}
	sent := p.sendTest(r.Context(), entries[i].rule)
	if r.Header.Get("HX-Request") == "true" {
		return p.fragment(w, r, http.StatusOK, screens.AlertSent(sent))
	}
	st := p.state(r)
	st.Sel = key
	model := p.alertsModel(r.Context(), st)
	if model.Sel != nil {
		model.Sel.Notices.Sent = sent
	}
	pg := p.page(r.Context(), st, "alerts", "Alerts", "alerts.css", "silence.css", "evidence.css", "alerts.js")
	pg.Flush, pg.Refresh = true, 0
	return p.show(w, r, pg, screens.AlertsScreen(model))
}

func (p *Pages) sendTest(ctx context.Context, rule alerting.Rule) screens.AlertSends {
	labels := maps.Clone(routedLabels(rule))
	labels[testLabel] = "yes"
	notes := map[string]string{"summary": "A test of this rule's route, sent by hand. Nothing is wrong.", alerting.ValueAnnotation: "a test"}
	out := screens.AlertSends{Done: true}
	for _, t := range p.o.Alerts.Tester.Test(ctx, labels, notes) {
		row := screens.AlertSend{Receiver: t.Receiver + "/" + t.Integration, Text: "took it in " + chart.Duration(t.Took).String(), Tone: "t-ok"}
		if t.Error != "" {
			row.Text, row.Tone = "did not take it: "+t.Error, "t-err"
		}
		if t.HeldBack != "" {
			row.Held = "a real alert would be " + t.HeldBack + " now"
		}
		out.Rows = append(out.Rows, row)
	}
	return out
}
