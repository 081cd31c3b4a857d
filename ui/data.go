package ui

import (
	"math"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"tripod/ui/chart"
)

func (h PanelHead) attrs() templ.Attributes {
	a := templ.Attributes{"aria-label": h.Title}
	if h.Label != "" {
		a["aria-label"] = h.Label
	}
	if h.ID != "" {
		a["id"] = h.ID
	}
	return a
}

// Quantity is a number with its unit, as the formats of ui/chart make it.
type Quantity = chart.Quantity

func upper(s string) string { return strings.ToUpper(s) }

func width(share float64) templ.SafeCSS {
	if math.IsNaN(share) {
		share = 0
	}
	return templ.SafeCSS("width:" + strconv.FormatFloat(min(max(share, 0), 1)*100, 'f', 1, 64) + "%")
}

// sized takes constants of our own templates only.
func sized(height, width string) templ.SafeCSS {
	return templ.SafeCSS("height:" + height + ";width:" + width)
}

func calloutTone(kind string) string {
	switch kind {
	case "err":
		return "t-err"
	case "warn":
		return "t-warn"
	}
	return "t-3"
}
