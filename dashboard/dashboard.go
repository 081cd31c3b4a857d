package dashboard

// FileVersion is the version of the file form that this package writes, and
// the newest one that it reads.
const FileVersion = 1

// Columns of the grid.
const Columns = 20

// Dashboard is a page of panels.
type Dashboard struct {
	Version     int        `json:"version"` // of the file form
	Title       string     `json:"title"`
	Description string     `json:"description,omitempty"`
	Tags        []string   `json:"tags,omitempty"`
	From        string     `json:"from,omitempty"`    // range when the address names none: now-6h
	To          string     `json:"to,omitempty"`      // now unless set
	Refresh     string     `json:"refresh,omitempty"` // 10s, or off
	Variables   []Variable `json:"variables,omitempty"`
	Rows        []Row      `json:"rows"`
	// Untranslated is what an import could not carry over; it stays with the
	// dashboard so that nobody takes it for the whole.
	Untranslated []Untranslated `json:"untranslated,omitempty"`
}

// Untranslated is one thing of an imported file that is not as it was.
type Untranslated struct {
	Path string `json:"path"` // in the file: panels[3].transformations[0]
	What string `json:"what"`
	Why  string `json:"why"`
}

// Row is a part of a dashboard that can be closed. One without a title has no
// head and is never closed.
type Row struct {
	Title  string  `json:"title,omitempty"`
	Closed bool    `json:"closed,omitempty"`
	Repeat string  `json:"repeat,omitempty"` // a variable: the row once for each of its values
	Panels []Panel `json:"panels"`
}

// Panel is one question, or several, and one picture of the answers.
type Panel struct {
	ID    int    `json:"id"` // unlike all others of the dashboard, 1 or more
	Title string `json:"title,omitempty"`
	Hint  string `json:"hint,omitempty"` // how to read it, in a few words
	Kind  Kind   `json:"kind"`
	Place Place  `json:"place"`

	Queries    []Query     `json:"queries,omitempty"`
	Transforms []Transform `json:"transforms,omitempty"`

	Unit       string      `json:"unit,omitempty"`
	Decimals   *int        `json:"decimals,omitempty"` // digits behind the point; three significant ones unless set
	Min        *float64    `json:"min,omitempty"`      // of the scale
	Max        *float64    `json:"max,omitempty"`
	Thresholds []Threshold `json:"thresholds,omitempty"` // from the least up
	Mappings   []Mapping   `json:"mappings,omitempty"`
	Overrides  []Override  `json:"overrides,omitempty"`

	Draw   Draw   `json:"draw,omitempty"`   // of a time series; lines unless set
	Stack  bool   `json:"stack,omitempty"`  // series on top of each other
	Reduce string `json:"reduce,omitempty"` // many points to one: see Reducers; last unless set
	Spark  bool   `json:"spark,omitempty"`  // a stat with its shape
	Usual  bool   `json:"usual,omitempty"`  // a stat that says what it is at other times
	Text   string `json:"text,omitempty"`   // Markdown of a text panel; why, of a placeholder
	Sort   string `json:"sort,omitempty"`   // column of a table; a leading - for the greatest first
	Limit  int    `json:"limit,omitempty"`  // rows, lines or traces; 0 for the kind's own
	Legend string `json:"legend,omitempty"` // list unless set, table, or none
	Link   string `json:"link,omitempty"`   // where rows of a table and cells of a heat map lead; see Follow

	Repeat     string `json:"repeat,omitempty"`      // a variable: the panel once for each of its values
	RepeatDown bool   `json:"repeat_down,omitempty"` // below each other; beside each other unless set
}

// Kind is how a panel shows its answers.
type Kind string

// The kinds of panels.
const (
	TimeSeries  Kind = "timeseries"
	Stat        Kind = "stat"
	Gauge       Kind = "gauge"
	BarGauge    Kind = "bargauge"
	Table       Kind = "table"
	Heatmap     Kind = "heatmap"
	Histogram   Kind = "histogram"
	BarChart    Kind = "barchart"
	Pie         Kind = "pie"
	Text        Kind = "text"
	Logs        Kind = "logs"
	Traces      Kind = "traces"
	Placeholder Kind = "placeholder" // stands for what cannot be shown, and says what it is
)

// Kinds are all kinds that a person can choose, in the order to offer them.
var Kinds = []Kind{TimeSeries, Stat, Gauge, BarGauge, Table, Heatmap, Histogram, BarChart, Pie, Text, Logs, Traces}

// Draw is how a time series is drawn.
type Draw string

// The ways to draw a time series.
const (
	Lines  Draw = "lines"
	Area   Draw = "area"
	Bars   Draw = "bars"
	Points Draw = "points"
)

// Place is where a panel lies on the grid of its row.
type Place struct {
	X int `json:"x"` // columns from the left
	Y int `json:"y"` // units from the top of the row
	W int `json:"w"`
	H int `json:"h"`
}

// Language is in which a query asks.
type Language string

// The languages of queries.
const (
	PromQL  Language = "promql"
	LogQL   Language = "logql"
	TraceQL Language = "traceql"
	Math    Language = "math" // over the panel's other queries: $A / $B * 100
)

// Query is one question.
type Query struct {
	Letter   string   `json:"letter,omitempty"` // A, B …
	Language Language `json:"language,omitempty"`
	Text     string   `json:"text"`
	Legend   string   `json:"legend,omitempty"`  // {{label}} stands for a label's value
	Instant  bool     `json:"instant,omitempty"` // at the end of the range only
	Table    bool     `json:"table,omitempty"`   // labels as columns
	Trend    bool     `json:"trend,omitempty"`   // with Table: a row a series, all its values as one small line
	Step     string   `json:"step,omitempty"`    // the least distance of points: 30s
	Hidden   bool     `json:"hidden,omitempty"`  // asked for what is computed of it, not shown
}

// Threshold colours values from At on.
type Threshold struct {
	At   *float64 `json:"at,omitempty"` // nothing: from the least value on
	Tone string   `json:"tone"`         // ok, warn, err, or empty for none
}

// Mapping shows words for values.
type Mapping struct {
	Value string   `json:"value,omitempty"` // exactly this text
	From  *float64 `json:"from,omitempty"`  // or a range
	To    *float64 `json:"to,omitempty"`
	Match string   `json:"match,omitempty"` // or a regular expression
	Empty bool     `json:"empty,omitempty"` // or no value at all
	Text  string   `json:"text"`
	Tone  string   `json:"tone,omitempty"`
}

// Override changes how some fields are shown.
type Override struct {
	Name  string `json:"name,omitempty"`  // of the field
	Match string `json:"match,omitempty"` // or a regular expression for it
	Type  string `json:"type,omitempty"`  // or number, text or time
	Query string `json:"query,omitempty"` // or the letter of the query that it is from

	Title      string      `json:"title,omitempty"` // shown in place of the name
	Unit       *string     `json:"unit,omitempty"`
	Decimals   *int        `json:"decimals,omitempty"`
	Min        *float64    `json:"min,omitempty"`
	Max        *float64    `json:"max,omitempty"`
	Thresholds []Threshold `json:"thresholds,omitempty"`
	Mappings   []Mapping   `json:"mappings,omitempty"`
	Colour     int         `json:"colour,omitempty"` // slot, 1 to 10
	Tone       string      `json:"tone,omitempty"`   // ok, warn, err
	Draw       Draw        `json:"draw,omitempty"`
	Negate     bool        `json:"negate,omitempty"` // drawn downwards
	Hidden     bool        `json:"hidden,omitempty"`
}

// Transform is one step from answers to what is shown. Which of the fields
// count depends on Kind; see Transforms.
type Transform struct {
	Kind    string            `json:"kind"`
	Names   []string          `json:"names,omitempty"`   // of fields
	Match   string            `json:"match,omitempty"`   // regular expression
	With    string            `json:"with,omitempty"`    // replacement, operator or reducer
	Rename  map[string]string `json:"rename,omitempty"`  // field to new name
	Exclude []string          `json:"exclude,omitempty"` // fields to leave out
	Reduce  map[string]string `json:"reduce,omitempty"`  // field to reducer
	Limit   int               `json:"limit,omitempty"`
	Desc    bool              `json:"desc,omitempty"`
	As      string            `json:"as,omitempty"` // name of what is made
}

// Transforms are the kinds of Transform.
var Transforms = []string{
	"organize",  // Rename, Exclude, and Names as the order
	"merge",     // all tables to one, by what they share
	"reduce",    // each field to one row; Names are the reducers
	"filter",    // only fields that Names or Match name; Desc leaves these out
	"rename",    // Match with With
	"calculate", // Names[0] With(+ - * /) Names[1], or With(reducer) over all of a row; As
	"labels",    // labels to columns
	"group",     // by Names; Reduce says what becomes of the rest
	"sort",      // by Names[0]
	"limit",     // the first Limit rows
	"join",      // tables side by side, by Names[0]
	"where",     // only rows whose Names[0] matches Match; Desc leaves these out
	"seriestorows",
}

// Reducers bring many values to one.
var Reducers = []string{"last", "first", "min", "max", "mean", "sum", "count", "range", "diff", "lastnotnull", "firstnotnull", "delta", "diffperc", "distinct", "median"}

// Variable is a choice above the panels that queries and titles name as $name.
type Variable struct {
	Name    string   `json:"name"`
	Label   string   `json:"label,omitempty"`
	Kind    VarKind  `json:"kind"`
	Query   string   `json:"query,omitempty"`   // label_values(up, job)
	Match   string   `json:"match,omitempty"`   // regular expression: only such values, or its first group
	Values  []Option `json:"values,omitempty"`  // of custom and interval
	Multi   bool     `json:"multi,omitempty"`   // several at once
	All     bool     `json:"all,omitempty"`     // all at once
	AllText string   `json:"alltext,omitempty"` // what all stands for; all values unless set
	Default []string `json:"default,omitempty"`
	Hidden  bool     `json:"hidden,omitempty"`
	Sort    string   `json:"sort,omitempty"` // name, number, or either with a leading -
}

// Option is one value of a variable.
type Option struct {
	Value string `json:"value"`
	Text  string `json:"text,omitempty"` // Value unless set
}

// VarKind is where the values of a variable come from.
type VarKind string

// The kinds of variables.
const (
	VarQuery    VarKind = "query"
	VarCustom   VarKind = "custom"
	VarInterval VarKind = "interval"
	VarSource   VarKind = "source" // of data: there is one of each kind here
	VarConstant VarKind = "constant"
	VarText     VarKind = "text"
)

// AllValue is the value that stands for all values.
const AllValue = "$__all"

// Panels are all panels, row by row.
func (d *Dashboard) Panels(yield func(*Panel) bool) {
	for r := range d.Rows {
		for i := range d.Rows[r].Panels {
			if !yield(&d.Rows[r].Panels[i]) {
				return
			}
		}
	}
}

// Panel is the panel with an ID, or nil.
func (d *Dashboard) Panel(id int) *Panel {
	for p := range d.Panels {
		if p.ID == id {
			return p
		}
	}
	return nil
}

// Variable is the variable with a name, or nil.
func (d *Dashboard) Variable(name string) *Variable {
	for i := range d.Variables {
		if d.Variables[i].Name == name {
			return &d.Variables[i]
		}
	}
	return nil
}
