package appliance

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// patience bounds every wait for something that the appliance does on its own
// time; it is generous because CI machines are slow, never part of a claim.
const patience = 60 * time.Second

// running is a real appliance on free ports, seen from outside.
type running struct {
	*testing.T
	*Appliance
	URL string
}

func start(t *testing.T, o Options) *running {
	t.Helper()
	if o.Data == "" {
		o.Data = t.TempDir()
	}
	o.Listen, o.OTLPGRPC, o.OTLPHTTP = "127.0.0.1:0", "127.0.0.1:0", "127.0.0.1:0"
	o.Stdout, o.Stderr = io.Discard, testWriter{t}
	a, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("run: %v", err)
		}
		if err := a.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return &running{t, a, a.URL()}
}

type testWriter struct{ t *testing.T }

func (w testWriter) Write(p []byte) (int, error) {
	w.t.Logf("appliance: %s", bytes.TrimSpace(p))
	return len(p), nil
}

// call sends a request and decodes a JSON answer into out, if that is not nil.
func (r *running) call(method, path, token string, body, out any) *http.Response {
	r.Helper()
	resp, b := r.try(method, path, token, body)
	if out != nil {
		if err := json.Unmarshal(b, out); err != nil {
			r.Fatalf("%s %s: %d %s: %v", method, path, resp.StatusCode, b, err)
		}
	}
	return resp
}

func (r *running) try(method, path, token string, body any) (*http.Response, []byte) {
	r.Helper()
	var in io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			r.Fatal(err)
		}
		in = bytes.NewReader(b)
	}
	req, err := http.NewRequest(method, r.URL+path, in)
	if err != nil {
		r.Fatal(err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		r.Fatal(err)
	}
	return resp, b
}

func (r *running) want(method, path, token string, body any, status int, out any) *http.Response {
	r.Helper()
	resp, b := r.try(method, path, token, body)
	if resp.StatusCode != status {
		r.Fatalf("%s %s: got %d %s, want %d", method, path, resp.StatusCode, b, status)
	}
	if out != nil {
		if err := json.Unmarshal(b, out); err != nil {
			r.Fatalf("%s %s: %s: %v", method, path, b, err)
		}
	}
	return resp
}

// eventually asks until the answer is there; the appliance does its part when
// its own clock says so (scrapes, evaluations), and offers no event to wait for.
func (r *running) eventually(what string, ask func() bool) {
	r.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); <-tick.C {
		if ask() {
			return
		}
	}
	r.Fatalf("waited %s in vain for %s", patience, what)
}

// logLine finds the one line that carries a text, as Loki's API gives it.
func (r *running) logLine(selector, text string) map[string]any {
	r.Helper()
	var line map[string]any
	r.eventually("a log line with "+text, func() bool {
		var answer struct {
			Data struct {
				Result []struct{ Values [][2]string }
			}
		}
		q := url.Values{"query": {fmt.Sprintf("%s |= %q", selector, text)}, "limit": {"10"}}
		r.call("GET", "/loki/api/v1/query_range?"+q.Encode(), "", nil, &answer)
		for _, s := range answer.Data.Result {
			for _, v := range s.Values {
				if json.Unmarshal([]byte(v[1]), &line) == nil && line["trace_id"] != nil {
					return true
				}
			}
		}
		return false
	})
	return line
}

type jaegerTrace struct {
	Spans []struct {
		SpanID        string
		OperationName string
		ProcessID     string
		References    []struct{ RefType, SpanID string }
		Tags          []struct {
			Key   string
			Value any
		}
	}
	Processes map[string]struct{ ServiceName string }
}

func (r *running) trace(id string) (jaegerTrace, bool) {
	r.Helper()
	var answer struct{ Data []jaegerTrace }
	if resp := r.call("GET", "/api/traces/"+id, "", nil, &answer); resp.StatusCode != 200 || len(answer.Data) != 1 {
		return jaegerTrace{}, false
	}
	return answer.Data[0], true
}

// systems are the services of a trace and the databases that its spans name.
func (t jaegerTrace) systems() []string {
	var out []string
	for _, s := range t.Spans {
		out = append(out, t.Processes[s.ProcessID].ServiceName)
		for _, tag := range s.Tags {
			if tag.Key == "db.system" || tag.Key == "db.system.name" {
				out = append(out, fmt.Sprint(tag.Value))
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// roots are the spans whose parent is not in the trace.
func (t jaegerTrace) roots() (names []string) {
	ids := map[string]bool{}
	for _, s := range t.Spans {
		ids[s.SpanID] = true
	}
	for _, s := range t.Spans {
		inside := slices.ContainsFunc(s.References, func(ref struct{ RefType, SpanID string }) bool {
			return ref.RefType == "CHILD_OF" && ids[ref.SpanID]
		})
		if !inside {
			names = append(names, s.OperationName)
		}
	}
	return names
}

// scalar asks PromQL and gives the first sample's value, 0 when there is none.
func (r *running) scalar(expr string) float64 {
	r.Helper()
	var answer struct {
		Data struct {
			Result []struct{ Value [2]any }
		}
	}
	r.call("GET", "/api/v1/query?query="+url.QueryEscape(expr), "", nil, &answer)
	if len(answer.Data.Result) == 0 {
		return 0
	}
	var f float64
	fmt.Sscan(fmt.Sprint(answer.Data.Result[0].Value[1]), &f)
	return f
}

type slackPost struct {
	Text string
	At   time.Time
}

// fakeSlack takes incoming-webhook posts, strictly.
func fakeSlack(t *testing.T) (webhook string, posts <-chan slackPost) {
	ch := make(chan slackPost, 100)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body struct {
			Text   string
			Blocks []map[string]any
		}
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil || body.Text == "" || len(body.Blocks) == 0 || len(body.Blocks) > 50 {
			t.Errorf("Slack would refuse this: %v %+v", err, body)
			http.Error(w, "invalid_payload", http.StatusBadRequest)
			return
		}
		ch <- slackPost{body.Text, time.Now()}
		io.WriteString(w, "ok")
	}))
	t.Cleanup(srv.Close)
	return srv.URL + "/services/T000/B000/secret", ch
}

const fastRule = `
groups:
  - name: test
    interval: 1s
    rules:
      - alert: PlannerFails
        expr: |
          sum by (service_name) (rate(http_server_requests_total{service_name="planner-api",http_response_status_code=~"5.."}[10s]))
            / sum by (service_name) (rate(http_server_requests_total{service_name="planner-api"}[10s])) > 0.05
        labels: {severity: page}
        annotations: {summary: "{{ $labels.service_name }} fails"}
`

// TestOneRequestInAllThreePillars is the product's main job from outside: a
// request's log line, trace and metrics are found and joined over HTTP alone,
// and a failing planner reaches Slack and is taken back.
func TestOneRequestInAllThreePillars(t *testing.T) {
	rules := filepath.Join(t.TempDir(), "rules.yml")
	if err := os.WriteFile(rules, []byte(fastRule), 0o600); err != nil {
		t.Fatal(err)
	}
	webhook, posts := fakeSlack(t)
	r := start(t, Options{
		Demo: true, Rate: -1, Rules: []string{rules}, SlackWebhook: webhook,
		ScrapeInterval: time.Second, EvalInterval: time.Second,
	})

	const api = "/planner/api/v1/"
	var session struct{ Token string }
	r.want("POST", api+"signup", "", map[string]any{"email": "ada@example.com", "password": "correct horse 9", "name": "Ada"}, 201, &session)
	var task struct {
		ID any
	}
	created := r.want("POST", api+"tasks", session.Token, map[string]any{"title": "Water the plants"}, 201, &task)
	r.want("POST", api+fmt.Sprintf("tasks/%v/complete", task.ID), session.Token, nil, 200, nil)

	reqID := created.Header.Get("X-Request-Id")
	if reqID == "" {
		t.Fatal("the answer names no X-Request-Id")
	}
	line := r.logLine(`{service_name="planner-api"}`, reqID)
	for _, key := range []string{"level", "time", "pid", "hostname", "reqId", "userId", "msg", "service", "trace_id", "span_id"} {
		if line[key] == nil {
			t.Errorf("log line lacks %s: %v", key, line)
		}
	}
	id := fmt.Sprint(line["trace_id"])
	if got := created.Header.Get("X-Trace-Id"); got != id {
		t.Errorf("X-Trace-Id %q, but the log line says %q", got, id)
	}

	var tree jaegerTrace
	r.eventually("a trace through web, api, database and cache", func() bool {
		tree, _ = r.trace(id)
		return slices.Equal(tree.systems(), []string{"planner-api", "planner-web", "redis", "sqlite"})
	})
	if roots := tree.roots(); len(roots) != 1 {
		t.Errorf("roots %q, want one tree", roots)
	}

	for _, expr := range []string{
		"planner_signups_total", "planner_tasks_created_total", "planner_tasks_completed_total", "planner_streaks_updated_total",
		`http_server_request_duration_seconds_count{service_name="planner-api",http_request_method="POST",http_response_status_code="201"}`,
		`traces_service_graph_request_total{client="planner-web",server="planner-api"}`,
		`traces_spanmetrics_latency_count{service="planner-api",span_kind="SPAN_KIND_SERVER",span_name="POST /api/v1/tasks"}`,
		`http_server_requests_total{service_name="planner-web"}`, "process_resident_memory_bytes", "process_cpu_seconds_total",
	} {
		r.eventually(expr+" above zero", func() bool { return r.scalar(expr) > 0 })
	}
	exemplarsOf := func(name string) []byte {
		q := url.Values{"query": {name},
			"start": {fmt.Sprint(time.Now().Add(-time.Hour).Unix())}, "end": {fmt.Sprint(time.Now().Add(time.Minute).Unix())}}
		_, b := r.try("GET", "/api/v1/query_exemplars?"+q.Encode(), "", nil)
		return b
	}
	r.eventually("the exemplar of the trace", func() bool {
		return bytes.Contains(exemplarsOf("http_server_request_duration_seconds_bucket"), []byte(id))
	})
	r.eventually("exemplars of spans", func() bool {
		return bytes.Contains(exemplarsOf("traces_spanmetrics_latency_bucket"), []byte(`"trace_id"`))
	})

	r.want("POST", api+"faults/bad-deploy", "", nil, 200, nil)
	firing := r.failUntilPosted(session.Token, posts)
	if !strings.Contains(firing.Text, "PlannerFails") || !strings.Contains(firing.Text, "planner-api") {
		t.Errorf("Slack post %q names neither alert nor service", firing.Text)
	}
	r.want("DELETE", api+"faults/bad-deploy", "", nil, 200, nil)
	select {
	case resolved := <-posts:
		if !strings.Contains(strings.ToLower(resolved.Text), "resolved") {
			t.Errorf("second post %q, want the resolved one", resolved.Text)
		}
	case <-time.After(patience):
		t.Error("no resolved post")
	}
	r.eventually("a deploy in the traces", func() bool {
		_, b := r.try("GET", "/api/traces?service=planner-api&limit=100&tags="+url.QueryEscape(`{"service.version":"1.18.0"}`), "", nil)
		return bytes.Contains(b, []byte("1.18.0"))
	})
}

// failUntilPosted keeps creating tasks against a broken deploy.
func (r *running) failUntilPosted(token string, posts <-chan slackPost) slackPost {
	r.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	failed := 0
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		select {
		case p := <-posts:
			if failed == 0 {
				r.Errorf("Slack post %q before anything failed", p.Text)
			}
			return p
		case <-tick.C:
			resp, _ := r.try("POST", "/planner/api/v1/tasks", token, map[string]any{"title": "Buy milk"})
			if resp.StatusCode >= 500 {
				failed++
			}
		}
	}
	r.Fatalf("no Slack post after %d failures", failed)
	return slackPost{}
}
