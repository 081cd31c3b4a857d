package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"tripod/planner"
)

// CompleteTask is ErrConflict when another request was faster.
func (d *DB) CompleteTask(ctx context.Context, t planner.Task, day planner.Day, next *planner.Task) error {
	return d.tx(ctx, "CompleteTask", func(ctx context.Context, tx *sql.Tx) error {
		err := one(tx.ExecContext(ctx, `UPDATE tasks SET completed = ?, updated = ?, next_id = nullif(?, '')
			WHERE user_id = ? AND id = ? AND completed IS NULL`,
			t.Completed.UnixMilli(), t.Updated.UnixMilli(), t.NextID, t.UserID, t.ID))
		if errors.Is(err, planner.ErrNotFound) {
			return fmt.Errorf("it was completed meanwhile: %w", planner.ErrConflict)
		}
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO days (user_id, day, done) VALUES (?, ?, 1)
			ON CONFLICT DO UPDATE SET done = done + 1`, t.UserID, day); err != nil {
			return err
		}
		if next == nil {
			return nil
		}
		return insertTask(ctx, tx, *next)
	})
}

// ReopenTask does nothing to a task that is open.
func (d *DB) ReopenTask(ctx context.Context, t planner.Task, day planner.Day) error {
	return d.tx(ctx, "ReopenTask", func(ctx context.Context, tx *sql.Tx) error {
		err := one(tx.ExecContext(ctx, `UPDATE tasks SET completed = NULL, next_id = NULL
			WHERE user_id = ? AND id = ? AND completed IS NOT NULL`, t.UserID, t.ID))
		if errors.Is(err, planner.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "UPDATE days SET done = done - 1 WHERE user_id = ? AND day = ?", t.UserID, day); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM days WHERE user_id = ? AND day = ? AND done <= 0", t.UserID, day); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "DELETE FROM tasks WHERE user_id = ? AND id = ? AND completed IS NULL AND created = updated",
			t.UserID, t.NextID)
		return err
	})
}

// Days are the days that count for a user, in ascending order.
func (d *DB) Days(ctx context.Context, userID string) (days []planner.DayCount, err error) {
	err = d.do(ctx, "Days", func(ctx context.Context, c *sql.Conn) error {
		rows, err := c.QueryContext(ctx, "SELECT day, done FROM days WHERE user_id = ? ORDER BY day", userID)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var n planner.DayCount
			if err := rows.Scan(&n.Day, &n.Done); err != nil {
				return err
			}
			days = append(days, n)
		}
		return rows.Err()
	})
	return days, err
}

// SaveStreak keeps the counted streak of a user.
func (d *DB) SaveStreak(ctx context.Context, userID string, s planner.Streak, at time.Time) error {
	return d.do(ctx, "SaveStreak", func(ctx context.Context, c *sql.Conn) error {
		_, err := c.ExecContext(ctx, `INSERT INTO streaks (user_id, current, best, last, updated) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT DO UPDATE SET current = excluded.current, best = excluded.best, last = excluded.last, updated = excluded.updated`,
			userID, s.Current, s.Best, s.Last, at.UnixMilli())
		return err
	})
}

// Streak is the streak as it was saved.
func (d *DB) Streak(ctx context.Context, userID string) (s planner.Streak, err error) {
	err = d.do(ctx, "Streak", func(ctx context.Context, c *sql.Conn) error {
		return c.QueryRowContext(ctx, "SELECT current, best, last FROM streaks WHERE user_id = ?", userID).
			Scan(&s.Current, &s.Best, &s.Last)
	})
	return s, err
}

// DueTasks are open tasks due before until that no reminder was queued for.
func (d *DB) DueTasks(ctx context.Context, until time.Time, limit int) (tasks []planner.Task, err error) {
	err = d.do(ctx, "DueTasks", func(ctx context.Context, c *sql.Conn) error {
		tasks, err = queryTasks(ctx, c, "SELECT "+taskColumns+` FROM tasks
			WHERE completed IS NULL AND queued IS NULL AND due IS NOT NULL AND due < ? ORDER BY due LIMIT ?`,
			until.UnixMilli(), limit)
		return err
	})
	return tasks, err
}

// MarkQueued says that a reminder is on its way.
func (d *DB) MarkQueued(ctx context.Context, taskID string, at time.Time) error {
	return d.do(ctx, "MarkQueued", func(ctx context.Context, c *sql.Conn) error {
		_, err := c.ExecContext(ctx, "UPDATE tasks SET queued = ? WHERE id = ?", at.UnixMilli(), taskID)
		return err
	})
}

// MarkReminded is true the first time, for a task that is there and open.
func (d *DB) MarkReminded(ctx context.Context, taskID string, at time.Time) (first bool, err error) {
	err = d.do(ctx, "MarkReminded", func(ctx context.Context, c *sql.Conn) error {
		res, err := c.ExecContext(ctx,
			"UPDATE tasks SET reminded = ? WHERE id = ? AND completed IS NULL AND reminded IS NULL", at.UnixMilli(), taskID)
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		first = n > 0
		return err
	})
	return first, err
}
