package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"time"
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
