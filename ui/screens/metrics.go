package screens

import (
	"strconv"

	"github.com/a-h/templ"

	"tripod/ui"
	"tripod/ui/chart"
)

// Metrics is the screen that asks in PromQL.
type Metrics struct {
	Action   string
	Keep     []ui.Param
	Queries  []MetricsQuery
	Add      string // address with one more query box, or empty
	Views    []ui.Tab
	Chips    []Chip
	Notes    []string
	Step     string
	Chart    *chart.Lines // nil when there is nothing to draw
	Data     MetricsData
	Empty    string // instead of the chart
	Hint     string // what else could be asked
	Series   []MetricsSeries
	Diamonds []MetricsExemplar
	Table    []MetricsExemplar // those in view, largest first
	InView   string
	Browser  MetricBrowser
}

// MetricsQuery is one query box.
type MetricsQuery struct {
	Box    ui.Query
	Count  string // 5 series
	Remove string // address without it, or empty
}

// MetricsSeries is one row of the legend.
type MetricsSeries struct {
	Letter    string
	Slot      int
	Before    string // {service_name="
	Main      string // planner-api
	After     string // "}
	Full      string
	Values    []float64
	Last      ui.Quantity
	Min       ui.Quantity
	Avg       ui.Quantity
	Max       ui.Quantity
	Exemplars string
}

// MetricsExemplar is a measured request that leads to its trace.
type MetricsExemplar struct {
	Slot  int
	X, Y  float64 // 0 to 1
	Time  string
	Text  string
	Value string
	ID    string
	Href  string
	Title string
}

// MetricsData is what the island draws: the same numbers as the table.
type MetricsData struct {
	From   int64         `json:"from"` // Unix s
	To     int64         `json:"to"`
	Min    float64       `json:"min"`
	Top    float64       `json:"top"`
	Unit   string        `json:"unit"`
	Fill   bool          `json:"fill"`
	Times  []int64       `json:"times"`
	Series []MetricsLine `json:"series"`
}

// MetricsLine is one line; null is a gap.
type MetricsLine struct {
	Name   string     `json:"name"`
	Slot   int        `json:"slot"`
	Values []*float64 `json:"values"`
}

// MetricBrowser lists what can be asked for.
type MetricBrowser struct {
	Count   string
	Metrics []MetricItem
	More    string
	Failed  string
}

// MetricItem is one metric, or family of a histogram.
type MetricItem struct {
	Name, Type string
	Letter     string // C, G, H, S or ?
	Series     string
	Help       string
	Href       string // asks for it
	On         bool
	Labels     []MetricLabel
	Actions    []ui.Button
}

// MetricLabel is a label with the number of its values.
type MetricLabel struct {
	Name  string
	Count string
	Share float64
}

func exemplarAt(e MetricsExemplar) templ.SafeCSS {
	return templ.SafeCSS("left:" + pct(e.X) + ";top:" + pct(1-e.Y))
}

func seriesNo(i int) string { return strconv.Itoa(i) }
