package zipkinapi

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
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
		"of another type":   {`[` + ok + `,{"id":7}]`, nil, 400, 1, `span 2 ("" of ""): id: a JSON number has no place there: invalid`},
		"no digits":         {`[{"id":"1","traceId":"q","timestamp":5}]`, nil, 400, 0, `traceId: trace id "q": want 1 to 32 hexadecimal digits: invalid` + "\n"},
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

// FuzzDecode holds that what Zipkin's model has comes back of every span that is
// taken.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(example))
	f.Add([]byte(`[{"id":"1","traceId":"2","timestamp":5}]`))
	f.Add([]byte(`[{"id":"1","traceId":"2","timestamp":5,"remoteEndpoint":{"ipv4":"10.0.0.1","ipv6":"::1","port":-1},"tags":{"a":"","error":"","peer.service":"b"}}]`))
	f.Fuzz(func(t *testing.T, body []byte) {
		spans, bad, err := decode(body)
		if err != nil && len(spans) > 0 {
			t.Fatal("spans beside an error")
		}
		for i := range spans {
			if s := &spans[i]; s.Start <= 0 || s.End < s.Start || s.Resource == nil {
				t.Errorf("%+v", s)
			}
		}
		var sent []zipkinSpan
		if err != nil || bad.N > 0 || json.Unmarshal(body, &sent) != nil || len(sent) != len(spans) {
			return // which spans are refused is another test's
		}
		for i := range sent {
			if what := lost(&sent[i], &spans[i]); what != "" {
				t.Errorf("%s is lost of %+v: %s", what, sent[i], show(&spans[i]))
			}
		}
	})
}

// lost names what a span does not have any more.
func lost(z *zipkinSpan, s *store.Span) string {
	if s.Name != z.Name || s.Start != z.Timestamp*1000 || s.Duration() != z.Duration*1000 || s.Service != z.Local.Service || len(s.Events) != len(z.Annotations) {
		return "a part of the span itself"
	}
	for i, a := range z.Annotations {
		if s.Events[i].Name != a.Value || s.Events[i].Time != a.Timestamp*1000 {
			return "an annotation"
		}
	}
	for key, value := range z.Tags {
		got, ok := s.Attrs.Get(key)
		switch {
		case key == "error":
			ok = s.Status != store.StatusUnset
		case !strings.HasPrefix(key, "otel."): // which are parts of the span, and its scope
			ok = ok && got.Text() == value
		default:
			ok = true
		}
		if !ok {
			return "the tag " + key
		}
	}
	has := func(list store.Attrs, text string) bool {
		return slices.ContainsFunc(list, func(a store.Attr) bool { return a.Value.Text() == text })
	}
	for _, text := range []string{z.Local.Service, z.Local.IPv4, z.Local.IPv6} {
		if text != "" && !has(s.Resource.Attrs, text) {
			return "the local endpoint's " + text
		}
	}
	for key, text := range map[string]string{"peer.service": z.Remote.Service, "network.peer.address": z.Remote.IPv4, "network.peer.ipv6": z.Remote.IPv6} {
		if _, own := z.Tags[key]; text != "" && !own && !has(s.Attrs, text) {
			return "the remote endpoint's " + text
		}
	}
	if s.Attrs.Text("zipkin.shared") == "" && z.Shared || s.Attrs.Text("zipkin.debug") == "" && z.Debug {
		return "a flag"
	}
	return ""
}
