package pages

import (
	"strings"

	"github.com/a-h/templ"

	"tripod/store"
	"tripod/ui"
	"tripod/ui/chart"
	"tripod/ui/screens"
)

// head is the query as it was asked.
func (a *logAsk) head(ans *logAnswer) screens.LogHead {
	st := &a.st
	m := screens.LogHead{
		Action: st.Path,
		Keep:   st.Hidden("q", "sel", "cursor"),
		Query: ui.Query{
			ID: "q", Name: "q", Value: a.typed, Label: "Search logs",
			Placeholder: `words, "a phrase", level:>=warn, service:planner-*, -user.id:probe`,
			Error:       a.problem(ans.queryErr()),
			Attrs:       templ.Attributes{"role": "combobox", "aria-expanded": "false", "aria-controls": "ac", "aria-autocomplete": "list", "data-complete": "/logs/complete" + strings.TrimPrefix(st.With("q", "", "sel", ""), st.Path)},
		},
		Chips:   a.chips(),
		Receipt: receiptModel(&ans.receipt),
		Add:     screens.LogAdd{Keep: st.Hidden("sel", "cursor")},
	}
	if a.syntax == store.LogQL {
		m.Language = "LogQL"
	}
	for _, f := range ans.facets.Fields {
		m.Add.Fields = append(m.Add.Fields, f.Field)
	}
	return m
}

func (p *Pages) logSummary(a logAsk, ans logAnswer) []string {
	if a.view != "" {
		return scanned(nil, &ans.receipt)
	}
	n := int64(len(ans.page.records))
	if n == 0 {
		return nil
	}
	total := ans.count
	out := []string{"Showing all " + chart.Count(n)}
	switch {
	case a.context():
		out[0] = "Showing " + chart.Count(n) + " around one line"
	case ans.page.above:
		out[0] = "Showing " + chart.Count(n) + " from the middle"
	case ans.volumeErr == nil && total > n:
		out[0] = "Showing " + chart.Count(n) + " of " + chart.Count(total)
	case ans.page.below:
		out[0] = "Showing the first " + chart.Count(n)
	}
	if a.st.Moving() && a.st.Refresh > 0 {
		out = append(out, "new lines every "+chart.Long(a.st.Refresh))
	}
	if stage := a.rewrites(); stage != "" {
		out = append(out, "lines are shown as they were kept, before "+stage)
	}
	return scanned(out, &ans.receipt)
}

// slotWord is the level of a place in LogBucket.Counts.
func slotWord(slot int) string {
	if slot == 0 {
		return "unset"
	}
	return store.LevelNames[slot-1]
}
