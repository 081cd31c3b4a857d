package appliance

import (
	"context"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	neturl "net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"tripod/store"
)

// containerLogs names the folder of container logs to a child that is killed.
const containerLogs = "CONTAINER_LOGS"

func containerOptions(data, dir string) Options {
	return Options{Data: data, Rate: -1, LogFiles: []string{filepath.Join(dir, "containers", "*", "*-json.log"), filepath.Join(dir, "pods", "*", "*", "*.log")}}
}

// TestContainersChild is the process that TestContainersLoseAndDoubleNothing
// kills; by itself it does nothing.
func TestContainersChild(t *testing.T) {
	dir := os.Getenv(containerLogs)
	if dir == "" {
		t.Skip("a child only")
	}
	o := containerOptions(os.Getenv(crashData), dir)
	o.Listen, o.OTLPGRPC, o.OTLPHTTP, o.Stdout, o.Stderr = "127.0.0.1:0", "off", "off", io.Discard, io.Discard
	a, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("at %s\n", a.URL())
	a.Run(context.Background())
}

// container writes what a container says as its runtime does, and rotates it.
type container struct {
	t      *testing.T
	path   string
	docker bool
	lines  int
}

// say writes lines of 20 B to 40 KiB; the runtimes cut those over 16 KiB.
func (c *container) say(rnd *rand.Rand, n int) {
	h, err := os.OpenFile(c.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		c.t.Fatal(err)
	}
	defer h.Close()
	for range n {
		text := fmt.Sprintf("%s line %d", filepath.Base(filepath.Dir(c.path)), c.lines)
		if rnd.IntN(50) == 0 {
			text += " " + strings.Repeat("long ", rnd.IntN(8000))
		}
		c.lines++
		const most = 16 << 10
		for text != "" {
			part := text[:min(most, len(text))]
			text = text[len(part):]
			now := time.Now().UTC().Format(time.RFC3339Nano)
			switch {
			case c.docker && text == "":
				fmt.Fprintf(h, `{"log":%s,"stream":"stdout","time":"%s"}`+"\n", strconv.Quote(part+"\n"), now)
			case c.docker:
				fmt.Fprintf(h, `{"log":%s,"stream":"stdout","time":"%s"}`+"\n", strconv.Quote(part), now)
			case text == "":
				fmt.Fprintf(h, "%s stdout F %s\n", now, part)
			default:
				fmt.Fprintf(h, "%s stdout P %s\n", now, part)
			}
		}
	}
}

// rotate renames as the runtime does: Docker to .1, .2, …, Kubernetes to the
// time. A file that was rotated away is no longer named by the globs.
func (c *container) rotate() {
	to := c.path + "." + time.Now().UTC().Format("20060102-150405.000000000")
	if c.docker {
		for i := 3; i > 0; i-- {
			os.Rename(fmt.Sprintf("%s.%d", c.path, i), fmt.Sprintf("%s.%d", c.path, i+1))
		}
		to = c.path + ".1"
	}
	if err := os.Rename(c.path, to); err != nil {
		c.t.Fatal(err)
	}
}

// TestContainersLoseAndDoubleNothing kills a whole appliance that follows the
// logs of containers while these are written and rotated, before it is killed or
// while it is down, and looks for every line, once.
func TestContainersLoseAndDoubleNothing(t *testing.T) {
	rounds := 3
	if n, err := strconv.Atoi(os.Getenv("TEST_TRIPOD_CRASH_ROUNDS")); err == nil {
		rounds = n
	}
	if inOwnProcess(t) {
		return
	}
	dir, data := t.TempDir(), t.TempDir()
	rnd := rand.New(rand.NewPCG(9, 9))
	var all []*container
	for _, at := range []string{"containers/c1/c1-json.log", "containers/c2/c2-json.log", "pods/shop_web_1/web/0.log", "pods/shop_db_2/db/0.log"} {
		c := &container{t: t, path: filepath.Join(dir, at), docker: strings.HasPrefix(at, "containers")}
		if err := os.MkdirAll(filepath.Dir(c.path), 0o700); err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	for round := range rounds {
		child := exec.Command(os.Args[0], "-test.run=^TestContainersChild$", "-test.timeout=10m")
		child.Env = append(os.Environ(), containerLogs+"="+dir, crashData+"="+data)
		started := startCommand(t, child)
		for _, c := range all {
			first := c.lines
			c.say(rnd, 200+rnd.IntN(2000))
			c.isSeen(started.url, first) // what is rotated away before it is seen is lost
		}
		rotates := func(i, round int) bool { return (i+round)%2 == 0 } // the others do so when it is down
		for i, c := range all {
			c.say(rnd, rnd.IntN(1000))
			if rotates(i, round) {
				c.rotate()
				c.say(rnd, rnd.IntN(300))
			}
		}
		time.Sleep(time.Duration(rnd.IntN(1500)) * time.Millisecond) // the random moment
		started.kill()
		for i, c := range all {
			c.say(rnd, rnd.IntN(300))
			if !rotates(i, round) {
				c.rotate()
				c.say(rnd, rnd.IntN(300))
			}
		}
	}
	r := start(t, containerOptions(data, dir))
	want := 0
	for _, c := range all {
		want += c.lines
	}
	r.eventually("all lines", func() bool { return r.countOf(all) >= want })
	for _, c := range all {
		c.check(r)
	}
}

// isSeen waits until an appliance has a line.
func (c *container) isSeen(url string, line int) {
	c.t.Helper()
	q := neturl.Values{"query": {fmt.Sprintf(`{} |~ "%s line %d( |$)"`, filepath.Base(filepath.Dir(c.path)), line)}}
	for until := time.Now().Add(patience); time.Now().Before(until); time.Sleep(50 * time.Millisecond) {
		if resp, err := http.Get(url + "/loki/api/v1/query_range?" + q.Encode()); err == nil {
			body, _ := io.ReadAll(resp.Body)
			resp.Body.Close()
			if strings.Contains(string(body), `"values"`) {
				return
			}
		}
	}
	c.t.Fatalf("%s: line %d is never seen", c.path, line)
}

func (r *running) countOf(all []*container) (n int) {
	for _, c := range all {
		n += len(r.found(c.query()))
	}
	return n
}

func (c *container) query() string {
	return fmt.Sprintf("msg:%q", filepath.Base(filepath.Dir(c.path))+" line")
}

// check finds every line, once.
func (c *container) check(r *running) {
	r.Helper()
	count := make([]int, c.lines)
	for rec, err := range r.logs.Search(context.Background(), store.LogQuery{Text: c.query(), Range: store.TimeRange{To: math.MaxInt64}}) {
		if err != nil {
			r.Fatal(err)
		}
		words := strings.Fields(rec.Message())
		n, err := strconv.Atoi(words[2])
		if err != nil || n >= c.lines {
			r.Fatalf("found %.100q", rec.Message())
		}
		count[n]++
	}
	for n, times := range count {
		if times != 1 {
			r.Fatalf("%s: line %d of %d is there %d times", c.path, n, c.lines, times)
		}
	}
}
