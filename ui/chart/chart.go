package chart

import (
	"math"
	"strconv"
	"time"
)

// Frame is what every chart on a time axis has.
type Frame struct {
	Label  string // what it shows, for people who do not see it
	Height int    // px
	Left   int    // px kept for the labels of the y axis; 34 fits 1.5k
	From   int64  // Unix ns
	To     int64
	Format func(float64) string // of y ticks; Tick when nil
	Ticks  int                  // at most so many times; 6 when 0
	Brush  bool                 // dragging chooses a time range
	Marks  []Mark
	Grid   []YTick // lines of the y axis; bottom, middle and top when empty
}

// YTick is a line of the y axis with its label; At is from 0, the bottom, to 1.
type YTick struct {
	At   float64
	Text string
}

// Mark is a vertical line with words: a change, an alert.
type Mark struct {
	At    int64 // Unix ns
	Text  string
	Low   bool   // dotted, without words
	Class string // sets its colour (k-err); may be empty
	Title string // more words, for who stays on it
	Href  string // where it leads; may be empty
}

// Bars are stacked bars over time.
type Bars struct {
	Frame
	Starts []int64 // Unix ns of every step, in order
	Step   time.Duration
	Stacks []Stack // bottom first
	Max    float64 // top of the axis; from the values when 0
}

// Stack is one layer: a class that sets its colour (k-err, c3) and a value per
// step.
type Stack struct {
	Class  string
	Name   string
	Values []float64
}

// Lines are lines over time; all have values at the same times.
type Lines struct {
	Frame
	Series []Line
	Max    float64 // top of the axis; from the values when 0
}

// Line is one line; NaN is a gap.
type Line struct {
	Class  string
	Name   string
	Values []float64
	Base   []float64 // where its area begins; 0 when empty
	Fill   bool
	Dash   bool
}

// Points are dots over time: traces by start and duration.
type Points struct {
	Frame
	Points []Point
	Log    bool // y is logarithmic, which needs Min above 0
	Min    float64
	Max    float64
	At     []float64 // labels of the y axis; bottom, middle and top when empty
	Box    bool      // dragging selects a part of both axes
}

// Point is one dot.
type Point struct {
	At    int64 // Unix ns
	Y     float64
	Class string
	Title string
	Href  string // may be empty
}

func (b Bars) top() float64 {
	if b.Max > 0 {
		return b.Max
	}
	most := 0.0
	for i := range b.Starts {
		sum := 0.0
		for _, s := range b.Stacks {
			sum += at(s.Values, i)
		}
		most = max(most, sum)
	}
	return Top(most)
}

// paths are one path a layer; bars keep a gap of a sixth of their width, and a
// bar with a value is never thinner than half a pixel.
func (b Bars) paths() []string {
	out := make([]string, len(b.Stacks))
	width := b.To - b.From
	if width <= 0 {
		return out
	}
	top, h := b.top(), float64(b.Height)
	base := make([]float64, len(b.Starts))
	for si, s := range b.Stacks {
		var p pathData
		for i, start := range b.Starts {
			v := at(s.Values, i)
			if v <= 0 {
				continue
			}
			x0 := max(0, wide*float64(start-b.From)/float64(width))
			x1 := min(wide, wide*float64(start+int64(b.Step)-b.From)/float64(width))
			if x1 <= x0 {
				continue
			}
			gap := (x1 - x0) / 12
			y1 := yAt(base[i], top, h)
			hgt := max(v/top*h, 0.5)
			base[i] += v
			p.cmd('M', x0+gap, y1-hgt)
			p.cmd('h', x1-x0-2*gap)
			p.cmd('v', hgt)
			p.cmd('h', -(x1 - x0 - 2*gap))
			p.cmd('z')
		}
		out[si] = string(p)
	}
	return out
}

func (l Lines) top() float64 {
	if l.Max > 0 {
		return l.Max
	}
	most := 0.0
	for _, s := range l.Series {
		for _, v := range s.Values {
			if !math.IsNaN(v) && !math.IsInf(v, 0) {
				most = max(most, v)
			}
		}
	}
	return Top(most)
}

// brush tells the island by what the chart is brushed.
func (p Points) brush() string {
	if p.Box {
		return "box"
	}
	return p.Frame.brush()
}

func (p Points) share(y float64) float64 {
	lo, hi := p.Min, p.Max
	if p.Log {
		if y <= 0 || lo <= 0 || hi <= lo {
			return 0
		}
		y, lo, hi = math.Log10(y), math.Log10(lo), math.Log10(hi)
	}
	if hi <= lo {
		return 0
	}
	return min(max((y-lo)/(hi-lo), 0), 1)
}

// labels are the values of the y axis that get a line and a label.
func (p Points) labels() []float64 {
	if len(p.At) > 0 {
		return p.At
	}
	return []float64{p.value(0), p.value(0.5), p.value(1)}
}

// value is the inverse of share, for the labels of the axis.
func (p Points) value(share float64) float64 {
	if p.Log && p.Min > 0 {
		return p.Min * math.Pow(p.Max/p.Min, share)
	}
	return p.Min + share*(p.Max-p.Min)
}

func (f Frame) x(t int64) float64 {
	if f.To <= f.From {
		return 0
	}
	return min(max(float64(t-f.From)/float64(f.To-f.From), 0), 1)
}

func (f Frame) format(v float64) string {
	if f.Format == nil {
		return Tick(v)
	}
	return f.Format(v)
}

func (f Frame) ticks() []TimeTick {
	n := f.Ticks
	if n == 0 {
		n = 6
	}
	return TimeTicks(f.From, f.To, n)
}

func (f Frame) brush() string {
	if f.Brush {
		return "time"
	}
	return ""
}

func ms(ns int64) string { return strconv.FormatInt(ns/int64(time.Millisecond), 10) }

func at(v []float64, i int) float64 {
	if i < len(v) && !math.IsNaN(v[i]) {
		return v[i]
	}
	return 0
}

func peak(v []float64) float64 {
	most := 0.0
	for _, f := range v {
		if !math.IsNaN(f) && !math.IsInf(f, 0) {
			most = max(most, f)
		}
	}
	return most
}
