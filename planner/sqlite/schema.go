package sqlite

import (
	"context"
	"database/sql"
	"fmt"
)

// migrations are applied in order, each once; PRAGMA user_version counts them.
// A migration that has been released is never edited. All instants are Unix ms.
var migrations = []string{
	`CREATE TABLE users (
		id TEXT PRIMARY KEY, email TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
		zone TEXT NOT NULL, password TEXT NOT NULL, created INTEGER NOT NULL
	) STRICT;
	CREATE TABLE sessions (
		key TEXT PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
		expires INTEGER NOT NULL
	) STRICT, WITHOUT ROWID;
	CREATE INDEX sessions_user ON sessions (user_id);
	CREATE INDEX sessions_expires ON sessions (expires);
	CREATE TABLE tasks (
		id TEXT PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
		title TEXT NOT NULL, notes TEXT NOT NULL, priority TEXT NOT NULL,
		due INTEGER, repeat TEXT NOT NULL, created INTEGER NOT NULL, updated INTEGER NOT NULL,
		completed INTEGER, next_id TEXT, queued INTEGER, reminded INTEGER
	) STRICT;
	CREATE INDEX tasks_user ON tasks (user_id, completed, due, id);
	CREATE INDEX tasks_due ON tasks (due) WHERE completed IS NULL AND queued IS NULL AND due IS NOT NULL;
	CREATE TABLE days (
		user_id TEXT NOT NULL REFERENCES users ON DELETE CASCADE,
		day INTEGER NOT NULL, done INTEGER NOT NULL, PRIMARY KEY (user_id, day)
	) STRICT, WITHOUT ROWID;
	CREATE TABLE streaks (
		user_id TEXT PRIMARY KEY REFERENCES users ON DELETE CASCADE,
		current INTEGER NOT NULL, best INTEGER NOT NULL, last INTEGER NOT NULL, updated INTEGER NOT NULL
	) STRICT, WITHOUT ROWID;`,
}

func migrate(ctx context.Context, db *sql.DB) error {
	var have int
	if err := db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&have); err != nil {
		return fmt.Errorf("read the schema version: %w", err)
	}
	if have > len(migrations) {
		return fmt.Errorf("the database has schema version %d, this program knows %d: it was written by a newer one", have, len(migrations))
	}
	for v := have; v < len(migrations); v++ {
		if err := apply(ctx, db, v); err != nil {
			return fmt.Errorf("migration %d: %w", v+1, err)
		}
	}
	return nil
}

func apply(ctx context.Context, db *sql.DB, v int) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if _, err := tx.ExecContext(ctx, migrations[v]); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", v+1)); err != nil {
		return err
	}
	return tx.Commit()
}
