package zipkinapi

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"tripod/store"
)

type engine struct {
	spans []store.Span
	err   error
}

func (e *engine) Append(_ context.Context, s []store.Span) error {
	if e.err == nil {
		e.spans = append(e.spans, s...)
	}
	return e.err
}

func post(e *engine, body []byte, header ...string) (int, string) {
	mux := http.NewServeMux()
	New(Doors{e}, Options{}).Register(mux)
	r := httptest.NewRequest("POST", "/api/v2/spans", bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// The example of Zipkin's documentation, with more of what its model has.
const example = `[{
  "id": "352bff9a74ca9ad2", "traceId": "5af7183fb1d4cf5f", "parentId": "6b221d5bc9e6496c", "name": "get /api", "timestamp": 1556604172355737, "duration": 1431,
  "kind": "SERVER", "shared": true, "debug": true,
  "localEndpoint": {"serviceName": "backend", "ipv4": "192.168.99.1", "port": 3306},
  "remoteEndpoint": {"serviceName": "frontend", "ipv4": "172.19.0.2", "port": 58648},
  "annotations": [{"timestamp": 1556604172355800, "value": "ws"}],
  "tags": {"http.method": "GET", "http.path": "/api", "http.status_code": "503", "error": "timed out", "otel.scope.name": "lib"}
}]`

func show(s *store.Span) string {
	attrs := func(list store.Attrs) (out []string) {
		for _, a := range list {
			out = append(out, fmt.Sprintf("%s=%d:%s", a.Key, a.Value.Kind, a.Value.Text()))
		}
		return out
	}
	text := fmt.Sprintf("%s/%s<%s %q of %q kind %d, %d+%d, status %d %q\n%q\nresource %q", s.TraceID, s.SpanID, s.ParentID, s.Name, s.Service, s.Kind, s.Start, s.End-s.Start, s.Status, s.StatusMessage, attrs(s.Attrs), attrs(s.Resource.Attrs))
	for _, e := range s.Events {
		text += fmt.Sprintf("\nevent %d %s", e.Time, e.Name)
	}
	if s.Scope != nil {
		text += "\nscope " + s.Scope.Name
	}
	return text
}

func TestASpanIsTakenOver(t *testing.T) {
	var e engine
	code, body := post(&e, []byte(example))
	if code != 202 || body != "" || len(e.spans) != 1 {
		t.Fatal(code, body)
	}
	want := `00000000000000005af7183fb1d4cf5f/352bff9a74ca9ad2<6b221d5bc9e6496c "get /api" of "backend" kind 2, 1556604172355737000+1431000, status 2 "timed out"
["http.method=1:GET" "http.path=1:/api" "http.status_code=2:503" "peer.service=1:frontend" "network.peer.address=1:172.19.0.2" "network.peer.port=2:58648" "zipkin.shared=4:true" "zipkin.debug=4:true"]
resource ["service.name=1:backend" "network.local.address=1:192.168.99.1" "network.local.port=2:3306"]
event 1556604172355800000 ws
scope lib`
	if got := show(&e.spans[0]); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestForms(t *testing.T) {
	var zipped bytes.Buffer
	zw := gzip.NewWriter(&zipped)
	zw.Write([]byte(example))
	zw.Close()
	ok := `{"id":"1","traceId":"2","timestamp":5}`
	for name, c := range map[string]struct {
		body   string
		header []string
		code   int
		spans  int
		says   string
	}{
		"gzip":              {zipped.String(), []string{"Content-Encoding", "gzip"}, 202, 1, ""},
		"none":              {`[]`, nil, 202, 0, ""},
		"two":               {`[` + ok + `,` + ok + `]`, nil, 202, 2, ""},
		"one of two":        {`[` + ok + `,{"id":"","traceId":"2","timestamp":5}]`, nil, 400, 1, "1 of the spans are refused, all others are kept: span 2"},
		"of another type":   {`[` + ok + `,{"id":7}]`, nil, 400, 1, "span 2"},
		"no time":           {`[{"id":"1","traceId":"2","name":"n"}]`, nil, 400, 0, `span 1 ("n" of ""): timestamp 0`},
		"time past 2262":    {`[{"id":"1","traceId":"2","timestamp":9223372036854776}]`, nil, 400, 0, "timestamp"},
		"ends past 2262":    {`[{"id":"1","traceId":"2","timestamp":9223372036854775,"duration":1}]`, nil, 400, 0, "duration"},
		"a kind of its own": {`[{"id":"1","traceId":"2","timestamp":5,"kind":"OTHER"}]`, nil, 400, 0, `kind "OTHER"`},
		"an object":         {ok, nil, 400, 0, "want a JSON array"},
		"no end":            {`[` + ok, nil, 400, 0, ""},
		"torn":              {`[` + ok + `,{"id":`, nil, 400, 0, "span 2 at byte"},
		"two lists":         {`[` + ok + `][]`, nil, 400, 0, "something follows"},
		"protobuf":          {"x", []string{"Content-Type", "application/x-protobuf"}, 400, 0, "want application/json"},
	} {
		var e engine
		code, body := post(&e, []byte(c.body), c.header...)
		if code != c.code || len(e.spans) != c.spans || !strings.Contains(body, c.says) {
			t.Errorf("%s: %d %q, %d spans", name, code, body, len(e.spans))
		}
	}
	busy := engine{err: store.ErrOverloaded}
	if code, _ := post(&busy, []byte(example)); code != 429 {
		t.Errorf("overloaded: %d", code)
	}
	partly := engine{err: &store.PartialError{Rejected: 1, Reason: "too large"}}
	if code, body := post(&partly, []byte(example)); code != 400 || !strings.Contains(body, "too large") {
		t.Errorf("refused by the engine: %d %s", code, body)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(example))
	f.Add([]byte(`[{"id":"1","traceId":"2","timestamp":5}]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		spans, _, err := decode(body)
		if err != nil && len(spans) > 0 {
			t.Fatal("spans beside an error")
		}
		for i := range spans {
			if s := &spans[i]; s.Start <= 0 || s.End < s.Start || s.Resource == nil {
				t.Errorf("%+v", s)
			}
		}
	})
}
