package traceql

import "tripod/store"

// Fields are those that the query names, in the order of its text and each
// once, but for what every span is shown with.
func (q *Query) Fields() []*Field {
	var list []*Field
	seen := map[string]bool{"name": true, "span:name": true, "duration": true, "span:duration": true}
	q.Walk(func(f *Field) {
		if !seen[f.String()] {
			seen[f.String()] = true
			list = append(list, f)
		}
	})
	return list
}

// Attrs is what a span has in fields.
func (t *Tree) Attrs(fields []*Field, at int) (out store.Attrs) {
	for _, f := range fields {
		if v := f.value(t, at); v.kind != kindNil {
			out = append(out, store.Attr{Key: f.String(), Value: v.attr()})
		}
	}
	return out
}

// Attrs are the labels as attributes; a group without a value has none.
func (s *Set) Attrs() (out store.Attrs) {
	for _, l := range s.Labels {
		out = append(out, store.Attr{Key: l.Name, Value: l.value.attr()})
	}
	return out
}

// Walk visits every field of the query, also those of its metrics.
func (q *Query) Walk(visit func(*Field)) {
	walkStages(q.Stages, visit)
	m := q.Metrics
	if m == nil {
		return
	}
	if m.Of != nil {
		visit(m.Of)
	}
	for _, f := range m.By {
		visit(f)
	}
	if m.Compare != nil {
		walkStages([]Stage{m.Compare.Filter}, visit)
	}
}

func walkStages(list []Stage, visit func(*Field)) {
	for _, s := range list {
		switch s := s.(type) {
		case *Filter:
			walkExpr(s.X, visit)
		case *Joined:
			walkStages([]Stage{s.L, s.R}, visit)
		case *Pipeline:
			walkStages(s.Stages, visit)
		case *ScalarFilter:
			walkScalar(s.L, visit)
			walkScalar(s.R, visit)
		case *GroupBy:
			for _, x := range s.By {
				walkExpr(x, visit)
			}
		case *Select:
			for _, f := range s.Fields {
				visit(f)
			}
		}
	}
}

func walkScalar(s Scalar, visit func(*Field)) {
	switch s := s.(type) {
	case *Aggregate:
		walkExpr(s.X, visit)
	case *ScalarBinary:
		walkScalar(s.L, visit)
		walkScalar(s.R, visit)
	case *ScalarMinus:
		walkScalar(s.X, visit)
	case *ScalarPipeline:
		walkStages(s.Stages, visit)
		walkScalar(s.X, visit)
	}
}

func walkExpr(x Expr, visit func(*Field)) {
	switch x := x.(type) {
	case *Field:
		visit(x)
	case *Unary:
		walkExpr(x.X, visit)
	case *Binary:
		walkExpr(x.L, visit)
		walkExpr(x.R, visit)
	}
}

// PerSpan says that each span alone decides whether it comes out of the query
// and what the query makes of it.
func (q *Query) PerSpan() bool {
	for _, s := range q.Stages {
		if !perSpan(s) {
			return false
		}
	}
	alone := true
	q.Walk(func(f *Field) { alone = alone && !f.ofTree() })
	return alone
}

func perSpan(s Stage) bool {
	switch s := s.(type) {
	case *Filter, *Select:
		return true
	case *Joined:
		return s.Op == "||" && perSpan(s.L) && perSpan(s.R)
	}
	return false
}

// Timed says that spans with the same fields and the same step differ by when
// they start.
func (q *Query) Timed() bool {
	timed := false
	q.Walk(func(f *Field) { timed = timed || f.Intrinsic == EventTimeSinceStart })
	return timed
}

// Alone is a span by itself, for queries that are PerSpan.
func Alone(s store.Span) *Tree { return &Tree{ID: s.TraceID, Spans: []store.Span{s}} }

// Keeps says whether a span comes out of a query that is PerSpan.
func (q *Query) Keeps(t *Tree, at int) bool {
	for _, s := range q.Stages {
		if !keeps(s, t, at) {
			return false
		}
	}
	return true
}

func keeps(s Stage, t *Tree, at int) bool {
	switch s := s.(type) {
	case *Filter:
		return s.X == nil || eval(s.X, t, at).passes()
	case *Joined:
		return keeps(s.L, t, at) || keeps(s.R, t, at)
	}
	return true
}
