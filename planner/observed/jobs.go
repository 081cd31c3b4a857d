package observed

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"tripod/planner"
)

// Queue puts a producer span around each job and its context into the job.
func (s *Source) Queue(next planner.Queue) planner.Queue { return queue{next, s} }

type queue struct {
	next planner.Queue
	s    *Source
}

func (q queue) Enqueue(ctx context.Context, j planner.Job) error {
	ctx, span := q.s.tracer.Start(ctx, "send "+j.Queue, trace.WithSpanKind(trace.SpanKindProducer), trace.WithAttributes(messaging(j.Queue, "send")...))
	defer span.End()
	j.ReqID = RequestID(ctx)
	j.Carrier = map[string]string{}
	propagation.TraceContext{}.Inject(ctx, propagation.MapCarrier(j.Carrier))
	err := q.next.Enqueue(ctx, j)
	if err != nil {
		span.RecordError(err)
		span.SetStatus(codes.Error, err.Error())
		return err
	}
	q.s.log.Debug(ctx, "job queued", slog.String("queue", j.Queue), slog.String("taskId", j.TaskID))
	return nil
}

func messaging(queue, operation string) []attribute.KeyValue {
	return []attribute.KeyValue{
		attribute.String("messaging.system", "redis"),
		attribute.String("messaging.destination.name", queue),
		attribute.String("messaging.operation.type", operation),
	}
}

// Job sees a worker do a job: a trace of its own, linked to the producer's, and
// a line.
func (s *Source) Job(handle func(ctx context.Context, j planner.Job) (outcome string, err error)) func(context.Context, planner.Job) error {
	return func(ctx context.Context, j planner.Job) error {
		begin := time.Now()
		from := trace.SpanContextFromContext(propagation.TraceContext{}.Extract(context.Background(), propagation.MapCarrier(j.Carrier)))
		opts := []trace.SpanStartOption{trace.WithNewRoot(), trace.WithSpanKind(trace.SpanKindConsumer),
			trace.WithAttributes(messaging(j.Queue, "process")...),
			trace.WithAttributes(attribute.String("user.id", j.UserID), attribute.Int("messaging.redis.attempt", j.Attempt))}
		if from.IsValid() {
			opts = append(opts, trace.WithLinks(trace.Link{SpanContext: from}))
		}
		ctx, sc := s.scope(ctx, j.ReqID)
		sc.setUser(j.UserID)
		ctx, span := s.tracer.Start(ctx, "process "+j.Queue, opts...)
		defer span.End()
		outcome, err := s.tried(ctx, j, handle)
		if err != nil {
			span.RecordError(err)
			span.SetStatus(codes.Error, err.Error())
			outcome = "error"
		}
		s.metrics.jobs.WithLabelValues(j.Queue, outcome, s.Name).Inc()
		observe(s.metrics.jobTime.WithLabelValues(j.Queue, s.Name), time.Since(begin), exemplar(ctx))
		s.jobLine(ctx, j, outcome, err, time.Since(begin))
		return err
	}
}

// tried turns a panic into an error: a worker must outlive a bad job.
func (s *Source) tried(ctx context.Context, j planner.Job, handle func(context.Context, planner.Job) (string, error)) (outcome string, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	return handle(ctx, j)
}

func (s *Source) jobLine(ctx context.Context, j planner.Job, outcome string, err error, took time.Duration) {
	attrs := []slog.Attr{slog.String("queue", j.Queue), slog.String("outcome", outcome), slog.String("taskId", j.TaskID),
		slog.Duration("waitedMs", max(0, time.Since(j.Queued)-took)), slog.Duration("durationMs", took)}
	if err != nil {
		s.log.Error(ctx, "job failed", append(attrs, slog.Int("attempt", j.Attempt+1), slog.Any("err", err))...)
		return
	}
	s.log.Info(ctx, "job done", attrs...)
}

// Lost tells of a queue that does not answer and of jobs given up.
func (s *Source) Lost(ctx context.Context, err error) {
	s.log.Warn(ctx, "queue trouble", slog.Any("err", err))
}

// Tick sees a recurring duty: a trace of its own. f says how many things it did;
// a tick without any leaves a debug line only.
func (s *Source) Tick(ctx context.Context, name string, f func(context.Context) (int, error)) {
	ctx, _ = s.scope(ctx, newReqID())
	ctx, span := s.tracer.Start(ctx, name, trace.WithNewRoot(), trace.WithSpanKind(trace.SpanKindInternal))
	defer span.End()
	n, err := f(ctx)
	span.SetAttributes(attribute.Int("count", n))
	switch {
	case ctx.Err() != nil: // stopped in the middle
	case err != nil:
		span.RecordError(err)
		span.SetStatus(codes.Error, err.Error())
		s.log.Error(ctx, name+" failed", slog.Int("count", n), slog.Any("err", err))
	case n > 0:
		s.log.Info(ctx, name, slog.Int("count", n))
	default:
		s.log.Debug(ctx, name, slog.Int("count", 0))
	}
}
