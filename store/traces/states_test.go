package traces

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"tripod/store"
	"tripod/store/events"
)

// inStates runs a test on the same spans where some lie in the head and some in
// parts, after a restart, in parts, and in parts with an index.
func inStates(t *testing.T, spans []store.Span, test func(t *testing.T, s *Store)) {
	dir, sealed := t.TempDir(), make(chan int, 1000)
	open := func(o events.Options) (*Store, chan int, func()) {
		flushed := make(chan int, 1000)
		o.NewDigest = func() events.Digest { return newDigest() }
		o.Events.Flushed = func(rows int, _ int64, _ time.Duration) { flushed <- rows }
		o.Events.Sealed = func(rows int, _ time.Duration) { sealed <- rows }
		o.Events.Failed = func(what string, err error) { t.Errorf("%s: %v", what, err) }
		ev, err := events.Open(dir, o)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		go func() { ev.Run(ctx); close(done) }()
		stop := sync.OnceFunc(func() {
			cancel()
			<-done
			if err := ev.Close(); err != nil {
				t.Error(err)
			}
		})
		t.Cleanup(stop)
		return over(ev), flushed, stop
	}
	s, flushed, stop := open(events.Options{HeadBytes: 12 << 10, MaxBlockRows: 20, HeadAge: time.Hour})
	n := 0
	for batch := range slices.Chunk(spans, 20) {
		err := s.Append(context.Background(), batch)
		for ; errors.Is(err, store.ErrOverloaded); err = s.Append(context.Background(), batch) {
			n += <-flushed
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for n == 0 {
		n = <-flushed
	}
	t.Run("head and parts", func(t *testing.T) { test(t, s) })
	stop()
	for len(flushed) > 0 {
		n += <-flushed
	}
	if n == 0 || n == len(spans) {
		t.Errorf("%d of %d spans flushed: nothing is left in the head", n, len(spans))
	}
	s, flushed, stop = open(events.Options{MaxBlockRows: 20, HeadAge: 1})
	t.Run("restarted", func(t *testing.T) { test(t, s) })
	for n < len(spans) {
		n += <-flushed
	}
	t.Run("parts", func(t *testing.T) { test(t, s) })
	stop()
	s, _, _ = open(events.Options{MaxBlockRows: 8}) // so that fewer rows are worth an index
	select {
	case <-sealed:
	case <-time.After(30 * time.Second):
		t.Fatal("no part got an index")
	}
	t.Run("parts with an index", func(t *testing.T) { test(t, s) })
}
