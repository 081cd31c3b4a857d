package pages

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"

	"tripod/alerting"
	"tripod/store"
	"tripod/ui"
	"tripod/ui/chart"
	"tripod/ui/screens"
)

// AlertEvidence gives what was kept when alerts began to fire.
type AlertEvidence interface {
	Evidence(ctx context.Context, id string) (alerting.Evidence, error)
	EvidenceList(ctx context.Context, q alerting.EvidenceQuery) ([]alerting.EvidenceHead, error)
}

const evidencePath = "/alerts/evidence/"

func (p *Pages) evidencePage(w http.ResponseWriter, r *http.Request) error {
	if p.o.Alerts.Evidence == nil {
		return errNoDoor
	}
	e, err := p.o.Alerts.Evidence.Evidence(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	st := p.state(r)
	if e.GatheredAt.IsZero() {
		st.refreshDefault(time.Second)
	}
	pg := p.page(r.Context(), st, "alerts", "Alerts", "alerts.css", "plot.css", "overview.css", "evidence.css")
	pg.Title = "Evidence of " + e.Name
	pg.Crumbs[0].Href = "/alerts"
	pg.Crumbs = append(pg.Crumbs, ui.Crumb{Text: e.Name, Href: "/alerts?sel=" + url.QueryEscape(e.Name)}, ui.Crumb{Text: "Evidence, " + chart.When(e.FiredAt.UTC(), st.Now)})
	pg.Time, pg.Scope = nil, nil // what is shown does not change with them
	v := evidenceView{&e, p, st, ui.Carry{}.Between(msText(e.From.UnixNano()), msText(e.To.UnixNano())), p.goneTraces(r.Context(), &e), p.gone(e.To)}
	return p.show(w, r, pg, screens.EvidenceScreen(v.model()))
}

// gone says that all logs and traces of a time have been forgotten.
func (p *Pages) gone(at time.Time) bool {
	return p.o.Oldest != nil && p.o.Oldest().After(at)
}

// goneTraces are those of the evidence that are kept nowhere else any more.
func (p *Pages) goneTraces(ctx context.Context, e *alerting.Evidence) map[string]bool {
	if p.o.Traces == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, flagTime)
	defer cancel()
	gone := map[string]bool{}
	for i := range e.Traces {
		id, err := store.ParseTraceID(e.Traces[i].ID)
		if err != nil {
			continue
		}
		if _, err := p.o.Traces.Trace(ctx, id); errors.Is(err, store.ErrNotFound) {
			gone[e.Traces[i].ID] = true
		}
	}
	return gone
}

// evidenceView is what the parts of the page share.
type evidenceView struct {
	*alerting.Evidence
	p     *Pages
	st    State
	carry ui.Carry // to the logs and traces of that time

	goneTraces map[string]bool
	gone       bool // as are all logs and traces of that time
}

func (v *evidenceView) model() screens.Evidence {
	e, p, st := v.Evidence, v.p, v.st
	out := screens.Evidence{
		Name: e.Name, Severity: e.Labels["severity"], Tone: "err", Word: "firing", Waiting: e.GatheredAt.IsZero(),
		Badge: "firing " + brief(st.Now.Sub(e.FiredAt)),
	}
	out.Rule = ui.Carry{}.Between(msText(e.FiredAt.Add(-time.Hour).UnixNano()), msText(evidenceEnd(e, st.Now).UnixNano())).Href("/alerts", "sel", e.Name)
	if !e.EndedAt.IsZero() {
		out.Tone, out.Word, out.Badge = "", "over", "over after "+brief(e.EndedAt.Sub(e.FiredAt))
	}
	out.Text, out.Runbook = ruleText(alerting.Rule{Annotations: e.Annotations})
	if name := alerting.ServiceOf(e.Labels); name != "" {
		out.Service = &ui.Service{Name: name, Slot: p.o.Slots(name)}
	}
	for _, name := range slices.Sorted(maps.Keys(e.Labels)) {
		switch name {
		case "alertname", "severity", "service_name", "service":
		default:
			out.Labels = append(out.Labels, name+"="+e.Labels[name])
		}
	}
	out.Facts = append(out.Facts, "fired "+e.FiredAt.UTC().Format("2006-01-02 15:04:05 UTC"))
	if out.Waiting {
		out.Facts = append(out.Facts, "value "+cmp.Or(v.Value, chart.Dash))
		return out
	}
	out.Facts = append(out.Facts, "kept as it was then", "gathered in "+chart.Duration(e.Took).String())
	for _, m := range e.Missing {
		out.Missing = append(out.Missing, sentence(m.Part+" could not be had: "+m.Why))
	}
	out.Say, out.Because = v.say(), v.because()
	out.Chart, out.Traces, out.Patterns, out.Changes = v.chart(), v.traces(), v.patterns(), v.changes()
	if v.gone {
		out.Facts = append(out.Facts, "logs and traces of that time are gone")
	} else {
		out.Actions = []ui.Button{
			{Text: "Logs of that time", Icon: "logs", Small: true, Href: v.carry.Href("/logs")},
			{Text: "Traces of that time", Icon: "traces", Small: true, Href: v.carry.Href("/traces")},
		}
	}
	out.Actions = append(out.Actions, ui.Button{Text: "Rule", Icon: "alerts", Small: true, Href: out.Rule})
	return out
}

func evidenceEnd(e *alerting.Evidence, now time.Time) time.Time {
	if e.EndedAt.IsZero() {
		return now
	}
	return e.EndedAt
}

// say is the value at that moment, beside what it is compared with.
func (v *evidenceView) say() string {
	s := "At " + v.FiredAt.UTC().Format(time.TimeOnly) + " it was " + cmp.Or(v.Value, chart.Dash)
	x := v.Expression
	if x == nil {
		return s + "." + v.ended()
	}
	if x.Threshold != nil {
		s += ", " + against(x.Op) + " " + limitWords(float64(*x.Threshold), v.unit())
	}
	if x.For > 0 {
		s += " for " + chart.Long(x.For)
	}
	return s + "." + v.ended()
}

// ended says how it went on, once that is over.
func (v *evidenceView) ended() string {
	if v.EndedAt.IsZero() {
		return ""
	}
	s := " It ended at " + clock(v.EndedAt, v.FiredAt) + ", after " + brief(v.EndedAt.Sub(v.FiredAt))
	if e := v.Ending; e != nil {
		unit := v.unit()
		s += ": at worst it was " + quantity(float64(e.Worst), unit).String() + " at " + clock(e.WorstAt, v.FiredAt) + ", at last " + quantity(float64(e.Last), unit).String()
	}
	return s + "."
}

func against(op string) string {
	switch op {
	case ">":
		return "above"
	case ">=":
		return "not below"
	case "<":
		return "below"
	case "<=":
		return "not above"
	case "!=":
		return "not"
	}
	return "equal to"
}

// because names the nearest change, the loudest new pattern and the traces.
func (v *evidenceView) because() string {
	s := ""
	say := func(text string) { s += text + " " }
	if c := v.nearest(); c != nil {
		say(c.Detail + ", " + v.before(c) + ".")
	}
	for i := range v.Patterns {
		if k := &v.Patterns[i]; k.Lines > k.Before && (k.Level == "error" || k.Level == "fatal" || k.Level == "warn") {
			say(counted(int(k.Lines-k.Before), v.newLine()) + " say “" + cut(k.Shown, 80) + "”.")
			break
		}
	}
	failing, slow := 0, time.Duration(0)
	for i := range v.Traces {
		if v.Traces[i].Why == "failing" {
			failing++
		}
		slow = max(slow, v.Traces[i].Duration)
	}
	switch {
	case failing == 1:
		say("A failing trace is kept.")
	case failing > 1:
		say(chart.Count(int64(failing)) + " failing traces are kept.")
	}
	if slow > 0 {
		say("The slowest trace took " + chart.Duration(slow).String() + ".")
	}
	return s
}

// newLine is what a line is called that was not there before.
func (v *evidenceView) newLine() string {
	if v.Before == 0 {
		return "line" // nothing is known of the time before
	}
	return "more line"
}

// nearest is the last change before the alert; an alert is one only when
// nothing else changed.
func (v *evidenceView) nearest() (found *alerting.Change) {
	for i := range v.Changes {
		if c := &v.Changes[i]; c.Kind != alerting.ChangeAlert || found == nil || found.Kind == alerting.ChangeAlert {
			found = c
		}
	}
	return found
}

func (v *evidenceView) before(c *alerting.Change) string {
	if d := v.FiredAt.Sub(c.Time); d >= time.Second {
		return chart.Long(d) + " before"
	}
	return "at the same time"
}

func (v *evidenceView) changes() screens.EvidenceChanges {
	out := screens.EvidenceChanges{Hint: "in the hour before"}
	for _, c := range v.Changes {
		row := screens.EvidenceChange{
			Time: c.Time.UTC().Format("15:04:05"), Exact: chart.Exact(c.Time.UTC()), Icon: "flag", Text: c.Detail,
			Before: v.before(&c),
		}
		row.Href = v.changeLink(&c)
		if c.Kind == alerting.ChangeAlert {
			row.Icon = "alerts"
		}
		out.Rows = append(out.Rows, row)
	}
	if len(out.Rows) == 0 {
		out.None = "Nothing that is known changed"
	}
	return out
}
