package observed

import (
	"context"
	"sync"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// handover exports spans in batches soon after they ended. Unlike the SDK's
// batcher it has no clock that ticks while nothing happens: five times a second
// for each service was a third of what an appliance at rest cost.
type handover struct {
	to      sdktrace.SpanExporter
	sending sync.Mutex // held while a batch is exported

	mu     sync.Mutex
	spans  []sdktrace.ReadOnlySpan
	timer  *time.Timer // runs while there are spans
	closed bool
}

// Bounds of a batch: at the first it goes at once, at the second the exporter
// has stopped, and spans are dropped.
const (
	batchFull = 512
	batchMost = 2048
	// exportWithin is how long one batch may take.
	exportWithin = 30 * time.Second
)

func newHandover(to sdktrace.SpanExporter) *handover { return &handover{to: to} }

// OnStart fits sdktrace.SpanProcessor.
func (h *handover) OnStart(context.Context, sdktrace.ReadWriteSpan) {}

// OnEnd fits sdktrace.SpanProcessor.
func (h *handover) OnEnd(s sdktrace.ReadOnlySpan) {
	if !s.SpanContext().IsSampled() {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed || len(h.spans) >= batchMost {
		return
	}
	h.spans = append(h.spans, s)
	switch {
	case h.timer == nil:
		h.timer = time.AfterFunc(exportEvery, h.tick)
	case len(h.spans) == 1:
		h.timer.Reset(exportEvery)
	case len(h.spans) == batchFull:
		h.timer.Reset(0)
	}
}

func (h *handover) tick() {
	ctx, cancel := context.WithTimeout(context.Background(), exportWithin)
	defer cancel()
	h.ForceFlush(ctx) // an error is the exporter's to tell; there is nobody here
}

// ForceFlush fits sdktrace.SpanProcessor. It waits for a batch that is on its way.
func (h *handover) ForceFlush(ctx context.Context) error {
	h.sending.Lock()
	defer h.sending.Unlock()
	h.mu.Lock()
	spans := h.spans
	h.spans = nil
	h.mu.Unlock()
	if len(spans) == 0 {
		return nil
	}
	return h.to.ExportSpans(ctx, spans)
}

// Shutdown fits sdktrace.SpanProcessor; it leaves the exporter open for others.
func (h *handover) Shutdown(ctx context.Context) error {
	h.mu.Lock()
	h.closed = true
	if h.timer != nil {
		h.timer.Stop()
	}
	h.mu.Unlock()
	return h.ForceFlush(ctx)
}
