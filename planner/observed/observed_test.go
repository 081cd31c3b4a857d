package observed

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"tripod/planner"
)

var update = flag.Bool("update", false, "rewrite golden files")

// seen is a source with what it told.
type seen struct {
	*Source
	spans *tracetest.InMemoryExporter
	lines []string
	level *slog.LevelVar
	reg   *prometheus.Registry
}

func watch(t *testing.T) *seen {
	t.Helper()
	s := &seen{spans: tracetest.NewInMemoryExporter(), level: new(slog.LevelVar), reg: prometheus.NewRegistry()}
	s.Source = NewSource("planner-api", "1.17.4", Options{
		Spans: Exporter(s.spans), Level: s.level, Metrics: NewMetrics(s.reg),
		Lines: func(_ *resource.Resource, line []byte) { s.lines = append(s.lines, string(line)) },
		Now:   func() time.Time { return time.UnixMilli(1773325921042) },
	})
	t.Cleanup(func() { s.Close(context.Background()) })
	return s
}

// ended are the spans so far.
func (s *seen) ended(t *testing.T) tracetest.SpanStubs {
	t.Helper()
	if err := s.tp.ForceFlush(t.Context()); err != nil {
		t.Fatal(err)
	}
	return s.spans.GetSpans()
}

func TestLinesHavePinosForm(t *testing.T) {
	s := watch(t)
	ctx, sc := s.scope(t.Context(), "req_1")
	sc.setUser("u_1")
	ctx = trace.ContextWithSpanContext(ctx, trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1, 2}, SpanID: trace.SpanID{3}}))
	l := s.Log()
	l.Debug(ctx, "not at this level")
	l.Info(ctx, "task created", slog.String("taskId", "t_1"), slog.Int("n", -3), slog.Float64("share", 0.25), slog.Bool("due", true))
	l.Info(context.Background(), "without request or trace")
	l.Warn(ctx, "slow query", slog.Duration("durationMs", 1234567*time.Microsecond), slog.Time("at", time.UnixMilli(5)))
	l.Error(ctx, "failed", slog.Any("err", fmt.Errorf("save: %w", &planner.FieldError{Field: "title", Reason: "is \"bad\"\n"})))
	s.level.Set(slog.LevelDebug)
	l.Debug(ctx, "now it is", slog.Group("g", slog.Int("a", 1), slog.String("b", "\x01 é \xff")), slog.Uint64("u", 1<<63))

	host, _ := os.Hostname()
	got := strings.Join(s.lines, "\n") + "\n"
	got = strings.ReplaceAll(got, fmt.Sprintf(`"pid":%d,"hostname":%q`, os.Getpid(), host), `"pid":1,"hostname":"h"`)
	golden(t, "lines.jsonl", got)
	for _, line := range s.lines {
		var v map[string]any
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Errorf("%v: %s", err, line)
		}
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func FuzzString(f *testing.F) {
	for _, s := range []string{"", "a", `"\`, "\x00\x7f\x1f", "\xff\xfe", "é\u2028😀", strings.Repeat("å", maxValue)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		b := appendString(nil, s)
		var got string
		if err := json.Unmarshal(b, &got); err != nil {
			t.Fatalf("%q became %q: %v", s, b, err)
		}
		if want := s; len(s) <= maxValue && utf8.ValidString(s) && got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
		if strings.ContainsAny(string(b), "\n\r") {
			t.Fatalf("%q is more than one line", b)
		}
	})
}

func TestServerSeesARequest(t *testing.T) {
	s := watch(t)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/tasks/{id}", func(w http.ResponseWriter, r *http.Request) {
		if r.PathValue("id") == "boom" {
			panic("boom")
		}
		w.WriteHeader(http.StatusTeapot)
	})
	h := s.Server(mux)
	for name, c := range map[string]struct {
		path, reqID string
		status      int
		route       string
		word        string
		keepsID     bool
	}{
		"a refusal is a warning":    {"/api/v1/tasks/7", "abc", 418, "/api/v1/tasks/{id}", `"level":"warn"`, true},
		"a panic is ours":           {"/api/v1/tasks/boom", "", 500, "/api/v1/tasks/{id}", `"panic":"boom"`, false},
		"an unknown path is no one": {"/other", "a b", 404, "unmatched", `"route":"unmatched"`, false},
	} {
		t.Run(name, func(t *testing.T) {
			s.lines = nil
			s.spans.Reset()
			req := httptest.NewRequest("GET", c.path, nil)
			if c.reqID != "" {
				req.Header.Set("X-Request-Id", c.reqID)
			}
			w := httptest.NewRecorder()
			h.ServeHTTP(w, req)
			if w.Code != c.status {
				t.Errorf("status %d, want %d", w.Code, c.status)
			}
			id := w.Header().Get("X-Request-Id")
			if c.keepsID != (id == c.reqID) || !goodReqID(id) {
				t.Errorf("request id %q for %q", id, c.reqID)
			}
			if lines := strings.Join(s.lines, "\n"); !strings.Contains(lines, c.word) || !strings.Contains(lines, `"reqId":"`+id+`"`) {
				t.Errorf("lines lack %s or the request's id:\n%s", c.word, lines)
			}
			spans := s.ended(t)
			if len(spans) != 1 || spans[0].SpanContext.TraceID().String() != w.Header().Get("X-Trace-Id") {
				t.Fatalf("%d spans, want one with the id of the X-Trace-Id header", len(spans))
			}
			if want := "GET " + c.route; c.route != "unmatched" && spans[0].Name != want {
				t.Errorf("span %q, want %q", spans[0].Name, want)
			}
		})
	}
	families, err := s.reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprint(families)
	for _, want := range []string{"http_server_request_errors_total", `"418"`, `"unmatched"`, "exemplar"} {
		if !strings.Contains(text, want) {
			t.Errorf("metrics lack %s", want)
		}
	}
}

func TestSpansFollowTheirService(t *testing.T) {
	a, b := watch(t), watch(t)
	tracer := Follow().Tracer("library")
	for _, s := range []*seen{a, b} {
		ctx, parent := s.tracer.Start(t.Context(), "request")
		_, child := tracer.Start(ctx, "SELECT")
		child.End()
		parent.End()
		if got := len(s.ended(t)); got != 2 {
			t.Errorf("%d spans, want the request and its statement", got)
		}
	}
	_, alone := tracer.Start(t.Context(), "housekeeping")
	if alone.IsRecording() {
		t.Error("a span without a parent was recorded")
	}
}

type fakeQueue struct{ got planner.Job }

func (q *fakeQueue) Enqueue(_ context.Context, j planner.Job) error {
	q.got = j
	return nil
}

func TestJobLeadsBackToItsRequest(t *testing.T) {
	s, q := watch(t), &fakeQueue{}
	ctx, _ := s.scope(t.Context(), "req_1")
	ctx, request := s.tracer.Start(ctx, "request")
	if err := s.Queue(q).Enqueue(ctx, planner.Job{Queue: planner.TaskCompleted, UserID: "u_1"}); err != nil {
		t.Fatal(err)
	}
	request.End()
	for outcome, handle := range map[string]func(context.Context, planner.Job) (string, error){
		"ok":    func(context.Context, planner.Job) (string, error) { return "counted", nil },
		"error": func(context.Context, planner.Job) (string, error) { return "", errors.New("no") },
		"panic": func(context.Context, planner.Job) (string, error) { panic("no") },
	} {
		s.lines = nil
		err := s.Job(handle)(t.Context(), q.got)
		if (err == nil) != (outcome == "ok") {
			t.Errorf("%s: got %v", outcome, err)
		}
		if len(s.lines) != 1 || !strings.Contains(s.lines[0], `"reqId":"req_1","userId":"u_1"`) {
			t.Errorf("%s: lines %q, want one with the request and the user", outcome, s.lines)
		}
	}
	linked := 0
	for _, span := range s.ended(t) {
		if span.SpanKind == trace.SpanKindConsumer && len(span.Links) == 1 && span.Links[0].SpanContext.TraceID() == request.SpanContext().TraceID() {
			linked++
		}
	}
	if linked != 3 {
		t.Errorf("%d consumer spans are linked to the request, want 3", linked)
	}
}

func TestExporterOutlivesItsSources(t *testing.T) {
	e := &closeCounter{}
	s := NewSource("a", "1", Options{Spans: e, Metrics: NewMetrics(prometheus.NewRegistry())})
	_, span := s.tracer.Start(t.Context(), "x")
	span.End()
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if e.spans != 1 || e.closed != 0 {
		t.Errorf("%d spans and %d ends reached the exporter, want 1 and 0", e.spans, e.closed)
	}
}

type closeCounter struct{ spans, closed int }

func (c *closeCounter) ExportSpans(_ context.Context, s []sdktrace.ReadOnlySpan) error {
	c.spans += len(s)
	return nil
}

func (c *closeCounter) Shutdown(context.Context) error {
	c.closed++
	return nil
}

func TestRequestIDsAreSafe(t *testing.T) {
	if id := newReqID(); !goodReqID(id) || !regexp.MustCompile(`^req_[0-9a-f]{20}$`).MatchString(id) {
		t.Errorf("made %q", id)
	}
	for _, bad := range []string{"", "a\nb", "a b", `a"b`, "é", strings.Repeat("a", 65)} {
		if goodReqID(bad) {
			t.Errorf("%q was let through", bad)
		}
	}
}
