package follow

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"maps"
	"math/rand/v2"
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

	killBefore, killAfter, killSave bool // at the next batch, or cursor
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
	for _, rec := range r {
		rec.Attrs = slices.Clone(rec.Attrs)
		w.records = append(w.records, rec)
	}
	if w.killAfter {
		return errKilled
	}
	return nil
}

func (w *world) Search(_ context.Context, q store.LogQuery) iter.Seq2[store.Record, error] {
	id := strings.TrimPrefix(q.Text, fieldID+":")
	return func(yield func(store.Record, error) bool) {
		for _, r := range w.records {
			if r.Resource.Attrs.Text(fieldID) == id && q.Range.Has(r.Time) && !yield(r, nil) {
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

func TestFollow(t *testing.T) {
	for name, c := range map[string]func(*world){
		"lines as they come": func(w *world) {
			w.write("a.log", "one\ntw")
			w.start()
			w.run(3)
			w.want("one")
			w.write("a.log", "o\n{\"msg\":\"three\",\"service\":\"s\"}\n")
			w.run(3)
			w.want("one", "two", `{"msg":"three","service":"s"}`)
			if r := w.records; r[0].Service != "a" || r[2].Service != "s" || r[2].Message() != "three" || r[0].Resource.Attrs.Text(fieldPath) != w.path("a.log") {
				w.t.Errorf("got %+v", r)
			}
		},
		"new files": func(w *world) {
			w.start()
			w.run(2)
			w.write("b.log", "b\n")
			w.write("other.txt", "x\n")
			w.write("b.log.gz", "x\n")
			w.run(5)
			w.want("b")
		},
		"a restart": func(w *world) {
			w.write("a.log", "one\n")
			w.start()
			w.run(3)
			w.stop()
			w.write("a.log", "two\n")
			w.start()
			w.run(3)
			w.want("one", "two")
		},
		"rotation by rename": func(w *world) {
			w.write("a.log", "one\n")
			w.start()
			w.run(3)
			w.write("a.log", "two\nlast, without end")
			w.rename("a.log", "a.1")
			w.write("a.log", "three\n")
			w.run(60)
			w.sorted("last, without end", "one", "three", "two")
		},
		"rotation by rename while stopped": func(w *world) {
			w.write("a.log", "one\n")
			w.start()
			w.run(10)
			w.stop()
			w.write("a.log", "two\n")
			w.rename("a.log", "a.1")
			w.write("a.log", "three\n")
			w.start()
			w.run(5)
			w.sorted("one", "three", "two")
		},
		"copytruncate": func(w *world) {
			w.write("a.log", "one\n")
			w.start()
			w.run(3)
			w.write("a.log", "two\n")
			w.copyTruncate("a.log", "a.1")
			w.run(3)
			w.write("a.log", "three\n")
			w.run(3)
			w.want("one", "two", "three")
		},
		"copytruncate, and soon longer": func(w *world) {
			w.write("a.log", "one\n")
			w.start()
			w.run(3)
			w.write("a.log", "two\n")
			w.copyTruncate("a.log", "a.1")
			w.write("a.log", "three is much longer than all of that before\n")
			w.run(3)
			w.sorted("one", "three is much longer than all of that before", "two")
		},
		"copytruncate while stopped": func(w *world) {
			w.write("a.log", "one\n")
			w.start()
			w.run(10)
			w.stop()
			w.write("a.log", "two\n")
			w.copyTruncate("a.log", "a.1")
			w.write("a.log", "three\nfour\nfive\n")
			w.start()
			w.run(5)
			w.sorted("five", "four", "one", "three", "two")
		},
		"an engine that cannot now, and then can": func(w *world) {
			w.write("a.log", "one\n")
			w.start()
			w.killBefore = true
			if err := w.rounds(3); !errors.Is(err, errKilled) {
				w.t.Fatalf("got %v", err)
			}
			w.stop()
			w.start()
			w.run(3)
			w.want("one")
		},
		"killed behind the engine's answer": func(w *world) {
			w.write("a.log", "one\ntwo\n")
			w.start()
			w.killAfter = true
			if err := w.rounds(3); !errors.Is(err, errKilled) {
				w.t.Fatalf("got %v", err)
			}
			w.stop()
			w.write("a.log", "three\n")
			w.start()
			w.run(3)
			w.want("one", "two", "three")
		},
		"a power cut that takes the engine's last records": func(w *world) {
			w.write("a.log", "one\n")
			w.start()
			w.run(10)
			w.write("a.log", "two\n")
			w.run(2)
			w.want("one", "two")
			w.stop()
			w.records = w.records[:1]
			w.start()
			w.run(3)
			w.want("one", "two")
		},
		"multi-line over a restart": func(w *world) {
			w.write("a.log", "panic: x\n\tat a\n")
			w.start()
			w.run(3)
			w.write("a.log", "panic: y\n\tat b\n")
			w.stop()
			w.start()
			w.run(3)
			w.want("panic: x\n\tat a", "panic: y\n\tat b")
		},
		"files that are gone are forgotten": func(w *world) {
			w.write("a.log", "one\n")
			w.start()
			w.run(3)
			os.Remove(w.path("a.log"))
			w.run(60)
			if len(w.f.files) > 0 || len(w.cursors) > 0 {
				w.t.Errorf("%d files, %d cursors are left", len(w.f.files), len(w.cursors))
			}
		},
		"a damaged cursor": func(w *world) {
			w.cursors["f1"] = []byte("{")
			w.write("a.log", "one\n")
			w.start()
			w.run(3)
			w.want("one")
			if w.lost[Vanished] != 1 || w.cursors["f1"] != nil {
				w.t.Errorf("lost %v", w.lost)
			}
		},
	} {
		t.Run(name, func(t *testing.T) { c(newWorld(t, Options{}, "*.log")) })
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

func TestTooManyFiles(t *testing.T) {
	w := newWorld(t, Options{MaxFiles: 2}, "*.log")
	for i := range 4 {
		w.write(fmt.Sprintf("%d.log", i), "x\n")
	}
	w.start()
	w.run(3)
	if len(w.f.files) != 2 || w.lost[TooMany] != 2 {
		t.Errorf("%d files, lost %v", len(w.f.files), w.lost)
	}
}

func TestBadGlob(t *testing.T) {
	if _, err := New(Doors{}, Options{Globs: []string{"/x/[a"}}); err == nil || !strings.Contains(err.Error(), "[a") {
		t.Errorf("got %v, want an error that names the glob", err)
	}
}

// TestEveryLineExactlyOnce writes, rotates both ways and kills at random, while
// the follower runs, rests or is stopped, and looks for every line, once.
func TestEveryLineExactlyOnce(t *testing.T) {
	for seed := range uint64(150) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		glob := "app.log"
		if seed%2 == 1 {
			glob = "app.log*" // which names what was rotated as well
		}
		w := newWorld(t, Options{}, glob)
		var log []string // for the report of a failure
		lines, rotated := 0, 0
		write := func() {
			var b strings.Builder
			for range 1 + rnd.IntN(20) {
				fmt.Fprintf(&b, "line %d\n", lines)
				lines++
				if rnd.IntN(10) == 0 {
					fmt.Fprintf(&b, "\tgoes on\n")
				}
			}
			w.write("app.log", b.String())
		}
		rotate := func() {
			rotated++
			to := fmt.Sprintf("app.log.%d", rotated)
			if rnd.IntN(2) == 0 {
				w.rename("app.log", to)
				log = append(log, "renamed")
				write()
			} else {
				w.copyTruncate("app.log", to)
				log = append(log, "copied")
			}
		}
		write()
		w.start()
		w.run(2)
		for range 40 {
			step := rnd.IntN(12)
			log = append(log, fmt.Sprintf("%d@%d/%d", step, lines, rotated))
			switch step {
			case 0, 1, 2:
				write()
			case 3, 4:
				write()
				w.run(2)
				write()
				rotate()
				w.run(2) // what is rotated twice between two looks is not seen
			case 5:
				w.killBefore = true
			case 6:
				w.killAfter = true
			case 7:
				w.killSave = true
			case 8:
				write()
				w.run(2)
				w.stop()
				write()
				if rnd.IntN(2) == 0 {
					rotate()
					write()
				}
				w.start()
				w.run(2)
			default:
				if err := w.rounds(rnd.IntN(8)); errors.Is(err, errKilled) {
					w.stop()
					write()
					w.start()
				} else if err != nil {
					t.Fatal(err)
				}
				continue
			}
			if w.killBefore || w.killAfter || w.killSave {
				if err := w.rounds(4); err != nil {
					w.stop()
					w.start()
				}
				w.killBefore, w.killAfter, w.killSave = false, false, false
			}
		}
		w.run(10)
		count := map[string]int{}
		for _, text := range w.texts() {
			for line := range strings.SplitSeq(text, "\n") {
				count[line]++
			}
		}
		for i := range lines {
			if n := count[fmt.Sprintf("line %d", i)]; n != 1 {
				for _, r := range w.records {
					t.Log(r.Resource.Attrs.Text(fieldID), r.Attrs[0].Value.Text(), r.Line())
				}
				t.Fatalf("seed %d: line %d is there %d times, of %d lines; steps %s; lost %v", seed, i, n, lines, strings.Join(log, " "), w.lost)
			}
		}
		w.stop()
	}
}
