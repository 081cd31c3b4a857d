package layers

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"testing"
)

func TestDraw(t *testing.T) {
	for name, c := range map[string]struct {
		n     int
		edges []Edge
		cols  []float64
	}{
		"nothing":            {0, nil, []float64{}},
		"alone":              {2, nil, []float64{0, 0}},
		"a chain":            {3, []Edge{{0, 1, 1}, {1, 2, 1}}, []float64{0, 1, 2}},
		"two ways":           {4, []Edge{{0, 1, 1}, {1, 2, 1}, {0, 2, 1}, {2, 3, 1}}, []float64{0, 1, 2, 3}},
		"a circle":           {3, []Edge{{0, 1, 1}, {1, 2, 1}, {2, 0, 1}}, []float64{0, 1, 2}},
		"to itself":          {2, []Edge{{0, 0, 1}, {0, 1, 1}}, []float64{0, 1}},
		"a start for a late": {4, []Edge{{0, 1, 1}, {1, 2, 1}, {3, 2, 1}}, []float64{0, 1, 2, 1}},
	} {
		t.Run(name, func(t *testing.T) {
			d := Draw(c.n, c.edges)
			got := make([]float64, c.n)
			for i, p := range d.Nodes {
				got[i] = p.X
			}
			if !reflect.DeepEqual(got, c.cols) {
				t.Errorf("got columns %v, want %v", got, c.cols)
			}
			check(t, c.n, c.edges, d)
		})
	}
}

// check holds a drawing to what its documentation promises.
func check(t *testing.T, n int, edges []Edge, d Drawing) {
	t.Helper()
	for i, a := range d.Nodes {
		if math.IsNaN(a.Y) || a.Y < 0 || a.Y > d.Rows || a.X >= float64(max(d.Columns, 1)) {
			t.Errorf("node %d lies at %v of %d columns, %v rows", i, a, d.Columns, d.Rows)
		}
		for j, b := range d.Nodes[:i] {
			if a.X == b.X && math.Abs(a.Y-b.Y) < 1-1e-9 {
				t.Errorf("nodes %d and %d lie at %v and %v", i, j, a, b)
			}
		}
	}
	for i, e := range edges {
		path := d.Edges[i]
		if e.From == e.To {
			if path != nil {
				t.Errorf("edge %d leads to itself, by %v", i, path)
			}
			continue
		}
		if path[0] != d.Nodes[e.From] || path[len(path)-1] != d.Nodes[e.To] {
			t.Errorf("edge %d from %v to %v lies at %v", i, d.Nodes[e.From], d.Nodes[e.To], path)
		}
		for k := 1; k < len(path); k++ {
			if math.Abs(path[k].X-path[k-1].X) != 1 {
				t.Errorf("edge %d jumps: %v", i, path)
			}
		}
		for _, p := range path[1 : len(path)-1] {
			for j, node := range d.Nodes {
				if node.X == p.X && math.Abs(node.Y-p.Y) < 0.5-1e-9 {
					t.Errorf("edge %d passes node %d: %v, %v", i, j, p, node)
				}
			}
		}
	}
}

func TestDrawKeepsItsPromises(t *testing.T) {
	for seed := range uint64(200) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			n := 1 + r.IntN(50)
			edges := make([]Edge, r.IntN(3*n))
			for i := range edges {
				edges[i] = Edge{r.IntN(n), r.IntN(n), r.Float64()}
			}
			d := Draw(n, edges)
			check(t, n, edges, d)
			if again := Draw(n, edges); !reflect.DeepEqual(again, d) {
				t.Error("the same graph is drawn in another way")
			}
		})
	}
}

func TestNoCrossingWhereNoneIsNeeded(t *testing.T) {
	// Three chains whose ends are given crosswise.
	g := newGraph(9, []Edge{{0, 5, 1}, {1, 4, 1}, {2, 3, 1}, {3, 8, 1}, {4, 7, 1}, {5, 6, 1}})
	g.assignColumns()
	g.passColumns()
	g.order()
	if n := g.crossings(); n != 0 {
		t.Errorf("%d crossings", n)
	}
}

func TestInversions(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for range 100 {
		list := make([]int, r.IntN(30))
		want := 0
		for i := range list {
			list[i] = r.IntN(12)
			for _, before := range list[:i] {
				if before > list[i] {
					want++
				}
			}
		}
		if got := inversions(list, 11); got != want {
			t.Fatalf("%v: got %d, want %d", list, got, want)
		}
	}
}

func BenchmarkDraw(b *testing.B) {
	for _, c := range []struct{ nodes, edges int }{{10, 15}, {50, 120}, {100, 400}} {
		b.Run(fmt.Sprint(c.nodes), func(b *testing.B) {
			r := rand.New(rand.NewPCG(1, 1))
			edges := make([]Edge, c.edges)
			for i := range edges {
				edges[i] = Edge{r.IntN(c.nodes), r.IntN(c.nodes), 1}
			}
			for b.Loop() {
				Draw(c.nodes, edges)
			}
		})
	}
}
