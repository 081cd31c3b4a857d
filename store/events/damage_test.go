package events

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// damage lists what was reported.
type damage struct {
	mu    sync.Mutex
	files []string
}

func (d *damage) events() Events {
	return Events{Damaged: func(file string, _ int64, _ error) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.files = append(d.files, filepath.Base(file))
	}}
}

// TestTornJournal cuts the journal at every length.
func TestTornJournal(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, dir, Options{})
	var ends []int64
	for n := 0; n < 40; n += 10 {
		if err := s.Append(t.Context(), numbered(n, n+10)); err != nil {
			t.Fatal(err)
		}
		ends = append(ends, s.head.journal.size)
	}
	name := s.head.journal.name
	s.Close()
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for cut := 0; cut <= len(whole); cut += 7 {
		if err := os.WriteFile(name, whole[:cut], 0o644); err != nil {
			t.Fatal(err)
		}
		want := 0
		for _, end := range ends {
			if int64(cut) >= end {
				want += 10
			}
		}
		s, err := Open(dir, Options{})
		if err != nil {
			t.Fatalf("cut at %d: %v", cut, err)
		}
		isCount(t, numbers(t, s), want)
		if err := s.Append(t.Context(), numbered(want, want+5)); err != nil {
			t.Fatal(err)
		}
		s.Close()
		s, err = Open(dir, Options{})
		if err != nil {
			t.Fatal(err)
		}
		isCount(t, numbers(t, s), want+5)
		s.Close()
	}
}

// TestFlippedBits flips one bit after the other in each kind of file: no panic,
// a report, and everything that the bit did not hold is there.
func TestFlippedBits(t *testing.T) {
	for name, c := range map[string]struct {
		flushed bool
		file    func(s *Store) string
		lose    int // at most so many events
	}{
		"journal":  {false, func(s *Store) string { return s.head.journal.name }, 50},
		"part":     {true, func(s *Store) string { return s.parts[0].name }, 100},
		"manifest": {true, func(s *Store) string { return manifestName(s.dir) }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s := openTest(t, dir, Options{MaxBlockRows: 25})
			for n := 0; n < 200; n += 50 {
				if err := s.Append(t.Context(), numbered(n, n+50)); err != nil {
					t.Fatal(err)
				}
				if c.flushed {
					flush(t, s)
				}
			}
			file := c.file(s)
			s.Close()
			files := readTree(t, dir)
			whole := files[file]
			step := max(1, len(whole)/30)
			for at := 0; at < len(whole); at += step {
				writeTree(t, dir, files)
				bad := bytes.Clone(whole)
				bad[at] ^= 1 << (at % 8)
				if err := os.WriteFile(file, bad, 0o644); err != nil {
					t.Fatal(err)
				}
				checkDamaged(t, dir, at, c.lose)
			}
		})
	}
}

func checkDamaged(t *testing.T, dir string, at, lose int) {
	t.Helper()
	var d damage
	s, err := Open(dir, Options{Events: d.events()})
	if err != nil {
		t.Fatalf("flipped at %d: %v", at, err)
	}
	defer s.Close()
	seen := map[int64]bool{}
	for e, err := range s.Scan(t.Context(), Query{Range: everything, Where: Exists{"n"}}) {
		if err == nil {
			v, _ := e.Get("n")
			seen[v.Int()] = true
		}
	}
	if lost := 200 - len(seen); lost > lose || lost > 0 && len(d.files) == 0 {
		t.Fatalf("flipped at %d: %d events lost, reported: %v", at, lost, d.files)
	}
}

func readTree(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	err := filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			out[name], err = os.ReadFile(name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func writeTree(t *testing.T, dir string, files map[string][]byte) {
	t.Helper()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	for name, b := range files {
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, b, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
}

// TestLostManifest finds the parts again by their footers, and counts nothing
// twice: neither what was merged nor what the journal still has.
func TestLostManifest(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, dir, Options{})
	n := 0
	add := func() {
		t.Helper()
		if err := s.Append(t.Context(), numbered(n, n+10)); err != nil {
			t.Fatal(err)
		}
		n += 10
	}
	for range mergeRun {
		add()
		flush(t, s)
	}
	sources := readTree(t, dir)
	mergeAll(t, s)
	if got := len(readTree(t, dir)); got != 3 {
		t.Errorf("%d files are left, want part, journal, manifest", got)
	}
	add()
	flush(t, s)
	add() // into the journal, which a part holds as well
	wal := s.head.journal.name
	if err := s.head.journal.sync(); err != nil {
		t.Fatal(err)
	}
	journal := readTree(t, dir)[wal]
	flush(t, s)
	s.Close()
	files := readTree(t, dir)
	for name, b := range sources {
		if files[name] == nil && filepath.Ext(name) == ".part" {
			files[name] = b
		}
	}
	files[wal] = journal
	delete(files, manifestName(dir))
	writeTree(t, dir, files)
	s = openTest(t, dir, Options{})
	isCount(t, numbers(t, s), n)
	add()
	s.Close()
	isCount(t, numbers(t, openTest(t, dir, Options{})), n)
}
