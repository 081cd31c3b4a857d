package pages

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// mapLabel is what an edge of a map says. It is placed on its curve, where it
// lies neither on a node nor on another label; one that finds no such place
// stays in the middle and is shown once its edge is pointed at.
type mapLabel struct {
	c       curve
	width   float64 // px, at most
	rank    float64 // the highest choose first
	x, y    float64 // of the middle: percent, px
	crowded bool    // there is no place
}

const (
	labelHeight = 17   // px
	labelLetter = 7    // px, of a wide font
	labelThin   = 4.2  // px, of its thin letters
	labelWide   = 11.2 // px, of its wide ones
	labelStrong = 0.8  // px, that a bold letter has more
	labelSides  = 12   // px, left and right of the text together
	labelStep   = 0.02 // share of a curve from one place that is tried to the next
	labelEnds   = 0.06 // share of a curve at its ends where no label stands
	lineStep    = 8    // px between the places at which curves are known
	// awayCosts is how many lines a label rather hides than to stand at the end
	// of its curve instead of in the middle.
	awayCosts = 2
)

// labelWidth is the most px that a label takes, whose second part is bold.
func labelWidth(text, strong string) float64 {
	w := labelSides + textWidth(text)
	if strong != "" {
		w += textWidth(" ") + textWidth(strong) + labelStrong*float64(utf8.RuneCountInString(strong))
	}
	return w
}

func textWidth(text string) (w float64) {
	for _, r := range text {
		switch {
		case strings.ContainsRune(" .,:/ijlt", r):
			w += labelThin
		case r == 'm' || r == 'w' || r == '%' || r >= 'A' && r <= 'Z':
			w += labelWide
		case r >= 0x1100: // may be as wide as it is high
			w += 2 * labelLetter
		default:
			w += labelLetter
		}
	}
	return w
}

// placeLabels finds places for labels, those that hide few other edges and are
// near the middle of their own first.
func (p *paper) placeLabels(labels []mapLabel) {
	lines := p.lines(labels)
	order := make([]int, len(labels))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(labels[b].rank, labels[a].rank) })
	for _, i := range order {
		l := &labels[i]
		l.x, l.y = l.c.point(0.5)
		l.crowded = true
		best := math.Inf(1)
		var at rect
		for away := 0.0; away <= 0.5-labelEnds; away += labelStep {
			for _, share := range [...]float64{0.5 - away, 0.5 + away} {
				x, y := l.c.point(share)
				r := around(x*p.least/100, y, l.width, labelHeight)
				if r.left < 0 || r.right > p.least || p.overlaps(r) {
					continue
				}
				if costs := float64(lines.hidden(r, i)) + 2*away*awayCosts; costs < best {
					best, at, l.x, l.y, l.crowded = costs, r, x, y, false
				}
			}
		}
		if !l.crowded {
			p.taken = append(p.taken, at)
		}
	}
}

func (p *paper) overlaps(r rect) bool {
	return slices.ContainsFunc(p.taken, r.meets)
}

func (r rect) meets(t rect) bool {
	return math.Min(r.right, t.right) > math.Max(r.left, t.left) && math.Min(r.bottom, t.bottom) > math.Max(r.top, t.top)
}

// lineMap is where the curves of a map run, by squares of lineCell px.
type lineMap map[[2]int][]linePlace

type linePlace struct {
	x, y float64 // px
	edge int
}

const lineCell = 32

func cellOf(x, y float64) [2]int {
	return [2]int{int(math.Floor(x / lineCell)), int(math.Floor(y / lineCell))}
}

func (p *paper) lines(labels []mapLabel) lineMap {
	m := lineMap{}
	for i, l := range labels {
		length := 0.0
		for k := 1; k < len(l.c.at); k++ {
			a, b := l.c.at[k-1], l.c.at[k]
			length += math.Hypot((b[0]-a[0])*p.least/100, b[1]-a[1])
		}
		n := math.Ceil(length/lineStep) + 1
		for k := 0.0; k <= n; k++ {
			x, y := l.c.point(k / n)
			x *= p.least / 100
			cell := cellOf(x, y)
			m[cell] = append(m[cell], linePlace{x, y, i})
		}
	}
	return m
}

// hidden is how many edges but one run below a rectangle.
func (m lineMap) hidden(r rect, but int) int {
	var seen []int
	from, to := cellOf(r.left, r.top), cellOf(r.right, r.bottom)
	for cx := from[0]; cx <= to[0]; cx++ {
		for cy := from[1]; cy <= to[1]; cy++ {
			for _, l := range m[[2]int{cx, cy}] {
				if l.edge != but && l.x >= r.left && l.x <= r.right && l.y >= r.top && l.y <= r.bottom && !slices.Contains(seen, l.edge) {
					seen = append(seen, l.edge)
				}
			}
		}
	}
	return len(seen)
}
