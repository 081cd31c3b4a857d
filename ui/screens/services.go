package screens

import (
	"strconv"

	"github.com/a-h/templ"

	"tripod/ui"
)

// ServicesPage is how every service does, and who calls whom.
type ServicesPage struct {
	Say     string // 7 services, 1 failing, 2 affected by it
	Views   []ui.Tab
	Against []ui.Tab
	Table   *RedTable
	Detail  *Operations // of the chosen service
	Map     *ServiceMap
	Origin  *Origin
}

// RedTable is the rates, errors and durations of all services.
type RedTable struct {
	Failed string
	Rows   []RedRow
	Note   string // about what the comparison rests on
}

// RedRow is one service.
type RedRow struct {
	ServiceRow
	On        bool   // it is chosen
	Choose    string // link
	Version   string
	Since     string // 30 min, while the version is new
	SinceAt   string
	Rate      Compared
	Share     Compared
	P95       Compared
	Latency   *LatencyBar
	Slowest   string // operation
	Slow      string // its p95
	Dashboard string // link
	SlowHref  string
	Logs      string // links
	Metrics   string
	Traces    string
}

// Compared is a number beside what it was before.
type Compared struct {
	Unit   string
	Change string // +12 %, when it is worth a word
	Worse  bool
	Was    string // in a sentence
}

// LatencyBar is quantiles on a scale from 0 to 1.
type LatencyBar struct {
	P50, P95, P99 float64
	Label         string
}

// Operations is how long those of a service take.
type Operations struct {
	Failed  string
	Service ui.Service
	Over    string // the time that the figures stand on
	Rows    []OperationRow
	More    int
	Close   string
}

// OperationRow is one operation.
type OperationRow struct {
	Name          string
	Kind          string
	Href          string
	Spans         string
	Share         string
	Failing       bool
	P50, P95, P99 string
	Latency       *LatencyBar
}

// Origin is the service that all failures come from.
type Origin struct {
	Service string
	Because string
	Actions []ui.Button
}

// ServiceMap is the services and their calls, laid out in columns.
type ServiceMap struct {
	Failed  string
	Hint    string
	Facts   []ui.Tab // what the edges say
	Failing ui.Button
	Width   int // least px
	Height  int // px
	Nodes   []ServiceNode
	Edges   []ServiceEdge
	LeftOut string
	Calls   []CallRow
}

// ServiceNode is a service. X is in percent of the width, Y in px.
type ServiceNode struct {
	Name    string
	Slot    int
	Href    string
	Health  string // "", warn, err
	Word    string
	Outside bool
	On      bool
	Faded   bool
	X, Y    float64
	Rate    string
	Share   string
	Failing bool
	P95     string
}

// ServiceEdge is calls from one service to another.
type ServiceEdge struct {
	Path   string // of an SVG whose width is 1000 and whose height is the map's
	Kind   string // k0, k1 of errors, k2 of a queue
	Stroke float64
	Title  string
	Faded  bool
	Back   bool // it leads to the left
	X, Y   float64
	Label  EdgeLabel
}

// EdgeLabel is what an edge says.
type EdgeLabel struct {
	Text, Strong string
	Href         string
	X, Y         float64
	Width        float64 // px, at most
	Crowded      bool    // it is shown only while the edge is pointed at
}

// CallRow is an edge in words and numbers.
type CallRow struct {
	Caller, Callee       ui.Service
	Queue                bool
	Rate, Share          string
	Failing              bool
	P50, P95, P99, Calls string
	Href                 string
}

func px(f float64) string { return strconv.FormatFloat(f, 'f', 1, 64) + "px" }

func place(x, y float64) templ.SafeCSS {
	return templ.SafeCSS("left:" + percent(x/100) + ";top:" + px(y))
}

// arrow places the head at the left edge of the node, or behind its right one.
func (e ServiceEdge) arrow() templ.SafeCSS {
	sign := " - "
	if e.Back {
		sign = " + "
	}
	return templ.SafeCSS("left:calc(" + percent(e.X/100) + sign + "var(--nw) / 2);top:" + px(e.Y))
}

func (m *ServiceMap) size() templ.SafeCSS {
	return templ.SafeCSS("height:" + strconv.Itoa(m.Height) + "px;min-width:" + strconv.Itoa(m.Width) + "px")
}

func (m *ServiceMap) box() string { return "0 0 1000 " + strconv.Itoa(m.Height) }

func (l EdgeLabel) place() templ.SafeCSS {
	return place(l.X, l.Y) + ";max-width:" + templ.SafeCSS(px(l.Width))
}

func (e ServiceEdge) stroke() templ.SafeCSS {
	return templ.SafeCSS("stroke-width:" + strconv.FormatFloat(e.Stroke, 'f', 1, 64))
}

func at(share float64) templ.SafeCSS { return templ.SafeCSS("left:" + percent(share)) }

func fromTo(from, to float64) templ.SafeCSS {
	return templ.SafeCSS("left:" + percent(from) + ";width:" + percent(to-from))
}

func callsText(n int) string {
	if n == 1 {
		return "The call in numbers"
	}
	return "All " + strconv.Itoa(n) + " calls in numbers"
}

func chosen(on bool) templ.Attributes {
	if !on {
		return nil
	}
	return templ.Attributes{"aria-current": "true"}
}
