package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// mostChecked is the size up to which Check copies a file.
const mostChecked = 1 << 30

// Check reads all of a file that no DB has open, and changes nothing: it looks
// at a copy, since to open a journal is to write. It gives the number of tasks.
func Check(ctx context.Context, path string) (tasks int64, err error) {
	dir, err := os.MkdirTemp("", "planner")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	to := filepath.Join(dir, "copy.db")
	for _, part := range []string{"", "-wal"} {
		if err := copyFile(to+part, path+part); err != nil && (part == "" || !errors.Is(err, os.ErrNotExist)) {
			return 0, err
		}
	}
	db, err := sql.Open("sqlite", dsn(to))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := quickCheck(ctx, db); err != nil {
		return 0, err
	}
	err = db.QueryRowContext(ctx, "SELECT count(*) FROM tasks").Scan(&tasks)
	return tasks, err
}

func quickCheck(ctx context.Context, db *sql.DB) error {
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

func copyFile(to, from string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	n, err := io.Copy(out, io.LimitReader(in, mostChecked+1))
	if err == nil && n > mostChecked {
		err = fmt.Errorf("more than the %d bytes that a check reads", mostChecked)
	}
	return err
}
