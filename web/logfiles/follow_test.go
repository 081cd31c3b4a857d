package logfiles

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

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
		"rotation by rename while it is asked what is kept": func(w *world) {
			w.write("a.log", "one\ntwo\n")
			w.start()
			w.run(2)
			w.stop()
			w.write("a.log", "three\n")
			w.duringSearch = func() {
				w.rename("a.log", "a.1")
				w.write("a.log", "four\n")
			}
			w.start()
			if w.duringSearch != nil {
				w.t.Fatal("nothing was asked")
			}
			w.run(5)
			w.sorted("four", "one", "three", "two")
		},
		"rotation by rename while stopped": func(w *world) {
			w.write("a.log", "one\n")
			w.start()
			w.run(10)
			w.stop()
			w.write("a.log", "two\n")
			w.rename("a.log", "old-a.1")
			w.write("a.log", "three\n")
			w.start()
			w.run(5)
			w.sorted("one", "three", "two")
			for _, r := range w.records {
				if path := r.Resource.Attrs.Text(fieldPath); r.Service != "a" || path != w.path("a.log") {
					w.t.Errorf("%q is of %s, %s", r.Line(), r.Service, path)
				}
			}
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

func TestFoldersOfAnyDepth(t *testing.T) {
	w := newWorld(t, Options{}, "x/**/*.log")
	outside := t.TempDir()
	for _, dir := range []string{"x/a [1]/b", "x/c/d/e/f", "y"} {
		if err := os.MkdirAll(filepath.Join(w.dir, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(w.dir, "x"), filepath.Join(w.dir, "x/c/loop")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(w.dir, "x/c/away")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(outside, "o.log"), []byte("away\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"x/1.log", "x/a [1]/2.log", "x/a [1]/b/3.log", "x/c/d/e/f/4.log", "x/c/d/no.txt", "y/no.log"} {
		w.write(name, name+"\n")
	}
	w.start()
	w.run(3)
	var got []string
	for _, r := range w.records {
		got = append(got, r.Message())
	}
	slices.Sort(got)
	if want := []string{"x/1.log", "x/a [1]/2.log", "x/a [1]/b/3.log", "x/c/d/e/f/4.log"}; !slices.Equal(got, want) || len(w.lost) > 0 {
		t.Errorf("got %q, lost %v", got, w.lost)
	}
	for i := range maxFolders {
		if err := os.Mkdir(filepath.Join(w.dir, "x", fmt.Sprintf("z%d", i)), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	w.run(3)
	if w.lost[TooMany] != 1 {
		t.Errorf("lost %v", w.lost)
	}
}

func TestBadGlob(t *testing.T) {
	for _, g := range []string{"/x/a**/*.log", "/x/**b", "/**/x/**/*.log"} {
		if _, err := New(Doors{}, Options{Globs: []string{g}}); err == nil || !strings.Contains(err.Error(), "**") {
			t.Errorf("%s: got %v", g, err)
		}
	}
	if _, err := New(Doors{}, Options{Globs: []string{"/x/[a"}}); err == nil || !strings.Contains(err.Error(), "[a") {
		t.Errorf("got %v, want an error that names the glob", err)
	}
}

// TestRefusedRecordsAreCounted and are not read again, while the others are kept.
func TestRefusedRecordsAreCounted(t *testing.T) {
	w := newWorld(t, Options{}, "*.log")
	w.overloaded, w.refuse = 2, 1
	w.start()
	w.write("a.log", "one\ntwo\nthree\n")
	w.run(3)
	w.want("one", "three") // the last line of a look waits for one that goes on with it
	if w.lost[Refused] != 1 || len(w.lost) != 1 {
		t.Errorf("lost %v, want one that is refused", w.lost)
	}
	w.run(10)
	w.stop()
	w.start()
	w.write("a.log", "four\n")
	w.run(3)
	w.want("one", "three", "four")
}

// TestCopyWrittenOver rotates by copying over the copy before, and a file
// that is followed by another name is written over: neither is read twice, nor
// followed where no glob names it.
func TestCopyWrittenOver(t *testing.T) {
	for name, glob := range map[string]string{"no glob names copies": "*.log", "a glob names copies": "*.log*"} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, Options{}, glob)
			w.start()
			var want []string
			for i := range 4 {
				for range 3 {
					line := fmt.Sprintf("line %03d %s", len(want), strings.Repeat("x", 400+100*i))
					want = append(want, line)
					w.write("a.log", line+"\n")
					w.run(3)
				}
				w.copyOver("a.log", "a.log.1")
				w.run(20)
			}
			w.sorted(want...)
		})
	}
	w := newWorld(t, Options{}, "*.log")
	w.write("a.log", "one\n")
	w.start()
	w.run(3)
	w.rename("a.log", "old.1")
	w.run(3)
	if err := os.WriteFile(w.path("old.1"), []byte("of no log that is followed\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.run(20)
	w.want("one")
}

// TestRotationWhileABatchIsKept copies a file away and truncates and fills it
// again between the reading of its lines and the end of their batch, after
// which the file is another one.
func TestRotationWhileABatchIsKept(t *testing.T) {
	w := newWorld(t, Options{}, "a.log*")
	w.start()
	w.write("a.log", "one\ntwo\nthree\n")
	w.during = func() {
		w.write("a.log", "four\n")
		w.copyTruncate("a.log", "a.log.1")
		w.write("a.log", strings.Repeat("another\n", 1000)[:7992]+"last\n")
	}
	w.run(10)
	got := map[string]int{}
	for _, text := range w.texts() {
		got[text]++
	}
	want := map[string]int{"one": 1, "two": 1, "three": 1, "four": 1, "another": 999, "last": 1}
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
