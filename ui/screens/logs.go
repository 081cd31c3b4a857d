package screens

import (
	"slices"
	"strconv"

	"github.com/a-h/templ"

	"tripod/ui"
)

// Logs is the screen that searches log lines.
type Logs struct {
	LogHead
	LogTable
	OnLines  bool         // and not on another view
	Empty    *LogEmpty    // instead of lines
	Error    string       // instead of lines: the search failed for good
	Patterns *LogPatterns // instead of lines
	Fields   *LogFields   // instead of lines
	Compare  *LogCompare  // instead of lines
	Series   *LogSeries   // instead of volume, fields and lines
}

func checkState(on bool) string { return strconv.FormatBool(on) }

// swapMain makes a link or form replace the main part in place.
func swapMain(href string) templ.Attributes {
	return templ.Attributes{
		"hx-get": href, "hx-target": "#main", "hx-select": "#main", "hx-select-oob": "#topbar",
		"hx-swap": "outerHTML", "hx-push-url": "true",
	}
}

// swapTabs are tabs that replace the main part in place.
func swapTabs(tabs []ui.Tab) []ui.Tab {
	out := slices.Clone(tabs)
	for i := range out {
		out[i].Attrs = swapMain(out[i].Href)
	}
	return out
}
