package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

// logcliBinary is what make logcli builds of Loki's own client.
const logcliBinary = "../../bin/logcli"

// logcli runs the client of Loki against a tripod and returns what it prints.
type logcli struct {
	t   *testing.T
	url string
}

func (c *logcli) do(args ...string) string {
	c.t.Helper()
	cmd := exec.Command(logcliBinary, append([]string{"--addr=" + c.url, "--quiet"}, args...)...)
	cmd.Env = append(os.Environ(), "TZ=UTC")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		c.t.Fatalf("logcli %q: %v\n%s%s", args, err, out, &stderr)
	}
	return strings.TrimSpace(string(out))
}

func (c *logcli) lines(args ...string) []string { return strings.Split(c.do(args...), "\n") }

// says asks and wants texts in the answer, or with ! none.
func (c *logcli) says(args []string, wants ...string) {
	c.t.Helper()
	out := c.do(args...)
	for _, want := range wants {
		not, ok := strings.CutPrefix(want, "!")
		if ok == strings.Contains(out, not) {
			c.t.Errorf("logcli %q: want %s in\n%.2000s", args, want, out)
		}
	}
}

// TestLogcliItself asks what people ask with the real client.
func TestLogcliItself(t *testing.T) {
	if _, err := os.Stat(logcliBinary); err != nil {
		t.Skip("no ../../bin/logcli: make logcli builds it, which takes too long for every test")
	}
	c := &logcli{t, launch(t, t.TempDir()).url}
	const n = 1234
	var want []string
	values := [][2]string{}
	end := time.Now().Add(-time.Minute)
	for i := range n {
		line := fmt.Sprintf(`level=%s msg="order %d" took=%dms`, []string{"info", "warn"}[i%2], i, i)
		want = append(want, line)
		values = append(values, [2]string{fmt.Sprint(end.Add(time.Duration(i-n) * 100 * time.Millisecond).UnixNano()), line})
	}
	body, err := json.Marshal(map[string]any{"streams": []any{map[string]any{"stream": map[string]string{"app": "shop", "env": "prod"}, "values": values}}})
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post(c.url+"/loki/api/v1/push", "application/json", bytes.NewReader(body))
	if err != nil || resp.StatusCode != http.StatusNoContent {
		t.Fatalf("push: %v, %v", resp, err)
	}
	resp.Body.Close()
	const all = `{app="shop"}`

	// pages of a hundred until there is no more, both ways
	got := c.lines("query", all, "--since=1h", "--limit=5000", "--batch=100", "-o", "raw", "--forward")
	if !slices.Equal(got, want) {
		t.Errorf("forward: %d lines from %q to %q, want %d", len(got), got[0], got[len(got)-1], n)
	}
	got = c.lines("query", all, "--since=1h", "--limit=5000", "--batch=100", "-o", "raw")
	if slices.Reverse(got); !slices.Equal(got, want) {
		t.Errorf("backward: %d lines, want %d", len(got), n)
	}
	if got := c.lines("query", all+` |= "order 12" | logfmt | took > 125ms`, "--since=1h", "--limit=100", "-o", "raw", "--forward"); len(got) != 38 || got[0] != want[126] {
		t.Errorf("a filter finds %d lines, the first %q", len(got), got[0])
	}
	c.says([]string{"query", all + ` | logfmt | msg = "order 7"`, "--since=1h", "--include-common-labels", "-o", "jsonl"}, `"app":"shop"`, `order 7`, "!order 77")
	c.says([]string{"labels", "--since=1h"}, "app", "env", "service_name")
	c.says([]string{"labels", "app", "--since=1h"}, "shop")
	c.says([]string{"series", all, "--since=1h"}, `app="shop"`, `env="prod"`)
	c.says([]string{"series", all, "--since=1h", "--analyze-labels"}, "env")
	c.says([]string{"instant-query", `sum(count_over_time(` + all + `[1h]))`}, fmt.Sprintf(`"%d"`, n))
	c.says([]string{"query", `sum by (level) (count_over_time(` + all + ` | logfmt [5m]))`, "--since=10m", "--step=60s"}, `"level": "warn"`, `"level": "info"`)
	c.says([]string{"stats", all, "--since=1h"}, fmt.Sprintf("entries: %d", n))
	c.says([]string{"volume", all, "--since=1h"}, "shop")
	c.says([]string{"volume_range", all, "--since=1h", "--step=60s"}, "shop")
	c.says([]string{"detected-fields", all, "--since=1h"}, "took", "msg")
	c.tail()
}

// tail follows a stream, and sees a line that comes later.
func (c *logcli) tail() {
	cmd := exec.Command(logcliBinary, "--addr="+c.url, "--quiet", "query", `{app="late"}`, "--tail", "-o", "raw")
	out, err := cmd.StdoutPipe()
	if err != nil {
		c.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	defer func() { cmd.Process.Kill(); cmd.Wait() }()
	said := make(chan string, 1)
	go func() {
		b := make([]byte, 4096)
		k, _ := out.Read(b)
		said <- string(b[:k])
	}()
	deadline := time.After(30 * time.Second)
	for i := 0; ; i++ { // it does not say when it listens
		body := fmt.Sprintf(`{"streams":[{"stream":{"app":"late"},"values":[["%d","here I am"]]}]}`, time.Now().UnixNano())
		resp, err := http.Post(c.url+"/loki/api/v1/push", "application/json", strings.NewReader(body))
		if err != nil {
			c.t.Fatal(err)
		}
		resp.Body.Close()
		select {
		case got := <-said:
			if !strings.Contains(got, "here I am") {
				c.t.Errorf("the tail says %q", got)
			}
			return
		case <-deadline:
			c.t.Fatal("the tail says nothing")
		case <-time.After(100 * time.Millisecond):
		}
	}
}
