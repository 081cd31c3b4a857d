package logsapi

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"tripod/store"
	"tripod/store/logs"
	"tripod/store/logs/logql"
)

var now = time.Date(2026, 3, 12, 14, 6, 0, 0, time.UTC)

// world is a server over a real store.
type world struct {
	testing.TB
	kept *logs.Store
	api  *API
	url  string
}

func newWorld(t testing.TB, o Options) *world {
	t.Helper()
	kept, err := logs.Open(t.TempDir(), logs.Options{LogQL: logql.Parse})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { kept.Close() })
	en := logql.New(kept)
	return serve(t, kept, Doors{kept, en, en}, o)
}

func serve(t testing.TB, kept *logs.Store, d Doors, o Options) *world {
	t.Helper()
	if o.Now == nil {
		o.Now = func() time.Time { return now }
	}
	api := New(d, o)
	mux := http.NewServeMux()
	api.Register(mux)
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	return &world{t, kept, api, srv.URL}
}

// keep appends lines as a sender would, at so many milliseconds before now.
func (w *world) keep(records ...store.Record) {
	w.Helper()
	if err := w.kept.Append(context.Background(), records); err != nil {
		w.Fatal(err)
	}
}

// sent is a record of a line of the service, so long before now.
func sent(before time.Duration, service, line string) store.Record {
	r := store.Record{
		Time: now.Add(-before).UnixNano(), Service: service,
		Resource: &store.Resource{Attrs: store.Attrs{{Key: "service.name", Value: store.String(service)}}},
	}
	r.SetLine(line)
	return r
}

func (w *world) address(path string, pairs ...string) string {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	return w.url + path + "?" + v.Encode()
}

// get is a whole answer.
func (w *world) get(path string, pairs ...string) (*http.Response, string) {
	w.Helper()
	resp, err := http.Get(w.address(path, pairs...))
	if err != nil {
		w.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		w.Fatal(err)
	}
	return resp, string(b)
}

// answer is an object of NDJSON.
type answer struct {
	Time, Level, Service, Msg, Line string
	TraceID                         string         `json:"trace_id"`
	SpanID                          string         `json:"span_id"`
	Line64                          []byte         `json:"line_base64"`
	Fields, Resource                map[string]any // of lines
	Labels                          map[string]string
	Value                           any
	Dropped                         int64
	Heartbeat                       string
	Error                           *struct {
		Message, Hint string
		Position, End *int
	}
}

func (w *world) parse(line string) (a answer) {
	w.Helper()
	if err := json.Unmarshal([]byte(line), &a); err != nil {
		w.Fatalf("%q: %v", line, err)
	}
	return a
}

// lines are the objects of a whole answer, which must be one.
func (w *world) lines(pairs ...string) (out []answer) {
	w.Helper()
	resp, body := w.get("/api/v1/logs/query", pairs...)
	if resp.StatusCode != http.StatusOK {
		w.Fatalf("%d %s", resp.StatusCode, body)
	}
	for line := range strings.Lines(body) {
		out = append(out, w.parse(line))
	}
	return out
}

func messages(list []answer) string {
	var out []string
	for _, a := range list {
		out = append(out, a.Msg)
	}
	return strings.Join(out, " ")
}

// stream is an answer that goes on.
type stream struct {
	*world
	r    *bufio.Reader
	body io.Closer
}

func (w *world) open(path string, pairs ...string) *stream {
	w.Helper()
	resp, err := http.Get(w.address(path, pairs...))
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { resp.Body.Close() })
	if resp.StatusCode != http.StatusOK {
		b, _ := io.ReadAll(resp.Body)
		w.Fatalf("%d %s", resp.StatusCode, b)
	}
	return &stream{w, bufio.NewReader(resp.Body), resp.Body}
}

func (s *stream) next() answer {
	s.Helper()
	line, err := s.r.ReadString('\n')
	if err != nil {
		s.Fatalf("%q: %v", line, err)
	}
	return s.parse(line)
}
