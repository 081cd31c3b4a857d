package traces

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"tripod/store"
	"tripod/store/storetest"
	"tripod/store/traces/traceql"
)

// oddSpans are spans of n traces in 20 min with all that may mislead a search:
// lists, null, keys that repeat, texts that look like numbers, spans that come
// twice, missing parents.
type oddSpans struct{ *rand.Rand }

func oneOfThese[T any](g oddSpans, list ...T) T { return list[g.IntN(len(list))] }

func (g oddSpans) value() store.Value {
	text := oneOfThese(g, "x", "y", "z z", "", "5", "X", "ünï", `q"t`, "x,y")
	return oneOfThese(g, store.String(text), store.String(text), store.Int(int64(g.IntN(7))), store.Float(float64(g.IntN(7))/2), store.Bool(g.IntN(2) == 0),
		store.Int(1<<53+int64(g.IntN(3))), store.List(store.String(text), store.Int(5)), store.List(store.Float(2.5)), store.Value{}, store.Bytes([]byte(text)))
}

func (g oddSpans) attrs() (out store.Attrs) {
	for range g.IntN(5) {
		out = append(out, store.Attr{Key: oneOfThese(g, "a", "b", "c", "service.name"), Value: g.value()})
	}
	if g.IntN(5) == 0 { // of which there are no lists
		out = append(out, store.Attr{Key: "d", Value: oneOfThese(g, store.String("x"), store.String("y"), store.Int(3))})
	}
	return out
}

func (g oddSpans) span(id store.TraceID, no, n int, at int64) store.Span {
	s := store.Span{TraceID: id, SpanID: store.SpanID{byte(no + 1)}, Start: at, Service: oneOfThese(g, "x", "y", ""),
		Name: oneOfThese(g, "x", "y", ""), Kind: store.SpanKind(g.IntN(6)), Status: store.StatusCode(g.IntN(3)), StatusMessage: oneOfThese(g, "", "x"), Attrs: g.attrs()}
	s.End = s.Start + oneOfThese(g, int64(0), int64(5), int64(g.IntN(5e6)), -3)
	if no > 0 || g.IntN(9) == 0 {
		s.ParentID = store.SpanID{byte(1 + g.IntN(n+1))}
	}
	if g.IntN(4) > 0 {
		s.Resource = &store.Resource{Attrs: g.attrs()}
	}
	if g.IntN(2) == 0 {
		s.Scope = &store.Scope{Name: oneOfThese(g, "", "x"), Version: oneOfThese(g, "", "1"), Attrs: g.attrs()}
	}
	for range g.IntN(3) {
		s.Events = append(s.Events, store.SpanEvent{Time: s.Start + int64(g.IntN(5)), Name: oneOfThese(g, "x", "y", ""), Attrs: g.attrs()})
	}
	for range g.IntN(2) {
		s.Links = append(s.Links, store.SpanLink{TraceID: store.TraceID{byte(g.IntN(3))}, SpanID: store.SpanID{byte(g.IntN(3))}, Attrs: g.attrs()})
	}
	return s
}

func (g oddSpans) traces(n int) (list []store.Span) {
	for i := range n {
		id := store.TraceID{byte(i >> 8), byte(i), 7}
		at, size := storetest.Start.UnixNano()+g.Int64N(int64(20*time.Minute)), 1+g.IntN(7)
		apart := oneOfThese(g, int64(time.Millisecond), int64(time.Millisecond), int64(100*time.Second))
		for no := range size {
			list = append(list, g.span(id, no, size, at+int64(no)*apart))
			if g.IntN(20) == 0 {
				list = append(list, list[len(list)-1])
			}
		}
	}
	g.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list
}

func (g oddSpans) field() string {
	return oneOfThese(g, "span.", "resource.", ".", "event.", "link.", "instrumentation.") + oneOfThese(g, "a", "b", "c", "d", "d", "service.name")
}

func (g oddSpans) test() string {
	text := fmt.Sprintf("%q", oneOfThese(g, "x", "y", "z z", "", "5", "X", "ünï", `q"t`, "x,y"))
	number := oneOfThese(g, "0", "1", "2.5", "5", "-1", "9007199254740993", "5ns", "3")
	op := oneOfThese(g, "=", "=", "=", "!=", "<", "<=", ">", ">=")
	same := oneOfThese(g, "=", "!=")
	re := fmt.Sprintf("%s %q", oneOfThese(g, "=~", "!~"), oneOfThese(g, "x", ".*", "x|y", "[^x]+"))
	return oneOfThese(g,
		g.field()+" "+op+" "+text, g.field()+" "+op+" "+text, g.field()+" "+op+" "+number, number+" "+op+" "+g.field(), g.field()+" "+re,
		g.field()+" "+same+" nil", g.field()+" "+same+" true", g.field(), g.field()+" "+same+" "+g.field(), g.field()+" + 1 "+op+" "+number,
		oneOfThese(g, "name", "statusMessage", "event:name", "instrumentation:name", "instrumentation:version", "rootName", "rootServiceName")+" "+oneOfThese(g, op+" "+text, re),
		"status "+same+" "+oneOfThese(g, "ok", "error", "unset"), "kind "+same+" "+oneOfThese(g, "server", "client", "unspecified"),
		"duration "+op+" "+oneOfThese(g, "0s", "5ns", "1ms", "2.5ms", "0"), "event:timeSinceStart "+op+" 2ns", "traceDuration "+op+" 3ms",
		"link:traceID "+same+` "01000000000000000000000000000000"`, "span:id "+same+` "0200000000000000"`, "span:parentID "+same+oneOfThese(g, " nil", ` "0100000000000000"`),
		"parent "+same+" nil", "nestedSetParent "+op+" "+oneOfThese(g, "0", "-1", "1"), "childCount "+op+" 1", "true", "false",
	)
}

func (g oddSpans) condition(depth int) string {
	switch g.IntN(6) {
	case 0, 1:
		if depth > 0 {
			return "(" + g.condition(depth-1) + ") " + oneOfThese(g, "&&", "||") + " (" + g.condition(depth-1) + ")"
		}
	case 2:
		return "!(" + g.condition(max(depth-1, 0)) + ")"
	}
	return g.test()
}

func (g oddSpans) query() string {
	set := func() string { return "{ " + g.condition(2) + " }" }
	return oneOfThese(g, set(), set(), set()+" && "+set(), set()+" || "+set(),
		set()+" "+oneOfThese(g, ">", ">>", "<", "<<", "~", "!>", "!>>", "!<", "!<<", "!~", "&>", "&>>", "&<", "&~")+" "+set(),
		set()+" | count() > 1", set()+" | by("+g.field()+") | count() > 1", set()+" | "+set(), "("+set()+" | count() > 1) >> "+set(), set()+" | max(duration) > 1ms")
}

// Every span that comes out of a query is matched by what is pushed down.
func TestPushDownLosesNothing(t *testing.T) {
	found, narrowed := 0, 0
	for seed := range uint64(6000) {
		g := oddSpans{rand.New(rand.NewPCG(seed, 5))}
		byTrace := wholeTraces(g.traces(3))
		text := g.query()
		q, err := traceql.Parse(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		f, n := losesNothing(t, q, byTrace)
		found, narrowed = found+f, narrowed+n
	}
	if found < 3000 || narrowed < 3000 {
		t.Errorf("%d sets found, %d traces left out: the test says little", found, narrowed)
	}
	t.Logf("%d sets found, %d traces left out by what was pushed down", found, narrowed)
}

// What is pushed down of any query that can be read loses no span.
func FuzzPushDown(f *testing.F) {
	g := oddSpans{rand.New(rand.NewPCG(8, 8))}
	for range 200 {
		f.Add(g.query())
	}
	byTrace := wholeTraces(g.traces(10))
	f.Fuzz(func(t *testing.T, text string) {
		q, err := traceql.Parse(text)
		if err != nil {
			return
		}
		losesNothing(t, q, byTrace)
	})
}

// losesNothing says how many sets a query found, and how many traces what is
// pushed down left out.
func losesNothing(t *testing.T, q *traceql.Query, byTrace map[store.TraceID][]store.Span) (found, narrowed int) {
	t.Helper()
	plan := q.Plan()
	need, _ := plan.Best()
	span, best := where(plan.Span), where(need)
	for id, spans := range byTrace {
		sets, err := q.Eval(t.Context(), traceql.NewTree(id, spans))
		if err != nil {
			t.Fatal(err)
		}
		for _, set := range sets {
			found++
			for _, at := range set.Spans {
				if e := encode(&spans[at]); span != nil && !span.Match(&e) {
					t.Fatalf("%s: pushed %s: loses %+v", q, plan.Span, spans[at])
				}
			}
		}
		some := best == nil || slices.ContainsFunc(spans, func(s store.Span) bool { e := encode(&s); return best.Match(&e) })
		if len(sets) > 0 && !some {
			t.Fatalf("%s: pushed %s: loses the trace", q, need)
		}
		if !some {
			narrowed++
		}
	}
	return found, narrowed
}

// Floats do not tell great integers apart.
func TestPushDownOfGreatIntegers(t *testing.T) {
	const great = 1 << 53
	for _, op := range []string{"=", "<", "<=", ">", ">=", "!="} {
		q, err := traceql.Parse(fmt.Sprintf("{ span.n %s %d }", op, great+1))
		if err != nil {
			t.Fatal(err)
		}
		for n := int64(great - 2); n < great+4; n++ {
			s := store.Span{TraceID: store.TraceID{1}, SpanID: store.SpanID{1}, Attrs: store.Attrs{{Key: "n", Value: store.Int(n)}}}
			if e := encode(&s); q.Keeps(traceql.Alone(s), 0) && !where(q.Plan().Span).Match(&e) {
				t.Errorf("%s loses %d", q, n)
			}
		}
	}
}
