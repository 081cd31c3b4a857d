package pages

import (
	"cmp"
	"slices"

	"tripod/store"
)

// shape is all spans of a trace that have one path: the services and names from
// the root to them. Spans that a parent calls again and again are one shape, so
// that traces of the same work have the same shapes.
type shape struct {
	service, name string
	depth         int
	calls, errors int
	time          int64 // ns, of all its spans
	own           int64 // ns of it outside their children
	start         int64 // of the first, ns after the start of the span above it
	at            int64 // of the first, ns after the start of the trace
	first         *node
	kids          []*shape // by start
	byName        map[[2]string]*shape
}

func (s *shape) kid(service, name string) *shape { return s.byName[[2]string{service, name}] }

// shapesOf gives the shapes of a trace below one that stands for the trace.
func shapesOf(t *tree) *shape {
	top := &shape{depth: -1}
	path := []*shape{top}
	for _, n := range t.nodes {
		path = path[:n.depth+1]
		above := path[n.depth]
		service, name := "", "not received"
		if n.span != nil {
			service, name = n.span.Service, n.span.Name
		}
		s := above.kid(service, name)
		if s == nil {
			s = &shape{service: service, name: name, depth: n.depth, at: n.start - t.start, start: n.start - t.start, first: n}
			if above.first != nil {
				s.start = n.start - above.first.start
			}
			above.add(s)
		}
		s.calls++
		s.time += n.end - n.start
		s.own += ownTime(n)
		if n.span != nil && n.span.Status == store.StatusError {
			s.errors++
		}
		path = append(path, s)
	}
	return top
}

func (s *shape) add(kid *shape) {
	if s.byName == nil {
		s.byName = map[[2]string]*shape{}
	}
	s.byName[[2]string{kid.service, kid.name}] = kid
	s.kids = append(s.kids, kid)
}

// pair is a shape in two traces; one of them may be nil.
type pair struct{ a, b *shape }

func (p pair) any() *shape {
	if p.a != nil {
		return p.a
	}
	return p.b
}

// same says that both traces have the shape, called as often and with as many
// errors.
func (p pair) same() bool {
	return p.a != nil && p.b != nil && p.a.calls == p.b.calls && p.a.errors == p.b.errors
}

// pairUp lists the shapes of two traces, those of both together, depth first and
// in the order in which they begin.
func pairUp(a, b *shape) []pair {
	var out []pair
	type step struct{ a, b *shape }
	stack := []step{{a, b}}
	for len(stack) > 0 {
		s := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if s.a != a || s.b != b {
			out = append(out, pair(s))
		}
		var kids []step
		if s.a != nil {
			for _, k := range s.a.kids {
				kids = append(kids, step{k, nil})
				if s.b != nil {
					kids[len(kids)-1].b = s.b.kid(k.service, k.name)
				}
			}
		}
		if s.b != nil {
			for _, k := range s.b.kids {
				if s.a == nil || s.a.kid(k.service, k.name) == nil {
					kids = append(kids, step{nil, k})
				}
			}
		}
		slices.SortStableFunc(kids, func(x, y step) int { return cmp.Compare(pair(y).any().start, pair(x).any().start) })
		stack = append(stack, kids...)
	}
	return out
}
