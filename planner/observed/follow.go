package observed

import (
	"context"

	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/embedded"
	"go.opentelemetry.io/otel/trace/noop"
)

// Follow is the provider for libraries that all services share, such as the
// database: a span belongs to the service of the span it is under. Without one
// there is no span, so that housekeeping makes no traces.
func Follow() trace.TracerProvider { return following{} }

type following struct{ embedded.TracerProvider }

func (following) Tracer(name string, opts ...trace.TracerOption) trace.Tracer {
	return followingTracer{name: name, opts: opts}
}

type followingTracer struct {
	embedded.Tracer
	name string
	opts []trace.TracerOption
}

func (t followingTracer) Start(ctx context.Context, name string, opts ...trace.SpanStartOption) (context.Context, trace.Span) {
	parent := trace.SpanFromContext(ctx)
	if !parent.IsRecording() {
		return noop.NewTracerProvider().Tracer("").Start(ctx, name)
	}
	return parent.TracerProvider().Tracer(t.name, t.opts...).Start(ctx, name, opts...)
}
