package notify

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"tripod/alerting"
)

// TestKilledChild is the child of TestKillForgetsNothing: it takes alerts,
// says so, and posts until it is killed.
func TestKilledChild(t *testing.T) {
	dir, webhook := os.Getenv("KILLED_CHILD_DIR"), os.Getenv("KILLED_CHILD_WEBHOOK")
	if dir == "" {
		t.Skip("runs as a child only")
	}
	p := openSlack(t, dir, webhook)
	go p.Run(context.Background())
	for i := range 20 {
		p.Send(context.Background(), childAlert(i, time.Time{}))
		fmt.Println("took", i)
		if i%2 == 0 {
			p.Send(context.Background(), childAlert(i, time.Now()))
			fmt.Println("ended", i)
		}
	}
	select {} // until killed
}

func childAlert(i int, ends time.Time) alerting.Alert {
	return alerting.Alert{
		Labels: map[string]string{"alertname": "A" + strconv.Itoa(i)}, StartsAt: time.Now().Add(-time.Minute), EndsAt: ends,
	}
}

func openSlack(t *testing.T, dir, webhook string) *Pipeline {
	t.Helper()
	s, err := NewSlack(webhook, "")
	if err != nil {
		t.Fatal(err)
	}
	p, err := Open(Options{Dir: dir, Receiver: s, MinBackoff: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestKillForgetsNothing kills a process with SIGKILL while it posts, and has
// another one go on: of each alert that was taken somebody was told, and of
// each that ended, that it did.
func TestKillForgetsNothing(t *testing.T) {
	for round := range 6 {
		t.Run(strconv.Itoa(round), func(t *testing.T) {
			dir, f := t.TempDir(), newFakeSlack(t)
			cmd := exec.Command(os.Args[0], "-test.run=^TestKilledChild$", "-test.v")
			cmd.Env = append(os.Environ(), "KILLED_CHILD_DIR="+dir, "KILLED_CHILD_WEBHOOK="+f.webhook())
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			started := make(chan struct{})
			f.mu.Lock()
			f.before = func(w http.ResponseWriter, _ *http.Request, n int) bool {
				if <-started; n == 1+3*round {
					cmd.Process.Kill() // in the middle of a post
				}
				return false
			}
			f.mu.Unlock()
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			close(started)
			took, ended := map[string]bool{}, map[string]bool{}
			for lines := bufio.NewScanner(out); lines.Scan(); {
				switch word, n, _ := strings.Cut(lines.Text(), " "); word {
				case "took":
					took["A"+n] = true
				case "ended":
					ended["A"+n] = true
				}
			}
			cmd.Wait()
			finish(t, dir, f, took, ended)
		})
	}
}

// finish opens what the killed process left and waits for what is owed.
func finish(t *testing.T, dir string, f *fakeSlack, took, ended map[string]bool) {
	p := openSlack(t, dir, f.webhook())
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error)
	go func() { ran <- p.Run(ctx) }()
	for owes(p) {
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := <-ran; err != nil {
		t.Error(err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	told, over := map[string]bool{}, map[string]bool{}
	for _, post := range f.got() {
		head := post.Blocks[0].Text.Text
		if name, ok := strings.CutPrefix(head, "Resolved: "); ok {
			over[name] = true
			told[name] = true
		} else if name, ok := strings.CutPrefix(head, "Firing: "); ok {
			told[name] = true
		}
	}
	if len(took) == 0 {
		t.Fatal("the child took nothing")
	}
	for name := range took {
		if !told[name] {
			t.Errorf("nobody was told of %s", name)
		}
	}
	for name := range ended {
		if !over[name] {
			t.Errorf("nobody was told that %s is over", name)
		}
	}
}

func owes(p *Pipeline) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.records {
		if !r.firing() || r.Sent.IsZero() {
			return true
		}
	}
	return false
}
