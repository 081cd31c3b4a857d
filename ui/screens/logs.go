package screens

import (
	"strconv"

	"github.com/a-h/templ"
)

// Logs is the screen that searches log lines.
type Logs struct {
	LogHead
	LogTable
	Empty *LogEmpty // instead of lines
	Error string    // instead of lines: the search failed for good
}

func checkState(on bool) string { return strconv.FormatBool(on) }

// swapMain makes a link or form replace the main part in place.
func swapMain(href string) templ.Attributes {
	return templ.Attributes{
		"hx-get": href, "hx-target": "#main", "hx-select": "#main", "hx-select-oob": "#topbar",
		"hx-swap": "outerHTML", "hx-push-url": "true",
	}
}
