package catalog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// mostChecked bounds a file that Check copies, in bytes.
const mostChecked = 1 << 30

// Held counts what a file holds, those among it that were deleted and can come
// back.
type Held struct{ Dashboards, Rules, Queries int64 }

// Check reads all of a file that no Catalog has open, and changes nothing: it
// looks at a copy, since to open a journal is to write.
func Check(ctx context.Context, path string) (held Held, err error) {
	dir, err := os.MkdirTemp("", "catalog")
	if err != nil {
		return held, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	to := filepath.Join(dir, "copy.db")
	for _, part := range []string{"", "-wal"} {
		if err := copyTo(to+part, path+part); err != nil && (part == "" || !errors.Is(err, os.ErrNotExist)) {
			return held, err
		}
	}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: to}).EscapedPath())
	if err != nil {
		return held, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := sound(ctx, db); err != nil {
		return held, err
	}
	if err := db.QueryRowContext(ctx, "SELECT count(*) FROM dashboards").Scan(&held.Dashboards); err != nil {
		return held, err
	}
	var version int // a file of an older program has no rules
	if err := db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil || version < 2 {
		return held, err
	}
	if err := db.QueryRowContext(ctx, "SELECT count(*) FROM rules").Scan(&held.Rules); err != nil || version < 3 {
		return held, err
	}
	err = db.QueryRowContext(ctx, "SELECT count(*) FROM queries").Scan(&held.Queries)
	return held, err
}

// sound is SQLite's own look at all pages; its error names the first faults.
func sound(ctx context.Context, db *sql.DB) error {
	rows, err := db.QueryContext(ctx, "PRAGMA quick_check(5)")
	if err != nil {
		return err
	}
	defer rows.Close()
	var faults []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return err
		}
		if line != "ok" {
			faults = append(faults, line)
		}
	}
	if len(faults) > 0 {
		return errors.New(strings.Join(faults, "; "))
	}
	return rows.Err()
}

func copyTo(to, from string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	st, err := in.Stat()
	if err != nil {
		return err
	}
	if st.Size() > mostChecked {
		return fmt.Errorf("%d bytes are more than a check reads (%d)", st.Size(), mostChecked)
	}
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	_, err = io.Copy(out, in)
	return err
}
