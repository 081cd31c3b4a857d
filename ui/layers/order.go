package layers

import (
	"cmp"
	"slices"
)

const (
	orderRounds  = 12
	settleRounds = 12
)

// order sorts each column by where the neighbours of its nodes are, to and fro,
// and keeps the order that has the fewest crossings.
func (g *graph) order() {
	best, fewest := g.copyOrder(), g.crossings()
	for round := range orderRounds {
		if fewest == 0 {
			break
		}
		rank := g.ranks()
		for i := range g.cols {
			c, near := i, g.in
			if round%2 == 1 {
				c, near = len(g.cols)-1-i, g.out
			}
			g.sortColumn(c, near, rank)
		}
		if n := g.crossings(); n < fewest {
			best, fewest = g.copyOrder(), n
		}
	}
	g.cols = best
}

func (g *graph) copyOrder() [][]int {
	out := make([][]int, len(g.cols))
	for i, c := range g.cols {
		out[i] = slices.Clone(c)
	}
	return out
}

func (g *graph) ranks() []int {
	rank := make([]int, len(g.col))
	for _, c := range g.cols {
		for i, node := range c {
			rank[node] = i
		}
	}
	return rank
}

func (g *graph) sortColumn(c int, near [][]arc, rank []int) {
	mean := make(map[int]float64, len(g.cols[c]))
	for i, node := range g.cols[c] {
		mean[node] = float64(i)
		if arcs := near[node]; len(arcs) > 0 {
			sum := 0.0
			for _, a := range arcs {
				sum += float64(rank[a.to])
			}
			mean[node] = sum / float64(len(arcs))
		}
	}
	slices.SortStableFunc(g.cols[c], func(a, b int) int { return cmp.Compare(mean[a], mean[b]) })
	for i, node := range g.cols[c] {
		rank[node] = i
	}
}

// crossings counts pairs of edges that cross: those between two columns whose
// ends are in another order than their starts (W. Barth, P. Mutzel, M. Jünger,
// "Simple and efficient bilayer cross counting", 2004).
func (g *graph) crossings() int {
	rank := g.ranks()
	n := 0
	for _, c := range g.cols {
		var ends []int
		last := 0
		for _, node := range c {
			from := len(ends)
			for _, a := range g.out[node] {
				ends = append(ends, rank[a.to])
				last = max(last, rank[a.to])
			}
			slices.Sort(ends[from:])
		}
		n += inversions(ends, last)
	}
	return n
}

// inversions counts the pairs of which the first is larger, with a Fenwick tree.
func inversions(list []int, most int) int {
	tree := make([]int, most+2)
	n := 0
	for i, v := range list {
		n += i
		for at := v + 1; at > 0; at &= at - 1 {
			n -= tree[at]
		}
		for at := v + 1; at < len(tree); at += at & -at {
			tree[at]++
		}
	}
	return n
}

// settle moves each column's nodes towards the mean of their neighbours, as
// near to it as their order and distances allow.
func (g *graph) settle() {
	g.row = make([]float64, len(g.col))
	for _, c := range g.cols {
		gaps := g.gaps(c)
		for i, node := range c {
			g.row[node] = gaps[i] - gaps[len(c)-1]/2
		}
	}
	for round := range settleRounds {
		for i := range g.cols {
			c := g.cols[i]
			if round%2 == 1 {
				c = g.cols[len(g.cols)-1-i]
			}
			g.settleColumn(c)
		}
	}
	least := 0.0
	for i, y := range g.row {
		if i == 0 || y < least {
			least = y
		}
	}
	for i := range g.row {
		g.row[i] -= least
	}
}

// gaps are the least rows from the column's first node to each of its nodes.
func (g *graph) gaps(c []int) []float64 {
	out := make([]float64, len(c))
	for i := 1; i < len(c); i++ {
		gap := 0.5
		if c[i] < g.n && c[i-1] < g.n {
			gap = 1
		}
		out[i] = out[i-1] + gap
	}
	return out
}

// settleColumn finds the rows with the least sum of squared distances from what
// is wanted: isotonic regression, once the gaps are taken away.
func (g *graph) settleColumn(c []int) {
	type block struct {
		sum, weight float64
		n           int
	}
	gaps := g.gaps(c)
	var blocks []block
	for i, node := range c {
		want, weight := g.row[node], 0.01
		sum := want * weight
		for _, arcs := range [][]arc{g.in[node], g.out[node]} {
			for _, a := range arcs {
				w := 1 + a.weight
				sum, weight = sum+w*g.row[a.to], weight+w
			}
		}
		b := block{sum - weight*gaps[i], weight, 1}
		for len(blocks) > 0 {
			last := blocks[len(blocks)-1]
			if last.sum/last.weight <= b.sum/b.weight {
				break
			}
			b = block{last.sum + b.sum, last.weight + b.weight, last.n + b.n}
			blocks = blocks[:len(blocks)-1]
		}
		blocks = append(blocks, b)
	}
	i := 0
	for _, b := range blocks {
		for range b.n {
			g.row[c[i]] = b.sum/b.weight + gaps[i]
			i++
		}
	}
}
