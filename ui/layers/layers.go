// Package layers draws directed graphs in columns, so that edges lead to the
// right wherever there is no circle (K. Sugiyama, S. Tagawa, M. Toda, "Methods
// for visual understanding of hierarchical system structures", 1981): circles
// are broken, nodes get columns by their longest way from a start, the rows of
// a column are put in an order with few crossings, and every node is moved
// towards its neighbours as far as those beside it leave room.
//
// It must never know what the nodes are.
package layers

import (
	"cmp"
	"slices"
)

// Edge leads from one node to another; heavier ones are rather straight. Edges
// from a node to itself are left out.
type Edge struct {
	From, To int
	Weight   float64
}

// Point is a place: columns from the left and rows from the top, from 0.
type Point struct{ X, Y float64 }

// Drawing is where nodes and edges lie. Nodes of a column are at least one row
// apart, and half a row from edges that pass between them.
type Drawing struct {
	Nodes   []Point
	Edges   [][]Point // as given: from node to node, through the columns between them; nil for one left out
	Columns int
	Rows    float64 // the largest Y
}

// Draw places n nodes. It is the same for the same graph.
func Draw(n int, edges []Edge) Drawing {
	g := newGraph(n, edges)
	g.assignColumns()
	g.passColumns()
	g.order()
	g.settle()
	return g.drawing(n, edges)
}

// graph has the nodes given and behind them one for each column that an edge
// passes through.
type graph struct {
	n     int // nodes given
	links []link
	col   []int
	row   []float64
	cols  [][]int // nodes by column, from the top
	in    [][]arc
	out   [][]arc
}

// link is an edge, turned around where it would close a circle.
type link struct {
	edge     int
	from, to int
	weight   float64
	turned   bool
	path     []int // nodes, ends included
}

type arc struct {
	to     int
	weight float64
}

func newGraph(n int, edges []Edge) *graph {
	g := &graph{n: n, col: make([]int, n)}
	for i, e := range edges {
		if e.From != e.To {
			g.links = append(g.links, link{edge: i, from: e.From, to: e.To, weight: e.Weight})
		}
	}
	g.breakCircles()
	return g
}

// breakCircles turns every edge around that leads back to a node on the way to
// it, when walking from the nodes that nothing leads to.
func (g *graph) breakCircles() {
	out, indegree := make([][]int, g.n), make([]int, g.n)
	for i, l := range g.links {
		out[l.from] = append(out[l.from], i)
		indegree[l.to]++
	}
	const (
		fresh = iota
		onWay
		done
	)
	state := make([]int, g.n)
	starts := make([]int, g.n)
	for i := range starts {
		starts[i] = i
	}
	slices.SortStableFunc(starts, func(a, b int) int { return cmp.Compare(indegree[a], indegree[b]) })
	type step struct{ node, next int }
	for _, s := range starts {
		if state[s] != fresh {
			continue
		}
		way := []step{{s, 0}}
		state[s] = onWay
		for len(way) > 0 {
			at := &way[len(way)-1]
			if at.next == len(out[at.node]) {
				state[at.node] = done
				way = way[:len(way)-1]
				continue
			}
			l := &g.links[out[at.node][at.next]]
			at.next++
			switch to := l.to; state[to] {
			case onWay:
				l.from, l.to, l.turned = l.to, l.from, true
			case fresh:
				state[to] = onWay
				way = append(way, step{to, 0})
			}
		}
	}
}

// assignColumns puts each node behind all that lead to it, and those that
// nothing leads to right before the first that they lead to.
func (g *graph) assignColumns() {
	out, indegree := make([][]int, g.n), make([]int, g.n)
	for _, l := range g.links {
		out[l.from] = append(out[l.from], l.to)
		indegree[l.to]++
	}
	var ready []int
	for i, d := range indegree {
		if d == 0 {
			ready = append(ready, i)
		}
	}
	starts := slices.Clone(ready)
	for len(ready) > 0 {
		at := ready[0]
		ready = ready[1:]
		for _, to := range out[at] {
			g.col[to] = max(g.col[to], g.col[at]+1)
			if indegree[to]--; indegree[to] == 0 {
				ready = append(ready, to)
			}
		}
	}
	for _, s := range starts {
		if len(out[s]) == 0 {
			continue
		}
		first := g.col[out[s][0]]
		for _, to := range out[s] {
			first = min(first, g.col[to])
		}
		g.col[s] = first - 1
	}
}

// passColumns gives each edge a node in every column between its ends.
func (g *graph) passColumns() {
	for i := range g.links {
		l := &g.links[i]
		l.path = []int{l.from}
		for c := g.col[l.from] + 1; c < g.col[l.to]; c++ {
			l.path = append(l.path, len(g.col))
			g.col = append(g.col, c)
		}
		l.path = append(l.path, l.to)
	}
	g.in, g.out = make([][]arc, len(g.col)), make([][]arc, len(g.col))
	for _, l := range g.links {
		for i := 1; i < len(l.path); i++ {
			a, b := l.path[i-1], l.path[i]
			g.out[a] = append(g.out[a], arc{b, l.weight})
			g.in[b] = append(g.in[b], arc{a, l.weight})
		}
	}
	for node, c := range g.col {
		for len(g.cols) <= c {
			g.cols = append(g.cols, nil)
		}
		g.cols[c] = append(g.cols[c], node)
	}
}

func (g *graph) drawing(n int, edges []Edge) Drawing {
	d := Drawing{Nodes: make([]Point, n), Edges: make([][]Point, len(edges)), Columns: len(g.cols)}
	at := func(node int) Point { return Point{float64(g.col[node]), g.row[node]} }
	for i := range d.Nodes {
		d.Nodes[i] = at(i)
	}
	for _, l := range g.links {
		path := make([]Point, len(l.path))
		for i, node := range l.path {
			path[i] = at(node)
		}
		if l.turned {
			slices.Reverse(path)
		}
		d.Edges[l.edge] = path
	}
	for _, y := range g.row {
		d.Rows = max(d.Rows, y)
	}
	return d
}
