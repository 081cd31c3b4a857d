package events

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tripod/store"
	"tripod/store/storetest"
)

// TestCrashAtEveryStep kills a process in the middle of publishing: before,
// after and, of writes, halfway through each change of the disk that it ever
// made, those first at which it was killed least often.
func TestCrashAtEveryStep(t *testing.T) {
	var folder string
	rounds := 0
	storetest.Crash(t, storetest.CrashTest{
		Child: killedChild, Longest: 1500 * time.Millisecond, Rounds: 6,
		Verify: func(t *testing.T, dir string, acked []string) {
			folder, rounds = dir, rounds+1
			verifyKilled(t, dir, acked)
		},
	})
	killed := map[string]bool{}
	for _, step := range linesOf(folder + ".killed") {
		killed[step] = true
	}
	t.Logf("killed at %d of %d steps", len(killed), len(linesOf(folder+".steps")))
	if len(killed) < min(rounds/4, 20) { // the others were killed by the clock
		t.Errorf("killed at few steps: %v", killed)
	}
}

// killer ends the process at the n-th time of a step.
type killer struct {
	mu    sync.Mutex
	dir   string
	known map[string]bool
	step  string // "" for any
	n     int
}

func newKiller(dir string) *killer {
	k := &killer{dir: dir, known: map[string]bool{}, n: 1 + rand.IntN(80)}
	deaths := map[string]int{}
	for _, s := range linesOf(dir + ".killed") {
		deaths[s]++
	}
	least := 1 << 30
	steps := linesOf(dir + ".steps")
	rand.Shuffle(len(steps), func(i, j int) { steps[i], steps[j] = steps[j], steps[i] })
	for _, s := range steps {
		k.known[s] = true
		if deaths[s] < least {
			k.step, least, k.n = s, deaths[s], 1+rand.IntN(3)
		}
	}
	return k
}

func (k *killer) at(stage string, c change) {
	step := stage + " " + c.step()
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.known[step] {
		k.known[step] = true
		addLine(k.dir+".steps", step)
	}
	if k.step != "" && k.step != step {
		return
	}
	if k.n--; k.n == 0 {
		addLine(k.dir+".killed", step)
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {} // until the signal comes
	}
}

func linesOf(name string) []string {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil
	}
	return strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
}

func addLine(name, line string) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err == nil {
		_, err = f.WriteString(line + "\n")
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		panic(err)
	}
}

func killOptions(f files) Options {
	return Options{
		files: f, HeadBytes: 6 << 10, HeadAge: time.Nanosecond, MaxBlockRows: 8, Retention: 24 * time.Hour,
		Thin: func(context.Context, store.TimeRange) (func(*Event) bool, error) { // half of them, to go at once
			return func(e *Event) bool { return e.Time/1e6%2 == 0 }, nil
		},
		Now: func() time.Time { return time.Unix(0, testDay).Add(10 * time.Minute) },
	}
}

func killedChild(dir string, ack func(string)) error {
	s, err := Open(dir, killOptions(tracedFiles{hook: newKiller(dir).at}))
	if err != nil {
		return err
	}
	ctx := context.Background()
	go s.Run(ctx)
	next := 0
	for e, err := range s.Scan(ctx, Query{Range: everything, Where: Exists{"n"}}) {
		if err != nil {
			return err
		}
		v, _ := e.Get("n")
		next = max(next, int(v.Int())+1)
	}
	for first := next; ; {
		if next > first+150 {
			time.Sleep(20 * time.Millisecond) // all steps were seen: 200 lives shall fit into one folder
		}
		n := 1 + rand.IntN(8)
		if err := s.Append(ctx, powerEvents(next, next+n)); errors.Is(err, store.ErrOverloaded) {
			continue // the flusher is behind
		} else if err != nil {
			return err
		}
		for i := range n {
			ack(strconv.Itoa(next + i))
		}
		next += n
		if rand.IntN(5) == 0 {
			s.Append(ctx, oldEvents(2)) // may be refused
		}
	}
}

func verifyKilled(t *testing.T, dir string, acked []string) {
	s, err := Open(dir, killOptions(nil))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	seen := map[string]bool{}
	for e, err := range s.Scan(t.Context(), Query{Range: everything, Where: Exists{"n"}}) {
		if err != nil {
			t.Fatal(err)
		}
		v, _ := e.Get("n")
		if want := powerEvents(int(v.Int()), int(v.Int())+1)[0]; seen[v.Text()] || show(e) != show(&want) {
			t.Fatalf("got %s (there twice: %v), want %s", show(e), seen[v.Text()], show(&want))
		}
		seen[v.Text()] = true
	}
	if i := slices.IndexFunc(acked, func(id string) bool { return !seen[id] }); i >= 0 {
		last := linesOf(dir + ".killed")
		t.Fatalf("%s of %d acknowledged events is lost, %d are there, killed at %q", acked[i], len(acked), len(seen), fmt.Sprint(last[max(0, len(last)-3):]))
	}
}
