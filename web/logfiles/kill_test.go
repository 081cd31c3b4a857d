package logfiles_test

import (
	"bufio"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tripod/appliance/state"
	"tripod/store"
	"tripod/store/logs"
	"tripod/web/logfiles"
)

const childDir = "TEST_TRIPOD_FOLLOW"

// told gives records to the engine and then says how far it is.
type told struct{ *logs.Store }

func (s told) Append(ctx context.Context, r []store.Record) error {
	err := s.Store.Append(ctx, r)
	if err == nil {
		last := 0 // of all files that the batch is of
		for i := range r {
			n, _ := strconv.Atoi(strings.TrimPrefix(r[i].Message(), "line "))
			last = max(last, n)
		}
		fmt.Println(last)
	}
	return err
}

// followReal follows DIR/files with the real engine and the real cursors.
func followReal(ctx context.Context, dir string) error {
	engine, err := logs.Open(filepath.Join(dir, "logs"), logs.Options{})
	if err != nil {
		return err
	}
	defer engine.Close()
	cursors, err := state.Open(filepath.Join(dir, "state.db"))
	if err != nil {
		return err
	}
	defer cursors.Close()
	ended := make(chan error, 1)
	engineCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	go func() { ended <- engine.Run(engineCtx) }()
	defer func() { cancel(); <-ended }()
	f, err := logfiles.New(logfiles.Doors{Logs: told{engine}, Search: engine, Cursors: cursors}, logfiles.Options{
		Globs: []string{filepath.Join(dir, "files", "app.log*")}, Poll: 5 * time.Millisecond, JoinWait: 10 * time.Millisecond,
	})
	if err != nil {
		return err
	}
	return f.Run(ctx)
}

// TestKillChild is the process that TestKillLosesAndDoublesNothing kills.
func TestKillChild(t *testing.T) {
	dir := os.Getenv(childDir)
	if dir == "" {
		t.Skip("a child only")
	}
	t.Fatal(followReal(context.Background(), dir))
}

// TestKillLosesAndDoublesNothing kills a process that follows a file with the
// real engine, while the file is written and rotated in both ways, and looks
// for every line, once.
func TestKillLosesAndDoublesNothing(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "files"), 0o700); err != nil {
		t.Fatal(err)
	}
	app := filepath.Join(dir, "files", "app.log")
	rnd := rand.New(rand.NewPCG(7, 7))
	lines := 0
	write := func() {
		h, err := os.OpenFile(app, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		defer h.Close()
		for range 1 + rnd.IntN(2000) {
			fmt.Fprintf(h, "line %d\n", lines)
			lines++
		}
	}
	rotate := func(to string) {
		if rnd.IntN(2) == 0 {
			if err := os.Rename(app, to); err != nil {
				t.Fatal(err)
			}
			return
		}
		b, err := os.ReadFile(app)
		if err == nil {
			err = os.WriteFile(to, b, 0o600)
		}
		if err == nil {
			err = os.Truncate(app, 0)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for round := range 8 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestKillChild$")
		cmd.Env = append(os.Environ(), childDir+"="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		first := lines
		write()
		for words := bufio.NewScanner(out); words.Scan(); { // until it has seen what is there now
			if n, err := strconv.Atoi(words.Text()); err == nil && n >= first {
				break
			}
		}
		write()
		to := fmt.Sprintf("%s.%d", app, round)
		if rnd.IntN(2) == 0 {
			rotate(to)
			write()
			to = ""
		}
		time.Sleep(time.Duration(rnd.IntN(40)) * time.Millisecond) // so that it is killed anywhere
		cmd.Process.Kill()
		cmd.Wait()
		if to != "" {
			write()
			rotate(to)
		}
	}
	var count []int
	for range 10 { // two looks, and all is read, if the machine has the time
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		err := followReal(ctx, dir)
		if cancel(); ctx.Err() == nil {
			t.Fatal(err)
		}
		if count = countLines(t, dir, lines); !slices.Contains(count, 0) {
			break
		}
	}
	for i, n := range count {
		if n != 1 {
			t.Fatalf("line %d of %d is there %d times", i, lines, n)
		}
	}
}

// countLines says how often each line is kept.
func countLines(t *testing.T, dir string, lines int) []int {
	t.Helper()
	engine, err := logs.Open(filepath.Join(dir, "logs"), logs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	count := make([]int, lines)
	for r, err := range engine.Search(t.Context(), store.LogQuery{Range: store.TimeRange{To: math.MaxInt64}}) {
		if err != nil {
			t.Fatal(err)
		}
		n, err := strconv.Atoi(strings.TrimPrefix(r.Message(), "line "))
		if err != nil || n >= lines {
			t.Fatalf("found %q", r.Message())
		}
		count[n]++
	}
	return count
}
