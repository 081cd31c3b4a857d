package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"tripod/planner"
)

// How a long-running writer treats everyone else: it takes the write lock for
// lockHeld and gives it back for lockFree.
const (
	lockHeld = 900 * time.Millisecond
	lockFree = 150 * time.Millisecond
)

// How a leak treats the pool: its last connection is gone for connHeld, longer
// than acquireTimeout, and comes back for connFree.
const (
	connHeld = 4 * time.Second
	connFree = 500 * time.Millisecond
)

// HoldWriteLock runs a writer that keeps the write lock most of the time, from a
// connection outside the pool, until stop is called.
func (d *DB) HoldWriteLock() (stop func(), err error) {
	other, err := sql.Open("sqlite", dsn(d.path))
	if err != nil {
		return nil, fmt.Errorf("open a second connection: %w", err)
	}
	other.SetMaxOpenConns(1)
	return d.fault(func(ctx context.Context) {
		defer other.Close()
		for ctx.Err() == nil {
			if tx, err := other.BeginTx(context.WithoutCancel(ctx), nil); err == nil {
				sleep(ctx, lockHeld)
				tx.Rollback()
			}
			sleep(ctx, lockFree)
		}
	}), nil
}

// ExhaustPool leaves the pool one connection, and holds it most of the time,
// until stop is called.
func (d *DB) ExhaustPool() (stop func(), err error) {
	d.db.SetMaxOpenConns(1)
	return d.fault(func(ctx context.Context) {
		defer d.db.SetMaxOpenConns(maxOpen)
		for ctx.Err() == nil {
			if c, err := d.db.Conn(ctx); err == nil {
				sleep(ctx, connHeld)
				c.Close()
			}
			sleep(ctx, connFree)
		}
	}), nil
}

// fault runs f until stop is called, which waits for its end, or the DB closes.
func (d *DB) fault(f func(context.Context)) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	d.faults.Go(func() {
		defer close(done)
		f(ctx)
	})
	d.faults.Go(func() {
		defer cancel()
		select {
		case <-done:
		case <-ctx.Done():
		case <-d.closing:
		}
	})
	return func() {
		cancel()
		<-done
	}
}

func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// Next is the repository as release 1.18.0 wrote to it: tasks with a due time
// get a reminder time of their own, in a column whose migration was forgotten.
type Next struct{ *DB }

// InsertTask fails for every task that has a due time.
func (n Next) InsertTask(ctx context.Context, t planner.Task) error {
	if t.Due.IsZero() {
		return n.DB.InsertTask(ctx, t)
	}
	return n.do(ctx, "InsertTask", func(ctx context.Context, c *sql.Conn) error {
		return room(c.ExecContext(ctx, `INSERT INTO tasks (id, user_id, title, notes, priority, due, remind_at, repeat, created, updated)
			SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?
			WHERE (SELECT count(*) FROM tasks WHERE user_id = ? AND completed IS NULL) < ?`,
			t.ID, t.UserID, t.Title, t.Notes, t.Priority, optional(t.Due), t.Due.Add(-30*time.Minute).UnixMilli(), t.Repeat,
			t.Created.UnixMilli(), t.Updated.UnixMilli(), t.UserID, planner.MaxOpenTasks))
	})
}
