package observed

import (
	"context"
	"log/slog"

	"tripod/planner"
)

func (v *Service) CreateTask(ctx context.Context, u planner.User, d planner.Draft) (planner.Task, error) {
	ctx, end := v.call(ctx, "CreateTask")
	t, err := v.next.CreateTask(ctx, u, d)
	if err == nil {
		add(v.s.metrics.created, exemplar(ctx))
		v.s.log.Info(ctx, "task created", slog.String("taskId", t.ID), slog.String("priority", string(t.Priority)),
			slog.String("repeat", string(t.Repeat)), slog.Bool("due", !t.Due.IsZero()))
	}
	end(err)
	return t, err
}

func (v *Service) Task(ctx context.Context, u planner.User, id string) (planner.Task, error) {
	ctx, end := v.call(ctx, "Task")
	t, err := v.next.Task(ctx, u, id)
	end(err)
	return t, err
}

func (v *Service) Tasks(ctx context.Context, u planner.User, f planner.Filter) (planner.Page, error) {
	ctx, end := v.call(ctx, "Tasks")
	p, err := v.next.Tasks(ctx, u, f)
	if err == nil {
		v.s.log.Debug(ctx, "tasks listed", slog.Int("count", len(p.Tasks)), slog.String("status", string(f.Status)), slog.Bool("more", p.Next != ""))
	}
	end(err)
	return p, err
}

func (v *Service) Counts(ctx context.Context, u planner.User) (planner.Counts, error) {
	ctx, end := v.call(ctx, "Counts")
	c, err := v.next.Counts(ctx, u)
	end(err)
	return c, err
}

func (v *Service) UpdateTask(ctx context.Context, u planner.User, id string, p planner.Patch) (planner.Task, error) {
	ctx, end := v.call(ctx, "UpdateTask")
	t, err := v.next.UpdateTask(ctx, u, id, p)
	if err == nil {
		v.s.log.Info(ctx, "task changed", slog.String("taskId", id))
	}
	end(err)
	return t, err
}

func (v *Service) DeleteTask(ctx context.Context, u planner.User, id string) error {
	ctx, end := v.call(ctx, "DeleteTask")
	err := v.next.DeleteTask(ctx, u, id)
	if err == nil {
		v.s.log.Info(ctx, "task deleted", slog.String("taskId", id))
	}
	end(err)
	return err
}

func (v *Service) CompleteTask(ctx context.Context, u planner.User, id string) (planner.Task, *planner.Task, error) {
	ctx, end := v.call(ctx, "CompleteTask")
	t, next, err := v.next.CompleteTask(ctx, u, id)
	if err == nil {
		add(v.s.metrics.completed, exemplar(ctx))
		attrs := []slog.Attr{slog.String("taskId", t.ID)}
		if next != nil {
			attrs = append(attrs, slog.String("nextId", next.ID), slog.Time("nextDue", next.Due))
		}
		v.s.log.Info(ctx, "task completed", attrs...)
	}
	end(err)
	return t, next, err
}
