package screens

import "tripod/ui"

// LogPatterns are lines read as patterns.
type LogPatterns struct {
	Columns []LogSort
	Range   string // last hour, over the small charts
	Rows    []LogPattern
	Note    string // what was sampled or left out
}

// LogSort is the head of a column; the link sorts by it.
type LogSort struct {
	Text, Href string
	On, Right  bool
	Class      string
}

// LogPattern is one pattern of one service and level.
type LogPattern struct {
	Level   string
	Service ui.Service
	Parts   []PatternPart
	Example string
	Common  string // route /api/tasks 89 %
	Steps   []float64
	Class   string // of the small chart: k-err, k-warn, k-info
	Lines   string
	Change  string // new, gone, ×14, −18 %
	Tone    string // of the change: err, warn or none
	Exact   string // both shares in words
	Href    string // the lines of this pattern; empty when there are none
}

// LogFields are the fields of the lines.
type LogFields struct {
	Columns []LogSort
	Rows    []LogFieldRow
	Note    string
}

// LogFieldRow is one field.
type LogFieldRow struct {
	Name     string
	Kind     string // text, number, duration
	Share    float64
	Percent  string // of the lines have it
	Distinct string
	Range    string // 1 to 5, median 3
	Values   []LogFacetValue
	Href     string // the lines that have it
}
