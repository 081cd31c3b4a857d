package pages

import (
	"tripod/store"
	"tripod/ui"
	"tripod/ui/chart"
	"tripod/ui/screens"
)

// head is the query as it was asked.
func (a *logAsk) head(ans logAnswer) screens.LogHead {
	st := &a.st
	m := screens.LogHead{
		Action: st.Path,
		Keep:   st.Hidden("q", "sel", "cursor"),
		Query: ui.Query{
			ID: "q", Name: "q", Value: a.typed, Label: "Search logs",
			Placeholder: `words, "a phrase", level:>=warn, service:planner-*, -user.id:probe`,
			Error:       a.problem(ans.searchErr),
		},
	}
	for _, s := range st.Services {
		m.Chips = append(m.Chips, screens.LogChip{Text: "service is " + s, Remove: st.withoutService(s)})
	}
	return m
}

func (p *Pages) logSummary(a logAsk, ans logAnswer) []string {
	n := int64(len(ans.page.records))
	total := matched(ans)
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
	return out
}

// matched is how many lines of the range fit the whole line.
func matched(ans logAnswer) int64 {
	var n int64
	for i := range ans.volume {
		for slot, c := range ans.volume[i].Counts {
			if ans.level.match(slotWord(slot)) {
				n += c
			}
		}
	}
	return n
}

// slotWord is the level of a place in LogBucket.Counts.
func slotWord(slot int) string {
	if slot == 0 {
		return "unset"
	}
	return store.LevelNames[slot-1]
}
