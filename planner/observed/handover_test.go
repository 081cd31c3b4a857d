package observed

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// batches notes how many spans came when.
type batches struct {
	begin time.Time
	sizes []int
	at    []time.Duration
	err   error
}

func (b *batches) ExportSpans(_ context.Context, spans []sdktrace.ReadOnlySpan) error {
	b.sizes, b.at = append(b.sizes, len(spans)), append(b.at, time.Since(b.begin))
	return b.err
}

func (b *batches) Shutdown(context.Context) error { return errors.New("the exporter is others', too") }

func TestHandover(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &batches{begin: time.Now()}
		tp := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(newHandover(b)))
		end := func(n int) {
			for range n {
				_, s := tp.Tracer("").Start(t.Context(), "work")
				s.End()
			}
			synctest.Wait()
		}
		time.Sleep(time.Hour) // at rest nothing is due
		end(2)
		time.Sleep(exportEvery / 2)
		end(1)
		time.Sleep(time.Minute)
		end(batchFull) // does not wait
		time.Sleep(time.Minute)
		end(1)
		if err := tp.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		end(1) // too late
		time.Sleep(time.Minute)
		if want := []int{3, batchFull, 1}; !slices.Equal(b.sizes, want) {
			t.Fatalf("batches of %v, want %v", b.sizes, want)
		}
		want := []time.Duration{time.Hour + exportEvery, time.Hour + exportEvery/2 + time.Minute, time.Hour + exportEvery/2 + 2*time.Minute}
		if !slices.Equal(b.at, want) {
			t.Errorf("at %v, want %v", b.at, want)
		}
	})
}

// TestHandoverIsBounded: an exporter that hangs costs spans, not memory.
func TestHandoverIsBounded(t *testing.T) {
	b := &batches{begin: time.Now(), err: errors.New("full")}
	h := newHandover(b)
	h.sending.Lock()
	tp := sdktrace.NewTracerProvider(sdktrace.WithSpanProcessor(h))
	for range 2 * batchMost {
		_, s := tp.Tracer("").Start(t.Context(), "work")
		s.End()
	}
	h.sending.Unlock()
	tp.Shutdown(t.Context())
	if n := slices.Max(b.sizes); n != batchMost {
		t.Errorf("the exporter got %d spans, want %d", n, batchMost)
	}
}
