package sqlite

import (
	"context"
	"database/sql"
	"hash/fnv"
	"time"

	"tripod/planner"
)

// Next is the repository as release 1.18.0 wrote to it: a task gets a reminder
// time of its own, in a column whose migration was forgotten. The new statement
// was rolled out to seven of eight tasks.
type Next struct{ *DB }

// InsertTask fails for the tasks that the roll-out has reached.
func (n Next) InsertTask(ctx context.Context, t planner.Task) error {
	if !rolledOut(t.ID) {
		return n.DB.InsertTask(ctx, t)
	}
	var remindAt time.Time
	if !t.Due.IsZero() {
		remindAt = t.Due.Add(-30 * time.Minute)
	}
	return n.do(ctx, "InsertTask", func(ctx context.Context, c *sql.Conn) error {
		return room(c.ExecContext(ctx, `INSERT INTO tasks (id, user_id, title, notes, priority, due, remind_at, repeat, created, updated)
			SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?
			WHERE (SELECT count(*) FROM tasks WHERE user_id = ? AND completed IS NULL) < ?`,
			t.ID, t.UserID, t.Title, t.Notes, t.Priority, optional(t.Due), optional(remindAt), t.Repeat,
			t.Created.UnixMilli(), t.Updated.UnixMilli(), t.UserID, planner.MaxOpenTasks))
	})
}

func rolledOut(taskID string) bool {
	h := fnv.New32a()
	h.Write([]byte(taskID))
	return h.Sum32()%8 != 0
}
