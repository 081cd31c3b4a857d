package termindex

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

func openFiles(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("no /proc")
	}
	return len(list)
}

// TestCloseFreesEverything opens an index again and again, broken ones too.
func TestCloseFreesEverything(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "index")
	r := rand.New(rand.NewPCG(3, 1))
	c := randomCorpus(r, 20, 50)
	if err := c.build(t, dir).Close(); err != nil {
		t.Fatal(err)
	}
	files, routines := openFiles(t), runtime.NumGoroutine()
	for range 50 {
		x, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		if got := openFiles(t) - files; got != 3 {
			t.Fatalf("an open index has %d files open, want 3", got)
		}
		if _, err := x.Words("pool7"); err != nil {
			t.Fatal(err)
		}
		if err := x.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Truncate(filepath.Join(dir, "root.bolt"), 100); err != nil {
		t.Fatal(err)
	}
	for range 50 {
		if x, err := Open(dir); err == nil {
			x.Close()
			t.Fatal("a broken index was opened")
		}
	}
	if got := openFiles(t); got != files {
		t.Errorf("%d files open, want %d", got, files)
	}
	// scorch gives back its last reference in a goroutine that ends by itself.
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > routines; runtime.Gosched() {
		if time.Now().After(deadline) {
			buf := make([]byte, 1<<16)
			t.Fatalf("%d goroutines, want %d\n%s", runtime.NumGoroutine(), routines, buf[:runtime.Stack(buf, true)])
		}
	}
}

func TestManyAskAtOnce(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 1))
	c := randomCorpus(r, 60, 200)
	x := c.build(t, filepath.Join(t.TempDir(), "index"))
	for w := range uint64(4) {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			checkAnswers(t, x, c, rand.New(rand.NewPCG(9, w)))
		})
	}
}
