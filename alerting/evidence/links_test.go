package evidence

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"tripod/alerting"
	"tripod/alerting/config"
	"tripod/alerting/notify"
)

const linkedAlerts = 12

// pipeline is notifications with evidence, as the appliance has them.
func pipeline(t *testing.T, dir, webhook string) (*Keeper, *notify.Pipeline) {
	t.Helper()
	f := &fakes{plot: somePlot()}
	k, err := Open(Options{Dir: dir, Doors: f.doors()})
	if err != nil {
		t.Fatal(err)
	}
	c, err := config.Parse([]byte(`
route: {receiver: Slack, group_by: [alertname], group_wait: 0s, group_interval: 10ms}
receivers:
- name: Slack
  slack_configs: [{api_url: "`+webhook+`"}]
`), config.Source{File: "test"})
	if err != nil {
		t.Fatal(err)
	}
	p, err := notify.Open(notify.Options{
		Dir: dir, Config: c, ExternalURL: "https://tripod.example", MinBackoff: time.Millisecond, Events: notify.Events{Steps: k.Note},
		Detail: func(_ context.Context, a alerting.Alert) notify.Detail {
			id, err := k.Of(a)
			if err != nil {
				t.Error(err)
			}
			return notify.Detail{Evidence: "https://tripod.example/alerts/evidence/" + id}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return k, p
}

// sent are the alerts of a process: another one says that they fired later, as
// rules do after a restart.
func sent(fired time.Time, i int) alerting.Alert {
	return alerting.Alert{Labels: map[string]string{"alertname": "A" + strconv.Itoa(i)}, StartsAt: fired, EndsAt: time.Now().Add(time.Hour)}
}

// TestKilledSender is the child of TestCrashKeepsLinks: it has alerts fire and
// notifies of them, until it is killed.
func TestKilledSender(t *testing.T) {
	dir, webhook := os.Getenv("TEST_TRIPOD_LINKS_DIR"), os.Getenv("TEST_TRIPOD_LINKS_WEBHOOK")
	if dir == "" {
		t.Skip("runs as a child only")
	}
	k, p := pipeline(t, dir, webhook)
	go k.Run(context.Background())
	go p.Run(context.Background())
	began := time.Now()
	for i := range linkedAlerts {
		fmt.Println("sends", i)
		p.Send(context.Background(), sent(began, i))
		fmt.Println("sent", i)
	}
	select {} // until killed
}

// slackLinks takes messages and keeps the links to evidence by alert.
type slackLinks struct {
	mu     sync.Mutex
	links  map[string]map[string]bool
	posts  int
	before func(n int)
}

var (
	aboutAlert   = regexp.MustCompile(`"text":"Firing: (A\d+)"`)
	evidenceLink = regexp.MustCompile(`https://tripod\.example/alerts/evidence/([0-9a-f]{24})"`)
)

func (s *slackLinks) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	text, _ := io.ReadAll(r.Body)
	name, link := aboutAlert.FindSubmatch(text), evidenceLink.FindSubmatch(text)
	s.mu.Lock()
	s.posts++
	n := s.posts
	if name != nil && link != nil {
		if s.links[string(name[1])] == nil {
			s.links[string(name[1])] = map[string]bool{}
		}
		s.links[string(name[1])][string(link[1])] = true
	}
	s.mu.Unlock()
	s.before(n)
	io.WriteString(w, "ok")
}

// TestCrashKeepsLinks kills a process while it tells of alerts, and has another
// one go on: whoever was told of an alert, before or after, has the one link
// to its evidence, and that is gathered.
func TestCrashKeepsLinks(t *testing.T) {
	rounds := 4
	if n, err := strconv.Atoi(os.Getenv("TEST_TRIPOD_CRASH_ROUNDS")); err == nil {
		rounds = n
	}
	for round := range rounds {
		dir := t.TempDir()
		cmd := exec.Command(os.Args[0], "-test.run=^TestKilledSender$", "-test.v")
		started, killed := make(chan struct{}), make(chan struct{})
		var once sync.Once
		kill := func() {
			<-started
			once.Do(func() { cmd.Process.Kill(); close(killed) })
		}
		at := 1 + round%linkedAlerts
		slack := &slackLinks{links: map[string]map[string]bool{}, before: func(n int) {
			if n == at {
				kill()
			}
		}}
		srv := httptest.NewServer(slack)
		cmd.Env = append(os.Environ(), "TEST_TRIPOD_LINKS_DIR="+dir, "TEST_TRIPOD_LINKS_WEBHOOK="+srv.URL)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		close(started)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if n, ok := strings.CutPrefix(lines.Text(), "sends "); ok && round%3 == 2 && n == strconv.Itoa(at) {
				kill() // in the middle of taking an alert, or near it
			}
		}
		cmd.Wait()
		<-killed
		goOn(t, dir, srv.URL, slack)
		srv.Close()
	}
}

func goOn(t *testing.T, dir, webhook string, slack *slackLinks) {
	k, p := pipeline(t, dir, webhook)
	ctx, cancel := context.WithCancel(context.Background())
	var ran sync.WaitGroup
	ran.Go(func() { k.Run(ctx) })
	ran.Go(func() { p.Run(ctx) })
	again := time.Now()
	for i := range linkedAlerts {
		p.Send(ctx, sent(again, i))
	}
	kept := func(i int) []alerting.EvidenceHead {
		a := sent(again, i)
		list, err := k.EvidenceList(ctx, alerting.EvidenceQuery{Alert: a.Fingerprint()})
		if err != nil {
			t.Fatal(err)
		}
		return list
	}
	done := func() bool {
		slack.mu.Lock()
		told := len(slack.links)
		slack.mu.Unlock()
		for i := range linkedAlerts {
			if list := kept(i); len(list) == 0 || list[0].GatheredAt.IsZero() {
				return false
			}
		}
		return told == linkedAlerts
	}
	for deadline := time.Now().Add(30 * time.Second); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not everybody was told: %v", slack.links)
		}
	}
	for i := range linkedAlerts {
		list, links := kept(i), slack.links["A"+strconv.Itoa(i)]
		if len(list) != 1 || len(links) != 1 || !links[list[0].ID] {
			t.Errorf("A%d has evidence %d times, and its messages link to %v", i, len(list), links)
		}
	}
	cancel()
	ran.Wait()
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if err := k.Close(); err != nil {
		t.Error(err)
	}
}
