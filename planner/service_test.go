package planner_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"tripod/planner"
	"tripod/planner/sqlite"
)

// memory is a cache and a queue that can be broken.
type memory struct {
	broken    error
	sessions  map[string]planner.Session
	calendars map[string]planner.Calendar
	jobs      []planner.Job
}

func (m *memory) Session(_ context.Context, key string) (planner.Session, error) {
	s, err := find(m, m.sessions, key)
	if err == nil && s.Key == "" {
		return s, planner.ErrNotFound
	}
	return s, err
}
func (m *memory) PutSession(_ context.Context, s planner.Session) error {
	if _, ok := m.sessions[s.Key]; ok {
		return m.broken
	}
	return keep(m, m.sessions, s.Key, s)
}
func (m *memory) EndSession(_ context.Context, key string) error {
	return keep(m, m.sessions, key, planner.Session{})
}
func (m *memory) Calendar(_ context.Context, user string, d planner.Day) (planner.Calendar, error) {
	return find(m, m.calendars, user+d.String())
}
func (m *memory) PutCalendar(_ context.Context, user string, c planner.Calendar) error {
	return keep(m, m.calendars, user+c.Today.String(), c)
}
func (m *memory) DropCalendar(_ context.Context, user string, d planner.Day) error {
	delete(m.calendars, user+d.String())
	return m.broken
}
func (m *memory) Enqueue(_ context.Context, j planner.Job) error {
	if m.broken == nil {
		m.jobs = append(m.jobs, j)
	}
	return m.broken
}

func find[T any](m *memory, in map[string]T, key string) (T, error) {
	v, ok := in[key]
	switch {
	case m.broken != nil:
		return v, m.broken
	case !ok:
		return v, planner.ErrMiss
	}
	return v, nil
}

func keep[T any](m *memory, in map[string]T, key string, v T) error {
	if m.broken == nil {
		in[key] = v
	}
	return m.broken
}

// rig is a service on a real database, with a clock that can be set.
type rig struct {
	*testing.T
	*planner.Service
	mem  *memory
	now  time.Time
	told []string
}

func newRig(t *testing.T) *rig {
	t.Helper()
	db, err := sqlite.Open(filepath.Join(t.TempDir(), "planner.db"), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	r := &rig{T: t, now: time.Date(2026, 3, 12, 14, 0, 0, 0, time.UTC),
		mem: &memory{sessions: map[string]planner.Session{}, calendars: map[string]planner.Calendar{}}}
	r.Service = planner.New(planner.Options{Repo: db, Cache: r.mem, Queue: r.mem, PasswordCost: 4,
		Now: func() time.Time { return r.now },
		Events: planner.Events{
			CacheMissed:   func(_ context.Context, what string) { r.told = append(r.told, "missed "+what) },
			CacheFailed:   func(_ context.Context, what string, _ error) { r.told = append(r.told, "failed "+what) },
			QueueFailed:   func(context.Context, planner.Job, error) { r.told = append(r.told, "queue failed") },
			StreakUpdated: func(context.Context, string, planner.Streak) { r.told = append(r.told, "streak") },
		}})
	return r
}

func (r *rig) ada() planner.Grant {
	r.Helper()
	g, err := r.SignUp(r.Context(), planner.NewUser{Email: "Ada@example.com", Password: "correct horse", Name: "Ada"})
	if err != nil {
		r.Fatal(err)
	}
	return g
}

func (r *rig) create(u planner.User, d planner.Draft) planner.Task {
	r.Helper()
	t, err := r.CreateTask(r.Context(), u, d)
	if err != nil {
		r.Fatal(err)
	}
	return t
}

func TestSignInAndOut(t *testing.T) {
	r, ctx := newRig(t), t.Context()
	g := r.ada()
	if _, err := r.SignUp(ctx, planner.NewUser{Email: "ada@EXAMPLE.com", Password: "something else", Name: "A"}); !errors.Is(err, planner.ErrConflict) {
		t.Errorf("the same address: got %v, want ErrConflict", err)
	}
	for name, c := range map[string]struct{ email, password string }{
		"a wrong password":   {"ada@example.com", "wrong horse"},
		"an unknown address": {"bob@example.com", "correct horse"},
	} {
		if _, err := r.Login(ctx, c.email, c.password); !errors.Is(err, planner.ErrUnauthorized) {
			t.Errorf("%s: got %v, want ErrUnauthorized", name, err)
		}
	}
	second, err := r.Login(ctx, " ADA@example.com", "correct horse")
	if err != nil || second.User != g.User || second.Token == g.Token {
		t.Fatalf("got %+v %v, want the same user and another token", second, err)
	}
	if err := r.Logout(ctx, g.Token); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Authenticate(ctx, g.Token); !errors.Is(err, planner.ErrUnauthorized) {
		t.Errorf("signed out: got %v, want ErrUnauthorized", err)
	}
	if u, err := r.Authenticate(ctx, second.Token); err != nil || u != g.User {
		t.Errorf("the other session: got %+v %v", u, err)
	}
	r.now = r.now.Add(planner.SessionLife)
	if _, err := r.Authenticate(ctx, second.Token); !errors.Is(err, planner.ErrUnauthorized) {
		t.Errorf("after 30 days: got %v, want ErrUnauthorized", err)
	}
}

func TestBrokenCacheCostsNothingButTime(t *testing.T) {
	r, ctx := newRig(t), t.Context()
	g := r.ada()
	task := r.create(g.User, planner.Draft{Title: "x"})
	r.mem.broken = errors.New("connection refused")
	r.told = nil
	if _, err := r.Authenticate(ctx, g.Token); err != nil {
		t.Errorf("authenticate: %v", err)
	}
	if _, _, err := r.CompleteTask(ctx, g.User, task.ID); err != nil {
		t.Errorf("complete: %v", err)
	}
	c, err := r.Streak(ctx, g.User)
	if err != nil || c.Current != 1 {
		t.Errorf("streak: got %+v %v, want 1", c.Streak, err)
	}
	want := map[string]bool{"failed session": true, "queue failed": true, "streak": true, "failed streak": true}
	for _, w := range r.told {
		delete(want, w)
	}
	if len(want) != 0 {
		t.Errorf("told %q, which lacks %v", r.told, want)
	}
}

func TestCompletingARepeatingTaskBringsTheNext(t *testing.T) {
	r, ctx := newRig(t), t.Context()
	u := r.ada().User
	task := r.create(u, planner.Draft{Title: "Run", Due: r.now.Add(time.Hour), Repeat: planner.Daily, Priority: planner.High})
	done, next, err := r.CompleteTask(ctx, u, task.ID)
	if err != nil || next == nil || !done.Done() {
		t.Fatalf("got %+v %+v %v", done, next, err)
	}
	if want := task.Due.AddDate(0, 0, 1); !next.Due.Equal(want) || next.Priority != planner.High || next.Done() {
		t.Errorf("next: got %+v, want the same on %v", next, want)
	}
	if _, _, err := r.CompleteTask(ctx, u, task.ID); !errors.Is(err, planner.ErrConflict) {
		t.Errorf("again: got %v, want ErrConflict", err)
	}
	if len(r.mem.jobs) != 1 || r.mem.jobs[0].Queue != planner.TaskCompleted || r.mem.jobs[0].UserID != u.ID {
		t.Fatalf("jobs: %+v, want one that counts the streak", r.mem.jobs)
	}
	open := false
	back, err := r.UpdateTask(ctx, u, task.ID, planner.Patch{Done: &open})
	if err != nil || back.Done() || back.NextID != "" {
		t.Errorf("reopened: got %+v %v, want it open", back, err)
	}
	if c, err := r.Streak(ctx, u); err != nil || c.Current != 0 || c.Best != 0 {
		t.Errorf("streak after reopening: got %+v %v, want none", c.Streak, err)
	}
	if _, err := r.Task(ctx, u, next.ID); !errors.Is(err, planner.ErrNotFound) {
		t.Errorf("the next one after reopening: got %v, want ErrNotFound", err)
	}
}

func TestStreakGrowsByDaysOfTheUser(t *testing.T) {
	r, ctx := newRig(t), t.Context()
	u := r.ada().User
	for range 3 {
		task := r.create(u, planner.Draft{Title: "x"})
		if _, _, err := r.CompleteTask(ctx, u, task.ID); err != nil {
			t.Fatal(err)
		}
		j := r.mem.jobs[len(r.mem.jobs)-1]
		if _, err := r.CountStreak(ctx, j); err != nil {
			t.Fatal(err)
		}
		r.now = r.now.AddDate(0, 0, 1)
	}
	c, err := r.Streak(ctx, u) // on the fourth day, nothing done yet
	if err != nil || c.Current != 3 || c.Best != 3 || c.Days[len(c.Days)-1].Done != 0 {
		t.Errorf("got %+v %v, want 3 days", c.Streak, err)
	}
	r.now = r.now.AddDate(0, 0, 1)
	if c, err := r.Streak(ctx, u); err != nil || c.Current != 0 || c.Best != 3 {
		t.Errorf("after a day without: got %+v %v, want 0 and best 3", c.Streak, err)
	}
}

func TestOthersTasksAreNotThere(t *testing.T) {
	r, ctx := newRig(t), t.Context()
	u := r.ada().User
	task := r.create(u, planner.Draft{Title: "x"})
	other, err := r.SignUp(ctx, planner.NewUser{Email: "bob@example.com", Password: "correct horse", Name: "Bob"})
	if err != nil {
		t.Fatal(err)
	}
	title := "mine"
	for name, try := range map[string]func() error{
		"read": func() error { _, err := r.Task(ctx, other.User, task.ID); return err },
		"change": func() error {
			_, err := r.UpdateTask(ctx, other.User, task.ID, planner.Patch{Title: &title})
			return err
		},
		"complete": func() error { _, _, err := r.CompleteTask(ctx, other.User, task.ID); return err },
		"delete":   func() error { return r.DeleteTask(ctx, other.User, task.ID) },
		"guess":    func() error { _, err := r.Task(ctx, other.User, "t_'; DROP TABLE tasks"); return err },
	} {
		if err := try(); !errors.Is(err, planner.ErrNotFound) {
			t.Errorf("%s: got %v, want ErrNotFound", name, err)
		}
	}
}

func TestPagesFollowTheCursor(t *testing.T) {
	r, ctx := newRig(t), t.Context()
	u := r.ada().User
	for range 5 {
		r.create(u, planner.Draft{Title: "x"})
	}
	seen, f := map[string]bool{}, planner.Filter{Status: planner.Open, Limit: 2}
	pages := 0
	for {
		p, err := r.Tasks(ctx, u, f)
		if err != nil {
			t.Fatal(err)
		}
		pages++
		for _, task := range p.Tasks {
			seen[task.ID] = true
		}
		if f.Cursor = p.Next; f.Cursor == "" {
			break
		}
	}
	if pages != 3 || len(seen) != 5 {
		t.Errorf("%d pages with %d tasks, want 3 with 5", pages, len(seen))
	}
	for name, f := range map[string]planner.Filter{
		"cursor": {Cursor: "nonsense!"}, "status": {Status: "lost"}, "limit": {Limit: 201}, "priority": {Priority: "urgent"},
	} {
		var fe *planner.FieldError
		if _, err := r.Tasks(ctx, u, f); !errors.As(err, &fe) || fe.Field != name {
			t.Errorf("%s: got %v, want the field named", name, err)
		}
	}
}

func TestRemindersComeOnce(t *testing.T) {
	r, ctx := newRig(t), t.Context()
	u := r.ada().User
	task := r.create(u, planner.Draft{Title: "x", Due: r.now.Add(20 * time.Minute)})
	r.create(u, planner.Draft{Title: "later", Due: r.now.Add(2 * time.Hour)})
	for _, want := range []int{1, 0} {
		if n, err := r.QueueReminders(ctx, 10); err != nil || n != want {
			t.Fatalf("queued %d %v, want %d", n, err, want)
		}
	}
	j := r.mem.jobs[0]
	if j.TaskID != task.ID || j.Queue != planner.TaskDue {
		t.Fatalf("job %+v is not for the task", j)
	}
	for _, want := range []bool{true, false} {
		if first, err := r.Remind(ctx, j); err != nil || first != want {
			t.Errorf("reminded: got %v %v, want %v", first, err, want)
		}
	}
	due := r.now.Add(25 * time.Minute)
	if moved, err := r.UpdateTask(ctx, u, task.ID, planner.Patch{Due: &due}); err != nil || !moved.Reminded.IsZero() {
		t.Errorf("moved: got %+v %v, want no reminder yet", moved, err)
	}
	if n, err := r.QueueReminders(ctx, 10); err != nil || n != 1 {
		t.Errorf("after the move: queued %d %v, want 1", n, err)
	}
}

func TestClosedAccountIsNobody(t *testing.T) {
	r, ctx := newRig(t), t.Context()
	g := r.ada()
	if _, err := r.Authenticate(ctx, g.Token); err != nil {
		t.Fatal(err)
	}
	if err := r.CloseAccount(ctx, g.User); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Authenticate(ctx, g.Token); !errors.Is(err, planner.ErrUnauthorized) {
		t.Errorf("got %v, want ErrUnauthorized although the cache knows the session", err)
	}
	if _, err := r.CountStreak(ctx, planner.Job{UserID: g.User.ID}); err != nil {
		t.Errorf("a job of a closed account: %v", err)
	}
}
