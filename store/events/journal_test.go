package events

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestSyncOfAClosedJournal(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "wal"), 0o755); err != nil {
		t.Fatal(err)
	}
	j, err := createJournal(osFiles{}, dir, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := j.append([]byte("frame")); err != nil {
		t.Fatal(err)
	}
	if err := j.f.Close(); err != nil { // its head was flushed
		t.Fatal(err)
	}
	if err := j.f.Sync(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("sync of a closed file: %v, want %v", err, os.ErrClosed)
	}
	if err := j.sync(); err != nil {
		t.Errorf("sync of a flushed journal: %v", err)
	}
}
