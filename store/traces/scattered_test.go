package traces

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"tripod/store"
	"tripod/store/storetest"
)

// scatteredTraces are some whose spans lie together, and some of which a span lies
// hours away: before the others, behind them, or both.
func scatteredTraces(r *rand.Rand, n int) (spans []store.Span) {
	services := []*store.Resource{{Attrs: store.Attrs{{Key: "service.name", Value: store.String("web")}}}, {Attrs: store.Attrs{{Key: "service.name", Value: store.String("jobs")}}}}
	for i := range n {
		at := storetest.Start.UnixNano() + r.Int64N(int64(3*time.Hour))
		root := store.Span{TraceID: store.TraceID{byte(i), byte(i >> 8), 1}, SpanID: store.SpanID{1}, Resource: services[i%2], Service: []string{"web", "jobs"}[i%2],
			Name: []string{"nightly", "order", "x"}[r.IntN(3)], Start: at, End: at + 1 + r.Int64N(int64(time.Minute))}
		if r.IntN(8) == 0 {
			root.End += int64(2 * time.Hour)
		}
		spans = append(spans, root)
		for k := range r.IntN(4) {
			away := r.Int64N(int64(30 * time.Minute))
			switch r.IntN(6) {
			case 0:
				away = r.Int64N(int64(20 * time.Hour))
			case 1:
				away = -r.Int64N(int64(3 * time.Hour)) // a clock is wrong
			}
			child := root
			child.SpanID, child.ParentID, child.Name = store.SpanID{2, byte(k)}, root.SpanID, []string{"step", "x"}[k%2]
			child.Start = at + away
			child.End = child.Start + r.Int64N(int64(20*time.Minute))
			spans = append(spans, child)
		}
	}
	r.Shuffle(len(spans), func(i, j int) { spans[i], spans[j] = spans[j], spans[i] })
	return spans
}

// TestNumbersOfTracesOfADay counts spans of traces that are scattered over a day
// as if each trace were read whole, however short the range is.
func TestNumbersOfTracesOfADay(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	spans := scatteredTraces(r, 250)
	byTrace := wholeTraces(slices.Clone(spans))
	inStates(t, spans, func(t *testing.T, s *Store) {
		for i := range 12 {
			from := storetest.Start.Add(time.Duration(r.IntN(26*60)-180) * time.Minute)
			within := store.Between(from, from.Add([]time.Duration{time.Minute, 15 * time.Minute, time.Hour, 5 * time.Hour}[i%4]))
			for _, text := range []string{
				`{ traceDuration > 30m }`, `{ traceDuration > 90m }`, `{ traceDuration < 20m && name = "x" }`, `{ traceDuration > 61m } && { name = "step" }`,
				`{ rootName = "nightly" }`, `{ rootServiceName = "jobs" && name = "step" }`, `{ rootName != "order" } | select(rootServiceName)`,
			} {
				agreeInNumbers(t, s, spans, byTrace, store.SpanQuery{Text: text, Range: within})
			}
		}
	})
}

// TestScatteredTracesAreLookedForInTurns holds few traces at a time.
func TestScatteredTracesAreLookedForInTurns(t *testing.T) {
	s := openTest(t, t.TempDir(), Options{})
	spans := scatteredTraces(rand.New(rand.NewPCG(7, 8)), 100)
	if err := s.Append(t.Context(), spans); err != nil {
		t.Fatal(err)
	}
	within := store.Between(storetest.Start, storetest.Start.Add(3*time.Hour))
	want := map[string]reach{}
	for id, list := range wholeTraces(spans) {
		first, last := list[0].Start, list[len(list)-1].Start
		if here := slices.ContainsFunc(list, func(s store.Span) bool { return within.Has(s.Start) }); here && last-first > maxLength {
			want[id.String()] = reach{first, last}
		}
	}
	for _, most := range []int{1, 7, 1000} {
		h := &hunt{s: s, r: within, most: most}
		got, err := h.scattered(t.Context(), nil)
		if err != nil || len(got) != len(want) || len(want) < 10 {
			t.Fatalf("%d at a time: %d traces, %v; want %d", most, len(got), err, len(want))
		}
		for id, r := range got {
			if *r != want[id] {
				t.Errorf("%d at a time: trace %s reaches %s, want %s", most, id, fmt.Sprint(*r), fmt.Sprint(want[id]))
			}
		}
	}
}
