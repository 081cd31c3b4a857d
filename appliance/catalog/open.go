package catalog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"

	_ "modernc.org/sqlite" // the driver
)

// migrations are applied in order, each once; PRAGMA user_version counts them.
// One that has been released is never edited. All instants are Unix ms; a
// dashboard and a rule are JSON.
var migrations = []string{
	`CREATE TABLE dashboards (
		id TEXT PRIMARY KEY, version INTEGER NOT NULL, deleted INTEGER
	) STRICT;
	CREATE TABLE editions (
		id TEXT NOT NULL REFERENCES dashboards ON DELETE CASCADE, version INTEGER NOT NULL,
		saved INTEGER NOT NULL, note TEXT NOT NULL, title TEXT NOT NULL, panels INTEGER NOT NULL,
		file BLOB NOT NULL, PRIMARY KEY (id, version)
	) STRICT, WITHOUT ROWID;`,
	`CREATE TABLE rules (
		made INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, version INTEGER NOT NULL, deleted INTEGER
	) STRICT;
	CREATE TABLE rule_editions (
		id TEXT NOT NULL REFERENCES rules (id) ON DELETE CASCADE, version INTEGER NOT NULL,
		saved INTEGER NOT NULL, note TEXT NOT NULL, rule BLOB NOT NULL, PRIMARY KEY (id, version)
	) STRICT, WITHOUT ROWID;`,
	`CREATE TABLE queries (
		kind TEXT NOT NULL, name TEXT NOT NULL, text TEXT NOT NULL, saved INTEGER NOT NULL, PRIMARY KEY (kind, name)
	) STRICT, WITHOUT ROWID;`,
}

// Catalog is an open file.
type Catalog struct{ db *sql.DB }

// Open opens or makes the file and brings its schema up to date. What is saved
// is on disk when it is answered: synchronous FULL, also under WAL.
func Open(path string) (*Catalog, error) {
	q := url.Values{"_txlock": {"immediate"}, "_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", "cache_size(-512)"}}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+q.Encode())
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	db.SetMaxOpenConns(4)
	db.SetMaxIdleConns(1)
	if err := migrate(context.Background(), db); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), db.Close())
	}
	return &Catalog{db}, nil
}

// Close waits for running statements.
func (c *Catalog) Close() error { return c.db.Close() }

func migrate(ctx context.Context, db *sql.DB) error {
	var have int
	if err := db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&have); err != nil {
		return fmt.Errorf("read the schema version: %w", err)
	}
	if have > len(migrations) {
		return fmt.Errorf("the file has schema version %d, this program knows %d: it was written by a newer one", have, len(migrations))
	}
	for v := have; v < len(migrations); v++ {
		err := inTx(ctx, db, func(tx *sql.Tx) error {
			if _, err := tx.ExecContext(ctx, migrations[v]); err != nil {
				return err
			}
			_, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d", v+1))
			return err
		})
		if err != nil {
			return fmt.Errorf("migration %d: %w", v+1, err)
		}
	}
	return nil
}

func inTx(ctx context.Context, db *sql.DB, do func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := do(tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}
