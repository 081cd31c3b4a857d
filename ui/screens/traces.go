package screens

import (
	"strconv"

	"github.com/a-h/templ"

	"tripod/ui"
	"tripod/ui/chart"
)

// Traces is the screen that searches traces.
type Traces struct {
	Action     string
	Keep       []ui.Param
	Query      ui.Query // attributes
	Took       string   // 488 traces in 51 ms
	Services   []ui.Choice
	Scope      string // instead of the choice: 3 services in scope
	Operations []ui.Choice
	Min, Max   string
	Results    []ui.Tab
	Notice     string // which part of the traces these are
	Older      string // addresses of other parts, if any
	Newest     string
	Problems   []string // conditions that could not be read
	Error      string
	Scatter    *chart.Points
	OK, Bad    string // counts, for the legend
	Rate       string // address of the chart of how many spans fit
	Latency    *Histogram
	Order      []ui.Tab
	Legend     []ui.Service
	Rows       []TraceRow
	Carry      []ui.Param   // goes along when two are compared
	Groups     []TraceGroup // instead of rows
	More       string       // address with more rows
	MoreText   string
	Empty      *TraceEmpty
	Files      bool // a trace can be shown from a file
}

// Histogram is how many traces took how long, on a logarithmic axis.
type Histogram struct {
	Label  string
	Height int
	Bars   []HistogramBar
	Before []float64 // the same buckets in the time before, as shares of the top
	Top    string
	Half   string
	Ticks  []TraceTick
	Lines  []TraceTick // p50 and p95
	Hint   string
}

// HistogramBar is one bucket; shares are of the top, Bad is part of All.
type HistogramBar struct {
	All, Bad float64
	Title    string
	Href     string // limits the search to it
}

// TraceGroup is the traces of one root operation.
type TraceGroup struct {
	Service              ui.Service
	Name, Href           string
	Traces, Errors       string
	P50, P95, Most, Time string
	Share                float64 // of the time of all traces
}

// TraceRow is one trace in the list.
type TraceRow struct {
	ID       string
	Short    string
	Href     string
	Started  string
	Exact    string
	Service  ui.Service
	Name     string
	Duration string
	Error    bool
	Width    float64 // of the bar, 0 to 1
	Parts    []ui.Share
	Where    string // the same in words
	Result   string
	Bad      bool // the result is an error
	Spans    string
}

// TraceEmpty says which kind of nothing this is.
type TraceEmpty struct {
	Title, Text string
	Actions     []ui.Button
	Snippet     string
}

func (h *Histogram) barAt(i int) templ.SafeCSS {
	w := 1 / float64(max(len(h.Bars), 1))
	return leftWidth(float64(i)*w, w)
}

func barWidth(share float64) templ.SafeCSS { return templ.SafeCSS("width:" + pct(share)) }

func grow(part float64) templ.SafeCSS {
	return templ.SafeCSS("flex:" + strconv.FormatFloat(max(part, 0.004), 'f', 3, 64))
}

// histogramPath draws one layer of bars in a box 1000 wide.
func (h *Histogram) path(value func(HistogramBar) float64) string {
	var p []byte
	w := 1000 / float64(max(len(h.Bars), 1))
	for i, b := range h.Bars {
		v := min(max(value(b), 0), 1) * float64(h.Height)
		if v <= 0 {
			continue
		}
		x := w * (float64(i) + 0.06)
		p = append(p, 'M')
		p = num(p, x)
		p = append(p, ' ')
		p = num(p, float64(h.Height)-v)
		p = append(p, 'h')
		p = num(p, w*0.88)
		p = append(p, 'v')
		p = num(p, v)
		p = append(p, 'h')
		p = num(p, -w*0.88)
		p = append(p, 'z')
	}
	return string(p)
}

// outline is the time before, as one stepped line.
func (h *Histogram) outline() string {
	if len(h.Before) == 0 {
		return ""
	}
	w := 1000 / float64(len(h.Before))
	p := append(num([]byte("M0 "), float64(h.Height)), 'V')
	for i, v := range h.Before {
		if i > 0 {
			p = append(p, 'V')
		}
		p = num(p, float64(h.Height)*(1-min(max(v, 0), 1)))
		p = append(p, 'H')
		p = num(p, w*float64(i+1))
	}
	return string(num(append(p, 'V'), float64(h.Height)))
}

func num(p []byte, f float64) []byte { return strconv.AppendFloat(p, f, 'f', 1, 64) }

func (h *Histogram) box() string { return "0 0 1000 " + strconv.Itoa(h.Height) }

func (h *Histogram) size() templ.SafeCSS {
	return templ.SafeCSS("--h:" + strconv.Itoa(h.Height) + "px;--yw:34px")
}

func allOf(b HistogramBar) float64 { return b.All }
func badOf(b HistogramBar) float64 { return b.Bad }

func orZero(s string) string {
	if s == "" {
		return "0"
	}
	return s
}
