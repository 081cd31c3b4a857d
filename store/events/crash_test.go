package events_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"sync"
	"testing"

	"tripod/store"
	"tripod/store/events"
	"tripod/store/storetest"
)

const crashWriters = 3

// TestCrashKeepsWhatWasAcknowledged lets several writers share group commits,
// with heads so small that flushes and merges are under way at every moment.
func TestCrashKeepsWhatWasAcknowledged(t *testing.T) {
	storetest.Crash(t, storetest.CrashTest{Child: crashChild, Verify: crashVerify})
}

func crashChild(dir string, ack func(string)) error {
	s, err := events.Open(dir, events.Options{HeadBytes: 32 << 10, MaxBlockRows: 50})
	if err != nil {
		return err
	}
	ctx := context.Background()
	go s.Run(ctx)
	var next [crashWriters]int64
	for e, err := range s.Scan(ctx, events.Query{Range: always, Oldest: true}) {
		if err != nil {
			return err
		}
		w, n := e.Class, number(e)
		next[w] = max(next[w], n+1)
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	for w := range next {
		wg.Go(func() {
			for n := next[w]; ; n += 3 {
				batch := []events.Event{crashEvent(w, n), crashEvent(w, n+1), crashEvent(w, n+2)}
				for s.Append(ctx, batch) != nil { // both heads are full
				}
				mu.Lock()
				for i := range batch {
					ack(fmt.Sprintf("%d %d", w, n+int64(i)))
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return errors.New("writers ended")
}

var always = store.TimeRange{From: math.MinInt64, To: math.MaxInt64}

func number(e *events.Event) int64 {
	v, _ := e.Get("n")
	return v.Int()
}

func crashEvent(w int, n int64) events.Event {
	return events.Event{
		Time: storetest.Start.UnixNano() + n*1e6, Class: uint8(w),
		Fields: []events.Field{
			{Name: "n", Value: store.Int(n)},
			{Name: "msg", Value: store.String("event " + strconv.FormatInt(n, 10) + " of a writer that is going to be killed")},
		},
	}
}

func crashVerify(t *testing.T, dir string, acked []string) {
	damage := func(file string, off int64, err error) {
		t.Logf("%s at %d: %v", file, off, err) // a torn tail may be there
	}
	s, err := events.Open(dir, events.Options{Events: events.Events{Damaged: damage}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	got := map[string]int{}
	for e, err := range s.Scan(t.Context(), events.Query{Range: always}) {
		if err != nil {
			t.Fatal(err)
		}
		want := crashEvent(int(e.Class), number(e))
		if e.Time != want.Time || e.Text("msg") != want.Fields[1].Value.Str() {
			t.Fatalf("got %+v, want %+v", e, want)
		}
		got[fmt.Sprintf("%d %d", e.Class, number(e))]++
	}
	for _, id := range acked {
		if got[id] == 0 {
			t.Errorf("acknowledged event %s is lost", id)
		}
		if t.Failed() {
			return
		}
	}
	for id, n := range got {
		if n > 1 {
			t.Fatalf("event %s is there %d times", id, n)
		}
	}
}
