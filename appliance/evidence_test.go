package appliance

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tripod/store"
	"tripod/store/logs"
	"tripod/store/traces"
)

const gateRule = `
groups:
  - name: test
    interval: 1s
    rules:
      - alert: ShopOverloaded
        expr: shop_queue > 5
        labels: {severity: page}
        annotations: {summary: "the queue of {{ $labels.service_name }} is full"}
`

const evidenceTrace = "5af7183fb1d4cf5f5af7183fb1d4cf5f"

var basketTrace, _ = hex.DecodeString(evidenceTrace)

// TestEvidenceOutlivesLogsAndTraces follows an alert from the push of its
// signals to the link in Slack, and opens the link when a second appliance has
// removed the logs and traces for their age.
func TestEvidenceOutlivesLogsAndTraces(t *testing.T) {
	const dir, phase = "TEST_TRIPOD_EVIDENCE_DATA", "TEST_TRIPOD_EVIDENCE_PHASE"
	switch os.Getenv(phase) {
	case "fires":
		evidenceFires(t, os.Getenv(dir))
		return
	case "later":
		evidenceLater(t, os.Getenv(dir))
		return
	}
	data := t.TempDir()
	for _, p := range []string{"fires", "later"} { // one appliance a process
		cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v", "-test.count=1")
		cmd.Env = append(os.Environ(), dir+"="+data, phase+"="+p)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", p, err, out)
		}
	}
}

func evidenceFires(t *testing.T, data string) {
	rules := filepath.Join(t.TempDir(), "rules.yml")
	if err := os.WriteFile(rules, []byte(gateRule), 0o600); err != nil {
		t.Fatal(err)
	}
	posts := make(chan string, 100)
	slack := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		posts <- string(body)
		io.WriteString(w, "ok")
	}))
	t.Cleanup(slack.Close)
	r := start(t, Options{Data: data, Rules: []string{rules}, SlackWebhook: slack.URL, EvalInterval: time.Second})
	now := time.Now()
	r.push("/loki/api/v1/push", fmt.Sprintf(`{"streams":[{"stream":{"service_name":"shop","level":"error"},"values":[["%d","basket 17 could not be saved"],["%d","basket 18 could not be saved"]]}]}`, now.Add(-2*time.Second).UnixNano(), now.Add(-time.Second).UnixNano()))
	r.push("/api/v2/spans", fmt.Sprintf(`[{"traceId":"%s","id":"1","name":"post /basket","kind":"SERVER","timestamp":%d,"duration":900000,"localEndpoint":{"serviceName":"shop"},"tags":{"error":"disk full"}}]`, evidenceTrace, now.Add(-3*time.Second).UnixMicro()))
	r.push("/v1/metrics", fmt.Sprintf(`{"resourceMetrics":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},"scopeMetrics":[{"metrics":[{"name":"shop_queue","gauge":{"dataPoints":[{"timeUnixNano":"%d","asDouble":7}]}}]}]}]}`, now.UnixNano()))
	var post string
	select {
	case post = <-posts:
	case <-time.After(patience):
		t.Fatal("no message")
	}
	link := regexp.MustCompile(regexp.QuoteMeta(r.URL) + `(/alerts/evidence/([0-9a-f]{24}))"`).FindStringSubmatch(post)
	if link == nil {
		t.Fatalf("no link to the evidence in %s", post)
	}
	for _, want := range []string{`*Trace* failing: post /basket (shop), 900 ms, 1 of 1 spans failed`, `*Logs* error from shop, 2 lines, none before: basket ‹n› could not be saved`, r.URL + "/traces/" + evidenceTrace} {
		if !strings.Contains(post, want) {
			t.Errorf("the message does not say %s: %s", want, post)
		}
	}
	r.want("GET", link[1], "", nil, 200, nil) // at once, gathered or not
	r.eventually("the evidence", func() bool {
		_, b := r.try("GET", "/api/v1/alerts/evidence/"+link[2], "", nil)
		return strings.Contains(string(b), `"state":"kept"`)
	})
	r.eventually("the steps of the alert", func() bool {
		_, b := r.try("GET", "/api/v1/alerts/why?name=ShopOverloaded", "", nil)
		return strings.Contains(string(b), link[1])
	})
	if err := os.WriteFile(filepath.Join(data, "link"), []byte(link[2]), 0o600); err != nil {
		t.Fatal(err)
	}
}

var basket = store.LogQuery{Text: "basket", Range: store.Between(time.Unix(0, 0), time.Now().Add(time.Hour))}

// monthsPass has the engines of logs and traces run on a clock that goes ahead,
// until nothing is left of what was pushed.
func monthsPass(t *testing.T, data string) {
	var ahead atomic.Int64
	now := func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	l, err := logs.Open(filepath.Join(data, "logs"), logs.Options{Retention: 30 * 24 * time.Hour, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	tr, err := traces.Open(filepath.Join(data, "traces"), traces.Options{Retention: 14 * 24 * time.Hour, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	there := func() bool {
		for range l.Search(t.Context(), basket) {
			return true
		}
		_, err := tr.Trace(t.Context(), store.TraceID(basketTrace))
		return err == nil
	}
	if !there() {
		t.Fatal("the lines and the trace are not there to begin with")
	}
	ahead.Store(int64(60 * 24 * time.Hour))
	ctx, cancel := context.WithCancel(t.Context())
	var ran sync.WaitGroup
	ran.Go(func() { l.Run(ctx) })
	ran.Go(func() { tr.Run(ctx) })
	(&running{T: t}).eventually("the end of the lines and the trace", func() bool { return !there() })
	cancel()
	ran.Wait()
	if err := errors.Join(l.Close(), tr.Close()); err != nil {
		t.Fatal(err)
	}
}

func (r *running) push(path, body string) {
	r.Helper()
	if code := r.post(path, "application/json", body); code/100 != 2 {
		r.Fatalf("%s answered %d", path, code)
	}
}

func evidenceLater(t *testing.T, data string) {
	id, err := os.ReadFile(filepath.Join(data, "link"))
	if err != nil {
		t.Fatal(err)
	}
	monthsPass(t, data)
	r := start(t, Options{Data: data})
	if _, there := r.trace(evidenceTrace); there {
		t.Error("the trace is still there")
	}
	for range r.logs.Search(t.Context(), basket) {
		t.Error("the lines are still there")
	}
	var answer struct {
		Data struct {
			Name, Value string
			Expression  struct {
				Threshold float64
				Series    []struct{ Values []*float64 }
			}
			Patterns []struct {
				Pattern  string
				Lines    int
				Examples []struct{ Line string }
			}
			Traces []struct {
				TraceID, Why string
				Spans        []struct{ Name, Message string }
			}
			Missing []any
		}
	}
	_, b := r.try("GET", "/api/v1/alerts/evidence/"+string(id), "", nil)
	if err := json.Unmarshal(b, &answer); err != nil {
		t.Fatal(err)
	}
	e := answer.Data
	if e.Name != "ShopOverloaded" || e.Value != "7" || e.Expression.Threshold != 5 || len(e.Expression.Series) != 1 || len(e.Missing) > 0 {
		t.Fatalf("%s", b)
	}
	values := e.Expression.Series[0].Values
	if last := values[len(values)-1]; last == nil || *last != 7 || values[0] != nil {
		t.Errorf("the chart ends with %v: %s", last, b)
	}
	if len(e.Patterns) != 1 || e.Patterns[0].Lines != 2 || e.Patterns[0].Examples[0].Line != "basket 18 could not be saved" {
		t.Errorf("patterns %+v", e.Patterns)
	}
	if len(e.Traces) != 1 || e.Traces[0].TraceID != evidenceTrace || e.Traces[0].Why != "failing" || e.Traces[0].Spans[0].Name != "post /basket" {
		t.Errorf("traces %+v", e.Traces)
	}
	_, page := r.try("GET", "/alerts/evidence/"+string(id), "", nil)
	for _, want := range []string{"threshold 5", `<path class="ln`, "basket ", "could not be saved", "post /basket", "above 5"} {
		if !strings.Contains(string(page), want) {
			t.Errorf("the page does not show %q", want)
		}
	}
}
