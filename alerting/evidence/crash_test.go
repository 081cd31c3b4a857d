package evidence

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"tripod/alerting"
)

// TestKilledChild is the child of TestCrashKeepsIDs: it notes alerts, says
// under which ID, gathers beside it and says what is kept, until it is killed.
func TestKilledChild(t *testing.T) {
	dir := os.Getenv("TEST_TRIPOD_EVIDENCE_DIR")
	if dir == "" {
		t.Skip("runs as a child only")
	}
	f := &fakes{plot: somePlot()}
	for i := range 60 {
		f.records = append(f.records, line(i, "api", 17, fmt.Sprintf("failed %d times", i)))
	}
	k, err := Open(Options{Dir: dir, Doors: f.doors(), MaxQueue: 1_000_000})
	if err != nil {
		t.Fatal(err)
	}
	go k.Run(context.Background())
	for i := 0; ; i++ {
		a := childAlert(i)
		k.Note(steps(a))
		id, err := k.Of(a)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println("noted", i, id)
		for j := range i + 1 {
			old, _ := k.Of(childAlert(j))
			if e, err := k.Evidence(context.Background(), old); err == nil && !e.GatheredAt.IsZero() {
				fmt.Println("kept", j, old)
			}
		}
	}
}

func childAlert(i int) alerting.Alert {
	return alertOf("A", fired.Add(time.Duration(i)*time.Second), "i", strconv.Itoa(i))
}

// TestCrashKeepsIDs kills a process that notes and gathers: every ID that was
// given is there, once, everything that was kept is whole, and the rest is
// gathered by the next process.
func TestCrashKeepsIDs(t *testing.T) {
	rounds := 5
	if n, err := strconv.Atoi(os.Getenv("TEST_TRIPOD_CRASH_ROUNDS")); err == nil {
		rounds = n
	}
	for round := range rounds {
		dir := t.TempDir()
		cmd := exec.Command(os.Args[0], "-test.run=^TestKilledChild$", "-test.v")
		cmd.Env = append(os.Environ(), "TEST_TRIPOD_EVIDENCE_DIR="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		noted, kept := map[int]string{}, map[string]bool{}
		words := 0
		for lines := bufio.NewScanner(out); lines.Scan(); {
			f := strings.Fields(lines.Text())
			if len(f) != 3 {
				continue
			}
			i, _ := strconv.Atoi(f[1])
			switch f[0] {
			case "noted":
				noted[i] = f[2]
			case "kept":
				kept[f[2]] = true
			}
			if words++; words == 2+13*round {
				cmd.Process.Kill()
			}
		}
		cmd.Wait()
		if len(noted) == 0 {
			t.Fatal("the child noted nothing")
		}
		check(t, dir, noted, kept)
	}
}

func check(t *testing.T, dir string, noted map[int]string, kept map[string]bool) {
	f := &fakes{}
	k := open(t, Options{Dir: dir, Doors: f.doors(), Now: time.Now})
	for id := range kept {
		if e := get(t, k, id); e.GatheredAt.IsZero() || len(e.Patterns) != 1 {
			t.Errorf("%s was kept and is not: %+v", id, e)
		}
	}
	work(t, k)
	seen := map[string]bool{}
	for i, id := range noted {
		a := childAlert(i)
		k.Note(steps(a)) // as the pipeline does that had not written that it took it
		if got := idFor(t, k, a); got != id {
			t.Errorf("alert %d has the ID %s, and had %s", i, got, id)
		}
		list, err := k.EvidenceList(context.Background(), alerting.EvidenceQuery{Alert: a.Fingerprint()})
		if err != nil || len(list) != 1 || seen[id] {
			t.Errorf("alert %d has evidence %d times, %v", i, len(list), err)
		}
		seen[id] = true
		if e := get(t, k, id); e.GatheredAt.IsZero() {
			t.Errorf("alert %d is not gathered after a restart", i)
		}
	}
}
