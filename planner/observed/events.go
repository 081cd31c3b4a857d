package observed

import (
	"context"
	"log/slog"
	"time"

	"tripod/planner"
)

// Slow is how long a repository method may take before it gets a line.
const Slow = 200 * time.Millisecond

// Events are the planner's own, told by one service.
func (s *Source) Events() planner.Events {
	return planner.Events{
		CacheMissed: func(ctx context.Context, what string) {
			s.log.Debug(ctx, "cache miss", slog.String("cache", what))
		},
		CacheFailed: func(ctx context.Context, what string, err error) {
			s.metrics.cacheFails.Inc()
			s.log.Warn(ctx, "cache unavailable, using the database", slog.String("cache", what), slog.Any("err", err))
		},
		QueueFailed: func(ctx context.Context, j planner.Job, err error) {
			s.log.Warn(ctx, "queue unavailable, doing the job at once", slog.String("queue", j.Queue), slog.Any("err", err))
		},
		StreakUpdated: func(ctx context.Context, _ string, streak planner.Streak) {
			add(s.metrics.streaks, exemplar(ctx))
			s.log.Info(ctx, "streak updated", slog.Int("current", streak.Current), slog.Int("best", streak.Best))
		},
	}
}

// Reminded counts a reminder that was sent.
func (s *Source) Reminded(ctx context.Context, taskID string) {
	add(s.metrics.reminders, exemplar(ctx))
	s.log.Info(ctx, "reminder sent", slog.String("taskId", taskID))
}

// Statement tells, in the lines of the service that asked, of a repository
// method that was slow or waited long.
func Statement(ctx context.Context, method string, waited, took time.Duration, err error) {
	sc := scopeOf(ctx)
	if took < Slow || sc == nil {
		return
	}
	attrs := []slog.Attr{slog.String("query", method), slog.Duration("durationMs", took), slog.Duration("waitedMs", waited)}
	if err != nil {
		attrs = append(attrs, slog.Any("err", err))
	}
	sc.src.log.Warn(ctx, "slow query", attrs...)
}
