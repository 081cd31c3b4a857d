package screens

import (
	"strconv"

	"github.com/a-h/templ"

	"tripod/ui/chart"
)

// TraceMap is which service called which in one trace.
type TraceMap struct {
	Height int // px
	Least  int // px, of the width
	Most   int
	Nodes  []MapNode
	Edges  []MapEdge
	Note   MapNote
}

// MapNode is a service. X is in percent of the width, Y in px.
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
	Path    string // of an SVG whose width is 1000 and whose height is the map's
	Title   string
	X, Y    float64 // of the words
	Width   float64 // px, at most, of the words
	Crowded bool    // they are shown only while the edge is pointed at
	Text    string
	Result  string
	Bad     bool
}

// MapNote is the sentence below the map, in which an operation may be named.
type MapNote struct {
	Text, Operation, Rest string
}

func (m TraceMap) box() string { return "0 0 1000 " + strconv.Itoa(m.Height) }

func (m TraceMap) size() templ.SafeCSS {
	return templ.SafeCSS("height:" + strconv.Itoa(m.Height) + "px;min-width:" + strconv.Itoa(m.Least) + "px;max-width:" + strconv.Itoa(m.Most) + "px")
}

func (e MapEdge) place() templ.SafeCSS {
	return place(e.X, e.Y) + ";max-width:" + templ.SafeCSS(px(e.Width))
}

func orNone(s string) string {
	if s == "" {
		return chart.Dash
	}
	return s
}

// focusable lets keys reach what is not a link.
func focusable(on bool) templ.Attributes {
	if !on {
		return nil
	}
	return templ.Attributes{"tabindex": "0"}
}
