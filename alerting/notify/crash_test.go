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
	"tripod/alerting/config"
	"tripod/alerting/notifytest"
)

// TestKilledChild is the child of TestCrashForgetsNothing: it takes alerts,
// says so, and posts until it is killed.
func TestKilledChild(t *testing.T) {
	dir, webhook := os.Getenv("TEST_TRIPOD_KILLED_DIR"), os.Getenv("TEST_TRIPOD_KILLED_WEBHOOK")
	if dir == "" {
		t.Skip("runs as a child only")
	}
	p := openSlack(t, dir, webhook)
	go p.Run(context.Background())
	for i := range 20 {
		p.Send(context.Background(), childAlert(i, time.Time{}))
		fmt.Println("took", i)
	}
	for owes(p) { // so that there are 30 posts in all
		time.Sleep(time.Millisecond)
	}
	for i := range 20 {
		if i%2 == 0 {
			p.Send(context.Background(), childAlert(i, time.Now()))
			fmt.Println("ended", i)
		}
	}
	for owes(p) {
		time.Sleep(time.Millisecond)
	}
	fmt.Println("done")
	select {} // until killed
}

func childAlert(i int, ends time.Time) alerting.Alert {
	return alerting.Alert{
		Labels: map[string]string{"alertname": "A" + strconv.Itoa(i)}, StartsAt: time.Now().Add(-time.Minute), EndsAt: ends,
	}
}

func openSlack(t *testing.T, dir, webhook string) *Pipeline {
	t.Helper()
	p, err := Open(Options{Dir: dir, Config: quick(t, webhook), MinBackoff: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// quick is the configuration of tests with real time: groups open at once.
func quick(t *testing.T, webhook string) *config.Config {
	t.Helper()
	c, err := config.Parse([]byte(`
route: {receiver: Slack, group_by: [alertname], group_wait: 0s, group_interval: 10ms}
receivers:
- name: Slack
  slack_configs: [{send_resolved: true, api_url: "`+webhook+`"}]
`), config.Source{File: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestCrashForgetsNothing kills a process with SIGKILL while it posts, and has
// another one go on: of each alert that was taken somebody was told, and of
// each that ended, that it did.
func TestCrashForgetsNothing(t *testing.T) {
	rounds := 6
	if n, err := strconv.Atoi(os.Getenv("TEST_TRIPOD_CRASH_ROUNDS")); err == nil {
		rounds = n
	}
	for round := range rounds {
		t.Run(strconv.Itoa(round), func(t *testing.T) {
			dir, f := t.TempDir(), notifytest.NewSlack(t)
			cmd := exec.Command(os.Args[0], "-test.run=^TestKilledChild$", "-test.v")
			cmd.Env = append(os.Environ(), "TEST_TRIPOD_KILLED_DIR="+dir, "TEST_TRIPOD_KILLED_WEBHOOK="+f.WebhookURL())
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			started := make(chan struct{})
			f.Before(func(w http.ResponseWriter, _ *http.Request, n int) bool {
				if <-started; n == 1+(3*round)%28 {
					cmd.Process.Kill() // in the middle of a post
				}
				return false
			})
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
				case "done":
					t.Error("the child was done before it was killed")
					cmd.Process.Kill()
				}
			}
			cmd.Wait()
			finish(t, dir, f, took, ended)
			once(t, posts(t, f), (3*round)%28)
		})
	}
}

// finish opens what the killed process left and waits for what is owed.
func finish(t *testing.T, dir string, f *notifytest.HTTP, took, ended map[string]bool) {
	p := openSlack(t, dir, f.WebhookURL())
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
	for _, post := range posts(t, f) {
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
		if !told[name] && !ended[name] {
			t.Errorf("nobody was told of %s", name)
		}
	}
	for name := range ended {
		if told[name] && !over[name] { // who did not know of it need not know that it is over
			t.Errorf("nobody was told that %s is over", name)
		}
	}
}

// once finds no post twice but the one that was under way when the process was
// killed: what had arrived before was on disk as sent.
func once(t *testing.T, posts []post, killedAt int) {
	seen := map[string]int{}
	for i, p := range posts {
		id := p.Blocks[0].BlockID
		if first, twice := seen[id]; twice && first != killedAt {
			t.Errorf("post %d came again as post %d", first, i)
		}
		seen[id] = i
	}
}

// owes says that something is under way, or that an alert is not told yet.
func owes(p *Pipeline) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.core.Owes(time.Now())
}
