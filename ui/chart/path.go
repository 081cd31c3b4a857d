package chart

import (
	"math"
	"strconv"

	"github.com/a-h/templ"
)

// wide is the width of every plot's coordinate system; it is stretched to the
// width of the page with strokes that do not scale.
const wide = 1000.0

type pathData []byte

func (p *pathData) cmd(c byte, xy ...float64) {
	*p = append(*p, c)
	for i, v := range xy {
		if i > 0 {
			*p = append(*p, ' ')
		}
		*p = strconv.AppendFloat(*p, math.Round(v*10)/10, 'f', -1, 64)
	}
}

// line draws values at equal distances; NaN is a gap. A lone value between
// gaps becomes a short stroke, or it could not be seen; at the end it leads up
// to its place, since behind it the plot ends.
func line(v []float64, top, height float64) string {
	var p pathData
	open := false
	for i, f := range v {
		if math.IsNaN(f) {
			open = false
			continue
		}
		x, y := xAt(i, len(v)), yAt(f, top, height)
		if open {
			p.cmd('L', x, y)
			continue
		}
		last := i+1 == len(v)
		if last && i > 0 {
			x -= lone(len(v))
		}
		p.cmd('M', x, y)
		open = true
		if last || math.IsNaN(v[i+1]) {
			p.cmd('h', lone(len(v)))
		}
	}
	return string(p)
}

// lone is the length of a lone value's stroke: up to the next value's place,
// and no longer than the eye needs in a small line.
func lone(n int) float64 { return min(12, wide/float64(max(n, 1))) }

// area is the same, closed down to the base.
func area(v []float64, top, height float64) string {
	var p pathData
	start := -1
	for i := 0; i <= len(v); i++ {
		if i < len(v) && !math.IsNaN(v[i]) {
			x, y := xAt(i, len(v)), yAt(v[i], top, height)
			if start < 0 {
				start = i
				p.cmd('M', x, height)
			}
			p.cmd('L', x, y)
			continue
		}
		if start >= 0 {
			p.cmd('L', xAt(i-1, len(v)), height)
			p.cmd('Z')
			start = -1
		}
	}
	return string(p)
}

// band is the area between a line and another one under it; where either has a
// gap there is none.
func band(v, base []float64, top, height float64) string {
	var p pathData
	start := -1
	for i := 0; i <= len(v); i++ {
		if i < len(v) && i < len(base) && !math.IsNaN(v[i]) && !math.IsNaN(base[i]) {
			c := byte('L')
			if start < 0 {
				start, c = i, 'M'
			}
			p.cmd(c, xAt(i, len(v)), yAt(v[i], top, height))
			continue
		}
		if start >= 0 {
			for k := i - 1; k >= start; k-- {
				p.cmd('L', xAt(k, len(v)), yAt(base[k], top, height))
			}
			p.cmd('Z')
			start = -1
		}
	}
	return string(p)
}

func (l Line) area(top, height float64) string {
	if len(l.Base) > 0 {
		return band(l.Values, l.Base, top, height)
	}
	return area(l.Values, top, height)
}

func xAt(i, n int) float64 {
	if n < 2 {
		return 0
	}
	return wide * float64(i) / float64(n-1)
}

func yAt(f, top, height float64) float64 {
	return height - min(max(f/top, 0), 1)*height
}

func num(f float64) string { return strconv.FormatFloat(math.Round(f*100)/100, 'f', -1, 64) }

func viewBox(height int) string { return "0 0 1000 " + strconv.Itoa(height) }

// The styles below are numbers of our own making, never text from outside.

func chartSize(height, left int) templ.SafeCSS {
	return templ.SafeCSS("--h:" + strconv.Itoa(height) + "px;--yw:" + strconv.Itoa(left) + "px")
}

func heightPx(h int) templ.SafeCSS { return templ.SafeCSS("height:" + strconv.Itoa(h) + "px") }

func topAt(share float64) templ.SafeCSS { return templ.SafeCSS("top:" + num(share*100) + "%") }

func leftAt(share float64) templ.SafeCSS { return templ.SafeCSS("left:" + num(share*100) + "%") }

func pointAt(x, y float64) templ.SafeCSS {
	return templ.SafeCSS("left:" + num(x*100) + "%;bottom:" + num(y*100) + "%")
}

// thirds are the places of the three y labels.
var thirds = [...]float64{0, 0.5, 1}

func sparkTop(v []float64, top float64) float64 {
	if top > 0 {
		return top
	}
	if m := peak(v); m > 0 {
		return m * 1.1
	}
	return 1
}
