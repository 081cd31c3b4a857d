package appliance

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"tripod/planner/traffic"
)

// plannerRig is a planner that runs, and what it told.
type plannerRig struct {
	*testing.T
	app   *plannerApp
	spans *tracetest.InMemoryExporter
	stop  func() error

	mu    sync.Mutex
	lines []string
}

func startPlanner(t *testing.T, change func(*plannerOptions)) *plannerRig {
	t.Helper()
	r := &plannerRig{T: t, spans: tracetest.NewInMemoryExporter()}
	level := new(slog.LevelVar)
	level.Set(slog.LevelDebug)
	o := plannerOptions{Dir: t.TempDir(), Spans: r.spans, Level: level, Faults: true, PasswordCost: 4,
		Lines: func(_ *resource.Resource, line []byte) {
			r.mu.Lock()
			r.lines = append(r.lines, string(line))
			r.mu.Unlock()
		}}
	if change != nil {
		change(&o)
	}
	app, err := openPlanner(o)
	if err != nil {
		t.Fatal(err)
	}
	r.app = app
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- app.Run(ctx) }()
	r.stop = sync.OnceValue(func() error {
		cancel()
		err := <-done
		if e := app.Close(); err == nil {
			err = e
		}
		return err
	})
	t.Cleanup(func() {
		if err := r.stop(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// call sends JSON and reads the answer into out, which may be nil.
func (r *plannerRig) call(method, path, token string, in, out any, header ...string) *http.Response {
	r.Helper()
	var body io.Reader
	if s, ok := in.(string); ok {
		body = strings.NewReader(s)
	} else if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			r.Fatal(err)
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(r.Context(), method, "http://"+r.app.WebAddr()+"/planner/api/v1/"+path, body)
	if err != nil {
		r.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
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
	if out != nil {
		if err := json.Unmarshal(b, out); err != nil {
			r.Fatalf("%s %s: %v in %s", method, path, err, b)
		}
	}
	return resp
}

type plannerObject map[string]any

func (r *plannerRig) signUp(email string) (token string) {
	r.Helper()
	var g struct{ Token string }
	if resp := r.call("POST", "signup", "", plannerObject{"email": email, "password": "correct horse", "name": "Ada"}, &g); resp.StatusCode != 201 {
		r.Fatalf("sign-up: %d", resp.StatusCode)
	}
	return g.Token
}

func (r *plannerRig) create(token, title string) (id string, resp *http.Response) {
	r.Helper()
	var task struct{ ID string }
	resp = r.call("POST", "tasks", token, plannerObject{"title": title, "due": time.Now().Add(time.Hour)}, &task)
	return task.ID, resp
}

// eventually waits for what happens elsewhere.
func (r *plannerRig) eventually(what string, ok func() bool) {
	r.Helper()
	for range 500 {
		if ok() {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	r.Fatalf("%s: it never came", what)
}

func (r *plannerRig) linesWith(parts ...string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var got []string
	for _, l := range r.lines {
		if !slices.ContainsFunc(parts, func(p string) bool { return !strings.Contains(l, p) }) {
			got = append(got, l)
		}
	}
	return got
}

func (r *plannerRig) trace(id string) tracetest.SpanStubs {
	var got tracetest.SpanStubs
	for _, s := range r.spans.GetSpans() {
		if s.SpanContext.TraceID().String() == id {
			got = append(got, s)
		}
	}
	return got
}

func plannerService(s tracetest.SpanStub) string {
	v, _ := s.Resource.Set().Value("service.name")
	return v.AsString()
}

func TestPlannerRequestIsOneTree(t *testing.T) {
	r := startPlanner(t, nil)
	token := r.signUp("ada@example.com")
	id, created := r.create(token, "Water the plants")
	if created.StatusCode != 201 {
		t.Fatalf("create: %d", created.StatusCode)
	}
	trace := created.Header.Get("X-Trace-Id")
	var spans tracetest.SpanStubs
	r.eventually("the spans of both services", func() bool {
		spans = r.trace(trace)
		return slices.ContainsFunc(spans, func(s tracetest.SpanStub) bool { return !s.Parent.IsValid() }) &&
			slices.ContainsFunc(spans, func(s tracetest.SpanStub) bool { return s.Name == "POST /api/v1/tasks" })
	})
	byID := map[string]tracetest.SpanStub{}
	var seen []string
	for _, s := range spans {
		byID[s.SpanContext.SpanID().String()] = s
		seen = append(seen, plannerService(s)+": "+s.Name)
	}
	roots := 0
	for _, s := range spans {
		if !s.Parent.IsValid() {
			roots++
		} else if _, ok := byID[s.Parent.SpanID().String()]; !ok {
			t.Errorf("%s has a parent outside the trace", s.Name)
		}
	}
	if roots != 1 {
		t.Errorf("%d roots, want one tree", roots)
	}
	for _, want := range []string{
		"planner-web: POST /planner/api/v1/tasks", "planner-web: HTTP POST", "planner-api: POST /api/v1/tasks",
		"planner-api: planner.Authenticate", "planner-api: get", "planner-api: SELECT users",
		"planner-api: planner.CreateTask", "planner-api: INSERT tasks",
	} {
		if !slices.Contains(seen, want) {
			t.Errorf("no span %q in\n%s", want, strings.Join(seen, "\n"))
		}
	}

	// completing leads over the queue to a trace of the worker, linked to this one
	completed := r.call("POST", "tasks/"+id+"/complete", token, nil, nil)
	from := completed.Header.Get("X-Trace-Id")
	r.eventually("the worker's span", func() bool {
		return slices.ContainsFunc(r.spans.GetSpans(), func(s tracetest.SpanStub) bool {
			return plannerService(s) == "streak-worker" && s.Name == "process task.completed" &&
				len(s.Links) == 1 && s.Links[0].SpanContext.TraceID().String() == from && !s.Parent.IsValid()
		})
	})
	var streak struct{ Current, DoneToday int }
	r.call("GET", "streak", token, nil, &streak)
	if streak.Current != 1 || streak.DoneToday != 1 {
		t.Errorf("streak: got %+v, want 1 and 1", streak)
	}
	if r.linesWith(`"msg":"streak updated"`, `"service":"streak-worker"`, `"reqId":"`+completed.Header.Get("X-Request-Id")+`"`) == nil {
		t.Error("the worker's line does not carry the request's id")
	}
}

func TestPlannerLinesLeadToTheTrace(t *testing.T) {
	r := startPlanner(t, nil)
	token := r.signUp("ada@example.com")
	resp := r.call("POST", "tasks", token, plannerObject{"title": "x"}, nil, "X-Request-Id", "my-request")
	if got := resp.Header.Values("X-Request-Id"); !slices.Equal(got, []string{"my-request"}) {
		t.Errorf("X-Request-Id: got %q, want mine, once", got)
	}
	for _, service := range []string{"planner-web", "planner-api"} {
		r.eventually("lines of "+service, func() bool {
			return r.linesWith(`"reqId":"my-request"`, `"service":"`+service+`"`, `"trace_id":"`+resp.Header.Get("X-Trace-Id")+`"`, `"msg":"request completed"`) != nil
		})
	}
	for _, l := range r.linesWith() {
		if !json.Valid([]byte(l)) || strings.Contains(l, "\n") {
			t.Errorf("not one JSON object on one line: %s", l)
		}
		if strings.Contains(l, token) || strings.Contains(l, "correct horse") || strings.Contains(l, "ada@example.com") {
			t.Errorf("a line tells a secret: %s", l)
		}
	}
	for _, s := range r.spans.GetSpans() {
		if text := fmt.Sprint(s.Attributes); strings.Contains(text, token) || strings.Contains(text, "correct horse") {
			t.Errorf("a span tells a secret: %s %s", s.Name, text)
		}
	}
}

func TestPlannerMetricsHaveExemplars(t *testing.T) {
	r := startPlanner(t, nil)
	token := r.signUp("ada@example.com")
	_, created := r.create(token, "x")
	families, err := r.app.Gatherer().Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, f := range families {
		got[f.GetName()] = true
		if f.GetName() != "http_server_request_duration_seconds" {
			continue
		}
		text := fmt.Sprint(f.GetMetric())
		for _, want := range []string{"/api/v1/tasks", "/planner/api/v1/tasks", "planner-api", created.Header.Get("X-Trace-Id")} {
			if !strings.Contains(text, want) {
				t.Errorf("request durations lack %q", want)
			}
		}
	}
	for _, name := range []string{"http_server_requests_total", "planner_signups_total", "planner_tasks_created_total",
		"planner_tasks_completed_total", "planner_streaks_updated_total", "planner_db_pool_in_use", "planner_db_pool_max",
		"planner_db_pool_waiting", "planner_queue_depth", "planner_build_info"} {
		if !got[name] {
			t.Errorf("no metric %s", name)
		}
	}
}

func TestPlannerRemindersReachTheTask(t *testing.T) {
	r := startPlanner(t, nil)
	token := r.signUp("ada@example.com")
	var task struct {
		ID       string
		Reminded *time.Time
	}
	r.call("POST", "tasks", token, plannerObject{"title": "soon", "due": time.Now().Add(time.Minute)}, &task)
	svc := r.app.service(r.app.reminders, r.app.db)
	r.app.reminders.Tick(t.Context(), "queue reminders", func(ctx context.Context) (int, error) { return svc.QueueReminders(ctx, 10) })
	r.eventually("the reminder", func() bool {
		r.call("GET", "tasks/"+task.ID, token, nil, &task)
		return task.Reminded != nil
	})
	r.eventually("a line of the reminder-worker", func() bool {
		return r.linesWith(`"msg":"reminder sent"`, `"service":"reminder-worker"`) != nil
	})
}

func TestPlannerFaultsHappenAndEnd(t *testing.T) {
	r := startPlanner(t, nil)
	token := r.signUp("ada@example.com")
	statuses := func(n int) (bad int) {
		for range n {
			if _, resp := r.create(token, "x"); resp.StatusCode >= 500 {
				bad++
			}
		}
		return bad
	}
	turn := func(t *testing.T, method, name string) {
		t.Helper()
		var f struct{ On bool }
		if resp := r.call(method, "faults/"+name, "", nil, &f); resp.StatusCode != 200 || f.On != (method == "POST") {
			t.Fatalf("%s %s: %d %+v", method, name, resp.StatusCode, f)
		}
	}
	t.Run("bad-deploy", func(t *testing.T) {
		turn(t, "POST", "bad-deploy")
		if bad := statuses(40); bad < 20 {
			t.Errorf("%d of 40 failed, want most", bad)
		}
		turn(t, "DELETE", "bad-deploy")
		if bad := statuses(10); bad != 0 {
			t.Errorf("%d of 10 failed after the good version came back", bad)
		}
		r.eventually("a failed span of 1.18.0", func() bool {
			return slices.ContainsFunc(r.spans.GetSpans(), func(s tracetest.SpanStub) bool {
				v, _ := s.Resource.Set().Value("service.version")
				return v.AsString() == "1.18.0" && strings.HasPrefix(s.Name, "INSERT") && s.Status.Code == 1
			})
		})
		if r.linesWith(`"level":"error"`, `"version":"1.18.0"`, "remind_at") == nil {
			t.Error("no line says what is wrong with 1.18.0")
		}
	})
	t.Run("cache-down", func(t *testing.T) {
		turn(t, "POST", "cache-down")
		if bad := statuses(3); bad != 0 {
			t.Errorf("%d of 3 failed: the database was to stand in", bad)
		}
		if r.linesWith(`"level":"warn"`, "cache unavailable") == nil {
			t.Error("nothing warns of the cache")
		}
		turn(t, "DELETE", "cache-down")
		r.eventually("the cache again", func() bool {
			n := len(r.linesWith("cache unavailable"))
			r.call("GET", "me", token, nil, nil)
			return len(r.linesWith("cache unavailable")) == n
		})
	})
	t.Run("pool-exhausted", func(t *testing.T) {
		turn(t, "POST", "pool-exhausted")
		r.eventually("the held connection", func() bool { return r.app.db.Stats().InUse > 0 })
		resp := r.call("GET", "me", token, nil, nil)
		if resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" {
			t.Errorf("got %d, want 503 and when to come again", resp.StatusCode)
		}
		turn(t, "DELETE", "pool-exhausted")
		if resp := r.call("GET", "me", token, nil, nil); resp.StatusCode != 200 {
			t.Errorf("after the fault: %d", resp.StatusCode)
		}
	})
	t.Run("slow-db", func(t *testing.T) {
		turn(t, "POST", "slow-db")
		r.eventually("a slow statement", func() bool {
			r.create(token, "x")
			return r.linesWith(`"msg":"slow query"`, `"query":"InsertTask"`) != nil
		})
		turn(t, "DELETE", "slow-db")
	})
}

func TestPlannerTrafficWorksWithoutFailures(t *testing.T) {
	r := startPlanner(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	steps, failed := 0, 0
	var mu sync.Mutex
	crowd := traffic.New(traffic.Options{Base: "http://" + r.app.WebAddr(), Seed: 1, Rate: 200, Done: func(err error) {
		mu.Lock()
		defer mu.Unlock()
		if steps++; steps == 300 {
			cancel()
		}
	}})
	if err := crowd.Run(ctx); err != nil {
		t.Fatal(err)
	}
	for _, l := range r.linesWith(`"level":"error"`) {
		failed++
		if failed < 5 && !strings.Contains(l, "canceled") {
			t.Errorf("an error without a fault: %s", l)
		}
	}
	for _, want := range []string{"user signed up", "task created", "task completed", "streak updated", "request refused"} {
		if r.linesWith(`"msg":"`+want+`"`) == nil {
			t.Errorf("no line says %q", want)
		}
	}
}

func TestPlannerServeHasNoFaults(t *testing.T) {
	r := startPlanner(t, func(o *plannerOptions) { o.Faults = false })
	var p struct{ Detail string }
	if resp := r.call("POST", "faults/slow-db", "", nil, &p); resp.StatusCode != 404 || !strings.Contains(p.Detail, "tripod demo") {
		t.Errorf("got %d %q, want 404 and the way to have them", resp.StatusCode, p.Detail)
	}
}

func TestPlannerStopsWithoutLeftovers(t *testing.T) {
	http.DefaultClient.CloseIdleConnections()
	before := runtime.NumGoroutine()
	r := startPlanner(t, nil)
	token := r.signUp("ada@example.com")
	r.create(token, "x")
	r.call("POST", "faults/slow-db", "", nil, nil) // left on
	if err := r.stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
	http.DefaultClient.CloseIdleConnections()
	for range 200 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	stacks := make([]byte, 1<<20)
	t.Errorf("%d goroutines before, %d after:\n%s", before, runtime.NumGoroutine(), stacks[:runtime.Stack(stacks, true)])
}
