package pages

import (
	"strconv"
	"strings"

	"tripod/ui/layers"
)

// paper is what a map is drawn on: x in percent of its width, y in px. Labels
// are placed as if it were as narrow as it may get: what stands apart there
// stands further apart on a wider one.
type paper struct {
	columns  int
	least    float64 // px, of the width
	width    float64 // px, of a node
	row, top float64 // px, from row to row and above the first
	taken    []rect  // px, by nodes and labels
	widest   float64 // px, the width up to which the ends of curves lie under their nodes
}

type rect struct{ left, top, right, bottom float64 }

func (p *paper) x(column float64) float64 {
	if p.columns < 2 {
		return 50
	}
	edge := 100 * (p.width/2 + 4) / p.least
	return edge + (100-2*edge)*column/float64(p.columns-1)
}

func (p *paper) y(row float64) float64 { return p.top + row*p.row }

// take keeps the place of a node from labels.
func (p *paper) take(x, y, height float64) {
	p.taken = append(p.taken, around(x*p.least/100, y, p.width, height))
}

func around(x, y, width, height float64) rect {
	return rect{x - width/2, y - height/2, x + width/2, y + height/2}
}

// curve leads through places, level at each of them.
type curve struct {
	at   [][2]float64 // percent, px
	back bool         // to the left
}

// curve goes from one node's side to the other's.
func (p *paper) curve(path []layers.Point) curve {
	c := curve{back: path[len(path)-1].X < path[0].X}
	for _, at := range path {
		c.at = append(c.at, [2]float64{p.x(at.X), p.y(at.Y)})
	}
	side := 100 * (p.width/2 - 2) / max(p.least, p.widest)
	if c.back {
		side = -side
	}
	c.at[0][0] += side
	c.at[len(c.at)-1][0] -= side
	return c
}

// svg is the curve where 1000 is the whole width. Its ends lie under nodes.
func (c curve) svg() string {
	f := func(v float64) string { return strconv.FormatFloat(v, 'f', 1, 64) }
	var b strings.Builder
	b.WriteString("M" + f(10*c.at[0][0]) + " " + f(c.at[0][1]))
	for i := 1; i < len(c.at); i++ {
		from, to := c.at[i-1], c.at[i]
		mid := f(5 * (from[0] + to[0]))
		b.WriteString("C" + mid + " " + f(from[1]) + " " + mid + " " + f(to[1]) + " " + f(10*to[0]) + " " + f(to[1]))
	}
	return b.String()
}

// point is the place at a share of the curve, by its columns.
func (c curve) point(share float64) (x, y float64) {
	pos := share * float64(len(c.at)-1)
	i := min(int(pos), len(c.at)-2)
	t := pos - float64(i)
	from, to := c.at[i], c.at[i+1]
	ease := t * t * (3 - 2*t) // of y, whose controls are level
	// x of the same parameter: controls in the middle
	u := 1 - t
	mid := (from[0] + to[0]) / 2
	x = u*u*u*from[0] + 3*u*u*t*mid + 3*u*t*t*mid + t*t*t*to[0]
	return x, from[1] + ease*(to[1]-from[1])
}
