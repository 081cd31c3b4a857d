package traceql

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
)

// fits says whether a span fits a need.
func fits(n Need, t *Tree, at int) bool {
	switch n := n.(type) {
	case nil:
		return true
	case All:
		return !slices.ContainsFunc(n, func(in Need) bool { return !fits(in, t, at) })
	case Any:
		return slices.ContainsFunc(n, func(in Need) bool { return fits(in, t, at) })
	}
	test := n.(*Test)
	return test.passes(test.Field.value(t, at))
}

func TestPlanHoldsForWhatMatches(t *testing.T) {
	planned, matched := 0, 0
	for seed := range uint64(15_000) {
		g := generator{rand.New(rand.NewPCG(seed, 99))}
		spans := g.spans(1 + g.IntN(8))
		asked := g.pipeline(2)
		q, err := Parse(asked.text)
		if err != nil {
			t.Fatal(err)
		}
		plan, tree := q.Plan(), NewTree(spans[0].TraceID, spans)
		sets, err := q.Eval(context.Background(), tree)
		if err != nil {
			t.Fatal(err)
		}
		if len(sets) == 0 {
			continue
		}
		matched++
		for _, at := range union(sets) {
			if !fits(plan.Span, tree, at) {
				t.Fatalf("seed %d: %s: span %d does not fit %s", seed, asked.text, at, plan.Span)
			}
		}
		best, _ := plan.Best()
		needs := append(slices.Clip(plan.Trace), best)
		for _, n := range needs {
			if !slices.ContainsFunc(union([]Set{{Spans: allOf(tree)}}), func(at int) bool { return fits(n, tree, at) }) {
				t.Fatalf("seed %d: %s: no span fits %s", seed, asked.text, n)
			}
		}
		if best != nil {
			planned++
		}
	}
	if planned < 2000 {
		t.Errorf("of %d queries that matched only %d had a plan", matched, planned)
	}
	t.Logf("of %d queries that matched %d had a plan", matched, planned)
}

func allOf(t *Tree) (all []int) {
	for i := range t.Spans {
		all = append(all, i)
	}
	return all
}

func TestPlans(t *testing.T) {
	for text, want := range map[string]string{
		`{}`:                                       "",
		`{ true }`:                                 "",
		`{ false }`:                                "",
		`{ name = "a" }`:                           `name = "a"`,
		`{ "a" = name }`:                           `"a" = name`,
		`{ duration > 10 * 1ms }`:                  `duration > 10 * 1ms`,
		`{ span.a = 1 && status = error }`:         `span.a = 1 && status = error`,
		`{ span.a = 1 || status = error }`:         `span.a = 1 || status = error`,
		`{ span.a = 1 || childCount + 1 > 2 }`:     "",
		`{ !(status = error) }`:                    `status != error`,
		`{ !(duration > 1 / 0) }`:                  "",
		`{ !(span.a = 1) }`:                        "",
		`{ !(!(span.a = 1)) }`:                     `span.a = 1`,
		`{ span.a + span.b > 1 }`:                  `span.a != nil && span.b != nil`,
		`{ span.a = span.b }`:                      `span.a != nil && span.b != nil`,
		`{ (span.a > 1) = (span.b + span.c > 1) }`: "",
		`{ span.a = nil }`:                         `span.a = nil`,
		`{ rootName = "a" }`:                       `rootName = "a"`,
		`{ rootServiceName != "a" }`:               "",
		`{ name = "a" } && { span.b = 1 }`:         `name = "a"`,
		`{ status = error } >> { span.b = 1 }`:     `span.b = 1`,
		`{ span.b = 1 } >> { status = error }`:     `span.b = 1`,
		`{ span.b = 1 } !>> { status = error }`:    `status = error`,
		`{ name = "a" } || { span.b = 1 }`:         `name = "a" || span.b = 1`,
		`{ name = "a" } || {}`:                     "",
		`{ name = "a" } | { span.b = 1 }`:          `name = "a" && span.b = 1`,
		`{ name = "a" } | count() > 1 | by(name)`:  `name = "a"`,
		`count() > 1`:                              "",
		`({ status = error } | count() > 1) && ({ name = "a" } | by(name))`: `name = "a"`,
		`({ status = error } | count()) > 1`:                                "",
	} {
		q, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if n, _ := q.Plan().Best(); n != nil {
			got = n.String()
		}
		if got != want {
			t.Errorf("%s\ngot  %s\nwant %s", text, got, want)
		}
	}
}

func TestTimed(t *testing.T) {
	for text, want := range map[string]bool{
		`{ duration > 1s } | rate() by (name)`:        false,
		`{ event:timeSinceStart > 1s } | rate()`:      true,
		`{} | max_over_time(event:timeSinceStart)`:    true,
		`{} | compare({ status = error })`:            false,
		`{} | compare({ event:timeSinceStart > 1s })`: true,
	} {
		q, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := q.Timed(); got != want {
			t.Errorf("%s: got %v", text, got)
		}
	}
}
