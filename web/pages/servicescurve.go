package pages

import (
	"math"
	"strconv"
	"strings"

	"tripod/ui/layers"
)

// paper is what a map is drawn on: x in percent of its width, y in px.
type paper struct {
	columns int
	wide    float64 // px, at which labels have room
	taken   []rect  // px
}

type rect struct{ left, top, right, bottom float64 }

func (p *paper) x(column float64) float64 {
	if p.columns == 1 {
		return 50
	}
	edge := 100 * (nodeWidth/2 + 4) / float64(max(leastMapWidth, p.columns*mapColumn))
	return edge + (100-2*edge)*column/float64(p.columns-1)
}

func (p *paper) y(row float64) float64 { return mapMargin + row*rowHeight }

// take keeps a place around a middle from labels.
func (p *paper) take(x, y, width, height float64) {
	p.taken = append(p.taken, around(x*p.wide/100, y, width, height))
}

func around(x, y, width, height float64) rect {
	return rect{x - width/2, y - height/2, x + width/2, y + height/2}
}

// curve leads through places, level at each of them.
type curve struct {
	at   [][2]float64 // percent, px
	back bool         // to the left
}

// widestMap is the px up to which the ends of curves lie under their nodes.
const widestMap = 2000

// curve goes from one node's side to the other's.
func (p *paper) curve(path []layers.Point) curve {
	c := curve{back: path[len(path)-1].X < path[0].X}
	for _, at := range path {
		c.at = append(c.at, [2]float64{p.x(at.X), p.y(at.Y)})
	}
	side := 100 * (nodeWidth/2 - 2) / max(p.wide, widestMap)
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

// labelAt are the shares of a curve at which its label may stand, best first.
var labelAt = [...]float64{0.5, 0.42, 0.58, 0.35, 0.65, 0.28, 0.72}

// room finds and takes a place for a label.
func (p *paper) room(c curve, text string) (x, y float64, ok bool) {
	width := 6.4*float64(len([]rune(text))) + 16
	for _, share := range labelAt {
		x, y := c.point(share)
		r := around(x*p.wide/100, y, width, 17)
		if r.left >= 0 && r.right <= p.wide && !p.overlaps(r) {
			p.taken = append(p.taken, r)
			return x, y, true
		}
	}
	return 0, 0, false
}

func (p *paper) overlaps(r rect) bool {
	for _, t := range p.taken {
		if math.Min(r.right, t.right) > math.Max(r.left, t.left) && math.Min(r.bottom, t.bottom) > math.Max(r.top, t.top) {
			return true
		}
	}
	return false
}
