package traceql

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"tripod/store"
)

// The oracle answers queries from spans in the plainest way that says what the
// documentation means. It makes a query's text together with its meaning, and
// never reads a text.

// condition is an expression over span i of a trace: nil, a bool, float64,
// ticks, string or []any.
type condition struct {
	text string
	of   func(spans []store.Span, i int) any
}

// spanset is a stage: it takes sets of spans to sets of spans.
type spanset struct {
	text string
	of   func(spans []store.Span, sets [][]int) [][]int
}

// ticks are a duration in ns. What is computed from one is one, in whole ns.
type ticks float64

// numeric is a number of either kind.
func numeric(v any) (f float64, ticking, ok bool) {
	switch v := v.(type) {
	case float64:
		return v, false, true
	case ticks:
		return float64(v), true, true
	}
	return 0, false, false
}

func result(f float64, ticking bool) any {
	if ticking {
		return ticks(math.Round(f))
	}
	return f
}

type generator struct{ *rand.Rand }

func pick[T any](g generator, list ...T) T { return list[g.IntN(len(list))] }

// among is the first span of an id that fits, -1 for none.
func among(spans []store.Span, id store.SpanID, fits func(s store.Span) bool) int {
	return slices.IndexFunc(spans, func(s store.Span) bool { return s.SpanID == id && fits(s) })
}

func here(spans []store.Span, id store.SpanID) bool {
	return among(spans, id, func(store.Span) bool { return true }) >= 0
}

// known is the parent of a span, which may be itself, or -1.
func known(spans []store.Span, i int) int {
	s := spans[i]
	if s.SharesID() {
		if client := among(spans, s.SpanID, func(p store.Span) bool { return p.Kind == store.SpanClient }); client >= 0 {
			return client
		}
	}
	if s.ParentID.IsZero() {
		return -1
	}
	if same := among(spans, s.ParentID, func(p store.Span) bool { return p.Service == s.Service }); same >= 0 {
		return same
	}
	return among(spans, s.ParentID, func(store.Span) bool { return true })
}

// parentOf is a span's parent: none when it is the span itself, or when the
// span is the first of a circle.
func parentOf(spans []store.Span, i int) int {
	p := known(spans, i)
	if p == i {
		return -1
	}
	least, at := i, p
	for range spans {
		if at < 0 || at == i {
			break
		}
		least = min(least, at)
		next := known(spans, at)
		if next == at {
			next = -1
		}
		at = next
	}
	if at == i && least == i {
		return -1
	}
	return p
}

func isAncestor(spans []store.Span, a, of int) bool {
	for at := parentOf(spans, of); at >= 0; at = parentOf(spans, at) {
		if at == a {
			return true
		}
	}
	return false
}

func areSiblings(spans []store.Span, a, b int) bool {
	if pa, pb := parentOf(spans, a), parentOf(spans, b); pa >= 0 || pb >= 0 {
		return a != b && pa == pb
	}
	missing := func(i int) bool { return !spans[i].ParentID.IsZero() && !here(spans, spans[i].ParentID) }
	return a != b && missing(a) && missing(b) && spans[a].ParentID == spans[b].ParentID
}

var relations = map[string]func(spans []store.Span, l, r int) bool{
	">":  func(s []store.Span, l, r int) bool { return parentOf(s, r) == l },
	"<":  func(s []store.Span, l, r int) bool { return parentOf(s, l) == r },
	">>": func(s []store.Span, l, r int) bool { return isAncestor(s, l, r) },
	"<<": func(s []store.Span, l, r int) bool { return isAncestor(s, r, l) },
	"~":  areSiblings,
}

// plain is an attribute's value as the oracle knows it.
func plain(v store.Value) any {
	switch v.Kind {
	case store.KindString:
		return v.Str()
	case store.KindInt, store.KindFloat:
		f, _ := v.Number()
		return f
	case store.KindBool:
		return v.Bool()
	case store.KindList:
		out := []any{}
		for _, a := range v.In() {
			out = append(out, plain(a.Value))
		}
		return out
	}
	return nil
}

func attrOf(a store.Attrs, key string) any {
	for _, x := range a {
		if x.Key == key {
			return plain(x.Value)
		}
	}
	return nil
}

// gather is one value, or a list of several.
func gather(all []any) any {
	var flat []any
	for _, v := range all {
		if list, ok := v.([]any); ok {
			flat = append(flat, list...)
		} else if v != nil {
			flat = append(flat, v)
		}
	}
	switch len(flat) {
	case 0:
		return nil
	case 1:
		return flat[0]
	}
	return flat
}

func (g generator) attribute() condition {
	key := pick(g, "a", "b", "c")
	return pick(g,
		condition{"span." + key, func(s []store.Span, i int) any { return attrOf(s[i].Attrs, key) }},
		condition{"resource." + key, func(s []store.Span, i int) any { return attrOf(s[i].Resource.Attrs, key) }},
		condition{"." + key, func(s []store.Span, i int) any {
			if v := attrOf(s[i].Attrs, key); v != nil {
				return v
			}
			return attrOf(s[i].Resource.Attrs, key)
		}},
		condition{"event." + key, func(s []store.Span, i int) any {
			var all []any
			for _, e := range s[i].Events {
				all = append(all, attrOf(e.Attrs, key))
			}
			return gather(all)
		}},
		condition{"instrumentation." + key, func(s []store.Span, i int) any {
			if s[i].Scope == nil {
				return nil
			}
			return attrOf(s[i].Scope.Attrs, key)
		}},
	)
}

func (g generator) number() condition {
	return pick(g,
		condition{"duration", func(s []store.Span, i int) any { return ticks(s[i].End - s[i].Start) }},
		condition{"childCount", func(s []store.Span, i int) any {
			n := 0.0
			for k := range s {
				if parentOf(s, k) == i {
					n++
				}
			}
			return n
		}},
		condition{"trace:duration", func(s []store.Span, i int) any {
			from, to := s[0].Start, s[0].End
			for _, x := range s {
				from, to = min(from, x.Start), max(to, x.End)
			}
			return ticks(to - from)
		}},
		condition{"event:timeSinceStart", func(s []store.Span, i int) any {
			var all []any
			for _, e := range s[i].Events {
				all = append(all, ticks(e.Time-s[i].Start))
			}
			return gather(all)
		}},
		g.attribute(), g.attribute(),
	)
}

func (g generator) words() condition {
	return pick(g,
		condition{"name", func(s []store.Span, i int) any { return s[i].Name }},
		condition{"statusMessage", func(s []store.Span, i int) any { return s[i].StatusMessage }},
		condition{"resource.service.name", func(s []store.Span, i int) any { return s[i].Service }},
		condition{"event:name", func(s []store.Span, i int) any {
			var all []any
			for _, e := range s[i].Events {
				all = append(all, e.Name)
			}
			return gather(all)
		}},
		condition{"rootName", func(s []store.Span, _ int) any {
			for i, x := range s {
				if known(s, i) < 0 {
					return x.Name
				}
			}
			return s[0].Name
		}},
		g.attribute(), g.attribute(),
	)
}

func constant(text string, v any) condition {
	return condition{text, func([]store.Span, int) any { return v }}
}

func (g generator) literalNumber() condition {
	if g.IntN(3) == 0 {
		n := g.IntN(5)
		return constant(fmt.Sprintf("%dns", n), ticks(n))
	}
	n := g.IntN(4)
	return pick(g, constant(fmt.Sprint(n), float64(n)), constant(fmt.Sprintf("%d.5", n), float64(n)+0.5))
}

// arithmetic of what is no number is nil.
func (g generator) sum(depth int) condition {
	if depth == 0 || g.IntN(3) > 0 {
		return pick(g, g.number(), g.literalNumber())
	}
	l, r, op := g.sum(depth-1), g.sum(depth-1), pick(g, "+", "-", "*")
	return condition{"(" + l.text + " " + op + " " + r.text + ")", func(s []store.Span, i int) any {
		a, ticking, ok := numeric(l.of(s, i))
		b, ticking2, ok2 := numeric(r.of(s, i))
		ticking = ticking || ticking2
		switch {
		case !ok || !ok2:
			return nil
		case op == "+":
			return result(a+b, ticking)
		case op == "-":
			return result(a-b, ticking)
		}
		return result(a*b, ticking)
	}}
}

// anyOf says whether some element passes.
func anyOf(v any, passes func(any) bool) bool {
	if list, ok := v.([]any); ok {
		return slices.ContainsFunc(list, passes)
	}
	return v != nil && passes(v)
}

func sameKind(a, b any) bool { return fmt.Sprintf("%T", a) == fmt.Sprintf("%T", b) }

func isList(v any) bool { _, ok := v.([]any); return ok }

// numbers makes all numbers of one kind.
func numbers(v any) any {
	if list, ok := v.([]any); ok {
		var out []any
		for _, x := range list {
			out = append(out, numbers(x))
		}
		return out
	}
	if f, _, ok := numeric(v); ok {
		return f
	}
	return v
}

func oracleCompare(op string, l, r any) bool {
	if l == nil || r == nil {
		return false
	}
	l, r = numbers(l), numbers(r)
	pair := func(passes func(a, b any) bool) bool {
		return anyOf(l, func(a any) bool { return anyOf(r, func(b any) bool { return sameKind(a, b) && passes(a, b) }) })
	}
	equal := pair(func(a, b any) bool { return a == b })
	switch op {
	case "=":
		return equal
	case "!=":
		return !equal && (isList(l) || isList(r) || sameKind(l, r))
	}
	less := func(a, b any) bool {
		if x, ok := a.(string); ok {
			return x < b.(string)
		}
		x, ok := a.(float64)
		return ok && x < b.(float64)
	}
	ordered := func(a any) bool { _, isBool := a.(bool); return !isBool }
	switch op {
	case "<":
		return pair(less)
	case ">":
		return pair(func(a, b any) bool { return less(b, a) })
	case "<=":
		return pair(func(a, b any) bool { return ordered(a) && !less(b, a) })
	}
	return pair(func(a, b any) bool { return ordered(a) && !less(a, b) })
}

func (g generator) compare(l, r condition, ops ...string) condition {
	op := pick(g, ops...)
	if g.IntN(5) == 0 {
		l, r = r, l
	}
	return condition{l.text + " " + op + " " + r.text, func(s []store.Span, i int) any { return oracleCompare(op, l.of(s, i), r.of(s, i)) }}
}

func (g generator) status() condition {
	code, not := g.IntN(3), g.IntN(2) == 0
	return condition{"status " + map[bool]string{true: "!=", false: "="}[not] + " " + statusWords[code], func(s []store.Span, i int) any {
		return (int(s[i].Status) == code) != not
	}}
}

func (g generator) isNil() condition {
	f, not := g.attribute(), g.IntN(2) == 0
	return condition{f.text + " " + map[bool]string{true: "!=", false: "="}[not] + " nil", func(s []store.Span, i int) any {
		return (f.of(s, i) == nil) != not
	}}
}

func (g generator) regexp() condition {
	f, re, not := g.words(), pick(g, "x", "x|y", ".", ".*", "z?", "[xy]+"), g.IntN(2) == 0
	whole := regexp.MustCompile(`\A(?:` + re + `)\z`)
	op := map[bool]string{true: "!~", false: "=~"}[not]
	return condition{fmt.Sprintf("%s %s %q", f.text, op, re), func(s []store.Span, i int) any {
		v := f.of(s, i)
		found := anyOf(v, func(a any) bool { t, ok := a.(string); return ok && whole.MatchString(t) })
		_, isText := v.(string)
		return (isText || isList(v)) && found != not
	}}
}

// condition makes one that is true or false of a span.
func (g generator) condition(depth int) condition {
	if depth > 0 && g.IntN(2) == 0 {
		l, r := g.condition(depth-1), g.condition(depth-1)
		truth := func(c condition) func([]store.Span, int) bool {
			return func(s []store.Span, i int) bool { return oracleCompare("=", c.of(s, i), true) }
		}
		a, b := truth(l), truth(r)
		return pick(g,
			condition{"(" + l.text + ") && (" + r.text + ")", func(s []store.Span, i int) any { return a(s, i) && b(s, i) }},
			condition{"(" + l.text + ") || (" + r.text + ")", func(s []store.Span, i int) any { return a(s, i) || b(s, i) }},
			condition{"!(" + l.text + ")", func(s []store.Span, i int) any { return !a(s, i) }},
		)
	}
	texts := pick(g, constant(`"x"`, "x"), constant(`"y"`, "y"), constant(`""`, ""), g.words())
	return pick(g,
		g.compare(g.sum(1), g.sum(1), "=", "!=", "<", "<=", ">", ">="),
		g.compare(g.words(), texts, "=", "!=", "<", "<=", ">", ">="),
		g.compare(g.attribute(), pick(g, constant("true", true), constant("false", false), g.attribute()), "=", "!="),
		g.status(), g.isNil(), g.regexp(), g.attribute(), constant("true", true),
	)
}

func merged(sets [][]int) []int {
	out := slices.Sorted(slices.Values(slices.Concat(sets...)))
	return slices.Compact(out)
}

func (g generator) filter() spanset {
	c := g.condition(2)
	return spanset{"{ " + c.text + " }", each(func(s []store.Span, set []int) (out []int) {
		for _, i := range set {
			if oracleCompare("=", c.of(s, i), true) {
				out = append(out, i)
			}
		}
		return out
	})}
}

// each is a stage that looks at one set at a time and drops empty ones.
func each(of func(s []store.Span, set []int) []int) func([]store.Span, [][]int) [][]int {
	return func(s []store.Span, sets [][]int) (out [][]int) {
		for _, set := range sets {
			if kept := of(s, set); len(kept) > 0 {
				out = append(out, kept)
			}
		}
		return out
	}
}

func (g generator) joined(depth int) spanset {
	l, r := g.operand(depth-1), g.operand(depth-1)
	op := pick(g, append([]string{"&&", "||"}, structural...)...)
	return spanset{l.text + " " + op + " " + r.text, each(func(s []store.Span, set []int) []int {
		a, b := merged(l.of(s, [][]int{set})), merged(r.of(s, [][]int{set}))
		switch op {
		case "&&":
			if len(a) == 0 || len(b) == 0 {
				return nil
			}
			return merged([][]int{a, b})
		case "||":
			return merged([][]int{a, b})
		}
		related := relations[strings.TrimLeft(op, "!&")]
		var out []int
		for _, y := range b {
			found := slices.ContainsFunc(a, func(x int) bool { return related(s, x, y) })
			if found != (op[0] == '!') {
				out = append(out, y)
			}
		}
		if op[0] == '&' {
			for _, x := range a {
				if slices.ContainsFunc(b, func(y int) bool { return related(s, x, y) }) {
					out = append(out, x)
				}
			}
		}
		return merged([][]int{out})
	})}
}

func (g generator) operand(depth int) spanset {
	switch {
	case depth <= 0 || g.IntN(2) == 0:
		return g.filter()
	case g.IntN(3) > 0:
		in := g.joined(depth)
		return spanset{"(" + in.text + ")", in.of}
	}
	in := g.pipeline(depth)
	return spanset{"(" + in.text + ")", in.of}
}

// aggregate is a number about a set, nil when there is none.
func (g generator) aggregate() (string, func(s []store.Span, set []int) any) {
	fn, c := pick(g, "count", "sum", "min", "max", "avg"), g.sum(1)
	if fn == "count" {
		return "count()", func(_ []store.Span, set []int) any { return float64(len(set)) }
	}
	return fn + "(" + c.text + ")", func(s []store.Span, set []int) any {
		var all []float64
		var sum any = 0.0
		any := false
		for _, i := range set {
			if f, ticking, ok := numeric(c.of(s, i)); ok {
				all, any = append(all, f), any || ticking
				before, _, _ := numeric(sum)
				sum = result(before+f, any)
			}
		}
		switch {
		case len(all) == 0:
			return nil
		case fn == "min":
			return slices.Min(all)
		case fn == "max":
			return slices.Max(all)
		case fn == "avg":
			f, _, _ := numeric(sum)
			return result(f/float64(len(all)), any)
		}
		return sum
	}
}

func (g generator) stage(depth int) spanset {
	switch g.IntN(6) {
	case 0:
		text, of := g.aggregate()
		op, n := pick(g, "=", "!=", "<", "<=", ">", ">="), g.IntN(4)
		return spanset{fmt.Sprintf("%s %s %d", text, op, n), each(func(s []store.Span, set []int) []int {
			if oracleCompare(op, of(s, set), float64(n)) {
				return set
			}
			return nil
		})}
	case 1:
		f := pick(g, g.words(), g.attribute())
		return spanset{"by(" + f.text + ")", func(s []store.Span, sets [][]int) (out [][]int) {
			for _, set := range sets {
				first := len(out)
				var keys []string
				for _, i := range set {
					key := fmt.Sprintf("%T %#v", f.of(s, i), f.of(s, i))
					at := slices.Index(keys, key)
					if at < 0 {
						at = len(keys)
						keys, out = append(keys, key), append(out, nil)
					}
					out[first+at] = append(out[first+at], i)
				}
			}
			return out
		}}
	case 2:
		return spanset{"coalesce()", func(_ []store.Span, sets [][]int) [][]int {
			if len(sets) == 0 {
				return nil
			}
			return [][]int{merged(sets)}
		}}
	case 3:
		return g.filter()
	}
	return g.joined(depth)
}

func (g generator) pipeline(depth int) spanset {
	out := g.operand(depth)
	for range g.IntN(3) {
		before, next := out, g.stage(depth)
		out = spanset{before.text + " | " + next.text, func(s []store.Span, sets [][]int) [][]int { return next.of(s, before.of(s, sets)) }}
	}
	return out
}

func (g generator) value() store.Value {
	return pick(g, store.String("x"), store.String("y"), store.String(""), store.Int(int64(g.IntN(4))), store.Float(float64(g.IntN(4))+0.5),
		store.Bool(g.IntN(2) == 0), store.List(store.String("x"), store.Int(2)), store.List(store.String("y"), store.String("z")), store.Value{})
}

func (g generator) attrs() (out store.Attrs) {
	for range g.IntN(4) {
		out = append(out, store.Attr{Key: pick(g, "a", "b", "c"), Value: g.value()})
	}
	return out
}

// spans of a trace, with everything that can be wrong with them.
func (g generator) spans(n int) []store.Span {
	spans := make([]store.Span, n)
	for i := range spans {
		s := &spans[i]
		s.TraceID, s.SpanID = store.TraceID{1}, numberedSpan(i+1)
		if g.IntN(12) == 0 {
			s.SpanID = numberedSpan(1 + g.IntN(n)) // of another one
			if i > 0 && g.IntN(2) == 0 {           // as Zipkin has it
				spans[i-1].Kind, s.SpanID, s.Kind = store.SpanClient, spans[i-1].SpanID, store.SpanServer
			}
		}
		switch k := g.IntN(12); {
		case k < 8 && i > 0:
			s.ParentID = numberedSpan(1 + g.IntN(i))
		case k == 8:
			s.ParentID = numberedSpan(1 + g.IntN(n)) // itself, or in a circle
		case k == 9:
			s.ParentID = numberedSpan(90 + g.IntN(2)) // never came
		}
		s.Start = scriptStart + int64(i)
		s.End = s.Start + int64(g.IntN(5))
		s.Name, s.Service, s.StatusMessage = pick(g, "x", "y", "z"), pick(g, "x", "y"), pick(g, "", "x")
		s.Status, s.Attrs, s.Resource = store.StatusCode(g.IntN(3)), g.attrs(), &store.Resource{Attrs: g.attrs()}
		if s.Kind == store.SpanServer {
			s.Attrs = append(s.Attrs, store.Attr{Key: store.ZipkinShared, Value: store.Bool(true)})
		}
		if g.IntN(2) == 0 {
			s.Scope = &store.Scope{Attrs: g.attrs()}
		}
		for range g.IntN(3) {
			s.Events = append(s.Events, store.SpanEvent{Name: pick(g, "x", "y", ""), Time: s.Start + int64(g.IntN(3)), Attrs: g.attrs()})
		}
	}
	return spans
}

func TestEvalAgreesWithTheOracle(t *testing.T) {
	const rounds = 15_000
	matched, several, alone := 0, 0, 0
	for seed := range uint64(rounds) {
		g := generator{rand.New(rand.NewPCG(seed, 77))}
		spans := g.spans(1 + g.IntN(12))
		asked := g.pipeline(2)
		all := make([]int, len(spans))
		for i := range all {
			all[i] = i
		}
		want := asked.of(spans, [][]int{all})
		q, err := Parse(asked.text)
		if err != nil {
			t.Fatalf("seed %d: %s: %v", seed, asked.text, err)
		}
		sets, err := q.Eval(context.Background(), NewTree(spans[0].TraceID, spans))
		if err != nil {
			t.Fatal(err)
		}
		var got [][]int
		for _, s := range sets {
			got = append(got, s.Spans)
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("seed %d: %s\ngot  %v\nwant %v", seed, asked.text, got, want)
		}
		if q.PerSpan() {
			alone++
			checkKeeps(t, q, spans, merged(want))
		}
		if len(want) > 0 && len(want[0]) < len(spans) {
			matched++
		}
		if len(want) > 1 {
			several++
		}
	}
	if matched < rounds/5 || several < rounds/100 || alone < rounds/10 {
		t.Errorf("%d queries found some spans, %d several sets, %d were about single spans: the test says little", matched, several, alone)
	}
	t.Logf("of %d queries %d found some spans, %d several sets", rounds, matched, several)
}

// checkKeeps asks about each span by itself.
func checkKeeps(t *testing.T, q *Query, spans []store.Span, want []int) {
	t.Helper()
	for i := range spans {
		if got := q.Keeps(Alone(spans[i]), 0); got != slices.Contains(want, i) {
			t.Fatalf("%s: span %d: got %v", q, i, got)
		}
	}
}
