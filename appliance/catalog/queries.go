package catalog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"tripod/store"
)

// SavedQueries are the queries of a kind (logs) that were given a name, in
// order of name.
func (c *Catalog) SavedQueries(ctx context.Context, kind string) (_ []store.SavedQuery, err error) {
	rows, err := c.db.QueryContext(ctx, `SELECT name, text, saved FROM queries WHERE kind = ? ORDER BY name`, kind)
	if err != nil {
		return nil, fmt.Errorf("list saved queries: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var out []store.SavedQuery
	for rows.Next() {
		var q store.SavedQuery
		var saved int64
		if err := rows.Scan(&q.Name, &q.Text, &saved); err != nil {
			return nil, fmt.Errorf("list saved queries: %w", err)
		}
		q.Saved = time.UnixMilli(saved).UTC()
		out = append(out, q)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list saved queries: %w", err)
	}
	return out, nil
}

// SaveQuery keeps a query under its name, in place of one of that name.
func (c *Catalog) SaveQuery(ctx context.Context, kind string, q store.SavedQuery) error {
	if err := q.Fault(); err != nil {
		return err
	}
	err := inTx(ctx, c.db, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `INSERT INTO queries (kind, name, text, saved) VALUES (?1, ?2, ?3, ?4)
			ON CONFLICT (kind, name) DO UPDATE SET text = ?3, saved = ?4`, kind, q.Name, q.Text, time.Now().UnixMilli()); err != nil {
			return err
		}
		var n int
		if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM queries WHERE kind = ?`, kind).Scan(&n); err != nil {
			return err
		}
		if n > store.MaxSavedQueries {
			return fmt.Errorf("%d queries are saved already, remove one: %w", store.MaxSavedQueries, store.ErrInvalid)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("save query %q: %w", q.Name, err)
	}
	return nil
}

// DropQuery forgets a saved query.
func (c *Catalog) DropQuery(ctx context.Context, kind, name string) error {
	res, err := c.db.ExecContext(ctx, `DELETE FROM queries WHERE kind = ? AND name = ?`, kind, name)
	if err == nil {
		var n int64
		if n, err = res.RowsAffected(); err == nil && n == 0 {
			err = store.ErrNotFound
		}
	}
	if err != nil {
		return fmt.Errorf("remove saved query %.100q: %w", name, err)
	}
	return nil
}
