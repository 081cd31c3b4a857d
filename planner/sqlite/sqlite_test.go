package sqlite

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tripod/planner"
)

var noon = time.Date(2026, 3, 12, 12, 0, 0, 0, time.UTC)

func open(t *testing.T) *DB {
	t.Helper()
	d, err := Open(filepath.Join(t.TempDir(), "planner.db"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func withUser(t *testing.T, d *DB) planner.User {
	t.Helper()
	u := planner.User{ID: "u_1", Email: "ada@example.com", Name: "Ada", Zone: "UTC", Created: noon}
	if err := d.InsertUser(t.Context(), u, "hash"); err != nil {
		t.Fatal(err)
	}
	return u
}

func add(t *testing.T, d planner.Tasks, id string, change func(*planner.Task)) planner.Task {
	t.Helper()
	task := planner.Task{ID: id, UserID: "u_1", Title: id, Priority: planner.Normal, Repeat: planner.Never, Created: noon, Updated: noon}
	if change != nil {
		change(&task)
	}
	if err := d.InsertTask(t.Context(), task); err != nil {
		t.Fatal(err)
	}
	return task
}

func TestUsersKeepWhatTheyAreGiven(t *testing.T) {
	d, ctx := open(t), t.Context()
	u := withUser(t, d)
	if err := d.InsertUser(ctx, planner.User{ID: "u_2", Email: u.Email}, ""); !errors.Is(err, planner.ErrConflict) {
		t.Errorf("the same address again: got %v, want ErrConflict", err)
	}
	if got, hash, err := d.UserByEmail(ctx, u.Email); err != nil || got != u || hash != "hash" {
		t.Errorf("by address: got %+v %q %v", got, hash, err)
	}
	if _, err := d.User(ctx, "u_9"); !errors.Is(err, planner.ErrNotFound) {
		t.Errorf("an unknown user: got %v, want ErrNotFound", err)
	}
	u.Name = "Ada L."
	if err := d.UpdateUser(ctx, u); err != nil {
		t.Fatal(err)
	}
	if got, err := d.User(ctx, u.ID); err != nil || got != u {
		t.Errorf("after the change: got %+v %v, want %+v", got, err, u)
	}
}

func TestSessionsEnd(t *testing.T) {
	d, ctx := open(t), t.Context()
	withUser(t, d)
	s := planner.Session{Key: "k", UserID: "u_1", Expires: noon.Add(time.Hour)}
	if err := d.InsertSession(ctx, s); err != nil {
		t.Fatal(err)
	}
	if got, err := d.Session(ctx, "k", noon); err != nil || got != s {
		t.Fatalf("got %+v %v, want %+v", got, err, s)
	}
	if _, err := d.Session(ctx, "k", s.Expires); !errors.Is(err, planner.ErrNotFound) {
		t.Errorf("when it is over: got %v, want ErrNotFound", err)
	}
	if err := d.DeleteExpired(ctx, s.Expires); err != nil {
		t.Fatal(err)
	}
	if err := d.DeleteSession(ctx, "k"); !errors.Is(err, planner.ErrNotFound) {
		t.Errorf("deleting it twice: got %v, want ErrNotFound", err)
	}
}

func TestClosingAnAccountForgetsEverything(t *testing.T) {
	d, ctx := open(t), t.Context()
	withUser(t, d)
	task := add(t, d, "t_1", nil)
	task.Completed = noon
	check(t, d.InsertSession(ctx, planner.Session{Key: "k", UserID: "u_1", Expires: noon.Add(time.Hour)}))
	check(t, d.CompleteTask(ctx, task, 1, nil))
	check(t, d.SaveStreak(ctx, "u_1", planner.Streak{Current: 1}, noon))
	check(t, d.DeleteUser(ctx, "u_1"))
	for _, table := range []string{"users", "sessions", "tasks", "days", "streaks"} {
		var n int
		check(t, d.db.QueryRowContext(ctx, "SELECT count(*) FROM "+table).Scan(&n))
		if n != 0 {
			t.Errorf("%s: %d rows are left", table, n)
		}
	}
}

func TestListsShareOutTheTasks(t *testing.T) {
	d, ctx := open(t), t.Context()
	withUser(t, d)
	due := func(at time.Time) func(*planner.Task) { return func(t *planner.Task) { t.Due = at } }
	add(t, d, "t_late", due(noon.Add(-time.Hour)))
	add(t, d, "t_today", due(noon.Add(time.Hour)))
	add(t, d, "t_soon", due(noon.Add(24*time.Hour)))
	add(t, d, "t_never", func(t *planner.Task) { t.Notes, t.Priority = "100% sure_thing", planner.High })
	done := add(t, d, "t_done", nil)
	done.Completed = noon
	check(t, d.CompleteTask(ctx, done, planner.DayOf(noon), nil))

	sel := planner.Select{UserID: "u_1", Now: noon, Midnight: noon.Add(12 * time.Hour), Limit: 10}
	for name, c := range map[string]struct {
		change func(*planner.Select)
		want   string
	}{
		"all by due time":          {func(s *planner.Select) {}, "t_late t_today t_soon t_done t_never"},
		"open":                     {func(s *planner.Select) { s.Status = planner.Open }, "t_late t_today t_soon t_never"},
		"overdue":                  {func(s *planner.Select) { s.Status = planner.Overdue }, "t_late"},
		"today":                    {func(s *planner.Select) { s.Status = planner.Today }, "t_today"},
		"upcoming":                 {func(s *planner.Select) { s.Status = planner.Upcoming }, "t_soon"},
		"done":                     {func(s *planner.Select) { s.Status = planner.Done }, "t_done"},
		"by priority":              {func(s *planner.Select) { s.Priority = planner.High }, "t_never"},
		"by text in any case":      {func(s *planner.Select) { s.Text = "SURE" }, "t_never"},
		"a percent sign is itself": {func(s *planner.Select) { s.Text = "0%" }, "t_never"},
		"an underscore is itself":  {func(s *planner.Select) { s.Text = "e_t" }, "t_never"},
		"of somebody else":         {func(s *planner.Select) { s.UserID = "u_2" }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := sel
			c.change(&s)
			tasks, err := d.Tasks(t.Context(), s)
			check(t, err)
			if got := names(tasks); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	n, err := d.Counts(ctx, sel, planner.DayOf(noon))
	check(t, err)
	if want := (planner.Counts{Open: 4, Overdue: 1, Today: 1, Upcoming: 1, DoneToday: 1}); n != want {
		t.Errorf("counts: got %+v, want %+v", n, want)
	}
}

func TestListsReadOnlyTheUsersTasks(t *testing.T) {
	d := open(t)
	for _, status := range []planner.Status{planner.Any, planner.Open, planner.Overdue, planner.Today, planner.Upcoming, planner.Done} {
		query, args := selectTasks(planner.Select{UserID: "u_1", Status: status, Now: noon, Midnight: noon, Limit: 10})
		rows, err := d.db.Query("EXPLAIN QUERY PLAN "+query, args...)
		check(t, err)
		for rows.Next() {
			var id, parent, none int
			var detail string
			check(t, rows.Scan(&id, &parent, &none, &detail))
			if strings.HasPrefix(detail, "SCAN") {
				t.Errorf("%q: %s", status, detail)
			}
		}
		check(t, rows.Close())
	}
}

func TestPagesMeetWithoutGapOrOverlap(t *testing.T) {
	d, ctx := open(t), t.Context()
	withUser(t, d)
	for i := range 9 { // three share a due time, three have none
		add(t, d, fmt.Sprintf("t_%d", i), func(t *planner.Task) {
			if i < 6 {
				t.Due = noon.Add(time.Duration(i/3) * time.Hour)
			}
		})
	}
	var got []planner.Task
	sel := planner.Select{UserID: "u_1", Now: noon, Midnight: noon, Limit: 2, Status: planner.Open}
	for {
		page, err := d.Tasks(ctx, sel)
		check(t, err)
		if len(page) == 0 {
			break
		}
		got = append(got, page...)
		at := planner.PositionOf(page[len(page)-1], planner.Open)
		sel.After = &at
	}
	if names(got) != "t_0 t_1 t_2 t_3 t_4 t_5 t_6 t_7 t_8" {
		t.Errorf("got %s", names(got))
	}
}

func TestCompletingCountsOnceAndCanBeUndone(t *testing.T) {
	d, ctx := open(t), t.Context()
	withUser(t, d)
	task := add(t, d, "t_1", func(t *planner.Task) { t.Due, t.Repeat = noon, planner.Daily })
	next := task
	next.ID, next.Due = "t_2", noon.Add(24*time.Hour)
	task.Completed, task.NextID = noon, next.ID
	check(t, d.CompleteTask(ctx, task, 7, &next))
	if err := d.CompleteTask(ctx, task, 7, &next); !errors.Is(err, planner.ErrConflict) {
		t.Errorf("completing twice: got %v, want ErrConflict", err)
	}
	if got, err := d.Task(ctx, "u_1", "t_1"); err != nil || got != task {
		t.Errorf("got %+v %v, want %+v", got, err, task)
	}
	days, err := d.Days(ctx, "u_1")
	if err != nil || len(days) != 1 || days[0] != (planner.DayCount{Day: 7, Done: 1}) {
		t.Errorf("days: got %v %v, want one done on day 7", days, err)
	}
	check(t, d.ReopenTask(ctx, task, 7))
	if days, err := d.Days(ctx, "u_1"); err != nil || len(days) != 0 {
		t.Errorf("days after reopening: got %v %v, want none", days, err)
	}
	if _, err := d.Task(ctx, "u_1", "t_2"); !errors.Is(err, planner.ErrNotFound) {
		t.Errorf("the next occurrence after reopening: got %v, want ErrNotFound", err)
	}
}

func TestRemindersAreFoundOnce(t *testing.T) {
	d, ctx := open(t), t.Context()
	withUser(t, d)
	task := add(t, d, "t_1", func(t *planner.Task) { t.Due = noon })
	add(t, d, "t_2", func(t *planner.Task) { t.Due = noon.Add(time.Hour) })
	due, err := d.DueTasks(ctx, noon.Add(time.Minute), 10)
	if err != nil || names(due) != "t_1" {
		t.Fatalf("due: got %s %v, want t_1", names(due), err)
	}
	check(t, d.MarkQueued(ctx, "t_1", noon))
	if due, err := d.DueTasks(ctx, noon.Add(time.Minute), 10); err != nil || len(due) != 0 {
		t.Errorf("when queued: got %s %v, want none", names(due), err)
	}
	for _, want := range []bool{true, false} {
		if first, err := d.MarkReminded(ctx, "t_1", noon); err != nil || first != want {
			t.Errorf("reminded: got %v %v, want %v", first, err, want)
		}
	}
	task.Due = noon.Add(time.Second)
	check(t, d.UpdateTask(ctx, task))
	if due, err := d.DueTasks(ctx, noon.Add(time.Minute), 10); err != nil || names(due) != "t_1" {
		t.Errorf("with a new due time: got %s %v, want t_1 again", names(due), err)
	}
}

func TestReopeningTheFileFindsEverything(t *testing.T) {
	path := filepath.Join(t.TempDir(), "planner.db")
	for range 2 {
		d, err := Open(path, Options{})
		check(t, err)
		if _, err := d.User(t.Context(), "u_1"); errors.Is(err, planner.ErrNotFound) {
			withUser(t, d)
		} else {
			check(t, err)
		}
		check(t, d.Close())
	}
	d, err := Open(path, Options{})
	check(t, err)
	_, err = d.db.Exec("PRAGMA user_version = 99")
	check(t, err)
	check(t, d.Close())
	if _, err := Open(path, Options{}); err == nil || !strings.Contains(err.Error(), "newer") {
		t.Errorf("a file from the future: got %v, want a refusal", err)
	}
}

func TestFullPoolRefusesInsteadOfHanging(t *testing.T) {
	d := open(t)
	withUser(t, d)
	stop, err := d.ExhaustPool()
	check(t, err)
	for d.Stats().InUse == 0 { // until the connection is held
		time.Sleep(time.Millisecond)
	}
	if _, err := d.User(t.Context(), "u_1"); !errors.Is(err, planner.ErrUnavailable) {
		t.Errorf("got %v, want ErrUnavailable", err)
	}
	stop()
	if _, err := d.User(t.Context(), "u_1"); err != nil {
		t.Errorf("after the fault: %v", err)
	}
	if got := d.Stats().Max; got != maxOpen {
		t.Errorf("pool after the fault: got %d, want %d", got, maxOpen)
	}
}

func TestHeldWriteLockDelaysWriters(t *testing.T) {
	d := open(t)
	u := withUser(t, d)
	stop, err := d.HoldWriteLock()
	check(t, err)
	defer stop()
	for { // until the lock is held
		c, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		_, err := d.db.ExecContext(c, "UPDATE users SET name = name")
		cancel()
		if err != nil {
			break
		}
	}
	if err := d.UpdateUser(t.Context(), u); err != nil {
		t.Errorf("a writer that waits: %v", err)
	}
}

func TestNextReleaseForgotItsMigration(t *testing.T) {
	d := open(t)
	withUser(t, d)
	failed := 0
	for i := range 64 {
		task := planner.Task{ID: fmt.Sprintf("t_%d", i), UserID: "u_1", Title: "x", Due: noon, Created: noon, Updated: noon}
		err := Next{d}.InsertTask(t.Context(), task)
		switch {
		case err == nil:
		case !strings.Contains(err.Error(), "remind_at"), errors.Is(err, planner.ErrUnavailable):
			t.Fatalf("got %v, want a missing column", err)
		default:
			failed++
		}
	}
	if failed < 45 || failed == 64 {
		t.Errorf("%d of 64 failed, want about 56", failed)
	}
}

func names(tasks []planner.Task) string {
	var s []string
	for _, t := range tasks {
		s = append(s, t.ID)
	}
	return strings.Join(s, " ")
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
