package sqlite

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

func TestCheck(t *testing.T) {
	d := open(t)
	withUser(t, d)
	for i := range 200 {
		add(t, d, fmt.Sprintf("t%d", i), nil)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "planner.db")
	for _, part := range []string{"", "-wal"} { // as a kill leaves it
		b, err := os.ReadFile(d.path + part)
		check(t, err)
		check(t, os.WriteFile(path+part, b, 0o600))
	}
	if n, err := Check(t.Context(), path); err != nil || n != 200 {
		t.Errorf("a sound file: %d tasks, %v", n, err)
	}
	if names, err := os.ReadDir(dir); err != nil || len(names) != 2 {
		t.Errorf("a check left %v %v", names, err)
	}
	for name, harm := range map[string]func(b []byte) []byte{
		"cut":    func(b []byte) []byte { return b[:len(b)/2] },
		"a text": func(b []byte) []byte { return bytes.Repeat([]byte("no database "), 1000) },
		"zeroes": func(b []byte) []byte { clear(b[4096 : len(b)-4096]); return b },
	} {
		check(t, d.db.Ping())
		if _, err := d.db.Exec("PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(d.path)
		check(t, err)
		harmed := filepath.Join(t.TempDir(), "planner.db")
		check(t, os.WriteFile(harmed, harm(b), 0o600))
		if n, err := Check(t.Context(), harmed); err == nil {
			t.Errorf("%s: sound with %d tasks", name, n)
		}
	}
}
