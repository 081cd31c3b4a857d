package planner

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// remindAhead is how long before a task is due its owner is reminded.
const remindAhead = 30 * time.Minute

// Streak is the user's streak with its 18 weeks of days.
func (s *Service) Streak(ctx context.Context, u User) (Calendar, error) {
	today := u.Today(s.clock())
	c, err := s.cache.Calendar(ctx, u.ID, today)
	if err == nil {
		return c, nil
	}
	missed := errors.Is(err, ErrMiss)
	if missed {
		s.cacheMissed(ctx, "streak")
	} else {
		s.cacheFailed(ctx, "streak", err)
	}
	days, err := s.repo.Days(ctx, u.ID)
	if err != nil {
		return Calendar{}, fmt.Errorf("days of the streak: %w", err)
	}
	c = CalendarOf(StreakOf(days, today), days, today)
	if missed {
		if err := s.cache.PutCalendar(ctx, u.ID, c); err != nil {
			s.cacheFailed(ctx, "streak", err)
		}
	}
	return c, nil
}

// streakMoved makes the next answer fresh and hands the counting to the worker,
// or counts here when the queue does not take the job.
func (s *Service) streakMoved(ctx context.Context, u User, taskID string) {
	s.dropCalendar(ctx, u)
	j := Job{Queue: TaskCompleted, UserID: u.ID, TaskID: taskID, Queued: s.clock()}
	err := s.queue.Enqueue(ctx, j)
	if err == nil {
		return
	}
	if s.events.QueueFailed != nil {
		s.events.QueueFailed(ctx, j, err)
	}
	// The task is completed whatever happens to the count, which the next
	// completion makes good.
	if _, err := s.CountStreak(ctx, j); err != nil {
		s.cacheFailed(ctx, "streak count", err)
	}
}

func (s *Service) dropCalendar(ctx context.Context, u User) {
	if err := s.cache.DropCalendar(ctx, u.ID, u.Today(s.clock())); err != nil {
		s.cacheFailed(ctx, "streak", err)
	}
}

// CountStreak does a TaskCompleted job. A closed account is no error.
func (s *Service) CountStreak(ctx context.Context, j Job) (Streak, error) {
	u, err := s.repo.User(ctx, j.UserID)
	if errors.Is(err, ErrNotFound) {
		return Streak{}, nil
	}
	if err != nil {
		return Streak{}, fmt.Errorf("owner of the streak: %w", err)
	}
	days, err := s.repo.Days(ctx, u.ID)
	if err != nil {
		return Streak{}, fmt.Errorf("days of the streak: %w", err)
	}
	now := s.clock()
	streak := StreakOf(days, u.Today(now))
	if err := s.repo.SaveStreak(ctx, u.ID, streak, now); err != nil {
		return Streak{}, fmt.Errorf("save the streak: %w", err)
	}
	if err := s.cache.PutCalendar(ctx, u.ID, CalendarOf(streak, days, u.Today(now))); err != nil {
		s.cacheFailed(ctx, "streak", err)
	}
	if s.events.StreakUpdated != nil {
		s.events.StreakUpdated(ctx, u.ID, streak)
	}
	return streak, nil
}

// QueueReminders makes jobs of at most limit tasks that are due soon.
func (s *Service) QueueReminders(ctx context.Context, limit int) (int, error) {
	now := s.clock()
	due, err := s.repo.DueTasks(ctx, now.Add(remindAhead), limit)
	if err != nil {
		return 0, fmt.Errorf("tasks that are due: %w", err)
	}
	for i, t := range due {
		j := Job{Queue: TaskDue, UserID: t.UserID, TaskID: t.ID, Queued: now}
		if err := s.queue.Enqueue(ctx, j); err != nil {
			return i, fmt.Errorf("queue a reminder: %w", err)
		}
		// A crash between the two queues it twice; Remind tells the second apart.
		if err := s.repo.MarkQueued(ctx, t.ID, now); err != nil {
			return i, fmt.Errorf("mark task %s: %w", t.ID, err)
		}
	}
	return len(due), nil
}

// Remind does a TaskDue job: it marks the task, which its owner then sees. False:
// that was done before, or the task is gone or done.
func (s *Service) Remind(ctx context.Context, j Job) (bool, error) {
	first, err := s.repo.MarkReminded(ctx, j.TaskID, s.clock())
	if err != nil {
		return false, fmt.Errorf("remind of task %s: %w", j.TaskID, err)
	}
	return first, nil
}
