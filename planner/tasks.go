package planner

import (
	"context"
	"fmt"
	"time"
)

// CreateTask adds an open task.
func (s *Service) CreateTask(ctx context.Context, u User, d Draft) (Task, error) {
	d, err := d.check()
	if err != nil {
		return Task{}, err
	}
	t := s.fresh(u.ID, d)
	if err := s.repo.InsertTask(ctx, t); err != nil {
		return Task{}, fmt.Errorf("save the task: %w", err)
	}
	return t, nil
}

func (s *Service) fresh(userID string, d Draft) Task {
	now := s.clock()
	t := Task{ID: newID("t", now), UserID: userID, Created: now}
	return t.with(d, s)
}

// with is the task as the draft describes it, changed now.
func (t Task) with(d Draft, s *Service) Task {
	t.Title, t.Notes, t.Priority, t.Repeat = d.Title, d.Notes, d.Priority, d.Repeat
	t.Due, t.Updated = d.Due, s.clock()
	if !t.Due.IsZero() {
		t.Due = t.Due.UTC().Truncate(time.Millisecond)
	}
	return t
}

// Task is one task of a user.
func (s *Service) Task(ctx context.Context, u User, id string) (Task, error) {
	if !isID("t", id) {
		return Task{}, fmt.Errorf("task %.40q: %w", id, ErrNotFound)
	}
	t, err := s.repo.Task(ctx, u.ID, id)
	if err != nil {
		return Task{}, fmt.Errorf("task %s: %w", id, err)
	}
	return t, nil
}

// Tasks is one page of a user's tasks.
func (s *Service) Tasks(ctx context.Context, u User, f Filter) (Page, error) {
	sel, err := f.check(u, s.clock())
	if err != nil {
		return Page{}, err
	}
	sel.Limit++ // one more than asked for says whether there is a next page
	tasks, err := s.repo.Tasks(ctx, sel)
	if err != nil {
		return Page{}, fmt.Errorf("list tasks: %w", err)
	}
	p := Page{Tasks: tasks}
	if len(tasks) == sel.Limit {
		p.Tasks = tasks[:sel.Limit-1]
		p.Next = PositionOf(p.Tasks[len(p.Tasks)-1], f.Status).String()
	}
	return p, nil
}

// Counts are the sizes of a user's lists.
func (s *Service) Counts(ctx context.Context, u User) (Counts, error) {
	now := s.clock()
	sel, err := Filter{}.check(u, now)
	if err != nil {
		return Counts{}, err
	}
	c, err := s.repo.Counts(ctx, sel, u.Today(now))
	if err != nil {
		return Counts{}, fmt.Errorf("count tasks: %w", err)
	}
	return c, nil
}

// UpdateTask changes a task. Done=false opens a completed one again.
func (s *Service) UpdateTask(ctx context.Context, u User, id string, p Patch) (Task, error) {
	t, err := s.Task(ctx, u, id)
	if err != nil {
		return Task{}, err
	}
	d, err := p.apply(t)
	if err != nil {
		return Task{}, err
	}
	if p.Done != nil && *p.Done && !t.Done() {
		return Task{}, refuse("status", "becomes done by completing the task")
	}
	reopen := p.Done != nil && !*p.Done && t.Done()
	if p.Due != nil && !p.Due.Equal(t.Due) {
		t.Reminded = time.Time{} // it is due for another reminder
	}
	was := t
	t = t.with(d, s)
	if err := s.repo.UpdateTask(ctx, t); err != nil {
		return Task{}, fmt.Errorf("save task %s: %w", id, err)
	}
	if !reopen {
		return t, nil
	}
	return s.reopen(ctx, u, t, was)
}

func (s *Service) reopen(ctx context.Context, u User, t, was Task) (Task, error) {
	if err := s.repo.ReopenTask(ctx, was, u.Today(was.Completed)); err != nil {
		return Task{}, fmt.Errorf("open task %s again: %w", t.ID, err)
	}
	s.streakMoved(ctx, u, t.ID)
	return s.repo.Task(ctx, u.ID, t.ID)
}

// DeleteTask forgets a task; the days that it counted for stay counted.
func (s *Service) DeleteTask(ctx context.Context, u User, id string) error {
	if !isID("t", id) {
		return fmt.Errorf("task %.40q: %w", id, ErrNotFound)
	}
	if err := s.repo.DeleteTask(ctx, u.ID, id); err != nil {
		return fmt.Errorf("task %s: %w", id, err)
	}
	return nil
}

// CompleteTask marks a task done now. A repeating task comes back as next; nil
// otherwise. ErrConflict: it is done already.
func (s *Service) CompleteTask(ctx context.Context, u User, id string) (done Task, next *Task, err error) {
	t, err := s.Task(ctx, u, id)
	if err != nil {
		return Task{}, nil, err
	}
	if t.Done() {
		return t, nil, fmt.Errorf("task %s is done already: %w", id, ErrConflict)
	}
	now := s.clock()
	t.Completed, t.Updated = now, now
	if due, ok := t.Repeat.Next(t.Due, now, u.Location()); ok {
		n := s.fresh(u.ID, Draft{Title: t.Title, Notes: t.Notes, Priority: t.Priority, Due: due, Repeat: t.Repeat})
		next, t.NextID = &n, n.ID
	}
	if err := s.repo.CompleteTask(ctx, t, u.Today(now), next); err != nil {
		return Task{}, nil, fmt.Errorf("complete task %s: %w", id, err)
	}
	s.streakMoved(ctx, u, id)
	return t, next, nil
}
