package screens

import (
	"strconv"

	"github.com/a-h/templ"

	"tripod/ui"
	"tripod/ui/chart"
)

// Metrics is the screen that asks in PromQL.
type Metrics struct {
	Action     string
	Keep       []ui.Param
	Queries    []MetricsQuery
	AddQuery   string // addresses with one more box, or empty
	AddFormula string
	Views      []ui.Tab
	Scale      []ui.Tab // linear or log; empty where there is no choice
	Chips      []Chip
	Notes      []string
	Step       string
	Export     string // address of all points as CSV, or empty
	Pin        *MetricsPin

	// One of these is drawn, or none.
	Chart *chart.Lines
	Bars  *chart.Bars
	Heat  *chart.Heat
	Table *MetricsTable

	Data     MetricsData
	Series   []MetricsSeries
	Marks    []chart.Mark
	Diamonds []MetricsExemplar
	InTable  []MetricsExemplar // the largest of those in view
	InView   string
	NotHeat  bool            // a heat map was wanted of what has no buckets
	Nothing  *MetricsNothing // instead of a chart
	Browser  MetricBrowser
}

// Drawn says whether there is anything to see.
func (m *Metrics) Drawn() bool {
	return m.Chart != nil || m.Bars != nil || m.Heat != nil || m.Table != nil
}

// MetricsNothing says why there is nothing, and what can be done.
type MetricsNothing struct {
	Title, Text string
	Snippet     string
	Actions     []ui.Button
}

// MetricsQuery is one query box.
type MetricsQuery struct {
	Box     ui.Query
	Count   string // 5 series
	Receipt string // what the answer took
	Hidden  bool
	Hide    string // address with it hidden, or shown again
	Remove  string // address without it, or empty
	Alert   string // address of a new rule's form with it, or empty
}

// MetricsSeries is one row of the legend.
type MetricsSeries struct {
	Letter    string
	Slot      int
	Before    string // {service_name="
	Main      string // planner-api
	After     string // "}
	Full      string
	Bucket    bool // of a heat map, and no line that could be switched off
	Values    []float64
	Last      ui.Quantity
	Min       ui.Quantity
	Avg       ui.Quantity
	Max       ui.Quantity
	Exemplars string
	Seen      []int // its diamonds
}

// MetricsTable is every series with its labels in columns.
type MetricsTable struct {
	At      string
	Several bool // queries, so that letters tell them apart
	Names   []string
	Rows    []MetricsTableRow
}

// MetricsTableRow is one series; Labels are in the order of Names.
type MetricsTableRow struct {
	Letter        string
	Slot          int
	Labels        []string
	Value         ui.Quantity
	Exact         string // the value with all digits
	Min, Avg, Max ui.Quantity
}

// MetricsExemplar is a measured request that leads to its trace.
type MetricsExemplar struct {
	Slot  int
	X, Y  float64 // 0 to 1
	At    int64   // Unix ms
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
	Step   int64         `json:"step"` // s
	Min    float64       `json:"min"`
	Top    float64       `json:"top"`
	Log    bool          `json:"log,omitempty"`
	Unit   string        `json:"unit"`
	Kind   string        `json:"kind"` // lines, area, stacked, bars, heatmap
	Times  []int64       `json:"times"`
	Series []MetricsLine `json:"series"`
}

// MetricsLine is one line; null is a gap.
type MetricsLine struct {
	Name      string     `json:"name"`
	Slot      int        `json:"slot"`
	Unit      string     `json:"unit"`
	Values    []*float64 `json:"values"`
	Exemplars []int      `json:"exemplars,omitempty"` // its diamonds
}

// MetricBrowser lists what can be asked for.
type MetricBrowser struct {
	Count   string
	Metrics []MetricItem
	More    string
	Failed  string
	Nothing bool // no metric in this time
	Sorts   []ui.Tab
}

// MetricItem is one metric, or family of a histogram.
type MetricItem struct {
	Name, Type string
	Letter     string // C, G, H, S or ?
	Insert     string // what comes to the caret of a query; a name that has series
	Series     string
	Help       string
	Unit       string // seconds, bytes; may be empty
	Source     string // who sends it
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

func hideWord(q MetricsQuery) string {
	if q.Hidden {
		return "Show " + q.Box.Letter
	}
	return "Hide " + q.Box.Letter
}

// About is the type with the unit, and who sends it.
func (it *MetricItem) About() string {
	s := it.Type
	if it.Unit != "" {
		s += " in " + it.Unit
	}
	if it.Source != "" {
		s += ", " + it.Source
	}
	return s + "."
}

// MetricsPin puts what is drawn on a dashboard.
type MetricsPin struct {
	Title, View string
	Queries     []string
	Dashboards  []MetricsPinTo
}

// MetricsPinTo is a dashboard to pin to.
type MetricsPinTo struct{ ID, Title string }
