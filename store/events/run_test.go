package events

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestRunFlushesWhatIsOld sees a head that does not fill become a part, its
// journal go, and the journal synced within a second.
func TestRunFlushesWhatIsOld(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		flushed, synced := 0, 0
		s, err := Open(t.TempDir(), Options{Events: Events{
			Flushed:       func(rows int, _ int64, _ time.Duration) { mu.Lock(); flushed += rows; mu.Unlock() },
			JournalSynced: func(time.Duration) { mu.Lock(); synced++; mu.Unlock() },
			Failed:        func(what string, err error) { t.Errorf("%s: %v", what, err) },
		}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- s.Run(ctx) }()
		if err := s.Append(t.Context(), numbered(0, 10)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		mu.Lock()
		if synced != 1 || flushed != 0 {
			t.Errorf("after 2 s: %d syncs, %d rows flushed; want 1, 0", synced, flushed)
		}
		mu.Unlock()
		time.Sleep(5 * time.Minute)
		synctest.Wait()
		mu.Lock()
		if flushed != 10 {
			t.Errorf("after 5 min: %d rows flushed, want 10", flushed)
		}
		mu.Unlock()
		isCount(t, numbers(t, s), 10)
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		if gens, err := s.journals(); err != nil || len(gens) != 1 {
			t.Errorf("journals %v, %v; want one", gens, err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
}
