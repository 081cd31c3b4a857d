package planner

import (
	"context"
	"time"
)

// Users, Sessions, Tasks and Streaks are what the service keeps. Each method is
// one transaction; a row that is not there is ErrNotFound.
type (
	Users interface {
		InsertUser(ctx context.Context, u User, passwordHash string) error // ErrConflict: the address is taken
		User(ctx context.Context, id string) (User, error)
		UserByEmail(ctx context.Context, email string) (u User, passwordHash string, err error)
		UpdateUser(ctx context.Context, u User) error
		DeleteUser(ctx context.Context, id string) error // with all that is theirs
	}
	Sessions interface {
		InsertSession(ctx context.Context, s Session) error
		Session(ctx context.Context, key string, now time.Time) (Session, error)
		DeleteSession(ctx context.Context, key string) error
	}
	Tasks interface {
		InsertTask(ctx context.Context, t Task) error // ErrConflict: MaxOpenTasks are open
		Task(ctx context.Context, userID, id string) (Task, error)
		Tasks(ctx context.Context, s Select) ([]Task, error)
		Counts(ctx context.Context, s Select, today Day) (Counts, error)
		UpdateTask(ctx context.Context, t Task) error // a new due time makes it remindable again
		DeleteTask(ctx context.Context, userID, id string) error
		// CompleteTask marks t done, counts the day and inserts next, if any.
		CompleteTask(ctx context.Context, t Task, day Day, next *Task) error
		// ReopenTask undoes CompleteTask: the day is uncounted and an untouched,
		// open next occurrence is removed.
		ReopenTask(ctx context.Context, t Task, day Day) error
	}
	Streaks interface {
		SaveStreak(ctx context.Context, userID string, s Streak, at time.Time) error
		Days(ctx context.Context, userID string) ([]DayCount, error) // ascending
	}
	Reminders interface {
		// DueTasks are open tasks due before until that nobody was reminded of or queued for.
		DueTasks(ctx context.Context, until time.Time, limit int) ([]Task, error)
		MarkQueued(ctx context.Context, taskID string, at time.Time) error
		MarkReminded(ctx context.Context, taskID string, at time.Time) (first bool, err error)
	}
)

// Repository is everything that is kept.
type Repository interface {
	Users
	Sessions
	Tasks
	Streaks
	Reminders
}

// Cache holds what can be had again from the Repository. It answers ErrMiss, or
// any error when it does not work; the service then does without.
type Cache interface {
	Session(ctx context.Context, key string) (Session, error) // ErrNotFound: it has ended
	PutSession(ctx context.Context, s Session) error          // unless it has ended
	EndSession(ctx context.Context, key string) error
	Calendar(ctx context.Context, userID string, today Day) (Calendar, error)
	PutCalendar(ctx context.Context, userID string, c Calendar) error
	DropCalendar(ctx context.Context, userID string, today Day) error
}

// Queue takes jobs.
type Queue interface {
	Enqueue(ctx context.Context, j Job) error
}

// Events tell what happened inside; each may be nil.
type Events struct {
	CacheMissed   func(ctx context.Context, what string)
	CacheFailed   func(ctx context.Context, what string, err error) // the repository was used instead
	QueueFailed   func(ctx context.Context, j Job, err error)       // the job was done at once, or will be found again
	StreakUpdated func(ctx context.Context, userID string, s Streak)
}

// Options of a Service; zero means default.
type Options struct {
	Repo  Repository // required
	Cache Cache      // required
	Queue Queue      // required
	Now   func() time.Time
	// PasswordCost is bcrypt's, 10 by default. bcrypt and not argon2id: it needs
	// 4 KiB instead of 19 MiB for each sign-in, which the appliance's memory bound
	// has no room for.
	PasswordCost int
	Events       Events
}

// Service is the planner.
type Service struct {
	repo   Repository
	cache  Cache
	queue  Queue
	now    func() time.Time
	hasher *hasher
	events Events
}

// New makes a service; it starts nothing.
func New(o Options) *Service {
	s := &Service{repo: o.Repo, cache: o.Cache, queue: o.Queue, now: o.Now, events: o.Events}
	if s.now == nil {
		s.now = time.Now
	}
	s.hasher = newHasher(o.PasswordCost)
	return s
}

// clock is the present as it can be stored: whole milliseconds, UTC.
func (s *Service) clock() time.Time { return s.now().UTC().Truncate(time.Millisecond) }

func (s *Service) cacheFailed(ctx context.Context, what string, err error) {
	if s.events.CacheFailed != nil {
		s.events.CacheFailed(ctx, what, err)
	}
}

func (s *Service) cacheMissed(ctx context.Context, what string) {
	if s.events.CacheMissed != nil {
		s.events.CacheMissed(ctx, what)
	}
}
