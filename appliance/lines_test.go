package appliance

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"

	"go.opentelemetry.io/otel/sdk/resource"

	"tripod/store"
)

// kept is a log engine that remembers.
type kept struct {
	mu    sync.Mutex
	lines []string
}

func (k *kept) Append(_ context.Context, recs []store.Record) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, r := range recs {
		k.lines = append(k.lines, r.Line())
	}
	return nil
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// TestLinesReachTheStoreWhateverStdoutDoes writes more lines than the queue
// holds to a standard output that is stuck, or closed.
func TestLinesReachTheStoreWhateverStdoutDoes(t *testing.T) {
	for name, out := range map[string]func(stuck chan struct{}) writerFunc{
		"stuck": func(stuck chan struct{}) writerFunc { return func([]byte) (int, error) { <-stuck; return 0, nil } },
		"closed": func(chan struct{}) writerFunc {
			return func([]byte) (int, error) { return 0, errors.New("broken pipe") }
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				stuck := make(chan struct{})
				sink := &kept{}
				b := newLineBridge(out(stuck), sink)
				ctx, cancel := context.WithCancel(t.Context())
				var ran sync.WaitGroup
				ran.Go(func() { b.Run(ctx) })
				ran.Go(func() { b.Print(ctx) })
				const lines = lineQueue + 100
				for i := range lines {
					b.Line(resource.Empty(), []byte(`{"msg":"hello"}`))
					if i%1000 == 0 {
						synctest.Wait()
					}
				}
				synctest.Wait()
				cancel()
				ran.Wait() // ends although nobody reads
				if len(sink.lines) != lines {
					t.Errorf("the store has %d lines of %d", len(sink.lines), lines)
				}
				if b.unseen.Load() == 0 {
					t.Error("no line counts as unseen")
				}
				close(stuck)
			})
		})
	}
}
