package logfiles

import (
	"context"
	"errors"
	"io"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tripod/store"
)

// errKilled stands for the end of the process at that very place.
var errKilled = errors.New("killed")

// world is a folder of files with everything around a follower that survives
// it: an engine, cursors and a clock.
type world struct {
	t       *testing.T
	dir     string
	o       Options
	now     time.Time
	f       *Follower
	records []store.Record
	cursors map[string][]byte
	lost    map[string]int

	killBefore, killAfter, killSave bool   // at the next batch, or cursor
	during                          func() // the next batch, when it is kept
	duringSearch                    func() // the next question for what is kept
	overloaded, refuse              int    // batches not taken now, then records of the next refused for good
}

func newWorld(t *testing.T, o Options, globs ...string) *world {
	w := &world{t: t, dir: t.TempDir(), o: o, now: time.Date(2026, 3, 12, 14, 6, 0, 0, time.UTC), cursors: map[string][]byte{}, lost: map[string]int{}}
	for _, g := range globs {
		w.o.Globs = append(w.o.Globs, filepath.Join(w.dir, g))
	}
	w.o.Now = func() time.Time { return w.now }
	w.o.Lost = func(reason string, n int, why string) { w.lost[reason] += n }
	return w
}

func (w *world) Append(_ context.Context, r []store.Record) error {
	if w.killBefore {
		return errKilled
	}
	if w.overloaded > 0 {
		w.overloaded--
		return store.ErrOverloaded
	}
	refused := min(w.refuse, len(r))
	w.refuse -= refused
	for _, rec := range r[:len(r)-refused] {
		rec.Attrs = slices.Clone(rec.Attrs)
		w.records = append(w.records, rec)
	}
	if during := w.during; during != nil {
		w.during = nil
		during()
	}
	if w.killAfter {
		return errKilled
	}
	if refused > 0 {
		return &store.PartialError{Rejected: refused, Reason: "too many fields"}
	}
	return nil
}

func (w *world) Search(_ context.Context, q store.LogQuery) iter.Seq2[store.Record, error] {
	id := strings.TrimPrefix(q.Text, store.AttrFileID+":")
	if during := w.duringSearch; during != nil {
		w.duringSearch = nil
		during()
	}
	return func(yield func(store.Record, error) bool) {
		for _, r := range w.records {
			if r.Attrs.Text(store.AttrFileID) == id && q.Range.Has(r.Time) && !yield(r, nil) {
				return
			}
		}
	}
}

func (w *world) Cursors() (map[string][]byte, error) { return maps.Clone(w.cursors), nil }

func (w *world) SaveCursors(set map[string][]byte, drop []string) error {
	if w.killSave {
		return errKilled
	}
	maps.Copy(w.cursors, set)
	for _, id := range drop {
		delete(w.cursors, id)
	}
	return nil
}

func (w *world) start() {
	w.t.Helper()
	f, err := New(Doors{w, w, w}, w.o)
	if err != nil {
		w.t.Fatal(err)
	}
	w.f = f
	if err := f.resume(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
}

// stop ends the follower as kill -9 does: nothing is told to it.
func (w *world) stop() {
	w.f.closeAll()
	w.f, w.killBefore, w.killAfter, w.killSave = nil, false, false, false
}

// rounds lets time pass and the follower look, n times.
func (w *world) rounds(n int) error {
	for range n {
		w.now = w.now.Add(600 * time.Millisecond)
		if _, err := w.f.round(w.t.Context()); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) run(n int) {
	w.t.Helper()
	if err := w.rounds(n); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) path(name string) string { return filepath.Join(w.dir, name) }

func (w *world) write(name, text string) {
	w.t.Helper()
	h, err := os.OpenFile(w.path(name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = io.WriteString(h, text)
		err = errors.Join(err, h.Close())
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) rename(from, to string) {
	w.t.Helper()
	if err := os.Rename(w.path(from), w.path(to)); err != nil && !errors.Is(err, os.ErrNotExist) {
		w.t.Fatal(err)
	}
}

// copyTruncate rotates as logrotate's option of that name does.
func (w *world) copyTruncate(from, to string) {
	w.t.Helper()
	b, err := os.ReadFile(w.path(from))
	if errors.Is(err, os.ErrNotExist) {
		return
	}
	os.Remove(w.path(to))
	if err := errors.Join(err, os.WriteFile(w.path(to), b, 0o600), os.Truncate(w.path(from), 0)); err != nil {
		w.t.Fatal(err)
	}
}

// copyOver rotates as "cp a.log a.log.1; : > a.log" does: the file that holds
// the copy is the same each time.
func (w *world) copyOver(from, to string) {
	w.t.Helper()
	b, err := os.ReadFile(w.path(from))
	if err == nil {
		err = os.WriteFile(w.path(to), b, 0o600)
	}
	if err != nil {
		w.t.Fatal(err)
	}
	w.run(2)
	if err := os.Truncate(w.path(from), 0); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) texts() []string {
	var out []string
	for i := range w.records {
		out = append(out, w.records[i].Line())
	}
	return out
}

func (w *world) want(want ...string) {
	w.t.Helper()
	if got := w.texts(); !slices.Equal(got, want) {
		w.t.Fatalf("got %q, want %q", got, want)
	}
}

func (w *world) sorted(want ...string) {
	w.t.Helper()
	got := w.texts()
	slices.Sort(got)
	if !slices.Equal(got, want) {
		w.t.Fatalf("got %q, want %q", got, want)
	}
}
