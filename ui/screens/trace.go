package screens

import (
	"encoding/json"
	"strconv"

	"github.com/a-h/templ"

	"tripod/ui"
)

// Trace is the screen of one trace.
type Trace struct {
	ID       string
	Name     string // of the root
	Service  ui.Service
	Result   string // badge beside the name, empty when all is well
	Facts    []Fact
	Notes    []string // clock skew, missing parents, what was left out
	Tabs     []ui.Tab
	View     string // waterfall, flame, logs, map or json
	LogsHref string // the same lines on the Logs screen
	JSONHref string // Jaeger's JSON, empty when it is not to be had
	OTLPHref string
	FileName string     // that a file of Jaeger's JSON gets
	File     *TraceFile // that it is from, nil for the store
	Mini     []MiniBar
	Ticks    []TraceTick
	Spans    []SpanRow
	Data     json.RawMessage // all rows, for the island
	More     string          // which of the rows are drawn, when not all
	Before   string          // address of the rows before
	After    string
	Critical string // length of the critical path

	NoCritical   bool   // the path is not drawn
	CriticalHref string // turns it on or off
	Lines        bool   // log lines are drawn among the spans
	LinesHref    string
	LineCount    string

	Services  []ui.Service
	Drawer    *SpanDrawer
	Diff      *TraceDiff // from the typical trace, nil when that is not known
	Absent    bool       // rows stand for spans of the typical trace
	DiffFirst bool       // it stands above the rows, for these are many
	Flame     *Flame
	Map       *TraceMap
	Logs      []TraceLog
	LogsNote  string
	JSON      string
	JSONNote  string
	Waiting   bool // not found: it may still arrive
}

// Fact is a number with what it counts.
type Fact struct {
	N, Text string
	Bad     bool
	Mono    bool
	Before  bool // the text stands before the number
}

// MiniBar is a span in the overview of the trace; all are shares from 0 to 1.
type MiniBar struct {
	Slot             int
	Left, Width, Top float64
}

// TraceTick is a label of the time axis.
type TraceTick struct {
	At   float64
	Text string
}

// SpanRow is a span in the waterfall.
type SpanRow struct {
	ID        string
	Href      string // opens it
	Name      string
	Note      string // the service, when it differs from the parent's; a repeat
	Slot      int
	Depth     int // 0 for a root
	Kids      int // spans below, all levels
	Error     bool
	Selected  bool
	Kind      RowKind
	Level     string // of a log line
	Usual     string // what it usually takes
	Left      float64
	Width     float64
	Critical  bool
	CritLeft  float64
	CritWidth float64
	Duration  string
	Title     string
}

// RowKind is what a row of the waterfall stands for.
type RowKind uint8

// A row is a span, or else stands for something between them.
const (
	RowSpan   RowKind = iota
	RowLost           // a parent that was not received
	RowAbsent         // a span that the typical trace has
	RowLine           // a log line
)

// SpanDrawer is everything known of one span.
type SpanDrawer struct {
	ID       string
	Service  ui.Service
	Name     string
	Kind     string
	Result   string
	Duration string
	Facts    []Fact
	Usual    *UsualBars
	Message  string // of the status
	Link     string // to this span
	Close    string
	Subtree  string // draws only what is below, or empty
	Attrs    []SpanAttr
	Events   []SpanEvent
	Logs     []TraceLog
	LogsHref string
	Links    []SpanLink
	Resource []SpanAttr
	Scope    string
	Dropped  string
	JSON     string // the span, to be copied
}

// SpanAttr is a named value; Find leads to traces that have it.
type SpanAttr struct {
	Key, Value, Find string
	AtLeast          string // address of traces with as much of it, or more
}

// SpanEvent is something that happened in the span.
type SpanEvent struct {
	At    string // +2.10 s
	Name  string
	Text  string // its attributes in a line
	Stack string // of an exception
	Bad   bool
}

// SpanLink leads to a span of another trace.
type SpanLink struct {
	Text, ID, Href string
	Service        *ui.Service // that it leads to, nil when that is not known
	Name           string
}

// TraceLog is a line that belongs to the trace.
type TraceLog struct {
	At      string // offset from the start
	Exact   string
	Level   string
	Service ui.Service
	Message string
	Href    string // its span, or the line
}

func depthPad(depth int) templ.SafeCSS {
	in := min(depth, maxIndent)
	return templ.SafeCSS("padding-left:" + strconv.Itoa(10+16*in) + "px;--in:" + strconv.Itoa(in))
}

// maxIndent keeps names readable in deep traces; the level is still announced.
const maxIndent = 10

func guides(depth int) []templ.SafeCSS {
	var out []templ.SafeCSS
	for i := range min(depth, maxIndent) {
		out = append(out, templ.SafeCSS("left:"+strconv.Itoa(16+16*i)+"px"))
	}
	return out
}

func pct(share float64) string {
	return strconv.FormatFloat(min(max(share, 0), 1)*100, 'f', 2, 64) + "%"
}

func leftWidth(left, width float64) templ.SafeCSS {
	return templ.SafeCSS("left:" + pct(left) + ";width:" + pct(width))
}

func leftOf(left float64) templ.SafeCSS { return templ.SafeCSS("left:" + pct(left)) }

func miniStyle(b MiniBar) templ.SafeCSS {
	top := strconv.FormatFloat(3+b.Top*30, 'f', 1, 64)
	return templ.SafeCSS("left:" + pct(b.Left) + ";width:" + pct(b.Width) + ";top:" + top + "px")
}

// durationStyle puts a bar's duration behind it, or inside its end where
// there is no room behind.
func durationStyle(r SpanRow) templ.SafeCSS {
	end := r.Left + r.Width
	if end > 0.86 {
		return templ.SafeCSS("right:calc(" + pct(1-end) + " + 3px)")
	}
	return templ.SafeCSS("left:calc(" + pct(max(end, r.Left+0.003)) + " + 6px)")
}

func inBar(r SpanRow) string { return strconv.FormatBool(r.Left+r.Width > 0.86) }

func level(depth int) string { return strconv.Itoa(depth + 1) }

func expanded(r SpanRow) templ.Attributes {
	if r.Kids == 0 {
		return nil
	}
	return templ.Attributes{"aria-expanded": "true"}
}

func count(n int) string { return strconv.Itoa(n) }

// colour is the class of a service's slot.
func colour(n int) string { return "c" + strconv.Itoa(n) }

func rowID(r SpanRow) templ.Attributes {
	if r.ID == "" {
		return nil
	}
	return templ.Attributes{"id": "s" + r.ID}
}

// pressed says whether a switch is on.
func pressed(on bool) string { return strconv.FormatBool(on) }
