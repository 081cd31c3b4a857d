package pages

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"tripod/ui/layers"
)

// sheet is a map on which nothing may lie on anything else.
type sheet struct {
	t          *testing.T
	wide, high float64 // px
	names      []string
	taken      []rect
}

// put takes x in percent and all else in px.
func (s *sheet) put(what string, x, y, width, height float64) {
	s.t.Helper()
	r := around(x*s.wide/100, y, width, height)
	if r.left < 0 || r.right > s.wide || r.top < 0 || r.bottom > s.high {
		s.t.Errorf("at %v px %s lies outside: %v", s.wide, what, r)
	}
	for i, o := range s.taken {
		if r.meets(o) {
			s.t.Errorf("at %v px %s lies on %s: %v, %v", s.wide, what, s.names[i], r, o)
		}
	}
	s.names, s.taken = append(s.names, what), append(s.taken, r)
}

func TestLabelsLieOnNothing(t *testing.T) {
	for seed := range uint64(150) {
		r := rand.New(rand.NewPCG(seed, 3))
		n := 2 + r.IntN(50)
		edges := make([]layers.Edge, 1+r.IntN(3*n))
		for i := range edges {
			from := r.IntN(n)
			edges[i] = layers.Edge{From: from, To: (from + 1 + r.IntN(n-1)) % n, Weight: 1}
		}
		drawn := layers.Draw(n, edges)
		ask := make([]mapLabel, len(edges))
		steps := float64(drawn.Columns - 1)
		blank := paper{columns: drawn.Columns, least: 160 + steps*(160+40*r.Float64()), widest: 2000, width: 152, row: 66, top: 40}
		for i := range ask {
			ask[i] = mapLabel{c: blank.curve(drawn.Edges[i]), width: 20 + 140*r.Float64(), rank: float64(r.IntN(3))}
		}
		place := func() []mapLabel {
			p, labels := blank, append([]mapLabel(nil), ask...)
			for _, at := range drawn.Nodes {
				p.take(p.x(at.X), p.y(at.Y), 44)
			}
			p.placeLabels(labels)
			return labels
		}
		labels := place()
		for _, wider := range []float64{1, 1.1, 1.7, 3} {
			s := &sheet{t: t, wide: blank.least * wider, high: 80 + drawn.Rows*66}
			for i, at := range drawn.Nodes {
				s.put(fmt.Sprint("node ", i), blank.x(at.X), blank.y(at.Y), 152, 44)
			}
			for i, l := range labels {
				if !l.crowded {
					s.put(fmt.Sprint("label ", i), l.x, l.y, l.width, labelHeight)
				}
			}
		}
		if !reflect.DeepEqual(labels, place()) {
			t.Errorf("seed %d: the same map has other labels", seed)
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func TestLabelsChoose(t *testing.T) {
	// Two edges lie on each other, and there is room for one label only.
	p := paper{columns: 2, least: 300, widest: 300, width: 100, row: 66, top: 40}
	c := p.curve([]layers.Point{{X: 0}, {X: 1}})
	labels := []mapLabel{{c: c, width: 60, rank: 1}, {c: c, width: 60, rank: 2}}
	for _, x := range [...]float64{0, 1} {
		p.take(p.x(x), p.y(0), 44)
	}
	p.placeLabels(labels)
	if labels[1].crowded || !labels[0].crowded {
		t.Errorf("got %+v", labels)
	}
	if l := labels[0]; l.x != 50 || l.y != 40 {
		t.Errorf("the one without a place stands at %v, %v", l.x, l.y)
	}
	// One that is crossed in the middle moves aside.
	p = paper{columns: 2, least: 600, widest: 600, width: 100, row: 66, top: 40}
	cross := []mapLabel{{c: p.curve([]layers.Point{{X: 0}, {X: 1, Y: 2}}), width: 60}, {c: p.curve([]layers.Point{{X: 0, Y: 2}, {X: 1}}), width: 60}}
	p.placeLabels(cross)
	for i, l := range cross {
		if n := p.lines(cross).hidden(around(l.x*6, l.y, l.width, labelHeight), i); l.crowded || n > 0 {
			t.Errorf("label %d at %v, %v hides %d lines", i, l.x, l.y, n)
		}
	}
}
