package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"tripod/planner"
)

const taskColumns = "id, user_id, title, notes, priority, due, repeat, created, updated, completed, next_id, reminded"

type execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// InsertTask is ErrConflict when the user has planner.MaxOpenTasks open.
func (d *DB) InsertTask(ctx context.Context, t planner.Task) error {
	return d.do(ctx, "InsertTask", func(ctx context.Context, c *sql.Conn) error {
		return insertTask(ctx, c, t)
	})
}

func insertTask(ctx context.Context, c execer, t planner.Task) error {
	res, err := c.ExecContext(ctx, `INSERT INTO tasks (id, user_id, title, notes, priority, due, repeat, created, updated)
		SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?
		WHERE (SELECT count(*) FROM tasks WHERE user_id = ? AND completed IS NULL) < ?`,
		t.ID, t.UserID, t.Title, t.Notes, t.Priority, optional(t.Due), t.Repeat,
		t.Created.UnixMilli(), t.Updated.UnixMilli(), t.UserID, planner.MaxOpenTasks)
	return room(res, err)
}

func room(res sql.Result, err error) error {
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n > 0 {
		return err
	}
	return fmt.Errorf("%d tasks are open, which is the most: %w", planner.MaxOpenTasks, planner.ErrConflict)
}

// Task is one task of a user.
func (d *DB) Task(ctx context.Context, userID, id string) (t planner.Task, err error) {
	err = d.do(ctx, "Task", func(ctx context.Context, c *sql.Conn) error {
		t, err = scanTask(c.QueryRowContext(ctx,
			"SELECT "+taskColumns+" FROM tasks WHERE user_id = ? AND id = ?", userID, id).Scan)
		return err
	})
	return t, err
}

func scanTask(scan func(...any) error) (planner.Task, error) {
	var t planner.Task
	var due, completed, reminded sql.NullInt64
	var created, updated int64
	var next sql.NullString
	err := scan(&t.ID, &t.UserID, &t.Title, &t.Notes, &t.Priority, &due, &t.Repeat,
		&created, &updated, &completed, &next, &reminded)
	t.Due, t.Completed, t.Reminded = maybe(due), maybe(completed), maybe(reminded)
	t.Created, t.Updated, t.NextID = instant(created), instant(updated), next.String
	return t, err
}

// Tasks is at most s.Limit tasks, in the order that planner.Page promises.
func (d *DB) Tasks(ctx context.Context, s planner.Select) ([]planner.Task, error) {
	query, args := selectTasks(s)
	var tasks []planner.Task
	err := d.do(ctx, "Tasks", func(ctx context.Context, c *sql.Conn) error {
		var err error
		tasks, err = queryTasks(ctx, c, query, args...)
		return err
	})
	return tasks, err
}

func queryTasks(ctx context.Context, c *sql.Conn, query string, args ...any) ([]planner.Task, error) {
	rows, err := c.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var tasks []planner.Task
	for rows.Next() {
		t, err := scanTask(rows.Scan)
		if err != nil {
			return nil, err
		}
		tasks = append(tasks, t)
	}
	return tasks, rows.Err()
}

// selectTasks writes the statement; values go in as arguments only.
func selectTasks(s planner.Select) (string, []any) {
	where := []string{"user_id = ?"}
	args := []any{s.UserID}
	add := func(cond string, a ...any) {
		where = append(where, cond)
		args = append(args, a...)
	}
	now, midnight := s.Now.UnixMilli(), s.Midnight.UnixMilli()
	key, order, beyond := fmt.Sprintf("ifnull(due, %d)", planner.NoDue), "ASC", ">"
	switch s.Status {
	case planner.Open:
		add("completed IS NULL")
	case planner.Overdue:
		add("completed IS NULL AND due < ?", now)
	case planner.Today:
		add("completed IS NULL AND due >= ? AND due < ?", now, midnight)
	case planner.Upcoming:
		add("completed IS NULL AND due >= ?", max(now, midnight))
	case planner.Done:
		add("completed IS NOT NULL")
		key, order, beyond = "completed", "DESC", "<"
	}
	if s.Priority != "" {
		add("priority = ?", s.Priority)
	}
	if s.Text != "" {
		like := "%" + likeEscaper.Replace(s.Text) + "%"
		add(`(title LIKE ? ESCAPE '\' OR notes LIKE ? ESCAPE '\')`, like, like)
	}
	if s.After != nil {
		add(fmt.Sprintf("(%s, id) %s (?, ?)", key, beyond), s.After.Key, s.After.ID)
	}
	query := fmt.Sprintf("SELECT %s FROM tasks WHERE %s ORDER BY %s %s, id %s LIMIT ?",
		taskColumns, strings.Join(where, " AND "), key, order, order)
	return query, append(args, s.Limit)
}

var likeEscaper = strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`)

// Counts takes only UserID, Now and Midnight from s.
func (d *DB) Counts(ctx context.Context, s planner.Select, today planner.Day) (n planner.Counts, err error) {
	now, midnight := s.Now.UnixMilli(), s.Midnight.UnixMilli()
	err = d.do(ctx, "Counts", func(ctx context.Context, c *sql.Conn) error {
		return c.QueryRowContext(ctx, `SELECT count(*), count(CASE WHEN due < ? THEN 1 END),
			count(CASE WHEN due >= ? AND due < ? THEN 1 END), count(CASE WHEN due >= ? THEN 1 END),
			ifnull((SELECT done FROM days WHERE user_id = ? AND day = ?), 0)
			FROM tasks WHERE user_id = ? AND completed IS NULL`,
			now, now, midnight, max(now, midnight), s.UserID, today, s.UserID,
		).Scan(&n.Open, &n.Overdue, &n.Today, &n.Upcoming, &n.DoneToday)
	})
	return n, err
}

// UpdateTask writes what a person can change. A new due time asks for a new reminder.
func (d *DB) UpdateTask(ctx context.Context, t planner.Task) error {
	return d.do(ctx, "UpdateTask", func(ctx context.Context, c *sql.Conn) error {
		due := optional(t.Due)
		return one(c.ExecContext(ctx, `UPDATE tasks SET title = ?, notes = ?, priority = ?, repeat = ?, updated = ?,
			queued = CASE WHEN due IS ? THEN queued END, reminded = CASE WHEN due IS ? THEN reminded END, due = ?
			WHERE user_id = ? AND id = ?`,
			t.Title, t.Notes, t.Priority, t.Repeat, t.Updated.UnixMilli(), due, due, due, t.UserID, t.ID))
	})
}

// DeleteTask forgets a task.
func (d *DB) DeleteTask(ctx context.Context, userID, id string) error {
	return d.do(ctx, "DeleteTask", func(ctx context.Context, c *sql.Conn) error {
		return one(c.ExecContext(ctx, "DELETE FROM tasks WHERE user_id = ? AND id = ?", userID, id))
	})
}
