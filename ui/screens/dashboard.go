package screens

import (
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"tripod/ui"
	"tripod/ui/chart"
)

// Dashboards is the list of all dashboards.
type Dashboards struct {
	Groups []DashGroup
	Failed string // why own dashboards cannot be listed
	Can    bool   // own dashboards can be made
	Undo   string // brings back the one that was just deleted; empty for none
}

// DashGroup is a part of the list.
type DashGroup struct {
	Title string
	Hint  string
	Items []DashItem
	Empty string // said when there are none
}

// DashItem is one dashboard of the list.
type DashItem struct {
	ID, Title, Text string
	Href            string
	Panels          string
	Saved           string
	Tags            []string
	Own             bool
	Base            string // address of what can be done with it
}

// Dashboard is a page of panels.
type Dashboard struct {
	ID, Title, Description string
	Action                 string // path of the page
	All                    string // address of the list
	Own                    bool   // people made it and may change it; others they copy first
	Saved                  string // saved 2 days ago, version 3
	Version                int
	Export                 string
	Copy                   bool       // a copy can be kept
	History                []DashPast // versions, newest first
	Old                    bool       // this is one of them, not the newest
	Vars                   []DashVar
	Rows                   []DashRow
	Untranslated           []DashUntranslated
	Edit                   *DashEdit // what editing needs; nil when nothing can be kept
}

// DashEdit is what the island that edits starts from.
type DashEdit struct {
	JSON  string // the dashboard as a file
	Kinds []DashChoice
	Open  bool // begin with editing
}

// DashChoice is one option of a field.
type DashChoice struct{ Value, Text string }

// DashUntranslated is a thing that an import left out.
type DashUntranslated struct{ Path, What, Why string }

// DashVar is the control of one variable.
type DashVar struct {
	Name    string // of the parameter
	Label   string
	Says    string // what is chosen
	Options []DashOption
	Multi   bool
	Free    bool   // any text
	Value   string // of a free one
	Keep    []ui.Param
	Failed  string
}

// DashOption is one value of a variable.
type DashOption struct {
	Value, Text, Href string
	On                bool
}

// DashRow is a part of the page, which can be closed when it has a title.
type DashRow struct {
	No     int
	Title  string
	Closed bool
	Panels []DashPanel
}

// DashPlace is where a panel lies on its row's grid.
type DashPlace struct{ X, Y, W, H int }

// DashPanel is one panel.
type DashPanel struct {
	Key         string
	ID          int
	Title, Hint string
	Kind        string
	Place       DashPlace
	Load        string // address of this panel alone
	Explore     string // where its question can be asked on
	Table       string // address of the page with this panel as table, or not any more
	TablePart   string // address of the panel alone, the same
	AsTable     bool
	Body        *DashBody // nil when it has yet to load
}

// DashBody is what a panel shows; one of the fields, besides notes.
type DashBody struct {
	Failed string
	Empty  string
	Notes  []string
	Lines  *chart.Lines
	Bars   *chart.Bars
	Heat   *chart.Heat
	// where cells of Heat lead; nil where they do not
	HeatLinks *HeatLinks
	Columns   *chart.Columns
	Pie       []chart.Slice
	Data      *DashData // of lines and bars, for the island
	Legend    []DashLegend
	Wide      bool // the legend as a table
	Stats     []DashStat
	Dials     []DashDial
	Meters    []DashMeter
	Table     *DashTable
	HTML      string // safe
	Logs      []DashLog
	Traces    []TraceRow
	Missing   string // a placeholder: what it stands for
	More      string // what is not shown
}

// DashData is what the chart island draws, at the places of the server's drawing.
type DashData struct {
	From     int64          `json:"from"` // Unix s
	To       int64          `json:"to"`
	Min      float64        `json:"min"`
	Top      float64        `json:"top"`
	Unit     string         `json:"unit"`
	Decimals int            `json:"decimals"` // below 0: three significant digits
	Draw     string         `json:"draw"`
	Stack    bool           `json:"stack"`
	Step     int64          `json:"step"` // s
	Times    []int64        `json:"times"`
	Series   []DashDataLine `json:"series"`
}

// DashDataLine is one series; nil is a gap.
type DashDataLine struct {
	Name   string     `json:"name"`
	Class  string     `json:"class"`
	Draw   string     `json:"draw,omitempty"`
	Values []*float64 `json:"values"`
}

// DashLegend is one series of a legend.
type DashLegend struct {
	Class                string
	Name                 string
	Last, Min, Mean, Max ui.Quantity
}

// DashStat is a single number.
type DashStat struct {
	Name   string
	Value  ui.Quantity
	Tone   string // err, warn, ok
	Note   string
	About  string    // of the note, when asked for
	Values []float64 // its shape
	Class  string
	Exact  string
}

// DashDial is a gauge.
type DashDial struct {
	Name  string
	Value ui.Quantity
	Tone  string
	Dial  chart.Dial
}

// DashMeter is a bar of a list.
type DashMeter struct {
	Name  string
	Value ui.Quantity
	Share float64
	Tone  string
	Exact string
}

// DashTable is a table of any columns.
type DashTable struct {
	Heads []DashHead
	Rows  [][]DashCell
	Links []string // of rows; none, or one each, "" where it leads nowhere
}

// Link is where a row leads.
func (t *DashTable) Link(row int) string {
	if row < len(t.Links) {
		return t.Links[row]
	}
	return ""
}

// HeatLinks are where cells of a heat map lead; the time is for the island.
type HeatLinks struct {
	Ends []int64  `json:"ends"` // of columns, Unix ms
	Step int64    `json:"step"` // their width, ms
	Rows []string `json:"rows"` // from the bottom
}

// DashHead is the head of a column.
type DashHead struct {
	Text   string
	Number bool
	Sorted string // ↓ or ↑
}

// DashCell is one value.
type DashCell struct {
	Text  string
	Unit  string
	Tone  string
	Class string    // of a service
	Trend []float64 // a small line in place of the text, which says it in words
}

// DashLog is one line.
type DashLog struct {
	Time, Exact string
	Level       string
	Service     ui.Service
	Text        string
	Href        string
}

func dashAt(p DashPlace) templ.SafeCSS {
	n := strconv.Itoa
	return templ.SafeCSS("--x:" + n(p.X+1) + ";--y:" + n(p.Y+1) + ";--w:" + n(p.W) + ";--hh:" + n(p.H))
}

func toneClass(tone string) string {
	if tone == "" {
		return ""
	}
	return "t-" + tone
}

func dashPart(m DashPanel) templ.Attributes {
	return templ.Attributes{"hx-get": m.TablePart, "hx-target": "closest .panel", "hx-swap": "outerHTML", "hx-replace-url": m.Table}
}

// quiet says whether a panel shows its title by itself.
func (m DashPanel) quiet() bool {
	return m.Kind == "stat" && !m.AsTable && m.Body != nil && len(m.Body.Stats) == 1
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

func joined(all []string) string { return strings.Join(all, "\n") }

// DashPast is one version of a dashboard.
type DashPast struct {
	Version int
	Saved   string
	Exact   string
	Note    string
	Panels  string
	Href    string
	On      bool
}
