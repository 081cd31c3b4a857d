package traces

import (
	"context"
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"tripod/store"
	"tripod/store/events"
	"tripod/store/storetest"
)

// crashSpan is the span of a number, from which Verify knows what it must be.
func crashSpan(n uint64) store.Span {
	var s store.Span
	binary.BigEndian.PutUint64(s.TraceID[8:], n+1)
	binary.BigEndian.PutUint64(s.SpanID[:], n+1)
	s.Start = storetest.Start.UnixNano() + int64(n)*1e6
	s.End = s.Start + int64(n)
	s.Name, s.Service = "crash", "child"
	s.Attrs = store.Attrs{{Key: "n", Value: store.Int(int64(n))}}
	return s
}

func TestCrashKeepsWhatWasAcknowledged(t *testing.T) {
	storetest.Crash(t, storetest.CrashTest{
		Child: func(dir string, ack func(string)) error {
			s, err := Open(dir, Options{HeadBytes: 64 << 10})
			if err != nil {
				return err
			}
			go s.Run(context.Background())
			for n := uint64(s.Usage().Items); ; n++ {
				span := crashSpan(n)
				for s.Append(context.Background(), []store.Span{span}) != nil { // both heads are full
				}
				ack(span.TraceID.String())
			}
		},
		Verify: func(t *testing.T, dir string, acked []string) {
			s := openTest(t, dir, Options{})
			defer s.Close()
			kept := map[store.TraceID]int{}
			var d decoder
			for e, err := range s.events.Scan(t.Context(), events.Query{Range: always}) {
				if err != nil {
					t.Fatal(err)
				}
				got := d.decode(e)
				checkCrashSpan(t, got)
				kept[got.TraceID]++
			}
			for i, text := range acked {
				id, err := store.ParseTraceID(text)
				if err != nil {
					t.Fatal(err)
				}
				if kept[id] != 1 {
					t.Fatalf("acknowledged trace %s: got %d spans", id, kept[id])
				}
				if i%500 > 0 {
					continue
				}
				if got, err := s.Trace(t.Context(), id); err != nil || len(got.Spans) != 1 {
					t.Fatalf("acknowledged trace %s: got %v, %v", id, got, err)
				}
			}
		},
	})
}

func checkCrashSpan(t *testing.T, got store.Span) {
	t.Helper()
	want := crashSpan(binary.BigEndian.Uint64(got.TraceID[8:]) - 1)
	if got.SpanID != want.SpanID || got.Start != want.Start || got.End != want.End || !equalAttrs(got.Attrs, want.Attrs) {
		t.Fatalf("got %+v, want %+v", got, want)
	}
}

// TestCrashKeepsDependencies sends spans of many traces in any order, some of
// them again, and kills the process: what is counted is what is kept.
func TestCrashKeepsDependencies(t *testing.T) {
	storetest.Crash(t, storetest.CrashTest{
		Child: func(dir string, ack func(string)) error {
			s, err := Open(dir, Options{HeadBytes: 64 << 10})
			if err != nil {
				return err
			}
			s.joiner.max = 300
			go s.Run(context.Background())
			r := rand.New(rand.NewPCG(uint64(s.Usage().Items), rand.Uint64()))
			for {
				spans := forest(r, 200)
				link(r, spans)
				spans = append(spans, spans[:20]...)
				r.Shuffle(len(spans), func(i, j int) { spans[i], spans[j] = spans[j], spans[i] })
				for len(spans) > 0 {
					n := min(len(spans), 1+r.IntN(20))
					for s.Append(context.Background(), spans[:n]) != nil { // both heads are full
					}
					ack(spans[0].TraceID.String())
					spans = spans[n:]
				}
			}
		},
		Verify: func(t *testing.T, dir string, acked []string) {
			s := openTest(t, dir, Options{})
			defer s.Close()
			type key struct {
				trace store.TraceID
				span  store.SpanID
			}
			var d decoder
			var kept []store.Span
			seen := map[key]bool{}
			for e, err := range s.events.Scan(t.Context(), events.Query{Range: always}) {
				if err != nil {
					t.Fatal(err)
				}
				span := d.decode(e)
				if k := (key{span.TraceID, span.SpanID}); !seen[k] {
					seen[k] = true
					kept = append(kept, span)
				}
			}
			if len(kept) == 0 && len(acked) > 0 {
				t.Fatal("nothing is kept")
			}
			checkEdges(t, s, kept)
		},
	})
}
