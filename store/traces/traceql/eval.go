package traceql

import (
	"context"
	"slices"
	"strings"
)

// Set is a spanset that a query made of a trace.
type Set struct {
	Spans []int // numbers in Tree.Spans, ascending; at least one
	// Labels are what the set was grouped by and aggregated to, in the order of
	// the query's stages.
	Labels []Label
}

// Label is a value of a whole set.
type Label struct {
	Name  string // as the query has it
	value value
}

// Eval takes a trace through the query's stages; none is left of one that does
// not match. Metrics are not looked at.
func (q *Query) Eval(ctx context.Context, t *Tree) ([]Set, error) {
	if len(t.Spans) == 0 {
		return nil, nil
	}
	all := Set{Spans: make([]int, len(t.Spans))}
	for i := range all.Spans {
		all.Spans[i] = i
	}
	e := &evaluation{ctx: ctx, t: t}
	sets := e.stages(q.Stages, []Set{all})
	return sets, e.err
}

// evaluation is one trace under way; it ends early when its context does.
type evaluation struct {
	ctx context.Context
	t   *Tree
	err error
}

func (e *evaluation) stages(list []Stage, sets []Set) []Set {
	for _, s := range list {
		if e.err == nil {
			e.err = e.ctx.Err()
		}
		if e.err != nil || len(sets) == 0 {
			return nil
		}
		sets = e.stage(s, sets)
	}
	return sets
}

func (e *evaluation) stage(s Stage, sets []Set) (out []Set) {
	switch s := s.(type) {
	case *GroupBy:
		return e.groupBy(s, sets)
	case *Coalesce:
		return []Set{{Spans: union(sets)}}
	case *Select:
		return sets
	case *Pipeline:
		return e.stages(s.Stages, sets)
	}
	for _, set := range sets {
		switch s := s.(type) {
		case *Filter:
			set.Spans = e.filter(s, set.Spans)
		case *Joined:
			set.Spans = e.joined(s, set)
		case *ScalarFilter:
			set = e.scalarFilter(s, set)
		}
		if len(set.Spans) > 0 {
			out = append(out, set)
		}
	}
	return out
}

func (e *evaluation) filter(f *Filter, spans []int) []int {
	if f.X == nil {
		return spans
	}
	var kept []int
	for n, at := range spans {
		if n&0xfff == 0xfff && e.ctx.Err() != nil {
			e.err = e.ctx.Err()
			return nil
		}
		if eval(f.X, e.t, at).passes() {
			kept = append(kept, at)
		}
	}
	return kept
}

// union is the spans of all sets, each once.
func union(sets []Set) []int {
	if len(sets) == 1 {
		return sets[0].Spans
	}
	var all []int
	for _, s := range sets {
		all = append(all, s.Spans...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// groupBy splits every set, in the order in which groups are met.
func (e *evaluation) groupBy(g *GroupBy, sets []Set) (out []Set) {
	var key []byte
	values := make([]value, len(g.By))
	for _, set := range sets {
		known := map[string]int{}
		for _, at := range set.Spans {
			key = key[:0]
			for i, x := range g.By {
				values[i] = eval(x, e.t, at)
				key = values[i].appendKey(key)
			}
			i, ok := known[string(key)]
			if !ok {
				i = len(out)
				known[string(key)] = i
				out = append(out, Set{Labels: g.label(set.Labels, values)})
			}
			out[i].Spans = append(out[i].Spans, at)
		}
	}
	return out
}

// label adds what a group has in common.
func (g *GroupBy) label(labels []Label, values []value) []Label {
	labels = slices.Clip(labels)
	for i, x := range g.By {
		labels = append(labels, Label{"by(" + x.String() + ")", values[i]})
	}
	return labels
}

// eval is what an expression makes of a span.
func eval(x Expr, t *Tree, at int) value {
	switch x := x.(type) {
	case *Literal:
		return x.value
	case *Field:
		return x.value(t, at)
	case *Unary:
		if x.Op == "!" {
			return boolean(!eval(x.X, t, at).passes())
		}
		return negate(eval(x.X, t, at))
	}
	return x.(*Binary).eval(t, at)
}

// passes says whether a value is true as a condition.
func (v value) passes() bool { return compare("=", v, boolean(true)) }

func (b *Binary) eval(t *Tree, at int) value {
	l := eval(b.L, t, at)
	switch {
	case b.Op == "&&":
		return boolean(l.passes() && eval(b.R, t, at).passes())
	case b.Op == "||":
		return boolean(l.passes() || eval(b.R, t, at).passes())
	case b.re != nil:
		return boolean(matches(b.Op, l, b.re.MatchString))
	}
	r := eval(b.R, t, at)
	switch {
	case b.ofNil():
		return boolean((l.kind == r.kind) == (b.Op == "="))
	case isComparison(b.Op):
		return boolean(compare(b.Op, b.id(b.L, l), b.id(b.R, r)))
	}
	return arithmetic(b.Op, l, r)
}

// ofNil says that the operation asks whether there is a value.
func (b *Binary) ofNil() bool { return isNil(b.L) || isNil(b.R) }

func isNil(x Expr) bool {
	l, ok := x.(*Literal)
	return ok && l.kind == kindNil
}

// id fills up a constant that is compared with an id, which people write
// without leading zeros and in capitals.
func (b *Binary) id(x Expr, v value) value {
	if _, ok := x.(*Literal); !ok || v.kind != kindText || b.Op != "=" && b.Op != "!=" {
		return v
	}
	for _, side := range []Expr{b.L, b.R} {
		if f, ok := side.(*Field); ok && f.idLength() > 0 {
			return text(fullID(v.s, f.idLength()))
		}
	}
	return v
}

func fullID(s string, length int) string {
	if len(s) > length || s == "" || strings.Trim(s, "0123456789abcdefABCDEF") != "" {
		return s
	}
	return strings.Repeat("0", length-len(s)) + strings.ToLower(s)
}
