package observed

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"os"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

const (
	// exportEvery keeps the trace of a request that was just made within reach
	// of the next click.
	exportEvery = 200 * time.Millisecond
	tracerName  = "tripod/planner"
)

// Options are shared by all services of one planner.
type Options struct {
	Spans   sdktrace.SpanExporter // nil: spans go nowhere
	Lines   func(res *resource.Resource, line []byte)
	Level   *slog.LevelVar // nil: info
	Metrics *Metrics       // required
	Now     func() time.Time
}

// Source is where the telemetry of one running service comes from.
type Source struct {
	Name, Version string

	res     *resource.Resource
	tp      *sdktrace.TracerProvider
	tracer  trace.Tracer
	log     *Log
	metrics *Metrics
}

// NewSource makes the telemetry of a service that starts now.
func NewSource(name, version string, o Options) *Source {
	host, _ := os.Hostname()
	var instance [8]byte
	rand.Read(instance[:])
	s := &Source{Name: name, Version: version, metrics: o.Metrics, res: resource.NewSchemaless(
		attribute.String("service.name", name),
		attribute.String("service.version", version),
		attribute.String("service.instance.id", hex.EncodeToString(instance[:])),
		attribute.String("host.name", host),
		attribute.Int("process.pid", os.Getpid()),
		attribute.String("telemetry.sdk.language", "go"),
		attribute.String("telemetry.sdk.name", "opentelemetry"),
	)}
	opts := []sdktrace.TracerProviderOption{sdktrace.WithResource(s.res)}
	if o.Spans != nil {
		opts = append(opts, sdktrace.WithSpanProcessor(newHandover(o.Spans)))
	}
	s.tp = sdktrace.NewTracerProvider(opts...)
	s.tracer = s.tp.Tracer(tracerName)
	s.log = newLog(s, host, o)
	s.metrics.build.WithLabelValues(name, version).Set(1)
	return s
}

// Log writes the service's lines.
func (s *Source) Log() *Log { return s.log }

// Close sends the spans that are waiting; the exporter stays open for others.
func (s *Source) Close(ctx context.Context) error {
	s.metrics.build.DeleteLabelValues(s.Name, s.Version)
	return s.tp.Shutdown(ctx)
}

// Exporter lets sources share an exporter that wants one call at a time.
func Exporter(e sdktrace.SpanExporter) sdktrace.SpanExporter {
	if e == nil {
		return nil
	}
	return &oneAtATime{SpanExporter: e}
}

type oneAtATime struct {
	mu sync.Mutex
	sdktrace.SpanExporter
}

func (e *oneAtATime) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.SpanExporter.ExportSpans(ctx, spans)
}
