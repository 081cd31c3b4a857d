package esapi

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tripod/store"
)

// engine keeps records; it answers the n-th call with errs[n] if there is one,
// and keeps nothing then but for a partial error.
type engine struct {
	records []store.Record
	calls   int
	errs    map[int]error
}

func (e *engine) Append(_ context.Context, r []store.Record) error {
	err := e.errs[e.calls]
	e.calls++
	if p, ok := err.(*store.PartialError); ok {
		r = r[:len(r)-p.Rejected]
	} else if err != nil {
		return err
	}
	for _, rec := range r {
		rec.Attrs = append(store.Attrs(nil), rec.Attrs...)
		e.records = append(e.records, rec)
	}
	return err
}

var now = time.Date(2026, 3, 12, 14, 6, 0, 0, time.UTC)

func server(e *engine, o Options) http.Handler {
	o.Now = func() time.Time { return now }
	mux := http.NewServeMux()
	a := New(Doors{e}, o)
	a.Register(mux)
	mux.HandleFunc("/planner/", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "the planner") })
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "the overview") })
	return a.Before(mux)
}

func do(e *engine, o Options, method, path, body string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	server(e, o).ServeHTTP(w, r)
	return w
}

// untimed takes out how long a request took.
func untimed(t *testing.T, body []byte) string {
	t.Helper()
	var v struct {
		Took   *int64 `json:"took"`
		Errors bool   `json:"errors"`
		Items  json.RawMessage
	}
	if err := json.Unmarshal(body, &v); err != nil || v.Took == nil {
		t.Fatalf("%s: %v", body, err)
	}
	return fmt.Sprintf("%t %s", v.Errors, v.Items)
}

func show(r *store.Record) string {
	at := "now"
	if r.Time != now.UnixNano() {
		at = time.Unix(0, r.Time).UTC().Format(time.RFC3339Nano)
	}
	s := fmt.Sprintf("%s %s %s %q", at, r.Service, r.Level.Word(), r.Message())
	for _, a := range r.Attrs {
		s += " " + a.Key + "=" + a.Value.Text()
	}
	if r.Resource != nil {
		s += " in " + r.Resource.Attrs.Text("index")
	}
	if !r.TraceID.IsZero() {
		s += " of " + r.TraceID.String() + "/" + r.SpanID.String()
	}
	return s
}

func TestDocuments(t *testing.T) {
	for name, c := range map[string]struct{ path, action, doc, want string }{
		"common schema": {"/_bulk", `{"create":{"_index":"logs-shop"}}`,
			`{"@timestamp":"2026-03-12T14:05:00.123Z","message":"hi","log":{"level":"warn","logger":"x"},"service":{"name":"shop"},"trace":{"id":"4bf92f3577b34da6a3ce929d0e0e4736"},"span":{"id":"00f067aa0ba902b7"},"host":{"name":"h"}}`,
			`2026-03-12T14:05:00.123Z shop warn "hi" log.logger=x host.name=h in logs-shop of 4bf92f3577b34da6a3ce929d0e0e4736/00f067aa0ba902b7`},
		"dotted names":       {"/_bulk", `{"index":{}}`, `{"message":"hi","log.level":"error"}`, `now  error "hi"`},
		"index of the path":  {"/shop/_bulk", `{"create":{}}`, `{"message":"hi"}`, `now  unset "hi" in shop`},
		"index of both":      {"/shop/_bulk", `{"create":{"_index":"other"}}`, `{"message":"hi"}`, `now  unset "hi" in other`},
		"an id":              {"/_bulk", `{"create":{"_id":"a-1","_type":"_doc"}}`, `{"message":"hi"}`, `now  unset "hi" _id=a-1`},
		"a number for an id": {"/_bulk", `{"create":{"_id":7}}`, `{"message":"hi"}`, `now  unset "hi" _id=7`},
		"null for all":       {"/_bulk", `{"create":null}`, `{"message":"hi"}`, `now  unset "hi"`},
		"Fluent Bit's log":   {"/_bulk", `{"create":{}}`, `{"@timestamp":"2026-03-12T14:05:00Z","log":"hi","stream":"stdout"}`, `2026-03-12T14:05:00Z  unset "hi" stream=stdout`},
	} {
		for _, prefix := range []string{"", Prefix} {
			t.Run(name+" at "+prefix, func(t *testing.T) {
				var e engine
				w := do(&e, Options{}, "POST", prefix+c.path, c.action+"\n"+c.doc+"\n")
				if w.Code != 200 || len(e.records) != 1 || !strings.Contains(w.Body.String(), `"status":201`) {
					t.Fatalf("got %d %s", w.Code, w.Body)
				}
				if got := show(&e.records[0]); got != c.want {
					t.Errorf("got\n%s, want\n%s", got, c.want)
				}
				if e.records[0].Line() != c.doc {
					t.Errorf("got line %q", e.records[0].Line())
				}
			})
		}
	}
}

// TestNamedMembers: VictoriaLogs' parameters mean here what they mean there.
func TestNamedMembers(t *testing.T) {
	for name, c := range map[string]struct{ query, doc, want, stream string }{
		"message and time":    {"?_msg_field=line&_time_field=when", `{"line":"hi","when":"2026-03-12T14:05:00Z","n":1}`, `2026-03-12T14:05:00Z  unset "hi" _id=a n=1 in i`, ""},
		"a stream":            {"?_stream_fields=pod,none", `{"message":"hi","pod":"p1"}`, `now  unset "hi" _id=a in i`, "index=i pod=p1"},
		"more":                {"?extra_fields=env=prod", `{"message":"hi"}`, `now  unset "hi" _id=a in i`, "index=i env=prod"},
		"not to be kept":      {"?ignore_fields=user.secret", `{"message":"hi","user":{"id":7,"secret":"s3cr3t"}}`, `now  unset "hi" _id=a user.id=7 in i`, ""},
		"the id is kept":      {"?ignore_fields=_id", `{"message":"hi","_id":"s3cr3t"}`, `now  unset "hi" _id=a in i`, ""},
		"time of two":         {"?_time_field=when", `{"@timestamp":"2020-01-01T00:00:00Z","when":"2026-03-12T14:05:00Z","message":"hi"}`, `2026-03-12T14:05:00Z  unset "hi" _id=a @timestamp=2020-01-01T00:00:00Z in i`, ""},
		"the id is no member": {"?_msg_field=_id", `{"message":"hi"}`, `now  unset "hi" _id=a in i`, ""},
	} {
		var e engine
		w := do(&e, Options{}, "POST", "/_bulk"+c.query, `{"create":{"_index":"i","_id":"a"}}`+"\n"+c.doc+"\n")
		if w.Code != 200 || len(e.records) != 1 {
			t.Fatalf("%s: got %d %s", name, w.Code, w.Body)
		}
		r := &e.records[0]
		if got := show(r); got != c.want {
			t.Errorf("%s: got\n%s, want\n%s", name, got, c.want)
		}
		stream := ""
		for _, a := range r.Resource.Attrs {
			stream = strings.TrimSpace(stream + " " + a.Key + "=" + a.Value.Text())
		}
		if c.stream != "" && stream != c.stream {
			t.Errorf("%s: got stream %s, want %s", name, stream, c.stream)
		}
		if (r.Line() != c.doc) != strings.Contains(c.doc, "s3cr3t") || strings.Contains(r.Line(), "s3cr3t") {
			t.Errorf("%s: got line %q", name, r.Line())
		}
	}
	var e engine
	w := do(&e, Options{}, "POST", "/_bulk?_time_field=when", "{\"create\":{}}\n"+`{"message":"hi","when":"yesterday"}`+"\n")
	if len(e.records) > 0 || !strings.Contains(w.Body.String(), `when \"yesterday\" is no time from 1970 to 2262`) {
		t.Errorf("got %s", w.Body)
	}
}

func TestAnswerNamesEachDocument(t *testing.T) {
	body := strings.Join([]string{
		`{"create":{"_index":"a"}}`, `{"message":"1"}`,
		`{"index":{"_index":"b"}}`, `plain`, ``,
		`{"delete":{"_id":"x"}}`,
		`{"update":{"_id":"x"}}`, `{"doc":{}}`,
		`{"create":{}}`, `{"message":"` + strings.Repeat("x", 200) + `"}`,
		`{"create":{"_index":"a"}}`, `{"message":"2"}`,
	}, "\r\n")
	var e engine
	told := map[string]int{}
	w := do(&e, Options{MaxLine: 100, Rejected: func(reason string, n int, _ string) { told[reason] += n }}, "POST", "/_bulk?filter_path=errors", body)
	want := `true [{"create":{"_index":"a","status":201}},` +
		`{"index":{"_index":"b","status":400,"error":{"type":"document_parsing_exception","reason":"the document is no JSON object"}}},` +
		`{"delete":{"status":400,"error":{"type":"illegal_argument_exception","reason":"log records cannot be deleted"}}},` +
		`{"update":{"status":400,"error":{"type":"illegal_argument_exception","reason":"log records cannot be updated"}}},` +
		`{"create":{"status":413,"error":{"type":"illegal_argument_exception","reason":"document is longer than 100 bytes"}}},` +
		`{"create":{"_index":"a","status":201}}]`
	if got := untimed(t, w.Body.Bytes()); w.Code != 200 || got != want {
		t.Errorf("got %d\n%s, want\n%s", w.Code, got, want)
	}
	if want := map[string]int{"invalid": 1, "unsupported": 2, "too_large": 1}; len(e.records) != 2 || !maps.Equal(told, want) {
		t.Errorf("kept %d, told %v, want %v", len(e.records), told, want)
	}
	if w.Header().Get("X-Elastic-Product") != "Elasticsearch" {
		t.Error("the answer does not say which product it is from")
	}
}

func TestRequestsThatCannotBeRead(t *testing.T) {
	good := "{\"create\":{}}\n{\"message\":\"a\"}\n"
	for name, c := range map[string]struct {
		body, encoding string
		says           string
		kept           int
	}{
		"no action":          {good + "{\"message\":\"b\"}\n{}\n", "", "line 3: ", 0},
		"two actions":        {`{"create":{},"index":{}}`, "", "line 1: ", 0},
		"no JSON":            {"x\n", "", "line 1: want an action", 0},
		"action without any": {good + "{\"create\":{}}\n", "", "line 4: the action has no document", 0},
		"no gzip":            {good, "gzip", "gzip", 0},
	} {
		t.Run(name, func(t *testing.T) {
			var e engine
			told := map[string]int{}
			w := do(&e, Options{Rejected: func(reason string, n int, _ string) { told[reason] += n }}, "POST", "/_bulk", c.body, "Content-Encoding", c.encoding)
			if !maps.Equal(told, map[string]int{"invalid": 1}) {
				t.Errorf("told %v, want one request", told)
			}
			var f fault
			if err := json.Unmarshal(w.Body.Bytes(), &f); err != nil {
				t.Fatal(err)
			}
			if w.Code != 400 || f.Status != 400 || !strings.Contains(f.Error.Reason, c.says) || len(e.records) != c.kept {
				t.Errorf("got %d %s, %d kept", w.Code, w.Body, len(e.records))
			}
		})
	}
}

// TestRestOfALargeRequest: when the documents in front are kept, an error for
// the whole request would bring them again.
func TestRestOfALargeRequest(t *testing.T) {
	pair := "{\"create\":{}}\n{\"message\":\"a\"}\n"
	front := strings.Repeat(pair, chunkDocs+1)
	for name, c := range map[string]struct {
		rest string
		kept int // beside those in front
		says string
	}{
		"no action":                {"{\"message\":\"b\"}\n{}\n" + pair, 1, "line 2003: "},
		"action without any":       {"{\"create\":{}}\n", 0, "the action has no document"},
		"a line that is too long":  {strings.Repeat("x", 5000) + "\n" + pair, 1, "longer than"},
		"no action, several times": {"x\n" + pair + "y\nz\n" + pair, 2, "line 2006: "},
	} {
		t.Run(name, func(t *testing.T) {
			var e engine
			w := do(&e, Options{MaxLine: 4096}, "POST", "/_bulk", front+c.rest)
			body := w.Body.String()
			if w.Code != 200 || len(e.records) != chunkDocs+1+c.kept || !strings.Contains(body, c.says) || !strings.Contains(body, `"errors":true`) {
				t.Errorf("got %d %.300s, %d kept", w.Code, body[max(0, len(body)-300):], len(e.records))
			}
			if got := strings.Count(body, `"status":201`); got != len(e.records) {
				t.Errorf("%d items say that they are kept, %d are", got, len(e.records))
			}
		})
	}
}

func TestTimesThatAreNone(t *testing.T) {
	var e engine
	body := ""
	for _, doc := range []string{`{"@timestamp":"garbage"}`, `{"@timestamp":"2026-03-12T14:06:00Z"}`, `{"@timestamp":"1969-01-01T00:00:00Z"}`,
		`{"@timestamp":"2263-01-01T00:00:00Z"}`, `{"message":"none"}`, `{"time":12}`, `{"@timestamp":"1970-01-01T00:00:00Z"}`} {
		body += "{\"create\":{}}\n" + doc + "\n"
	}
	told := map[string]int{}
	w := do(&e, Options{Rejected: func(reason string, n int, _ string) { told[reason] += n }}, "POST", "/_bulk", body)
	if w.Code != 200 || len(e.records) != 3 || told["invalid"] != 4 || strings.Count(w.Body.String(), `is no time from 1970 to 2262`) != 4 {
		t.Errorf("got %d %s, kept %d, told %v", w.Code, w.Body, len(e.records), told)
	}
}

func TestForms(t *testing.T) {
	var zipped bytes.Buffer
	zw := gzip.NewWriter(&zipped)
	io.WriteString(zw, "{\"create\":{}}\n{\"message\":\"a\"}\n")
	zw.Close()
	var e engine
	if w := do(&e, Options{}, "PUT", "/_bulk", zipped.String(), "Content-Encoding", "gzip"); w.Code != 200 || len(e.records) != 1 {
		t.Errorf("gzip: got %d %s", w.Code, w.Body)
	}
	if w := do(&e, Options{}, "POST", "/_bulk", ""); untimed(t, w.Body.Bytes()) != "false []" {
		t.Errorf("nothing: got %d %s", w.Code, w.Body)
	}
}

func TestAnswersOfTheEngine(t *testing.T) {
	body := strings.Repeat("{\"create\":{}}\n{\"message\":\"a\"}\n", 2500)
	for name, c := range map[string]struct {
		errs   map[int]error
		code   int
		kept   int
		failed map[string]int // status in items
	}{
		"all kept":                {nil, 200, 2500, nil},
		"overloaded at the first": {map[int]error{0: store.ErrOverloaded}, 429, 0, nil},
		"full at the first":       {map[int]error{0: store.ErrFull}, 507, 0, nil},
		"overloaded later":        {map[int]error{1: store.ErrOverloaded}, 200, 1000, map[string]int{"429": 1500}},
		"some refused":            {map[int]error{1: &store.PartialError{Rejected: 2, Reason: "too large"}}, 200, 2498, map[string]int{"400": 2}},
	} {
		t.Run(name, func(t *testing.T) {
			e := engine{errs: c.errs}
			w := do(&e, Options{}, "POST", "/_bulk", body)
			if w.Code != c.code || len(e.records) != c.kept {
				t.Fatalf("got %d, %d kept", w.Code, len(e.records))
			}
			if c.code != 200 {
				if w.Header().Get("Retry-After") == "" {
					t.Error("the answer does not say when to come again")
				}
				return
			}
			if got := strings.Count(w.Body.String(), `"status":`); got != 2500 {
				t.Errorf("%d items", got)
			}
			for status, n := range c.failed {
				if got := strings.Count(w.Body.String(), `"status":`+status+","); got != n {
					t.Errorf("%d items with %s, want %d", got, status, n)
				}
			}
		})
	}
}

func TestDocumentsThatMayBeRefusedGoAlone(t *testing.T) {
	big := `{"message":"` + strings.Repeat("x", 300<<10) + `"}`
	body := "{\"create\":{}}\n{\"message\":\"a\"}\n{\"create\":{}}\n" + big + "\n{\"create\":{}}\n{\"message\":\"b\"}\n"
	e := engine{errs: map[int]error{1: &store.PartialError{Rejected: 1, Reason: "too large"}}}
	w := do(&e, Options{}, "POST", "/_bulk", body)
	want := `true [{"create":{"status":201}},{"create":{"status":400,"error":{"type":"document_parsing_exception","reason":"too large"}}},{"create":{"status":201}}]`
	if got := untimed(t, w.Body.Bytes()); got != want {
		t.Errorf("got\n%s, want\n%s", got, want)
	}
}

func TestWhatShippersAskFirst(t *testing.T) {
	for name, c := range map[string]struct {
		method, path string
		code         int
		says         string
	}{
		"who is there":           {"GET", Prefix + "/", 200, `"number":"8.17.0"`},
		"who is there, no slash": {"GET", Prefix, 200, `"number":"8.17.0"`},
		"is anyone there":        {"HEAD", Prefix + "/", 200, ""},
		"license":                {"GET", "/_license", 200, `"status":"active"`},
		"license at the prefix":  {"GET", Prefix + "/_license", 200, `"status":"active"`},
		"life cycle":             {"GET", "/_ilm/policy/filebeat", 200, "{}"},
		"set a template":         {"PUT", Prefix + "/_index_template/filebeat-8.17.0", 200, `{"acknowledged":true}`},
		"pipelines":              {"GET", "/_ingest/pipeline/x", 200, "{}"},
		"nodes":                  {"GET", "/_nodes/http", 200, "{}"},
		"logstash":               {"GET", "/_logstash/pipeline", 200, "{}"},
		"a search":               {"POST", Prefix + "/shop/_search", 404, "only _bulk"},
		"the root stays":         {"GET", "/", 200, "the overview"},
		"other rooms stay":       {"GET", "/planner/_bulk", 200, "the planner"},
		"deeper paths stay":      {"POST", "/planner/x/_bulk", 200, "the planner"},
	} {
		t.Run(name, func(t *testing.T) {
			w := do(&engine{}, Options{}, c.method, c.path, "")
			if w.Code != c.code || !strings.Contains(w.Body.String(), c.says) {
				t.Errorf("got %d %s", w.Code, w.Body)
			}
			if ours := !strings.Contains(c.says, "the "); ours && w.Header().Get("X-Elastic-Product") != "Elasticsearch" {
				t.Error("the answer does not say which product it is from")
			}
		})
	}
}

// FuzzBulk holds that an answer of 200 has an item for every action, and that
// just as many say 201 as are kept.
func FuzzBulk(f *testing.F) {
	f.Add([]byte("{\"create\":{\"_index\":\"a\",\"_id\":\"b\"}}\n{\"message\":\"a\",\"log\":{\"level\":\"info\"}}\n{\"delete\":{}}\n{\"update\":{}}\n{}\n"))
	f.Add([]byte("{\"index\":null}\nx\n\n{\"create\":{\"_id\":[1]}}\n{\"log\":\"x\"}"))
	f.Fuzz(func(t *testing.T, body []byte) {
		var e engine
		w := do(&e, Options{MaxLine: 4096}, "POST", "/_bulk", string(body))
		if w.Code == 400 || w.Code == 413 {
			return
		}
		var rep struct {
			Errors bool
			Items  []map[string]struct{ Status int }
		}
		if err := json.Unmarshal(w.Body.Bytes(), &rep); err != nil || w.Code != 200 {
			t.Fatalf("got %d %s: %v", w.Code, w.Body, err)
		}
		kept := 0
		for _, it := range rep.Items {
			for _, answer := range it {
				if answer.Status == 201 {
					kept++
				}
			}
		}
		if kept != len(e.records) || rep.Errors != (kept < len(rep.Items)) {
			t.Errorf("%d are kept, the answer is %s", len(e.records), w.Body)
		}
	})
}
