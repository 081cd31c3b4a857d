package screens

import (
	"tripod/ui"
	"tripod/ui/chart"
)

// LogHead is what was asked, and what there is to narrow it by.
type LogHead struct {
	Action     string     // of the query form
	Keep       []ui.Param // what the form sends along
	Query      ui.Query
	Language   string      // LogQL, where it is not the search line
	Took       string      // 19,070 lines in 38 ms
	Receipt    *LogReceipt // nil when the engine does not say how
	Saved      *LogSaved   // nil when nobody keeps queries
	Chips      []Chip
	Add        LogAdd
	Volume     *LogVolume // nil when it failed or there is nothing to draw
	Failed     string     // why the volume or the facets are missing
	Facets     []LogFacet
	MoreFields LogMore
	Counted    string // what the counts of fields are of, when not of all lines
	Views      []ui.Tab
	Lines      string   // how many match: 19,070
	Summary    []string // the line at the end: what is shown, what was limited
}

// Chip is one condition that the scope or a filter adds: service is, and
// the value.
type Chip struct{ Before, Value, Remove string }

// LogAdd is the form that adds a filter.
type LogAdd struct {
	Keep   []ui.Param
	Fields []string // known names
}

// LogMore is a link to what was left out, or back; the note says beside it what
// is shown.
type LogMore struct{ Text, Href, Note string }

// LogReceipt is how a query was answered.
type LogReceipt struct {
	Asked string
	Steps []LogReceiptStep
	Read  string // read 48 MB of 41 GB
	Took  string
}

// LogReceiptStep is what one step left.
type LogReceiptStep struct{ Name, Parts, Blocks, Rows string }

// LogVolume is the lines over time, with the part that is looked at.
type LogVolume struct {
	Chart                chart.Bars
	Bars                 []LogBar
	Brush                *LogBrush
	FromMS, ToMS, StepMS int64
}

// LogBar lies over one bar: it says its numbers, and brushes it. Places are
// shares of the width.
type LogBar struct {
	Left, Width float64
	Href, Title string
}

// LogBrush is the part of the time range that is looked at.
type LogBrush struct {
	Left, Width         float64
	Text                string // 14:06 – 14:20, 19,070 lines
	Zoom, Traces, Clear string
	Compare             string // with what is outside
	From, To            string // exact
	FromMS, ToMS        int64
}

// LogFacet is a field with its commonest values.
type LogFacet struct {
	Field  string
	Note   string // 1,204 values
	Values []LogFacetValue
	More   LogMore // leads to those that are not shown
	Closed bool
}

// LogFacetValue is one value; its link adds or removes it.
type LogFacetValue struct {
	Value string
	Count string
	Share float64 // of the commonest
	Class string  // of the meter: err, warn, c2 …
	On    bool
	Off   bool // other values of the field are chosen
	Href  string
}

// LogEmpty says which of the three cases of nothing this is.
type LogEmpty struct {
	Icon    string
	Title   string
	Before  string // Without
	Filter  string // route:/api/tasks
	After   string // there are 3,402.
	Actions []ui.Button
	Snippet string // for the first minute
}
