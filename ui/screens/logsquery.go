package screens

import (
	"tripod/ui"
	"tripod/ui/chart"
)

// LogHead is what was asked, and what there is to narrow it by.
type LogHead struct {
	Action  string     // of the query form
	Keep    []ui.Param // what the form sends along
	Query   ui.Query
	Took    string // 19,070 lines in 38 ms
	Chips   []LogChip
	Volume  *chart.Bars // nil when it failed or there is nothing to draw
	Failed  string      // why the volume or the facets are missing
	Facets  []LogFacet
	Lines   string   // how many match: 19,070
	Summary []string // the line at the end: what is shown, what was limited
}

// LogChip is one condition that the scope or the query adds.
type LogChip struct {
	Text, Remove string
}

// LogFacet is a field with its commonest values.
type LogFacet struct {
	Field  string
	Note   string // 1,204 values
	Values []LogFacetValue
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
