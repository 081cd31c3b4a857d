package traceql

import "tripod/store"

// Tree is the spans of one trace as a forest. A span whose parent is missing,
// is itself, or is cut off to open a circle is the top of a tree.
type Tree struct {
	ID    store.TraceID
	Spans []store.Span // in order of start, each once; not to be changed

	parent      []int32 // none is -1
	order       []int32 // parents before their children
	kids        []int32 // number of children
	group       []int32 // siblings have the same, below groups; -1 has none
	groups      int
	left, right []int32 // nested sets, from 1
	root        int
	start, end  int64
}

const none = int32(-1)

// NewTree takes the spans over, in order of start.
func NewTree(id store.TraceID, spans []store.Span) *Tree {
	t := &Tree{ID: id, Spans: spans, parent: make([]int32, len(spans))}
	kin := store.NewKinship(len(spans), func(i int) *store.Span { return &spans[i] })
	for i := range spans {
		t.parent[i] = int32(kin.Parent(i))
	}
	t.root = t.findRoot()
	for i := range spans {
		if t.parent[i] == int32(i) {
			t.parent[i] = none
		}
	}
	t.cut()
	t.families(kin)
	t.nest()
	t.extent()
	return t
}

// findRoot is the first span whose parent is not in the trace, as in a
// store.TraceSummary; the first of all when there is none.
func (t *Tree) findRoot() int {
	for i, p := range t.parent {
		if p == none {
			return i
		}
	}
	return 0
}

// cut opens every circle of parents at its first span.
func (t *Tree) cut() {
	const fresh, onPath, done = 0, 1, 2
	state := make([]uint8, len(t.Spans))
	var path []int32
	for i := range t.Spans {
		path = path[:0]
		at := int32(i)
		for at != none && state[at] == fresh {
			state[at] = onPath
			path = append(path, at)
			at = t.parent[at]
		}
		if at != none && state[at] == onPath {
			least := at
			for c := t.parent[at]; c != at; c = t.parent[c] {
				least = min(least, c)
			}
			t.parent[least] = none
		}
		for _, p := range path {
			state[p] = done
		}
	}
}

// families counts children and finds siblings: spans of the same parent, be it
// there or missing.
func (t *Tree) families(kin *store.Kinship) {
	t.kids, t.group = make([]int32, len(t.Spans)), make([]int32, len(t.Spans))
	missing := map[store.SpanID]int32{}
	for i, p := range t.parent {
		id := t.Spans[i].ParentID
		switch {
		case p != none:
			t.kids[p]++
			t.group[i] = p
		case id.IsZero() || kin.Has(id):
			t.group[i] = none
		default:
			if _, ok := missing[id]; !ok {
				missing[id] = int32(len(t.Spans) + len(missing))
			}
			t.group[i] = missing[id]
		}
	}
	t.groups = len(t.Spans) + len(missing)
}

// nest numbers the spans: a span's left and right lie between those of its
// ancestors.
func (t *Tree) nest() {
	n := len(t.Spans)
	next, head := make([]int32, n), make([]int32, n+1) // lists of children; those of tops at n
	for i := range head {
		head[i] = none
	}
	for i := n - 1; i >= 0; i-- {
		p := t.parent[i]
		if p == none {
			p = int32(n)
		}
		next[i], head[p] = head[p], int32(i)
	}
	t.left, t.right, t.order = make([]int32, n), make([]int32, n), make([]int32, 0, n)
	number, at := int32(0), head[n]
	for at != none {
		number++
		t.left[at] = number
		t.order = append(t.order, at)
		if head[at] != none {
			at = head[at]
			continue
		}
		for at != none {
			number++
			t.right[at] = number
			if next[at] != none {
				at = next[at]
				break
			}
			at = t.parent[at]
		}
	}
}

func (t *Tree) extent() {
	for i := range t.Spans {
		s := &t.Spans[i]
		if i == 0 {
			t.start, t.end = s.Start, s.End
		}
		t.start, t.end = min(t.start, s.Start), max(t.end, s.End)
	}
}

// nestedParent is the left number of the parent, -1 of a root, and 0 where the
// parent is missing or cut off.
func (t *Tree) nestedParent(i int) int64 {
	switch p := t.parent[i]; {
	case p != none:
		return int64(t.left[p])
	case t.Spans[i].ParentID.IsZero():
		return -1
	}
	return 0
}
