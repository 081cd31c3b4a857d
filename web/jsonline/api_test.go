package jsonline

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
	"slices"
	"strings"
	"testing"
	"time"

	"tripod/store"
)

// engine keeps records; it answers the n-th call with errs[n] if there is one,
// and keeps nothing then but for a partial error.
type engine struct {
	records []store.Record
	batches []int
	errs    map[int]error
}

func (e *engine) Append(_ context.Context, r []store.Record) error {
	err := e.errs[len(e.batches)]
	e.batches = append(e.batches, len(r))
	if p, ok := err.(*store.PartialError); ok {
		r = r[p.Rejected:]
	} else if err != nil {
		return err
	}
	e.records = append(e.records, r...)
	return err
}

var now = time.Date(2026, 3, 12, 14, 6, 0, 0, time.UTC)

func post(t testing.TB, e *engine, o Options, path, contentType string, body []byte, header ...string) (int, result) {
	t.Helper()
	o.Now = func() time.Time { return now }
	mux := http.NewServeMux()
	New(Doors{e}, o).Register(mux)
	r := httptest.NewRequest("POST", path, bytes.NewReader(body))
	r.Header.Set("Content-Type", contentType)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, r)
	var res result
	if err := json.Unmarshal(w.Body.Bytes(), &res); err != nil {
		t.Fatalf("%d %s: %v", w.Code, w.Body, err)
	}
	return w.Code, res
}

// show writes a record in one line: time, service, level, message, attributes,
// and those of its resource.
func show(r *store.Record) string {
	at := "now"
	if r.Time != now.UnixNano() {
		at = time.Unix(0, r.Time).UTC().Format(time.RFC3339Nano)
	}
	var res store.Attrs
	if r.Resource != nil {
		res = r.Resource.Attrs
	}
	return fmt.Sprintf("%s %s %s %q %s %s", at, r.Service, r.Level.Word(), r.Message(), pairs(r.Attrs), pairs(res))
}

func pairs(attrs store.Attrs) string {
	var out []string
	for _, a := range attrs {
		out = append(out, a.Key+"="+a.Value.Text())
	}
	return "{" + strings.Join(out, " ") + "}"
}

const nd = "application/x-ndjson"

func TestFields(t *testing.T) {
	for name, c := range map[string]struct {
		query, line, want string
	}{
		"usual names":               {"", `{"time":"2026-03-12T14:05:00Z","level":"warn","msg":"hi","service":"api","n":1}`, `2026-03-12T14:05:00Z api warn "hi" {n=1} {}`},
		"VictoriaLogs' names":       {"", `{"_time":"2026-03-12T14:05:00.5Z","_msg":"hi","level":"info"}`, `2026-03-12T14:05:00.5Z  info "hi" {} {}`},
		"named members":             {"?_msg_field=log.text&_time_field=when", `{"when":1773324360123,"log":{"text":"hi"}}`, `2026-03-12T14:06:00.123Z  unset "hi" {} {}`},
		"first that holds anything": {"?_msg_field=a,b,c", `{"a":"","b":"hi","c":"no"}`, `now  unset "hi" {a= c=no} {}`},
		"a named time wins":         {"?_time_field=when", `{"when":"2026-03-12T14:05:00Z","time":"2020-01-01T00:00:00Z","msg":"m"}`, `2026-03-12T14:05:00Z  unset "m" {time=2020-01-01T00:00:00Z} {}`},
		"a named message wins":      {"?_msg_field=log", `{"log":"hi","msg":"other"}`, `now  unset "hi" {message=other} {}`},
		"usual name said again":     {"?_time_field=ts&_msg_field=msg", `{"ts":"2026-03-12T14:05:00Z","msg":"m"}`, `2026-03-12T14:05:00Z  unset "m" {} {}`},
		"zero is now":               {"", `{"_time":0,"_msg":"m"}`, `now  unset "m" {} {}`},
		"no time":                   {"", `{"msg":"m"}`, `now  unset "m" {} {}`},
		"stream":                    {"?_stream_fields=app,host,none", `{"msg":"m","host":"h","app":"shop","x":true}`, `now shop unset "m" {x=true} {app=shop host=h}`},
		"extra fields":              {"?extra_fields=env=prod,service.name=api", `{"msg":"m"}`, `now api unset "m" {} {env=prod service.name=api}`},
	} {
		t.Run(name, func(t *testing.T) {
			var e engine
			code, res := post(t, &e, Options{}, "/insert/jsonline"+c.query, "", []byte(c.line))
			if code != 200 || res.Accepted != 1 || len(e.records) != 1 {
				t.Fatalf("got %d %+v", code, res)
			}
			if got := show(&e.records[0]); got != c.want {
				t.Errorf("got\n%s, want\n%s", got, c.want)
			}
			if e.records[0].Line() != c.line || e.records[0].Observed != now.UnixNano() {
				t.Errorf("got line %q, observed %d", e.records[0].Line(), e.records[0].Observed)
			}
		})
	}
}

// What is not to be kept is nowhere, the line as it was sent included.
func TestIgnoredFieldsAreNotKept(t *testing.T) {
	for name, c := range map[string]struct{ query, line, want string }{
		"one":                      {"?ignore_fields=secret", `{"msg":"m","secret":"s3cr3t","n":1}`, `now  unset "m" {n=1} {}`},
		"nested":                   {"?ignore_fields=user.token,other", `{"msg":"m","user":{"id":7,"token":"s3cr3t"}}`, `now  unset "m" {user.id=7} {}`},
		"by the header":            {"", `{"msg":"m","secret":"s3cr3t"}`, `now  unset "m" {} {}`},
		"each of a name":           {"?ignore_fields=secret", `{"secret":"s3cr3t","msg":"m","secret":"s3cr3t too"}`, `now  unset "m" {} {}`},
		"the message":              {"?ignore_fields=message", `{"message":"s3cr3t","n":1,"message":"s3cr3t too"}`, `now  unset "" {n=1} {}`},
		"another message":          {"?ignore_fields=message", `{"msg":"m","message":"s3cr3t"}`, `now  unset "m" {} {}`},
		"a message that was named": {"?ignore_fields=message,secret&_msg_field=message", `{"message":"m","msg":"n","secret":"s3cr3t"}`, `now  unset "m" {msg=n} {}`},
		"a message besides":        {"?ignore_fields=msg&_msg_field=log", `{"msg":"s3cr3t","log":"m"}`, `now  unset "m" {} {}`},
		"the level":                {"?ignore_fields=log.level,log.x", `{"msg":"m","log":{"level":"error","x":"s3cr3t"}}`, `now  unset "m" {} {}`},
		"the service":              {"?ignore_fields=service.name", `{"msg":"m","service.name":"s3cr3t"}`, `now  unset "m" {} {}`},
		"the trace":                {"?ignore_fields=trace.id,span_id", `{"msg":"m","trace":{"id":"0123456789abcdef0123456789abcdef"},"span_id":"0123456789abcdef","s":"s3cr3t"}`, `now  unset "m" {s=s3cr3t} {}`},
	} {
		var e engine
		header := []string{}
		if c.query == "" {
			header = []string{"VL-Ignore-Fields", "secret"}
		}
		if code, res := post(t, &e, Options{}, "/insert/jsonline"+c.query, "", []byte(c.line), header...); code != 200 || len(e.records) != 1 {
			t.Fatalf("%s: got %d %+v", name, code, res)
		}
		r := &e.records[0]
		if got := show(r); got != c.want || r.Raw != "" || !r.TraceID.IsZero() || !r.SpanID.IsZero() || r.LevelText != "" {
			t.Errorf("%s: got %s, line %q, trace %v, span %v, level %q", name, got, r.Raw, r.TraceID, r.SpanID, r.LevelText)
		}
	}
}

func TestFormsOfABody(t *testing.T) {
	var zipped bytes.Buffer
	zw := gzip.NewWriter(&zipped)
	io.WriteString(zw, `{"msg":"a"}`+"\n"+`{"msg":"b"}`)
	zw.Close()
	for name, c := range map[string]struct {
		path, contentType, body string
		header                  []string
		want                    []string
	}{
		"lines":               {"/api/v1/logs", nd, "{\"msg\":\"a\"}\n\n  {\"msg\":\"b\"}\r\n", nil, []string{"a", "b"}},
		"lines, with charset": {"/api/v1/logs", nd + "; charset=utf-8", `{"msg":"a"}`, nil, []string{"a"}},
		"lines of any type":   {"/insert/jsonline", "text/plain", `{"msg":"a"}`, nil, []string{"a"}},
		"gzip":                {"/api/v1/logs", nd, zipped.String(), []string{"Content-Encoding", "gzip"}, []string{"a", "b"}},
		"an array":            {"/api/v1/logs", "application/json", ` [{"msg":"a"},` + "\n" + `{"msg":"b"}] `, nil, []string{"a", "b"}},
		"an empty array":      {"/api/v1/logs", "application/json", `[]`, nil, nil},
		"an object":           {"/api/v1/logs", "application/json", "{\n \"msg\": \"a\"\n}", nil, []string{"a"}},
		"objects":             {"/api/v1/logs", "application/json", `{"msg":"a"}{"msg":"b"}`, nil, []string{"a", "b"}},
		"an array, gzipped":   {"/api/v1/logs", "application/json", zipped.String(), []string{"Content-Encoding", "gzip"}, []string{"a", "b"}},
		"nothing":             {"/api/v1/logs", nd, "", nil, nil},
		"headers for params":  {"/insert/jsonline", "", `{"text":"a"}`, []string{"VL-Msg-Field", "text"}, []string{"a"}},
	} {
		t.Run(name, func(t *testing.T) {
			var e engine
			code, res := post(t, &e, Options{}, c.path, c.contentType, []byte(c.body), c.header...)
			var got []string
			for i := range e.records {
				got = append(got, e.records[i].Message())
			}
			if code != 200 || res.Accepted != len(c.want) || !slices.Equal(got, c.want) {
				t.Errorf("got %d %+v and %q, want %q", code, res, got, c.want)
			}
		})
	}
}

func TestBadLinesAreRefusedAndGoodOnesKept(t *testing.T) {
	for name, c := range map[string]struct {
		contentType, body string
		want              []refusal
		kept              int
	}{
		"no JSON":    {nd, "{\"msg\":\"a\"}\nplain\n{\"msg\":\"b\"}\n{\"msg\":", []refusal{{2, "no JSON object"}, {4, "no JSON object"}}, 2},
		"other JSON": {nd, "[1]\n\"a\"\n1\n{}", []refusal{{1, "no JSON object"}, {2, "no JSON object"}, {3, "no JSON object"}}, 1},
		"a bad time": {nd, "{\"_time\":\"yesterday\"}\n{}", []refusal{{1, `_time "yesterday" is no time from 1970 to 2262`}}, 1},
		"bad times": {nd, `{"time":"garbage"}
{"time":"2026-03-12T14:06:00Z"}
{"ts":1e30}
{"timestamp":-5}
{"@timestamp":"1969-12-31T23:59:59Z"}
{"time":"1970-01-01T00:00:00Z"}
{"time":"2263-01-01T00:00:00Z"}
{"time":"","ts":null}
{"time":"garbage","ts":1773324360}
{"_time":"1970-01-01T00:00:00Z"}
{"time":0}`, []refusal{
			{1, `time "garbage" is no time from 1970 to 2262`}, {3, `ts "1e+30" is no time from 1970 to 2262`},
			{4, `timestamp "-5" is no time from 1970 to 2262`}, {5, `@timestamp "1969-12-31T23:59:59Z" is no time from 1970 to 2262`},
			{6, `time "1970-01-01T00:00:00Z" is no time from 1970 to 2262`}, {7, `time "2263-01-01T00:00:00Z" is no time from 1970 to 2262`},
			{10, `_time "1970-01-01T00:00:00Z" is no time from 1970 to 2262`}, {11, `time "0" is no time from 1970 to 2262`}}, 3},
		"too long": {nd, "{}\n{\"a\":\"" + strings.Repeat("x", 100) + "\"}\n{}", []refusal{{2, "longer than 64 bytes"}}, 2},
		"in an array": {"application/json", `[{}, 1, {"a":"` + strings.Repeat("x", 100) + `"}]`,
			[]refusal{{2, "no JSON object"}, {3, "longer than 64 bytes"}}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			var e engine
			told := map[string]int{}
			o := Options{MaxLine: 64, Rejected: func(reason string, n int, _ string) { told[reason] += n }}
			code, res := post(t, &e, o, "/api/v1/logs", c.contentType, []byte(c.body))
			slices.SortFunc(res.Lines, func(a, b refusal) int { return a.Line - b.Line })
			if code != 400 || !slices.Equal(res.Lines, c.want) || res.Rejected != len(c.want) || res.Accepted != c.kept || len(e.records) != c.kept {
				t.Errorf("got %d %+v, %d records", code, res, len(e.records))
			}
			want := map[string]int{}
			for _, w := range c.want {
				if strings.HasPrefix(w.Reason, "longer") {
					want["too_large"]++
				} else {
					want["invalid"]++
				}
			}
			if !maps.Equal(told, want) {
				t.Errorf("told %v, want %v", told, want)
			}
		})
	}
}

func TestBodiesThatAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		contentType, encoding, body string
		want                        int
		says                        string
	}{
		"another type":       {"text/csv", "", "a", 400, "application/x-ndjson"},
		"no type":            {"", "", "a", 400, "application/x-ndjson"},
		"a broken array":     {"application/json", "", `[{"a":1},{]`, 400, "value 2"},
		"an open array":      {"application/json", "", `[{"a":1}`, 400, "value 2"},
		"more than an array": {"application/json", "", `[{}] {}`, 400, "behind the array"},
		"no gzip":            {nd, "gzip", "{}", 400, "gzip"},
		"unknown encoding":   {nd, "zstd", "{}", 400, "want gzip"},
	} {
		t.Run(name, func(t *testing.T) {
			var e engine
			told := map[string]int{}
			o := Options{Rejected: func(reason string, n int, _ string) { told[reason] += n }}
			code, res := post(t, &e, o, "/api/v1/logs", c.contentType, []byte(c.body), "Content-Encoding", c.encoding)
			if !maps.Equal(told, map[string]int{"invalid": 1}) {
				t.Errorf("told %v, want one request", told)
			}
			if code != c.want || !strings.Contains(res.Error, c.says) || len(e.records) > 0 {
				t.Errorf("got %d %+v, %d records", code, res, len(e.records))
			}
		})
	}
}

func TestALongBodyIsTakenInBatches(t *testing.T) {
	var body bytes.Buffer
	for i := range 2500 {
		fmt.Fprintf(&body, `{"msg":"m","i":%d}`+"\n", i)
	}
	var e engine
	code, res := post(t, &e, Options{}, "/insert/jsonline", "", body.Bytes())
	if code != 200 || res.Accepted != 2500 || !slices.Equal(e.batches, []int{1000, 1000, 500}) {
		t.Errorf("got %d %+v in %v", code, res, e.batches)
	}
	for i := range e.records {
		if e.records[i].Attrs.Text("i") != fmt.Sprint(i) {
			t.Fatalf("record %d is %v", i, e.records[i])
		}
	}
	e = engine{}
	big := strings.Repeat(`{"msg":"`+strings.Repeat("x", 400<<10)+`"}`+"\n", 4)
	if code, _ := post(t, &e, Options{}, "/insert/jsonline", "", []byte(big)); code != 200 || !slices.Equal(e.batches, []int{2, 2}) {
		t.Errorf("got %d, batches of %v", code, e.batches)
	}
}

func TestAnswersOfTheEngine(t *testing.T) {
	body := []byte(strings.Repeat("{}\n", 1500))
	for name, c := range map[string]struct {
		errs                     map[int]error
		code, accepted, rejected int
	}{
		"partial":                {map[int]error{0: &store.PartialError{Rejected: 3, Reason: "too large"}}, 400, 1497, 3},
		"overloaded":             {map[int]error{0: store.ErrOverloaded}, 429, 0, 0},
		"overloaded, second":     {map[int]error{1: store.ErrOverloaded}, 429, 1000, 0},
		"full":                   {map[int]error{0: store.ErrFull}, 507, 0, 0},
		"closed, at the second":  {map[int]error{1: store.ErrClosed}, 503, 1000, 0},
		"partial and overloaded": {map[int]error{0: &store.PartialError{Rejected: 3, Reason: "too large"}, 1: store.ErrOverloaded}, 429, 997, 3},
	} {
		t.Run(name, func(t *testing.T) {
			e := engine{errs: c.errs}
			code, res := post(t, &e, Options{}, "/insert/jsonline", "", body)
			if code != c.code || res.Accepted != c.accepted || res.Rejected != c.rejected || res.Error == "" {
				t.Errorf("got %d %+v", code, res)
			}
			if len(e.records) != c.accepted {
				t.Errorf("%d records are kept, the answer says %d", len(e.records), c.accepted)
			}
		})
	}
}

func TestRefusedLinesAreNamedUpToABound(t *testing.T) {
	var e engine
	code, res := post(t, &e, Options{}, "/insert/jsonline", "", []byte(strings.Repeat("x\n", 5000)))
	if code != 400 || res.Rejected != 5000 || len(res.Lines) != maxRefusals {
		t.Errorf("got %d, %d rejected, %d named", code, res.Rejected, len(res.Lines))
	}
}

// FuzzLines holds that every line is kept as it stands or refused, and that a
// line is kept just when it is a JSON object.
func FuzzLines(f *testing.F) {
	f.Add([]byte("{\"_msg\":\"a\",\"_time\":\"2026-03-12T14:05:00Z\"}\n{\"a\":{\"b\":[1]}}\nx\n"), "_stream_fields=a&_msg_field=b,_msg")
	f.Add([]byte("{\"time\":1,\"_time\":1773324360}\r\n\n{}"), "_time_field=time,_time")
	f.Fuzz(func(t *testing.T, body []byte, query string) {
		var e engine
		r := httptest.NewRequest("POST", "/insert/jsonline", bytes.NewReader(body))
		r.URL.RawQuery = query
		w := httptest.NewRecorder()
		New(Doors{&e}, Options{Now: func() time.Time { return now }}).insert(w, r)
		lines, kept := 0, 0
		for line := range strings.Lines(string(body)) {
			if line = strings.TrimRight(line, "\r\n"); strings.TrimSpace(line) == "" {
				continue
			}
			lines++
			if kept < len(e.records) && e.records[kept].Line() == line {
				kept++
			}
		}
		var res result
		if err := json.Unmarshal(w.Body.Bytes(), &res); err != nil {
			t.Fatal(err)
		}
		if kept != len(e.records) || res.Accepted != kept || res.Accepted+res.Rejected != lines {
			t.Errorf("%d lines: %+v, %d records, %d of them in order", lines, res, len(e.records), kept)
		}
	})
}

// FuzzArray holds that what is taken apart is JSON for the standard library.
func FuzzArray(f *testing.F) {
	for _, s := range []string{`[]`, `[{},1,"a"]`, `{}{}`, `[`, `[1]2`, `[1,]`, `1 2`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		items, err := values(body)
		var want []json.RawMessage
		if isArray := json.Unmarshal(body, &want) == nil && want != nil; isArray {
			if err != nil || len(items) != len(want) {
				t.Fatalf("%q: got %d values, %v, want %d", body, len(items), err, len(want))
			}
		} else if err == nil && bytes.HasPrefix(bytes.TrimSpace(body), []byte("[")) {
			t.Fatalf("%q: took what is no array", body)
		}
	})
}
