package pages

import (
	"cmp"
	"slices"

	"tripod/store"
	"tripod/ui"
	"tripod/ui/chart"
	"tripod/ui/screens"
)

// maxGroups bounds the list of root operations.
const maxGroups = 200

// traceGroups are the traces by their root operation, the most time first.
func (p *Pages) traceGroups(st *State, found []store.TraceSummary) []screens.TraceGroup {
	type group struct {
		service, name string
		took          []float64 // ns
		sum           float64
		errors        int
	}
	at := map[[2]string]int{}
	var groups []group
	total := 0.0
	for i := range found {
		t := &found[i]
		key := [2]string{t.RootService, t.RootName}
		k, ok := at[key]
		if !ok {
			k = len(groups)
			at[key] = k
			groups = append(groups, group{service: t.RootService, name: t.RootName})
		}
		g := &groups[k]
		g.took = append(g.took, float64(t.Duration()))
		g.sum += float64(t.Duration())
		total += float64(t.Duration())
		if t.Errors > 0 {
			g.errors++
		}
	}
	slices.SortStableFunc(groups, func(a, b group) int { return cmp.Compare(b.sum, a.sum) })
	var out []screens.TraceGroup
	for _, g := range groups[:min(len(groups), maxGroups)] {
		slices.Sort(g.took)
		row := screens.TraceGroup{
			Service: p.service(*st, orDash(g.service), ""), Name: orDash(g.name), Href: st.With("service", g.service, "operation", g.name, "sort", "", "rows", "", "before", ""),
			Traces: chart.Count(int64(len(g.took))), P50: dur(int64(rank(g.took, 0.5))), P95: dur(int64(rank(g.took, 0.95))), Most: dur(int64(rank(g.took, 1))), Time: dur(int64(g.sum)),
		}
		if total > 0 {
			row.Share = g.sum / total
		}
		if g.errors > 0 {
			row.Errors = chart.Count(int64(g.errors))
		}
		out = append(out, row)
	}
	return out
}

// carried are the fields of a form that goes to another screen of traces.
func carried(st *State) []ui.Param {
	var out []ui.Param
	for name, all := range st.Carry().Values() {
		for _, v := range all {
			out = append(out, ui.Param{Name: name, Value: v})
		}
	}
	slices.SortFunc(out, func(a, b ui.Param) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Value, b.Value)) })
	return out
}
