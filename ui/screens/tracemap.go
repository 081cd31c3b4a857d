package screens

import (
	"strconv"

	"github.com/a-h/templ"

	"tripod/ui/chart"
)

// TraceMap is which service called which in one trace.
type TraceMap struct {
	Height  int // px
	Columns int
	Nodes   []MapNode
	Edges   []MapEdge
	Note    MapNote
}

// MapNode is a service; X is a share of the width, Y is in px.
type MapNode struct {
	Name   string
	Slot   int
	X, Y   float64
	Own    string
	Errors string
	Bad    bool // had errors
	Slow   bool // has the most time of its own
	Href   string
}

// MapEdge is the calls from one service to another.
type MapEdge struct {
	Path   string
	X, Y   float64 // of the words
	Text   string
	Result string
	Bad    bool
}

// MapNote is the sentence below the map, in which an operation may be named.
type MapNote struct {
	Text, Operation, Rest string
}

func (m TraceMap) box() string { return "0 0 1000 " + strconv.Itoa(m.Height) }

func (m TraceMap) size() templ.SafeCSS {
	return templ.SafeCSS("height:" + strconv.Itoa(m.Height) + "px;min-width:" + strconv.Itoa(max(1, m.Columns)*215) + "px")
}

func spot(x, y float64) templ.SafeCSS {
	return templ.SafeCSS("left:clamp(84px," + pct(x) + ",calc(100% - 84px));top:" + strconv.FormatFloat(y, 'f', 1, 64) + "px")
}

func orNone(s string) string {
	if s == "" {
		return chart.Dash
	}
	return s
}
