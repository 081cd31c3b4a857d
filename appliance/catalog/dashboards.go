package catalog

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"tripod/dashboard"
)

const (
	maxDashboards = 5000
	maxEditions   = 100 // of one dashboard; older ones are forgotten
)

// ErrFull says that there are as many dashboards as are kept.
var ErrFull = fmt.Errorf("there are %d dashboards already: delete some", maxDashboards)

// List is every dashboard that is not deleted, by title.
func (c *Catalog) List(ctx context.Context) (_ []dashboard.Entry, err error) {
	rows, err := c.db.QueryContext(ctx, `SELECT d.id, d.version, e.saved, e.file FROM dashboards d JOIN editions e USING (id, version)
		WHERE d.deleted IS NULL ORDER BY lower(e.title), d.id`)
	if err != nil {
		return nil, fmt.Errorf("list dashboards: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var out []dashboard.Entry
	for rows.Next() {
		var e dashboard.Entry
		var saved int64
		var file []byte
		if err := rows.Scan(&e.ID, &e.Version, &saved, &file); err != nil {
			return nil, fmt.Errorf("list dashboards: %w", err)
		}
		d, err := dashboard.ReadJSON(file)
		if err != nil {
			d = &dashboard.Dashboard{Title: e.ID, Description: "It cannot be read: " + err.Error()}
		}
		e.Title, e.Description, e.Tags, e.Saved = d.Title, d.Description, d.Tags, time.UnixMilli(saved).UTC()
		for range d.Panels {
			e.Panels++
		}
		out = append(out, e)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list dashboards: %w", err)
	}
	return out, nil
}

// Get is one version of a dashboard, the newest when version is 0.
func (c *Catalog) Get(ctx context.Context, id string, version int) (*dashboard.Kept, error) {
	return get(ctx, c.db, id, version)
}

type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func get(ctx context.Context, db querier, id string, version int) (*dashboard.Kept, error) {
	k := dashboard.Kept{ID: id}
	var saved int64
	var file []byte
	err := db.QueryRowContext(ctx, `SELECT e.version, e.saved, e.note, e.file FROM dashboards d JOIN editions e USING (id)
		WHERE d.id = ?1 AND d.deleted IS NULL AND e.version = CASE WHEN ?2 = 0 THEN d.version ELSE ?2 END`, id, version).Scan(&k.Version, &saved, &k.Note, &file)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, fmt.Errorf("dashboard %.80q: %w", id, dashboard.ErrNotFound)
	case err != nil:
		return nil, fmt.Errorf("dashboard %.80q: %w", id, err)
	}
	d, err := dashboard.ReadJSON(file)
	if err != nil {
		return nil, fmt.Errorf("dashboard %.80q, version %d: %w", id, k.Version, err)
	}
	k.Dashboard, k.Saved = *d, time.UnixMilli(saved).UTC()
	return &k, nil
}

// Editions are the versions of a dashboard, newest first.
func (c *Catalog) Editions(ctx context.Context, id string) (_ []dashboard.Edition, err error) {
	rows, err := c.db.QueryContext(ctx, `SELECT e.version, e.saved, e.note, e.title, e.panels FROM editions e JOIN dashboards d USING (id)
		WHERE id = ? AND d.deleted IS NULL ORDER BY e.version DESC`, id)
	if err != nil {
		return nil, fmt.Errorf("history of %.80q: %w", id, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var out []dashboard.Edition
	for rows.Next() {
		var e dashboard.Edition
		var saved int64
		if err := rows.Scan(&e.Version, &saved, &e.Note, &e.Title, &e.Panels); err != nil {
			return nil, fmt.Errorf("history of %.80q: %w", id, err)
		}
		e.Saved = time.UnixMilli(saved).UTC()
		out = append(out, e)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("history of %.80q: %w", id, err)
	}
	return out, nil
}

// Save keeps a dashboard as its newest version. An empty id makes a new one.
// base is the version that the change began with: another newest version is an
// ErrConflict, so that nobody's work is lost; 0 does not ask.
func (c *Catalog) Save(ctx context.Context, id string, base int, note string, d *dashboard.Dashboard) (*dashboard.Kept, error) {
	if err := d.Validate(); err != nil {
		return nil, err
	}
	file, err := d.JSON()
	if err != nil {
		return nil, err
	}
	if len(file) > dashboard.MaxBytes {
		return nil, fmt.Errorf("%w: %d bytes; at most %d are kept", dashboard.ErrInvalid, len(file), dashboard.MaxBytes)
	}
	now := time.Now().UTC().Truncate(time.Millisecond)
	err = inTx(ctx, c.db, func(tx *sql.Tx) error {
		version := 0
		if id == "" {
			if id, err = makeNew(ctx, tx, d.Title); err != nil {
				return err
			}
		} else if err := tx.QueryRowContext(ctx, `SELECT version FROM dashboards WHERE id = ? AND deleted IS NULL`, id).Scan(&version); errors.Is(err, sql.ErrNoRows) {
			return dashboard.ErrNotFound
		} else if err != nil {
			return err
		}
		if base > 0 && base != version {
			return fmt.Errorf("version %d was saved over version %d: %w", version, base, dashboard.ErrConflict)
		}
		return add(ctx, tx, id, version+1, now, note, d, file)
	})
	if err != nil {
		return nil, fmt.Errorf("save dashboard: %w", err)
	}
	return c.Get(ctx, id, 0)
}

func add(ctx context.Context, tx *sql.Tx, id string, version int, now time.Time, note string, d *dashboard.Dashboard, file []byte) error {
	panels := 0
	for range d.Panels {
		panels++
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO editions VALUES (?, ?, ?, ?, ?, ?, ?)`, id, version, now.UnixMilli(), note, d.Title, panels, file); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, `UPDATE dashboards SET version = ? WHERE id = ?`, version, id); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `DELETE FROM editions WHERE id = ? AND version <= ?`, id, version-maxEditions)
	return err
}

// makeNew finds an id that nobody has: the title's words and a few random letters.
func makeNew(ctx context.Context, tx *sql.Tx, title string) (string, error) {
	var n int
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM dashboards WHERE deleted IS NULL`).Scan(&n); err != nil {
		return "", err
	}
	if n >= maxDashboards {
		return "", ErrFull
	}
	id := words(title) + "-" + strings.ToLower(rand.Text()[:6])
	_, err := tx.ExecContext(ctx, `INSERT INTO dashboards VALUES (?, 0, NULL)`, id)
	return id, err
}

// words are the letters and digits of a title, for an address.
func words(title string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(title) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
		if b.Len() >= 40 {
			break
		}
	}
	if s := strings.Trim(b.String(), "-"); s != "" && s != "auto" && !strings.HasPrefix(s, "auto-") {
		return s
	}
	return "dashboard"
}

// Delete takes a dashboard off the list; Undelete brings it back with its
// history.
func (c *Catalog) Delete(ctx context.Context, id string) error {
	return c.mark(ctx, id, `UPDATE dashboards SET deleted = ? WHERE id = ? AND deleted IS NULL`, time.Now().UnixMilli())
}

// Undelete undoes Delete.
func (c *Catalog) Undelete(ctx context.Context, id string) error {
	return c.mark(ctx, id, `UPDATE dashboards SET deleted = ? WHERE id = ? AND deleted IS NOT NULL`, nil)
}

func (c *Catalog) mark(ctx context.Context, id, statement string, deleted any) error {
	res, err := c.db.ExecContext(ctx, statement, deleted, id)
	if err != nil {
		return fmt.Errorf("dashboard %.80q: %w", id, err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, fmt.Errorf("dashboard %.80q: %w", id, dashboard.ErrNotFound))
	}
	return nil
}
