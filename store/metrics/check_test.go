package metrics

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
)

// compacted is a folder with a block of 100 series of 20 samples, and a journal.
func compacted(t *testing.T) (dir, block string) {
	t.Helper()
	dir = t.TempDir()
	s, err := Open(dir, Options{Retention: 10 * 365 * 24 * time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	start := time.Date(2026, 3, 12, 0, 0, 0, 0, time.UTC)
	app := s.db.Appender(t.Context())
	for i := range 100 {
		for j := range 20 {
			l := labels.FromStrings("__name__", "m", "i", string(rune('A'+i)))
			if _, err := app.Append(0, l, start.Add(time.Duration(j)*30*time.Minute).UnixMilli(), float64(j)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := app.Commit(); err != nil {
		t.Fatal(err)
	}
	s.db.EnableCompactions()
	if err := s.db.Compact(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob(filepath.Join(dir, "0*"))
	if err != nil || len(names) == 0 {
		t.Fatal("no block was made: ", err)
	}
	return dir, names[0]
}

// contents are all files with their bytes, so that a change shows.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		out[path] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestCheckOfSoundMetrics(t *testing.T) {
	dir, _ := compacted(t)
	before := contents(t, dir)
	r, err := Check(t.Context(), dir, true)
	if err != nil || len(r.Damage)+len(r.Notes)+len(r.Repaired) != 0 {
		t.Fatalf("got %+v %v", r, err)
	}
	var samples int64
	for i, b := range r.Blocks {
		if samples += b.Samples; b.Series != 100 || b.Bytes == 0 || !b.From.Before(b.To) || i > 0 && b.From.Before(r.Blocks[i-1].To) {
			t.Errorf("got %+v", b)
		}
	}
	if len(r.Blocks) < 2 || samples == 0 || r.Journal == 0 {
		t.Errorf("got %d blocks, %d samples, %d bytes of journal", len(r.Blocks), samples, r.Journal)
	}
	if after := contents(t, dir); len(after) != len(before) {
		t.Error("a check changed files")
	}
}

// TestCheckFindsDamage breaks each file of a block in several ways.
func TestCheckFindsDamage(t *testing.T) {
	dir, block := compacted(t)
	sound, err := Check(t.Context(), dir, false)
	if err != nil {
		t.Fatal(err)
	}
	for name, harm := range map[string]func([]byte) []byte{
		"a flipped bit":    func(b []byte) []byte { b[len(b)/2] ^= 4; return b },
		"a missing half":   func(b []byte) []byte { return b[:len(b)/2] },
		"an empty file":    func([]byte) []byte { return nil },
		"a missing end":    func(b []byte) []byte { return b[:len(b)-1] },
		"a flipped header": func(b []byte) []byte { b[0] ^= 1; return b },
	} {
		for _, file := range []string{"index", "chunks/000001", "meta.json"} {
			if file == "meta.json" && (name == "a flipped bit" || name == "a missing end") {
				continue // it has no checksum
			}
			t.Run(name+" of "+file, func(t *testing.T) {
				path := filepath.Join(block, file)
				was, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				defer os.WriteFile(path, was, 0o644)
				if err := os.WriteFile(path, harm([]byte(string(was))), 0o644); err != nil {
					t.Fatal(err)
				}
				r, err := Check(t.Context(), dir, false)
				if err != nil || len(r.Damage) != 1 || !strings.Contains(r.Damage[0], filepath.Base(block)) || len(r.Blocks) != len(sound.Blocks)-1 {
					t.Errorf("got %+v %v, want the block named", r, err)
				}
			})
		}
	}
}

func TestRepairSetsBlocksAside(t *testing.T) {
	dir, block := compacted(t)
	if err := os.Truncate(filepath.Join(block, "index"), 100); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, Options{}); err == nil {
		t.Error("a damaged block was opened: then it need not be set aside")
	}
	r, err := Check(t.Context(), dir, true)
	if err != nil || len(r.Damage) != 1 || len(r.Repaired) != 1 {
		t.Fatalf("got %+v %v", r, err)
	}
	s, err := Open(dir, Options{Retention: 10 * 365 * 24 * time.Hour})
	if err != nil {
		t.Fatal("the rest does not open: ", err)
	}
	s.Close()
	if r, err = Check(t.Context(), dir, false); err != nil || len(r.Damage) != 0 || len(r.Notes) != 1 {
		t.Errorf("afterwards: %+v %v", r, err)
	}
	if _, err := os.Stat(block + ".damaged"); err != nil {
		t.Error(err)
	}
}

func TestCheckOfTheJournal(t *testing.T) {
	dir, _ := compacted(t)
	names, err := filepath.Glob(filepath.Join(dir, "wal", "0*"))
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	last := names[len(names)-1]
	f, err := os.OpenFile(last, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.Write([]byte{1, 0, 200, 1, 2, 3, 4, 5})
	f.Close()
	r, err := Check(t.Context(), dir, false)
	if err != nil || len(r.Damage) != 0 || len(r.Notes) != 1 || !strings.Contains(r.Notes[0], "torn") {
		t.Errorf("a torn end: %+v %v", r, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "wal", "00000099"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if r, err = Check(t.Context(), dir, false); err != nil || len(r.Damage) != 1 {
		t.Errorf("a gap: %+v %v", r, err)
	}
}
