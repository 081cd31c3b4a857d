package pages

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	"tripod/alerting"
	"tripod/ui"
	"tripod/ui/chart"
	"tripod/ui/screens"
)

// evidenceShown is how much evidence one page of the list has.
const evidenceShown = 50

// evidenceListPage lists what was kept of alerts, newest first, of all rules
// and services or of some.
func (p *Pages) evidenceListPage(w http.ResponseWriter, r *http.Request) error {
	if p.o.Alerts.Evidence == nil {
		return errNoDoor
	}
	st := p.state(r)
	m, err := p.evidenceList(r.Context(), st)
	if err != nil {
		return err
	}
	pg := p.page(r.Context(), st, "alerts", "Evidence", "alerts.css", "evidence.css")
	pg.Crumbs = []ui.Crumb{{Text: "Alerts", Href: st.Carry().Href("/alerts")}, {Text: "Evidence"}}
	pg.Time = nil // it is kept for longer than anything that a range is chosen of
	return p.show(w, r, pg, screens.EvidenceListScreen(m))
}

func (p *Pages) evidenceList(ctx context.Context, st State) (screens.EvidenceList, error) {
	q := alerting.EvidenceQuery{Name: st.Values.Get("name"), Services: st.Services, Limit: evidenceShown + 1, Below: st.Values.Get("below")}
	if ns, err := strconv.ParseInt(st.Values.Get("at"), 10, 64); err == nil && ns > 0 {
		q.To = time.Unix(0, ns)
	}
	heads, err := p.o.Alerts.Evidence.EvidenceList(ctx, q)
	if err != nil {
		return screens.EvidenceList{}, err
	}
	units := p.ruleUnits()
	out := screens.EvidenceList{
		Name: q.Name, Hidden: st.Hidden("name", "at", "below"), Names: slices.Sorted(maps.Keys(units)), All: st.Without("name", "at", "below", "service"),
		Narrowed: q.Name != "" || len(st.Services) > 0, Later: !q.To.IsZero(), First: st.Without("at", "below"),
	}
	if len(heads) > evidenceShown {
		heads = heads[:evidenceShown]
		last := heads[evidenceShown-1]
		out.More = st.With("at", strconv.FormatInt(last.FiredAt.UnixNano(), 10), "below", last.ID)
	}
	day := ""
	for i := range heads {
		row := p.evidenceRow(&heads[i], st, units[heads[i].Name])
		if d := heads[i].FiredAt.UTC().Format("Monday 2 January 2006"); d != day {
			day, row.Day = d, d
		}
		out.Rows = append(out.Rows, row)
	}
	return out, nil
}

// ruleUnits are the units of what alerting rules measure, by name.
func (p *Pages) ruleUnits() map[string]string {
	out := map[string]string{}
	if p.o.Alerts.Rules == nil {
		return out
	}
	for _, g := range p.o.Alerts.Rules.Groups() {
		for _, r := range g.Rules {
			if r.Kind == alerting.Alerting {
				out[r.Name] = ruleUnit(p.o.Alerts.Parser, r.Expr, r.Annotations)
			}
		}
	}
	return out
}

func (p *Pages) evidenceRow(h *alerting.EvidenceHead, st State, unit string) screens.EvidenceRow {
	out := screens.EvidenceRow{
		Name: h.Name, Href: evidencePath + h.ID, Time: h.FiredAt.UTC().Format(time.TimeOnly), Exact: chart.Exact(h.FiredAt.UTC()),
		Severity: h.Labels["severity"], Value: cmp.Or(h.Value, chart.Dash), Tone: "err", Word: "firing", Text: h.Annotations["summary"],
	}
	if h.Damaged != "" {
		out.Name, out.Value, out.Tone, out.Word, out.Damaged = "Evidence "+h.ID[:min(len(h.ID), 8)], chart.Dash, "warn", "damaged", h.Damaged
		return out
	}
	if name := alerting.ServiceOf(h.Labels); name != "" {
		out.Service = &ui.Service{Name: name, Slot: p.o.Slots(name)}
	}
	out.Lasted = "firing " + brief(st.Now.Sub(h.FiredAt))
	if !h.EndedAt.IsZero() {
		out.Tone, out.Word, out.Lasted = "idle", "over", brief(h.EndedAt.Sub(h.FiredAt))
	}
	if e := h.Ending; e != nil {
		out.Worst, out.Last = quantity(float64(e.Worst), unit).String(), quantity(float64(e.Last), unit).String()
		out.WorstAt = chart.Exact(e.WorstAt.UTC())
	}
	if h.GatheredAt.IsZero() {
		out.Word = "being gathered"
	}
	return out
}

// evidenceOf leads to what was kept of an alert that fires, or is empty.
func (p *Pages) evidenceOf(ctx context.Context, fingerprint string) string {
	if p.o.Alerts.Evidence == nil || fingerprint == "" {
		return ""
	}
	heads, err := p.o.Alerts.Evidence.EvidenceList(ctx, alerting.EvidenceQuery{Alert: fingerprint, Limit: 1})
	if err != nil {
		p.reason(ctx, "evidence of an alert", err)
	}
	if len(heads) == 0 || heads[0].Damaged != "" || !heads[0].EndedAt.IsZero() {
		return ""
	}
	return evidencePath + heads[0].ID
}
