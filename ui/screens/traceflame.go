package screens

import (
	"strconv"

	"github.com/a-h/templ"

	"tripod/ui"
)

// Flame is a trace as boxes whose width is time, and what its operations took.
type Flame struct {
	Height  int // px
	Frames  []FlameFrame
	Note    string // what was left out
	Zoomed  string // the span that the width stands for, when not the trace
	ZoomOut string // address with the whole trace
	Ops     []OpRow
	OpsNote string // how many there are, when not all are shown
}

// FlameFrame is a span; Left and Width are shares, Top is in px.
type FlameFrame struct {
	Slot        int
	Left, Width float64
	Top         int
	Name        string
	Duration    string
	Title       string
	Href        string
	Error       bool
	Selected    bool
}

// OpRow is all spans of one service and name.
type OpRow struct {
	Service ui.Service
	Name    string
	Calls   string
	Own     string
	Share   float64 // of the trace's duration
	Percent string
	Much    bool // worth a look
	Usually string
}

func (f FlameFrame) style() templ.SafeCSS {
	return templ.SafeCSS("left:" + pct(f.Left) + ";width:" + pct(f.Width) + ";top:" + strconv.Itoa(f.Top) + "px")
}

// named says whether a frame has room for words.
func (f FlameFrame) named() bool { return f.Width > 0.03 }

func highPx(px int) templ.SafeCSS { return templ.SafeCSS("height:" + strconv.Itoa(px) + "px") }
