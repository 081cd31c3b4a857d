package metrics

import (
	"context"

	"go.opentelemetry.io/otel/trace"
)

// quiet hides the caller's span behind a parent that is not sampled. promql
// starts four to twenty spans a query at the global TracerProvider and takes
// no other; with this parent a provider with a parent-based sampler (the
// SDK's default) records none of them and exports nothing, and the store is
// not filled with spans about reading the store.
func quiet(ctx context.Context) context.Context {
	return trace.ContextWithSpanContext(ctx, trace.NewSpanContext(trace.SpanContextConfig{
		TraceID: trace.TraceID{15: 1},
		SpanID:  trace.SpanID{7: 1},
	}))
}
