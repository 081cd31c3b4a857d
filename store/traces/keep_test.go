package traces

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"tripod/store"
	"tripod/store/events"
)

// TestTracesThatStay lets the time of many parts end, across which traces lie:
// those with an error, and slow ones, stay whole, and what was summed up stays
// as it was.
func TestTracesThatStay(t *testing.T) {
	var mu sync.Mutex
	now := time.Unix(0, benchStart).Add(15 * time.Minute)
	thinned := make(chan struct{}, 1000)
	o := Options{
		HeadBytes: 24 << 10, Retention: 24 * time.Hour, KeepFor: 72 * time.Hour, KeepSlow: 55 * time.Second,
		Now: func() time.Time { mu.Lock(); defer mu.Unlock(); return now },
		Events: events.Events{
			Failed:  func(what string, err error) { t.Errorf("%s: %v", what, err) },
			Thinned: func(string, int, int) { thinned <- struct{}{} },
		},
	}
	spans := stay()
	dir := t.TempDir()
	s := openTest(t, dir, o)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { s.Run(ctx) })
	for batch := range slices.Chunk(spans, 30) {
		for errors.Is(appendTo(t, s, batch), store.ErrOverloaded) {
		}
	}
	cancel()
	running.Wait()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	mu.Lock()
	now = now.Add(30 * time.Hour)
	mu.Unlock()
	s = openTest(t, dir, o)
	wantRED, err := s.RED(t.Context(), everyHour, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel = context.WithCancel(context.Background())
	running.Go(func() { s.Run(ctx) })
	defer func() { cancel(); running.Wait() }()
	mu.Lock()
	now = now.Add(time.Hour) // the head has its age now
	mu.Unlock()
	want := map[store.TraceID]int{}
	for _, span := range spans {
		want[span.TraceID] = 0
	}
	for _, id := range staying(spans) {
		for _, span := range spans {
			if span.TraceID == id {
				want[id]++
			}
		}
	}
	for got := kept(t, s); !maps.Equal(got, want); got = kept(t, s) {
		select {
		case <-thinned:
		case <-time.After(30 * time.Second):
			t.Fatalf("got %v, want %v", got, want)
		}
	}
	red, err := s.RED(t.Context(), everyHour, time.Minute)
	if err != nil || len(red) != len(wantRED) || red[0].Requests != wantRED[0].Requests || red[0].P95 != wantRED[0].P95 {
		t.Errorf("got %v, %v, want %v", red, err, wantRED)
	}
	checkEdges(t, s, spans)
	if s.Thinned().IsZero() {
		t.Error("nothing says that traces are missing")
	}
}

// kept counts the spans of each trace, 0 for those that are gone.
func kept(t *testing.T, s *Store) map[store.TraceID]int {
	t.Helper()
	out := map[store.TraceID]int{}
	for _, span := range stay() {
		if _, ok := out[span.TraceID]; ok {
			continue
		}
		tr, err := s.Trace(t.Context(), span.TraceID)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			t.Fatal(err)
		}
		out[span.TraceID] = len(tr.Spans)
	}
	return out
}

// stay is random traces of which few have an error.
func stay() []store.Span {
	r := rand.New(rand.NewPCG(8, 1))
	spans := forest(r, 1200)
	for i := range spans {
		if spans[i].Status = store.StatusUnset; r.IntN(100) == 0 {
			spans[i].Status = store.StatusError
		}
		if spans[i].Duration() >= int64(55*time.Second) && r.IntN(20) > 0 {
			spans[i].End = spans[i].Start + int64(time.Second)
		}
	}
	r.Shuffle(len(spans), func(i, j int) { spans[i], spans[j] = spans[j], spans[i] })
	return spans
}

func staying(spans []store.Span) (ids []store.TraceID) {
	for _, s := range spans {
		if (s.Status == store.StatusError || s.Duration() >= int64(55*time.Second)) && !slices.Contains(ids, s.TraceID) {
			ids = append(ids, s.TraceID)
		}
	}
	return ids
}
