package appliance

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/s2"
	"github.com/prometheus/prometheus/prompb"
)

// crashData names the data directory to a child of TestCrash.
const crashData = "CRASH_DATA"

// TestCrashChild is the process that TestCrash kills; by itself it does nothing.
func TestCrashChild(t *testing.T) {
	dir := os.Getenv(crashData)
	if dir == "" {
		t.Skip("the child of TestCrashKeepsWhatWasAcknowledged; runs only when that test starts it")
	}
	o := Options{Data: dir, Listen: "127.0.0.1:0", OTLPGRPC: "off", OTLPHTTP: "off", Stdout: io.Discard, Stderr: io.Discard}
	a, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("at %s\n", a.URL())
	a.Run(context.Background())
}

// TestCrashKeepsWhatWasAcknowledged kills a whole appliance with SIGKILL while
// all three pillars are written to over HTTP, starts it again on the same
// directory, and asks for everything that it had said yes to.
func TestCrashKeepsWhatWasAcknowledged(t *testing.T) {
	rounds := 3
	if n, err := strconv.Atoi(os.Getenv("TEST_TRIPOD_CRASH_ROUNDS")); err == nil {
		rounds = n
	}
	dir, acked := t.TempDir(), newAcknowledged()
	for round := range rounds {
		child := startChild(t, dir)
		acked.find(t, child.url, false)
		ctx, cancel := context.WithCancel(t.Context())
		var writers sync.WaitGroup
		for w, write := range []func(string, int) error{acked.writeLogs, acked.writeSpans, acked.writeSamples} {
			writers.Go(func() {
				for i := 0; ctx.Err() == nil; i++ {
					if write(child.url, 1_000_000*round+1000*i+w) != nil {
						return // the child is gone
					}
				}
			})
		}
		time.Sleep(time.Duration(100+rand.IntN(900)) * time.Millisecond) // the random moment
		child.kill()
		cancel()
		writers.Wait()
	}
	child := startChild(t, dir)
	defer child.kill()
	acked.find(t, child.url, true)
	t.Logf("%d rounds: %d lines, %d traces, %d samples acknowledged and found", rounds, len(acked.lines), len(acked.traces), len(acked.samples))
	if len(acked.lines) == 0 || len(acked.traces) == 0 || len(acked.samples) == 0 {
		t.Error("a pillar acknowledged nothing: the test saw nothing")
	}
}

type crashChild struct {
	cmd *exec.Cmd
	url string
}

func startChild(t *testing.T, dir string) *crashChild {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestCrashChild$", "-test.timeout=10m")
	cmd.Env = append(os.Environ(), crashData+"="+dir)
	return startCommand(t, cmd)
}

// startCommand waits until a child says where it listens.
func startCommand(t *testing.T, cmd *exec.Cmd) *crashChild {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if url, ok := strings.CutPrefix(lines.Text(), "at "); ok {
			go io.Copy(io.Discard, out)
			return &crashChild{cmd, url}
		}
		said.WriteString(lines.Text() + "\n")
	}
	cmd.Wait()
	t.Fatalf("the child did not start:\n%s", said.String())
	return nil
}

func (c *crashChild) kill() {
	c.cmd.Process.Kill()
	c.cmd.Wait()
}

// acknowledged is what the appliance answered with success.
type acknowledged struct {
	mu      sync.Mutex
	start   time.Time
	lines   map[string]bool
	traces  map[string]bool // true once found again
	samples map[int64]bool  // by timestamp in ms
}

func newAcknowledged() *acknowledged {
	return &acknowledged{start: time.Now(), lines: map[string]bool{}, traces: map[string]bool{}, samples: map[int64]bool{}}
}

func postAll(url, kind, encoding string, body []byte) error {
	req, err := http.NewRequest("POST", url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", kind)
	if encoding != "" {
		req.Header.Set("Content-Encoding", encoding)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return err // headers alone are no answer yet
	}
	if resp.StatusCode/100 != 2 {
		return &refused{resp.StatusCode, string(text)}
	}
	return nil
}

// refused is an answer other than success.
type refused struct {
	status int
	text   string
}

func (r *refused) Error() string { return fmt.Sprintf("%d %s", r.status, r.text) }

func (a *acknowledged) writeLogs(base string, n int) error {
	now := time.Now().UnixNano()
	var values [][2]string
	var ids []string
	for i := range 20 {
		ids = append(ids, fmt.Sprintf("line-%d-%d", n, i))
		values = append(values, [2]string{strconv.FormatInt(now+int64(i), 10), `{"msg":"written","id":"` + ids[i] + `"}`})
	}
	body, err := json.Marshal(map[string]any{"streams": []any{map[string]any{"stream": map[string]string{"service_name": "crash"}, "values": values}}})
	if err != nil {
		return err
	}
	if err := postAll(base+"/loki/api/v1/push", "application/json", "", body); err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, id := range ids {
		a.lines[id] = true
	}
	return nil
}

func (a *acknowledged) writeSpans(base string, n int) error {
	id := fmt.Sprintf("%032x", n+1)
	now := time.Now().UnixNano()
	body := fmt.Sprintf(`{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"crash"}}]},
		"scopeSpans":[{"spans":[{"traceId":"%s","spanId":"%016x","name":"written","kind":2,"startTimeUnixNano":"%d","endTimeUnixNano":"%d"}]}]}]}`, id, n+1, now, now+1e6)
	if err := postAll(base+"/v1/traces", "application/json", "", []byte(body)); err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.traces[id] = false
	return nil
}

func (a *acknowledged) writeSamples(base string, _ int) error {
	at := time.Now().UnixMilli()
	a.mu.Lock()
	taken := a.samples[at]
	a.mu.Unlock()
	if taken {
		return nil // a second sample of the same millisecond would be a duplicate
	}
	req := prompb.WriteRequest{Timeseries: []prompb.TimeSeries{{
		Labels:  []prompb.Label{{Name: "__name__", Value: "crash_written"}},
		Samples: []prompb.Sample{{Value: float64(at), Timestamp: at}},
	}}}
	raw, err := req.Marshal()
	if err != nil {
		return err
	}
	if err := postAll(base+"/api/v1/write", "application/x-protobuf", "snappy", s2.EncodeSnappy(nil, raw)); err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.samples[at] = true
	return nil
}

// find asks for everything and names what is missing; traces, which are asked
// one by one, only if they are new or all are wanted.
func (a *acknowledged) find(t *testing.T, base string, all bool) {
	t.Helper()
	missing := func(what string, n, of int) {
		if n > 0 {
			t.Fatalf("%d of %d acknowledged %s are gone", n, of, what)
		}
	}
	lines := a.linesOf(t, base)
	gone := 0
	for id := range a.lines {
		if !lines[id] {
			gone++
		}
	}
	missing("log lines", gone, len(a.lines))
	gone = 0
	for id, found := range a.traces {
		if found && !all {
			continue
		}
		a.traces[id] = true
		if resp, err := http.Get(base + "/api/traces/" + id); err != nil || resp.Body.Close() != nil || resp.StatusCode != 200 {
			gone++
		}
	}
	missing("traces", gone, len(a.traces))
	samples := a.samplesOf(t, base)
	gone = 0
	for at := range a.samples {
		if !samples[at] {
			gone++
		}
	}
	missing("samples", gone, len(a.samples))
}

func getJSON(t *testing.T, url string, out any) {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(out); err != nil {
		t.Fatalf("%s: %d: %v", url, resp.StatusCode, err)
	}
}

func (a *acknowledged) linesOf(t *testing.T, base string) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	from := a.start.Add(-time.Minute).UnixNano()
	for {
		var answer struct {
			Data struct {
				Result []struct{ Values [][2]string }
			}
		}
		q := url.Values{"query": {`{service_name="crash"}`}, "start": {fmt.Sprint(from)}, "end": {fmt.Sprint(time.Now().Add(time.Minute).UnixNano())},
			"limit": {"5000"}, "direction": {"forward"}}
		getJSON(t, base+"/loki/api/v1/query_range?"+q.Encode(), &answer)
		n, last := 0, from
		for _, s := range answer.Data.Result {
			for _, v := range s.Values {
				var line struct{ ID string }
				if err := json.Unmarshal([]byte(v[1]), &line); err != nil {
					t.Fatalf("torn line %q", v[1])
				}
				at, _ := strconv.ParseInt(v[0], 10, 64)
				found[line.ID] = true
				last = max(last, at)
				n++
			}
		}
		if n < 5000 || last == from {
			return found
		}
		from = last
	}
}

func (a *acknowledged) samplesOf(t *testing.T, base string) map[int64]bool {
	t.Helper()
	var answer struct {
		Data struct {
			Result []struct{ Values [][2]any }
		}
	}
	getJSON(t, base+"/api/v1/query?query="+url.QueryEscape("crash_written[1h]"), &answer)
	found := map[int64]bool{}
	for _, s := range answer.Data.Result {
		for _, v := range s.Values {
			f, _ := strconv.ParseFloat(fmt.Sprint(v[1]), 64)
			found[int64(f)] = true // the value is the timestamp in ms
		}
	}
	return found
}
