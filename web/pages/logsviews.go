package pages

import (
	"strconv"

	"tripod/ui"
	"tripod/ui/chart"
)

// The views of the lines, as the address names them.
const (
	viewPatterns = "patterns"
	viewFields   = "fields"
	viewCompare  = "compare"
)

// views are the tabs over the result.
func (a *logAsk) views(ans *logAnswer) []ui.Tab {
	tab := func(text, view, count string) ui.Tab {
		href := a.st.With("view", view, "sel", "", "by", "", "with", "")
		return ui.Tab{Text: text, Href: href, On: a.view == view, Count: count}
	}
	lines := ""
	if ans.volumeErr == nil {
		lines = chart.Count(ans.count)
	}
	patterns := ""
	if a.view == viewPatterns && ans.patterns.err == nil {
		patterns = chart.Count(int64(ans.patterns.now.Kinds))
	}
	fields := ""
	if n := len(ans.facets.Fields); n > 0 {
		fields = strconv.Itoa(n)
	}
	return []ui.Tab{tab("Lines", "", lines), tab("Patterns", viewPatterns, patterns), tab("Fields", viewFields, fields), tab("Compare", viewCompare, "")}
}
