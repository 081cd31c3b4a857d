package chronicle_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"tripod/alerting"
	"tripod/alerting/chronicle"
)

// TestKilledChild is the child of TestCrashKeepsWhatWasSent: it says which
// notifications are kept as sent, until it is killed.
func TestKilledChild(t *testing.T) {
	dir := os.Getenv("TEST_TRIPOD_CHRONICLE_DIR")
	if dir == "" {
		t.Skip("runs as a child only")
	}
	c, err := chronicle.Open(chronicle.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; ; i++ {
		s := step(time.Now(), "A", alerting.StepSent)
		s.Delivery = fmt.Sprint(i)
		c.Add([]alerting.Step{s})
		fmt.Println("kept", i)
	}
}

func TestCrashKeepsWhatWasSent(t *testing.T) {
	for round := range 4 {
		dir := t.TempDir()
		cmd := exec.Command(os.Args[0], "-test.run=^TestKilledChild$", "-test.v")
		cmd.Env = append(os.Environ(), "TEST_TRIPOD_CHRONICLE_DIR="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		kept := map[string]bool{}
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if n, ok := strings.CutPrefix(lines.Text(), "kept "); ok {
				if kept[n] = true; len(kept) == 3+7*round {
					cmd.Process.Kill()
				}
			}
		}
		cmd.Wait()
		got, err := open(t, chronicle.Options{Dir: dir}).Episodes(context.Background(), alerting.EpisodeQuery{Name: "A"})
		if err != nil || len(got) != 1 || len(kept) < 3 {
			t.Fatalf("%d episodes after %d steps: %v", len(got), len(kept), err)
		}
		for _, s := range got[0].Steps {
			delete(kept, s.Delivery)
		}
		if len(kept) > 0 {
			t.Errorf("round %d: lost %v", round, kept)
		}
	}
}
