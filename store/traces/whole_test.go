package traces

import (
	"context"
	"reflect"
	"testing"
	"time"

	"tripod/store"
	"tripod/store/storetest"
)

// Traces that a search gives whole are those that Search finds, as Traces gives
// them, whether their spans were kept or are read again.
func TestSearchWholeIsSearchAndTraces(t *testing.T) {
	spans := storetest.SpanCorpus(7, 2000)
	for i := range spans[:300] { // some traces have a span hours before and behind the others
		if s := spans[i]; i%10 == 0 {
			s.SpanID, s.Start, s.End = store.SpanID{0xaa, byte(i)}, s.Start+int64(i-150)*int64(2*time.Minute), s.End+int64(i-150)*int64(2*time.Minute)
			spans = append(spans, s)
		}
	}
	middle := store.TimeRange{From: storetest.Start.Add(5 * time.Minute).UnixNano(), To: storetest.Start.Add(12 * time.Minute).UnixNano()}
	all := store.TimeRange{From: storetest.Start.Add(-24 * time.Hour).UnixNano(), To: storetest.Start.Add(24 * time.Hour).UnixNano()}
	queries := map[string]store.TraceQuery{
		"everything":      {Range: all},
		"one":             {Range: middle, Limit: 1},
		"a service":       {Range: middle, Service: "streak-worker", Limit: maxWhole},
		"errors":          {Range: all, Errors: true, Limit: 10},
		"long spans":      {Range: middle, Service: "planner-api", SpanMin: 400 * time.Millisecond},
		"a long list":     {Range: all, Service: "planner-web", Limit: maxWhole + 1},
		"long traces":     {Range: middle, MinDuration: time.Second, Limit: 5},
		"what is nowhere": {Range: all, Service: "absent"},
	}
	inStates(t, spans, func(t *testing.T, s *Store) {
		for name, q := range queries {
			want, err := s.Search(t.Context(), q)
			if err != nil || len(want) == 0 != (name == "what is nowhere") {
				t.Fatalf("%s: %d traces, %v", name, len(want), err)
			}
			for _, most := range []int{maxWholeSpans, 100} {
				got, whole, err := s.searchWhole(t.Context(), q, most)
				if err != nil || !reflect.DeepEqual(got, want) {
					t.Fatalf("%s: got %+v, %v; want %+v", name, got, err, want)
				}
				n := 0
				for tr, err := range whole {
					trace, _ := s.Trace(t.Context(), want[n].ID)
					if err != nil || tr.ID != want[n].ID || !reflect.DeepEqual(tr, trace) {
						t.Errorf("%s, at most %d spans: trace %d is %v of %d spans, %v; want %v of %d", name, most, n, tr.ID, len(tr.Spans), err, trace.ID, len(trace.Spans))
					}
					n++
				}
				if n != len(want) {
					t.Errorf("%s, at most %d spans: %d traces, want %d", name, most, n, len(want))
				}
			}
		}
	})
}

// Of traces that all start long before the spans that fit, so that a search for
// one looks at many, it holds no more spans at a time than it may, and in the
// end those of the trace that it gives.
func TestSearchWholeHoldsFewSpans(t *testing.T) {
	s := openTest(t, t.TempDir(), Options{})
	at, second := storetest.Start.UnixNano(), int64(time.Second)
	var spans []store.Span
	const traces, each = 60, 20
	for i := range int64(traces) {
		for no := range int64(each) {
			span := store.Span{TraceID: store.TraceID{1, byte(i)}, SpanID: store.SpanID{byte(no + 1)}, Start: at + i*second + no, End: at + i*second + no + 1}
			if no == each-1 { // the later a trace starts, the earlier is the span that fits
				span.Name, span.Start, span.End = "last", at+int64(30*time.Minute)-i*second, at+int64(31*time.Minute)
			}
			spans = append(spans, span)
		}
	}
	if err := s.Append(t.Context(), spans); err != nil {
		t.Fatal(err)
	}
	for _, most := range []int{10 * each, 30 * each, maxWholeSpans} {
		q := store.TraceQuery{Range: store.TimeRange{From: at, To: at + int64(time.Hour)}, Operation: "last", Limit: 1}
		w := s.wholeHunt(&q, most)
		reads, read := []int{}, w.hunt.read
		w.hunt.read = func(ctx context.Context, ids []string, r store.TimeRange) error {
			err, held := read(ctx, ids, r), 0
			for _, list := range w.spans {
				held += len(list)
			}
			if held > most || held > (len(ids)+1)*each {
				t.Errorf("at most %d spans: %d are held after a read of %d traces", most, held, len(ids))
			}
			reads = append(reads, len(ids))
			return err
		}
		if err := w.run(t.Context()); err != nil {
			t.Fatal(err)
		}
		if want := []int{8, 16, 32, 4}; !reflect.DeepEqual(reads, want) {
			t.Errorf("at most %d spans: read %d traces, want %d", most, reads, want)
		}
		if held := w.drop(); held != each || len(w.found) != 1 || w.found[0].Trace.ID[1] != traces-1 {
			t.Errorf("at most %d spans: %d are held of %+v", most, held, w.found)
		}
	}
}
