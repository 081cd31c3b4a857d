package traceql

import (
	"slices"

	"tripod/store"
)

// Need is what an engine can look for in single spans: All, Any, *Test, or nil
// for every span. It holds for all that it is meant for, and maybe for more.
type Need interface{ String() string }

// All holds for spans that fit every part.
type All []Need

// Any holds for spans that fit some part; for none when it is empty.
type Any []Need

// Test compares a field of a span with a constant or, when Exists is set, asks
// whether it is there.
type Test struct {
	Field  *Field
	Op     string
	Exists bool
	with   value
	match  func(string) bool // of =~ and !~
	text   string
}

// Passes says whether an attribute of this value would make the test true.
func (t *Test) Passes(v store.Value) bool {
	return t.passes(of(v))
}

func (t *Test) passes(v value) bool {
	switch {
	case t.Exists:
		return v.kind != kindNil
	case t.Missing():
		return v.kind == kindNil
	case t.match != nil:
		return matches(t.Op, v, t.match)
	}
	return compare(t.Op, v, t.with)
}

// Missing says that the test is whether the field is not there.
func (t *Test) Missing() bool { return !t.Exists && t.with.kind == kindNil }

// Text is the text that the field is compared with.
func (t *Test) Text() (string, bool) { return t.with.s, t.with.kind == kindText && t.match == nil }

// Number is the number that the field is compared with, durations in ns.
func (t *Test) Number() (float64, bool) { return t.with.number(), t.with.isNumber() }

// Code is the status or kind that the field is compared with.
func (t *Test) Code() int64 { return t.with.n }

func (t *Test) String() string { return t.text }
func (a All) String() string   { return needsText(a, " && ") }
func (a Any) String() string   { return needsText(a, " || ") }

func needsText(list []Need, between string) (out string) {
	for i, n := range list {
		if i > 0 {
			out += between
		}
		if _, leaf := n.(*Test); leaf {
			out += n.String()
		} else {
			out += "(" + n.String() + ")"
		}
	}
	return out
}

// Plan is what must be so of a trace for the query to match it.
type Plan struct {
	// Span is what every span fits that comes out of the query.
	Span Need
	// Trace are needs of each of which the trace has some span that fits it.
	Trace []Need
}

// Plan derives what must be so.
func (q *Query) Plan() Plan { return planStages(q.Stages) }

// Best is the need that fewest traces will fit, nil when all may match. Own
// says that it is Span.
func (p Plan) Best() (best Need, own bool) {
	best, own = p.Span, true
	cost := needCost(p.Span)
	for _, n := range p.Trace {
		if c := needCost(n); c < cost {
			best, cost, own = n, c, false
		}
	}
	return best, own
}

func planStages(list []Stage) Plan {
	var p Plan
	for _, s := range list {
		p = p.and(planStage(s))
	}
	return p
}

func planStage(s Stage) Plan {
	switch s := s.(type) {
	case *Filter:
		if s.X != nil {
			return planExpr(s.X)
		}
	case *Pipeline:
		return planStages(s.Stages)
	case *Joined:
		return planJoined(s)
	}
	return Plan{} // the others leave out whole sets at most
}

// and is both about the same span.
func (p Plan) and(o Plan) Plan {
	return Plan{Span: all(p.Span, o.Span), Trace: append(slices.Clip(p.Trace), o.Trace...)}
}

// or is one of two.
func (p Plan) or(o Plan) Plan {
	out := Plan{Span: either(p.Span, o.Span)}
	if out.Span == nil {
		l, _ := p.Best()
		r, _ := o.Best()
		if n := either(l, r); n != nil {
			out.Trace = []Need{n}
		}
	}
	return out
}

func all(a, b Need) Need {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return All{a, b}
}

func either(a, b Need) Need {
	if a == nil || b == nil {
		return nil
	}
	return Any{a, b}
}

// there is what must be so of a trace that has a span of the plan.
func (p Plan) there() []Need {
	if p.Span == nil {
		return p.Trace
	}
	return append(slices.Clip(p.Trace), p.Span)
}

func planJoined(j *Joined) Plan {
	l, r := planStage(j.L), planStage(j.R)
	switch {
	case j.Op == "||":
		return l.or(r)
	case j.Op[0] == '!':
		return r
	case j.Op == "&&" || j.Op[0] == '&':
		return Plan{Span: either(l.Span, r.Span), Trace: slices.Concat(l.there(), r.there())}
	}
	return Plan{Span: r.Span, Trace: slices.Concat(l.there(), r.Trace)}
}

// planExpr is what is so of a span for which an expression is true.
func planExpr(x Expr) Plan {
	if v, ok := constantOf(x); ok {
		if v.passes() {
			return Plan{}
		}
		return Plan{Span: Any{}}
	}
	switch x := x.(type) {
	case *Field:
		return planTest(x, "=", value{kind: kindBool, n: 1}, nil, x)
	case *Unary:
		return planNot(x.X)
	case *Binary:
		return planBinary(x)
	}
	return Plan{}
}

// planNot knows only what a negation is of fields that every span has.
func planNot(x Expr) Plan {
	switch x := x.(type) {
	case *Unary:
		return planExpr(x.X)
	case *Binary:
		f, ok := x.L.(*Field)
		single := ok && slices.Contains([]Intrinsic{SpanName, SpanStatus, SpanKind, SpanDuration}, f.Intrinsic)
		v, fixed := constantOf(x.R)
		fixed = fixed && v.kind != kindNil && v.f == v.f // of a NaN every comparison is false
		if op := opposite[x.Op]; single && fixed && op != "" {
			return planBinary(&Binary{Op: op, L: x.L, R: x.R, re: x.re})
		}
	}
	return Plan{}
}

var (
	opposite = map[string]string{"=": "!=", "!=": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<", "=~": "!~", "!~": "=~"}
	mirrored = map[string]string{"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
)

func planBinary(b *Binary) Plan {
	switch b.Op {
	case "&&":
		return planExpr(b.L).and(planExpr(b.R))
	case "||":
		return planExpr(b.L).or(planExpr(b.R))
	}
	if b.ofNil() {
		return planNil(b)
	}
	if f, ok := b.L.(*Field); ok && b.re != nil {
		return planTest(f, b.Op, b.R.(*Literal).value, b.re.MatchString, b)
	}
	if f, ok := b.L.(*Field); ok {
		if v, ok := constantOf(b.R); ok {
			return planTest(f, b.Op, b.id(b.R, v), nil, b)
		}
	}
	if f, ok := b.R.(*Field); ok {
		if v, ok := constantOf(b.L); ok && isComparison(b.Op) {
			return planTest(f, mirrored[b.Op], b.id(b.L, v), nil, b)
		}
	}
	return planExists(b)
}

// planNil is of comparisons with nil.
func planNil(b *Binary) Plan {
	for _, x := range []Expr{b.L, b.R} {
		if f, ok := x.(*Field); ok {
			if b.Op == "!=" {
				return Plan{Span: &Test{Field: f, Exists: true, Op: "!=", text: b.String()}}
			}
			return Plan{Span: &Test{Field: f, Op: "=", text: b.String()}}
		}
	}
	return Plan{}
}

// planExists is of comparisons of which one side alone says nothing: nothing is
// true of fields that are not there.
func planExists(b *Binary) Plan {
	var p Plan
	walkExpr(b, func(f *Field) {
		if f.Intrinsic == Attribute && computes(b, f) {
			p = p.and(Plan{Span: &Test{Field: f, Exists: true, Op: "!=", text: f.String() + " != nil"}})
		}
	})
	return p
}

// computes says whether a field is computed with on the way to a comparison,
// and not inside a condition that may be false.
func computes(x Expr, f *Field) bool {
	switch x := x.(type) {
	case *Field:
		return x == f
	case *Unary:
		return x.Op == "-" && computes(x.X, f)
	case *Binary:
		arithmetic := bindings[x.Op] > 2
		for _, side := range []Expr{x.L, x.R} {
			in, nested := side.(*Binary)
			if nested && bindings[in.Op] <= 2 && (arithmetic || bindings[x.Op] == 2) {
				continue
			}
			if computes(side, f) {
				return true
			}
		}
	}
	return false
}

// planTest is a comparison of a field with a constant. What is so of the root
// is so of some span.
func planTest(f *Field, op string, with value, match func(string) bool, x Expr) Plan {
	t := &Test{Field: f, Op: op, with: with, match: match, text: x.String()}
	switch f.Intrinsic {
	case TraceRootName:
		t.Field = &Field{Name: "name", Intrinsic: SpanName}
		return Plan{Trace: []Need{t}}
	case TraceRootService:
		if t.Passes(store.String("")) {
			return Plan{} // a root without a service would do
		}
		t.Field = &Field{Name: serviceName, Scope: ScopeResource}
		return Plan{Trace: []Need{t}}
	}
	return Plan{Span: t}
}

// constantOf is the value of an expression without fields.
func constantOf(x Expr) (value, bool) {
	fields := false
	walkExpr(x, func(*Field) { fields = true })
	if fields {
		return value{}, false
	}
	return eval(x, nil, 0), true
}

// needCost is small for what few spans fit.
func needCost(n Need) int {
	const anything = 100
	switch n := n.(type) {
	case nil:
		return anything
	case All:
		cost := anything
		for _, in := range n {
			cost = min(cost, needCost(in))
		}
		return cost
	case Any:
		cost := 0
		for _, in := range n {
			cost = max(cost, needCost(in)+1)
		}
		return cost
	}
	return n.(*Test).cost()
}

func (t *Test) cost() int {
	switch {
	case t.Field.ofTree():
		return 60
	case t.Op == "!=" || t.Op == "!~" || t.with.kind == kindNil:
		return 50
	case t.Op == "=" && t.Field.idLength() > 0:
		return 1
	case t.Field.Intrinsic == SpanStatus:
		return 20
	case t.Field.Intrinsic == SpanKind:
		return 40
	case t.Op == "=" && t.Field.Scope == ScopeResource:
		return 25
	case t.Op == "=":
		return 10
	}
	return 30
}
