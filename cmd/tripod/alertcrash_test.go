package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// TestCrashTellsEveryReceiver kills tripod with SIGKILL at random moments, while
// alerts fire and end and all five kinds of receivers misbehave, and starts it
// again on what is left. In the end each receiver knows of each alert that was
// accepted, that it fired and that it is over; what it was told of a group came
// in order; and nothing that it said yes to came again, but for one message of
// each receiver for each kill: the one whose success was said, but not yet
// written down, when the process died.
func TestCrashTellsEveryReceiver(t *testing.T) {
	rounds := 4
	if n, err := strconv.Atoi(os.Getenv("TEST_TRIPOD_CRASH_ROUNDS")); err == nil {
		rounds = n
	}
	seed := uint64(time.Now().UnixNano())
	t.Log("seed", seed)
	d := &driver{t: t, dir: t.TempDir(), places: newPlaces(t, seed), rnd: rand.New(rand.NewPCG(seed, 1)), alerts: map[string]*fired{}}
	for range rounds {
		d.round()
	}
	d.finish()
	d.judge()
	if t.Failed() {
		t.Log(strings.Join(d.said, "\n"))
	}
}

// driver fires alerts and ends them, through whatever process there is.
type driver struct {
	t      *testing.T
	dir    string
	places *places
	rnd    *rand.Rand
	life   int
	groups int
	alerts map[string]*fired // by part

	mu   sync.Mutex
	said []string
}

// fired is an alert and what was said yes to.
type fired struct {
	group, part    string
	starts         time.Time
	hasty          bool // ends without waiting until everybody knows that it fires
	accepted, over bool // its beginning and its end were accepted
}

// start launches a process and returns once it is ready, or nil when it was
// killed before.
func (d *driver) start(kill time.Duration) (*exec.Cmd, string) {
	d.t.Helper()
	d.life++
	config := filepath.Join(d.dir, "tripod.yaml")
	if err := os.WriteFile(config, []byte(d.places.config(d.life)), 0o600); err != nil {
		d.t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "serve", "--config", config, "--data", filepath.Join(d.dir, "data"), "--listen", "127.0.0.1:0", "--otlp-grpc", "off", "--otlp-http", "off")
	cmd.Env = append(os.Environ(), asMain+"=1")
	stderr, err := cmd.StderrPipe()
	if err != nil {
		d.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	if kill > 0 {
		time.AfterFunc(kill, func() { cmd.Process.Kill() })
	}
	lines := bufio.NewScanner(stderr)
	var said []string
	for lines.Scan() {
		said = append(said, lines.Text())
		if url, ok := strings.CutPrefix(lines.Text(), "Tripod is ready: "); ok {
			go func() {
				for lines.Scan() {
					d.hear(lines.Text())
				}
			}()
			return cmd, url
		}
	}
	if err := cmd.Wait(); kill == 0 {
		d.t.Fatalf("ended before it was ready: %v\n%s", err, strings.Join(said, "\n"))
	}
	return nil, ""
}

// hear keeps what a process says of its troubles, for a test that fails.
func (d *driver) hear(line string) {
	if strings.Contains(line, "level=INFO") {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.said = append(d.said, fmt.Sprint("life ", d.life, ": ", line))
	d.said = d.said[max(len(d.said)-40, 0):]
}

// round is one life and its end: soon after the start, at any time, or while a
// receiver has a message in its hands.
func (d *driver) round() {
	early := time.Duration(0)
	if d.rnd.IntN(6) == 0 {
		early = time.Duration(1+d.rnd.IntN(400)) * time.Millisecond
	}
	cmd, url := d.start(early)
	if cmd == nil {
		return
	}
	ctx, dead := context.WithCancel(d.t.Context())
	kill := func() { cmd.Process.Kill() }
	if d.rnd.IntN(2) == 0 {
		var left atomic.Int64
		left.Store(int64(1 + d.rnd.IntN(10)))
		late := time.Duration(d.rnd.IntN(4)) * time.Millisecond
		d.places.onTaken(func() {
			if left.Add(-1) == 0 {
				time.AfterFunc(late, kill)
			}
		})
		time.AfterFunc(4*time.Second, kill) // if so many do not come
	} else {
		time.AfterFunc(time.Duration(30+d.rnd.IntN(2500))*time.Millisecond, kill)
	}
	driven := make(chan struct{})
	go func() { defer close(driven); d.drive(ctx, url, true) }()
	cmd.Wait()
	dead()
	<-driven
	d.places.onTaken(func() {})
}

// drive goes on with the alerts until ctx ends; fresh ones come when asked for.
func (d *driver) drive(ctx context.Context, url string, fresh bool) (done bool) {
	for ctx.Err() == nil {
		if fresh && d.open() < 24 {
			d.groups++
			for p := range 1 + d.rnd.IntN(3) {
				a := &fired{group: fmt.Sprint("g", d.groups), part: fmt.Sprintf("g%dp%d", d.groups, p), starts: time.Now(), hasty: d.rnd.IntN(5) == 0}
				d.alerts[a.part] = a
			}
		}
		knows := d.known()
		done = true
		for _, a := range d.alerts {
			switch {
			case a.over:
			case !a.accepted:
				a.accepted = d.post(url, a, false)
				done = false
			case a.hasty || knows(a.part, false):
				a.over = d.post(url, a, true)
				done = false
			default:
				done = false
			}
		}
		if !fresh && done {
			return true
		}
		time.Sleep(20 * time.Millisecond)
	}
	return false
}

func (d *driver) open() (n int) {
	for _, a := range d.alerts {
		if !a.over {
			n++
		}
	}
	return n
}

// known tells whether all receivers were told of an alert.
func (d *driver) known() func(part string, resolved bool) bool {
	type state struct {
		part     string
		resolved bool
	}
	count := map[state]int{}
	for _, p := range d.places.all() {
		seen := map[state]bool{}
		for _, m := range d.messages(p) {
			for part, resolved := range m.resolved {
				seen[state{part, resolved}] = true
			}
		}
		for s := range seen {
			count[s]++
		}
	}
	return func(part string, resolved bool) bool { return count[state{part, resolved}] == 5 }
}

func (d *driver) messages(p place) (out []told) {
	for _, m := range p.taken() {
		x, err := p.read(m)
		if err != nil {
			d.t.Errorf("%s: %v in %s", p.name, err, m.Body)
		}
		out = append(out, x)
	}
	return out
}

// post hands an alert over as Prometheus does, and tells whether it was accepted.
func (d *driver) post(url string, a *fired, over bool) bool {
	alert := map[string]any{
		"labels": map[string]string{"alertname": a.group, "part": a.part, "severity": "page"}, "annotations": map[string]string{"summary": a.part}, "startsAt": a.starts,
	}
	if over {
		alert["endsAt"] = time.Now()
	}
	body, err := json.Marshal([]any{alert})
	if err != nil {
		d.t.Fatal(err)
	}
	resp, err := http.Post(url+"/api/v2/alerts", "application/json", bytes.NewReader(body))
	if err != nil {
		return false // it is dead
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		d.t.Errorf("an alert was answered with %s", resp.Status)
	}
	return resp.StatusCode == http.StatusOK
}

// finish ends every alert in a last life, when nothing goes wrong any more.
func (d *driver) finish() {
	d.places.rest()
	cmd, url := d.start(0)
	ctx, cancel := context.WithTimeout(d.t.Context(), 2*time.Minute)
	defer cancel()
	if !d.drive(ctx, url, false) {
		d.t.Error("not every alert came to its end")
	}
	for before := -1; ctx.Err() == nil; time.Sleep(500 * time.Millisecond) {
		over, messages := d.allOver()
		if over && messages == before {
			break
		}
		before = messages
	}
	cmd.Process.Signal(syscall.SIGTERM)
	if err := cmd.Wait(); err != nil {
		d.t.Error("the last process: ", err)
	}
}

// allOver tells whether nobody waits for a word any more, and how many came.
func (d *driver) allOver() (over bool, messages int) {
	over = true
	for _, p := range d.places.all() {
		state := map[string]bool{}
		for _, m := range d.messages(p) {
			messages++
			maps.Copy(state, m.resolved)
		}
		for _, a := range d.alerts {
			resolved, knows := state[a.part]
			over = over && (resolved || a.hasty && !knows)
		}
	}
	return over, messages
}
