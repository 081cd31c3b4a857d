package pages

import (
	"cmp"
	"slices"
	"time"

	"tripod/store"
)

// node is a span in the tree of its trace. A node without a span stands for a
// parent that was not received.
type node struct {
	span     *store.Span // nil for a missing parent
	id       store.SpanID
	start    int64 // Unix ns; of a missing parent: what its children cover
	end      int64
	depth    int
	parent   *node // nil when it was not received
	children []*node

	critical  bool  // on the critical path
	critStart int64 // the part of it during which the path was here or below
	critEnd   int64
}

// tree is a trace in the order in which it is drawn.
type tree struct {
	roots      []*node
	start, end int64 // Unix ns, of all spans
	missing    int   // parents that were not received
	circles    int   // of spans that are each other's parents, cut at one
	spans      int
	nodes      []*node // depth first
}

// growTree puts spans under their parents, children by start. It takes any
// spans: parents that are missing, ids that occur twice, and circles.
func growTree(spans []store.Span) *tree {
	t := &tree{spans: len(spans)}
	nodes := make([]*node, len(spans))
	kin := store.NewKinship(len(spans), func(i int) *store.Span { return &spans[i] })
	for i := range spans {
		s := &spans[i]
		nodes[i] = &node{span: s, id: s.SpanID, start: s.Start, end: max(s.Start, s.End)}
		if i == 0 || s.Start < t.start {
			t.start = s.Start
		}
		t.end = max(t.end, nodes[i].end)
	}
	lost := map[store.SpanID]*node{}
	for i, n := range nodes {
		switch p := kin.Parent(i); {
		case p >= 0:
			n.parent = nodes[p]
			n.parent.children = append(n.parent.children, n)
		case n.span.ParentID.IsZero():
			t.roots = append(t.roots, n)
		default:
			t.adopt(lost, n)
		}
	}
	t.missing = len(lost)
	sortByStart(t.roots)
	for _, n := range nodes {
		sortByStart(n.children)
	}
	for _, n := range lost {
		sortByStart(n.children)
	}
	seen := make(map[*node]bool, len(nodes))
	t.walk(t.roots, seen)
	for _, n := range nodes {
		if !seen[n] { // in a circle, or below one
			cut := inCircle(n)
			parent := cut.parent
			parent.children = slices.DeleteFunc(parent.children, func(c *node) bool { return c == cut })
			t.roots = append(t.roots, cut)
			t.circles++
			t.walk([]*node{cut}, seen)
		}
	}
	return t
}

// inCircle goes up from a node that no root leads to until it meets a node for
// the second time.
func inCircle(n *node) *node {
	met := map[*node]bool{}
	for !met[n] {
		met[n] = true
		n = n.parent
	}
	return n
}

// adopt puts a span under a node that stands for its missing parent.
func (t *tree) adopt(lost map[store.SpanID]*node, n *node) {
	id := n.span.ParentID
	p := lost[id]
	if p == nil {
		p = &node{id: id, start: n.start, end: n.end}
		lost[id] = p
		t.roots = append(t.roots, p)
	}
	p.start, p.end = min(p.start, n.start), max(p.end, n.end)
	p.children = append(p.children, n)
}

func sortByStart(ns []*node) {
	slices.SortStableFunc(ns, func(a, b *node) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(b.end, a.end))
	})
}

// walk lists the nodes depth first. It keeps a stack of its own, since a trace
// may be deeper than a goroutine's should be.
func (t *tree) walk(roots []*node, seen map[*node]bool) {
	stack := slices.Clone(roots)
	slices.Reverse(stack)
	for len(stack) > 0 {
		n := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if n.span != nil {
			seen[n] = true
		}
		t.nodes = append(t.nodes, n)
		for _, c := range slices.Backward(n.children) {
			c.depth = n.depth + 1
			stack = append(stack, c)
		}
	}
}

// realRoots counts the spans that say that they have no parent.
func (t *tree) realRoots() int {
	n := 0
	for _, r := range t.roots {
		if r.span != nil && r.parent == nil && r.span.ParentID.IsZero() {
			n++
		}
	}
	return n
}

// reversed counts the spans that end before they start.
func (t *tree) reversed() int {
	n := 0
	for _, x := range t.nodes {
		if x.span != nil && x.span.End < x.span.Start {
			n++
		}
	}
	return n
}

// services are the first n of the trace.
func (t *tree) services(n int) []string {
	var out []string
	seen := map[string]bool{}
	for _, x := range t.nodes {
		if x.span != nil && !seen[x.span.Service] && len(out) < n {
			seen[x.span.Service] = true
			out = append(out, x.span.Service)
		}
	}
	return out
}

// root is the span that tells what the trace is: the earliest without a
// parent, else the earliest of all.
func (t *tree) root() *node {
	for _, r := range t.roots {
		if r.span != nil {
			return r
		}
	}
	for _, n := range t.nodes {
		if n.span != nil {
			return n
		}
	}
	return nil
}

// markCritical walks back from the end of the root: at each moment the path is
// in the child that finished last before it, and in the span itself where no
// child was running. A child that outlives its parent counts until its end.
func (t *tree) markCritical() {
	root := t.root()
	if root == nil {
		return
	}
	type visit struct {
		n   *node
		end int64
	}
	stack := []visit{{root, root.end}}
	for len(stack) > 0 {
		v := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		n := v.n
		if n.critical {
			continue
		}
		n.critical, n.critStart, n.critEnd = true, n.start, v.end
		at := v.end
		kids := slices.Clone(n.children)
		slices.SortStableFunc(kids, func(a, b *node) int { return cmp.Compare(b.end, a.end) })
		for _, c := range kids {
			end := min(c.end, n.end)
			if end > at || c.start >= at || end <= n.start && c.end > c.start {
				continue
			}
			stack = append(stack, visit{c, end})
			at = max(c.start, n.start)
		}
	}
}

// skew is a pair of services whose clocks cannot both be right.
type skew struct {
	service, parent string
	by              int64 // ns, at least
}

// skews are the pairs in which a span starts before the span of another
// service that called it, the worst of each pair.
func (t *tree) skews() []skew {
	worst := map[[2]string]int64{}
	for _, n := range t.nodes {
		for _, c := range n.children {
			if n.span == nil || c.span == nil || c.span.Service == n.span.Service || c.start >= n.start {
				continue
			}
			key := [2]string{c.span.Service, n.span.Service}
			worst[key] = max(worst[key], n.start-c.start)
		}
	}
	out := make([]skew, 0, len(worst))
	for k, by := range worst {
		if by >= int64(10*time.Microsecond) {
			out = append(out, skew{k[0], k[1], by})
		}
	}
	slices.SortFunc(out, func(a, b skew) int {
		return cmp.Or(cmp.Compare(b.by, a.by), cmp.Compare(a.service, b.service), cmp.Compare(a.parent, b.parent))
	})
	return out
}

// share is where a time lies in the trace, from 0 to 1.
func (t *tree) share(at int64) float64 {
	if t.end <= t.start {
		return 0
	}
	return min(max(float64(at-t.start)/float64(t.end-t.start), 0), 1)
}
