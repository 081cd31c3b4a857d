package lokiapi

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/s2"
	"google.golang.org/protobuf/encoding/protowire"

	"tripod/store"
	"tripod/testdata/weblog"
	"tripod/web"
)

// protoPush writes a PushRequest; an entry is nanoseconds, line and metadata.
func protoPush(streams ...[]byte) []byte {
	var b []byte
	for _, s := range streams {
		b = bytesField(b, 1, s)
	}
	return b
}

func protoStreamOf(labels string, entries ...[]byte) []byte {
	b := bytesField(nil, 1, []byte(labels))
	for _, e := range entries {
		b = bytesField(b, 2, e)
	}
	return b
}

func protoEntryOf(ns int64, line string, pairs ...string) []byte {
	ts := protowire.AppendTag(nil, 1, protowire.VarintType)
	ts = protowire.AppendVarint(ts, uint64(ns/1e9))
	ts = protowire.AppendTag(ts, 2, protowire.VarintType)
	ts = protowire.AppendVarint(ts, uint64(ns%1e9))
	b := bytesField(nil, 1, ts)
	b = bytesField(b, 2, []byte(line))
	for i := 0; i < len(pairs); i += 2 {
		b = bytesField(b, 3, bytesField(bytesField(nil, 1, []byte(pairs[i])), 2, []byte(pairs[i+1])))
	}
	return b
}

func bytesField(b []byte, num protowire.Number, v []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, num, protowire.BytesType), v)
}

const jsonPush = `{"streams":[{"stream":{"job":"api","level":"info","env":"prod"},"values":[
  ["1773324360123456789","{\"level\":30,\"msg\":\"hi\",\"reqId\":\"r-1\"}",{"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","span_id":"00f067aa0ba902b7","user":"u-1"}],
  ["1773324360123456790","plain \u00e9 \"quoted\"\n"]]}]}`

func TestPushTakesEveryForm(t *testing.T) {
	proto := s2.EncodeSnappy(nil, protoPush(protoStreamOf(`{job="api", level="info", env="prod"}`,
		protoEntryOf(1773324360123456789, `{"level":30,"msg":"hi","reqId":"r-1"}`, "trace_id", "4bf92f3577b34da6a3ce929d0e0e4736", "span_id", "00f067aa0ba902b7", "user", "u-1"),
		protoEntryOf(1773324360123456790, "plain é \"quoted\"\n"))))
	valuesFirst := strings.Replace(jsonPush, `"stream":{"job":"api","level":"info","env":"prod"},`, "", 1)
	valuesFirst = strings.Replace(valuesFirst, `]]}]}`, `]],"stream":{"job":"api","level":"info","env":"prod"},"more":[{"x":[null,1.5e3,true]}]}],"other":{}}`, 1)
	for name, c := range map[string]struct {
		header http.Header
		body   []byte
	}{
		"json":                  {http.Header{"Content-Type": {"application/json"}}, []byte(jsonPush)},
		"json with charset":     {http.Header{"Content-Type": {"application/json; charset=utf-8"}}, []byte(jsonPush)},
		"gzipped json":          {http.Header{"Content-Type": {"application/json"}, "Content-Encoding": {"gzip"}}, zipped([]byte(jsonPush))},
		"json, values first":    {http.Header{"Content-Type": {"application/json"}}, []byte(valuesFirst)},
		"protobuf":              {http.Header{"Content-Type": {"application/x-protobuf"}}, proto},
		"protobuf, said snappy": {http.Header{"Content-Type": {"application/x-protobuf"}, "Content-Encoding": {"snappy"}}, proto},
		"protobuf, unsaid":      {http.Header{"Content-Type": nil}, proto},
	} {
		t.Run(name, func(t *testing.T) {
			var e engine
			srv := serve(t, &e, Options{})
			resp, body := do(t, "POST", srv.URL+"/loki/api/v1/push", c.header, c.body)
			if resp.StatusCode != 204 || body != "" {
				t.Fatalf("got %d %q, want 204", resp.StatusCode, body)
			}
			if len(e.records) != 2 {
				t.Fatalf("got %d records, want 2", len(e.records))
			}
			first, second := e.records[0], e.records[1]
			if first.Time != 1773324360123456789 || first.Message() != "hi" || first.Service != "api" || first.Level != store.LevelInfo ||
				first.TraceID.String() != "4bf92f3577b34da6a3ce929d0e0e4736" || first.SpanID.String() != "00f067aa0ba902b7" {
				t.Errorf("got %+v", first)
			}
			if got, want := attrText(first.Attrs), []string{"reqId=r-1", "user=u-1"}; !slices.Equal(got, want) {
				t.Errorf("got attributes %q, want %q", got, want)
			}
			if got, want := attrText(first.Resource.Attrs), []string{"env=prod", "job=api", "level=info"}; !slices.Equal(got, want) {
				t.Errorf("got labels %q, want %q", got, want)
			}
			if second.Line() != "plain é \"quoted\"\n" || second.Level != store.LevelInfo || second.Resource != first.Resource {
				t.Errorf("got %+v", second)
			}
		})
	}
}

func TestServiceOfAStream(t *testing.T) {
	for name, c := range map[string]struct{ labels, line, want string }{
		"service_name is surest":       {`{job="j", service_name="s", app="a"}`, "x", "s"},
		"app":                          {`{job="j", app="a"}`, "x", "a"},
		"app against the line":         {`{app="a"}`, `{"service":"l","msg":"m"}`, "a"},
		"the line against the job":     {`{job="j"}`, `{"service":"l","msg":"m"}`, "l"},
		"the job when nobody else did": {`{job="j"}`, `{"msg":"m"}`, "j"},
		"nobody":                       {`{filename="/var/log/x"}`, "x", ""},
	} {
		t.Run(name, func(t *testing.T) {
			labels, err := parseLabels(c.labels)
			if err != nil {
				t.Fatal(err)
			}
			s, b := newStream(labels), batch{maxLine: 100}
			b.add(&s, 1, c.line, nil)
			if got := b.records[0].Service; got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// As Loki's discover_log_levels has it, structured metadata say the level in
// front of the line; what of them is no level says nothing.
func TestLevelOfAnEntry(t *testing.T) {
	meta := func(pairs ...string) (out store.Attrs) {
		for i := 0; i < len(pairs); i += 2 {
			out = append(out, store.Attr{Key: pairs[i], Value: store.String(pairs[i+1])})
		}
		return out
	}
	for name, c := range map[string]struct {
		line     string
		metadata store.Attrs
		want     store.Level
	}{
		"of the stream":                {"x", nil, store.LevelWarn},
		"of the line":                  {`{"level":"info"}`, nil, store.LevelInfo},
		"of metadata":                  {"x", meta("level", "ERROR"), store.LevelError},
		"metadata against the line":    {`{"level":"info"}`, meta("level", "error"), store.LevelError},
		"metadata against a text":      {`level=info x`, meta("level", "error"), store.LevelError},
		"the detected one is surest":   {"x", meta("level", "info", "detected_level", "error"), store.LevelError},
		"under another name":           {"x", meta("pod", "p1", "severity", "critical"), store.LevelFatal},
		"no level":                     {`{"level":"info"}`, meta("level", "custom"), store.LevelInfo},
		"no level, and none elsewhere": {"x", meta("level", "custom"), store.LevelWarn},
	} {
		t.Run(name, func(t *testing.T) {
			s, b := newStream(store.Attrs{{Key: "level", Value: store.String("warn")}}), batch{maxLine: 100}
			n := len(c.metadata)
			b.add(&s, 1, c.line, c.metadata)
			if got := b.records[0]; got.Level != c.want || len(got.Attrs) < n {
				t.Errorf("got %v of %+v, want %v", got.Level, got, c.want)
			}
		})
	}
}

func TestPushRefusesWhatIsMalformed(t *testing.T) {
	js := http.Header{"Content-Type": {"application/json"}}
	pb := http.Header{"Content-Type": {"application/x-protobuf"}}
	one := func(values string) []byte {
		return []byte(`{"streams":[{"stream":{"job":"x"},"values":[["1","ok"],` + values + `]}]}`)
	}
	bomb := binary.AppendUvarint(nil, 33<<20)
	for name, c := range map[string]struct {
		header http.Header
		body   []byte
		want   int
		says   string
	}{
		"torn JSON":                {js, one(`["1","x`)[:70], 400, "JSON at byte"},
		"broken escape":            {js, one(`["1","\x"]`), 400, "escape"},
		"control character":        {js, one("[\"1\",\"a\nb\"]"), 400, "control character"},
		"something behind":         {js, []byte(`{"streams":[]} x`), 400, "something follows"},
		"not an object":            {js, []byte(`[]`), 400, "want an object"},
		"no labels":                {js, []byte(`{"streams":[{"values":[["1","x"]]}]}`), 400, "no labels"},
		"deep in what is skipped":  {js, []byte(`{"a":` + strings.Repeat("[", 100) + `}`), 400, "nested"},
		"too many streams":         {js, []byte(`{"streams":[{}` + strings.Repeat(",{}", maxStreams) + `]}`), 413, "streams"},
		"too many entries":         {js, []byte(`{"streams":[{"stream":{},"values":[["1",""]` + strings.Repeat(`,["1",""]`, maxEntries) + `]}]}`), 413, "entries"},
		"too many entries, proto":  {pb, s2.EncodeSnappy(nil, protoPush(append([]byte{0x0a, 2, '{', '}'}, strings.Repeat("\x12\x00", maxEntries+1)...))), 413, "entries"},
		"no snappy":                {pb, []byte("\xff\xff\xff\xff\xff\xff"), 400, "snappy"},
		"snappy bomb":              {pb, bomb, 413, "snappy block"},
		"torn protobuf":            {pb, s2.EncodeSnappy(nil, []byte{0x0a, 9}), 400, "protobuf"},
		"labels that are none":     {pb, s2.EncodeSnappy(nil, protoPush(protoStreamOf(`{job=api}`))), 400, "col 6"},
		"impossible protobuf time": {pb, s2.EncodeSnappy(nil, protoPush(protoStreamOf(`{}`, bytesField(nil, 1, []byte{0x10, 0xff, 0xff, 0xff, 0xff, 0x0f})))), 400, "entry 0: timestamp"},
		"other content":            {http.Header{"Content-Type": {"text/plain"}}, nil, 400, "text/plain"},
		"gzip bomb":                {http.Header{"Content-Type": {"application/json"}, "Content-Encoding": {"gzip"}}, zipped(make([]byte, 33<<20)), 413, "gzip"},
	} {
		t.Run(name, func(t *testing.T) {
			var e engine
			srv := serve(t, &e, Options{})
			resp, body := do(t, "POST", srv.URL+"/loki/api/v1/push", c.header, c.body)
			if resp.StatusCode != c.want || !strings.Contains(body, c.says) {
				t.Errorf("got %d %.200q, want %d with %q", resp.StatusCode, body, c.want, c.says)
			}
			if len(e.records) != 0 {
				t.Errorf("kept %d records of a malformed push", len(e.records))
			}
		})
	}
}

func TestPushKeepsTheGoodEntries(t *testing.T) {
	e := engine{err: &store.PartialError{Rejected: 1, Reason: "entry too far behind"}}
	lost := map[string]int{}
	srv := serve(t, &e, Options{MaxLine: 10, Rejected: func(reason string, n int, _ string) { lost[reason] += n }})
	body := `{"streams":[{"stream":{"job":"x"},"values":[["1","good"],["2","` + strings.Repeat("x", 11) + `"],["-5","early"],["3","good too"]]}]}`
	resp, text := do(t, "POST", srv.URL+"/loki/api/v1/push", http.Header{"Content-Type": {"application/json"}}, []byte(body))
	if resp.StatusCode != 400 || !strings.Contains(text, "3 of the entries") || !strings.Contains(text, `max entry size 10 bytes exceeded for stream {job="x"} while adding an entry with length 11 bytes`) {
		t.Errorf("got %d %q", resp.StatusCode, text)
	}
	if want := map[string]int{"too_large": 1, "invalid": 1, "refused": 1}; len(e.records) != 2 || !maps.Equal(lost, want) {
		t.Errorf("kept %d and lost %v, want 2 and %v", len(e.records), lost, want)
	}
}

func TestPushesThatCannotBeReadAreCounted(t *testing.T) {
	lost := map[string]int{}
	srv := serve(t, &engine{}, Options{Rejected: func(reason string, n int, _ string) { lost[reason] += n }})
	for _, body := range [][]byte{[]byte("{"), bytes.Repeat([]byte(" "), web.MaxBody+1)} {
		do(t, "POST", srv.URL+"/loki/api/v1/push", http.Header{"Content-Type": {"application/json"}}, body)
	}
	if want := map[string]int{"invalid": 1, "too_large": 1}; !maps.Equal(lost, want) {
		t.Errorf("lost %v, want %v", lost, want)
	}
}

// pino-loki sends every line as a stream of its own.
func TestEqualStreamsShareTheirResource(t *testing.T) {
	var b batch
	b.maxLine = 100
	body := `{"streams":[{"stream":{"level":"info","hostname":"n"},"values":[["1","a"]]},{"stream":{"level":"warning","hostname":"n"},"values":[["2","b"]]},{"stream":{"level":"info","hostname":"n"},"values":[["3","c"]]}]}`
	if err := b.decodeJSON([]byte(body)); err != nil {
		t.Fatal(err)
	}
	if b.records[0].Resource != b.records[2].Resource || b.records[0].Resource == b.records[1].Resource {
		t.Error("want the first and third record to share a resource, and the second to have its own")
	}
	if b.records[1].Level != store.LevelWarn {
		t.Errorf("got level %d, want that of the label", b.records[1].Level)
	}
}

func TestPushErrors(t *testing.T) {
	for err, want := range map[error]int{store.ErrOverloaded: 429, store.ErrFull: 507, store.ErrClosed: 503} {
		srv := serve(t, &engine{err: err}, Options{})
		resp, _ := do(t, "POST", srv.URL+"/loki/api/v1/push", http.Header{"Content-Type": {"application/json"}}, []byte(jsonPush))
		if resp.StatusCode != want || resp.Header.Get("Retry-After") == "" {
			t.Errorf("%v: got %d, want %d with Retry-After", err, resp.StatusCode, want)
		}
	}
}

func BenchmarkPush(b *testing.B) {
	const lines = 1000
	var js strings.Builder
	var entries [][]byte
	js.WriteString(`{"streams":[{"stream":{"job":"planner-api","level":"info"},"values":[`)
	g := weblog.New(weblog.Options{Rows: lines, Start: time.Unix(1773324360, 0), Span: time.Hour})
	for l := (weblog.Line{}); g.Next(&l); {
		if len(entries) > 0 {
			js.WriteByte(',')
		}
		line := string(l.AppendJSON(nil))
		fmt.Fprintf(&js, `["%d",%q]`, l.Time, line)
		entries = append(entries, protoEntryOf(l.Time, line))
	}
	js.WriteString(`]}]}`)
	proto := s2.EncodeSnappy(nil, protoPush(protoStreamOf(`{job="planner-api", level="info"}`, entries...)))
	for contentType, body := range map[string][]byte{"application/json": []byte(js.String()), "application/x-protobuf": proto} {
		b.Run(contentType[len("application/"):], func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p := batches.Get().(*batch)
				p.maxLine = 1 << 20
				if err := p.decode(contentType, body); err != nil || len(p.records) != lines {
					b.Fatal(err, len(p.records))
				}
				p.free()
			}
			b.ReportMetric(lines*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
		})
	}
}

// TestPushRefusesWrongEntriesByThemselves and keeps those around them.
func TestPushRefusesWrongEntriesByThemselves(t *testing.T) {
	js := http.Header{"Content-Type": {"application/json"}}
	pb := http.Header{"Content-Type": {"application/x-protobuf"}}
	one := func(values string) []byte {
		return []byte(`{"streams":[{"stream":{"job":"x"},"values":[["1","ok"],` + values + `,["2","{\"msg\":\"ok\"}"]]}]}`)
	}
	push := func(streams ...[]byte) []byte { return s2.EncodeSnappy(nil, protoPush(streams...)) }
	for name, c := range map[string]struct {
		header http.Header
		body   []byte
		kept   int
		says   string
	}{
		"number as timestamp":              {js, one(`[1773324360123456789,"x"]`), 2, "stream 0, entry 1: the timestamp must be a string"},
		"word as timestamp":                {js, one(`["now","x"]`), 2, `stream 0, entry 1: timestamp "now"`},
		"no line":                          {js, one(`["1"]`), 2, "stream 0, entry 1: want a timestamp and a line"},
		"number as line":                   {js, one(`["1",2]`), 2, "the line must be a string"},
		"nested metadata":                  {js, one(`["1","x",{"a":{"b":"c"}}]`), 2, `the value of "a" must be a string`},
		"number in metadata":               {js, one(`["1","x",{"a":1}]`), 2, `the value of "a" must be a string`},
		"a fourth element":                 {js, one(`["1","x",{},1]`), 2, "there is more"},
		"a known line with wrong metadata": {js, one(`["1","{\"msg\":\"a\"}"],["1","{\"msg\":\"b\"}",{"a":1}]`), 3, "stream 0, entry 2: structured metadata"},
		"an entry that is no list":         {js, one(`{"a":[1]}`), 2, "stream 0, entry 1: want ["},
		"zero as timestamp":                {js, one(`["0","x"]`), 2, "a timestamp before 1970, or 0"},
		"labels that are no strings":       {js, []byte(`{"streams":[{"stream":{"a":1},"values":[["1","x"],["2","y"]]},{"stream":{"b":"c"},"values":[["1","x"]]}]}`), 1, `2 of the entries are refused, all others are kept: stream 0: labels: the value of "a"`},
		"no labels":                        {js, []byte(`{"streams":[{"values":[["1","x"]]},{"values":[["1","x"]],"stream":{"b":"c"}}]}`), 1, "stream 0 has values, but no labels"},
		"labels that are none":             {pb, push(protoStreamOf(`{e=}`, protoEntryOf(1, "bad"), protoEntryOf(1, "bad")), protoStreamOf(`{e="neg3"}`, protoEntryOf(1, "ok"))), 1, "2 of the entries are refused, all others are kept: stream 0: parse error at line 1, col"},
		"impossible protobuf time":         {pb, push(protoStreamOf(`{a="b"}`, protoEntryOf(1, "ok"), bytesField(nil, 1, []byte{0x10, 0xff, 0xff, 0xff, 0xff, 0x0f}), protoEntryOf(2, "ok"))), 2, "stream 0, entry 1: timestamp"},
	} {
		t.Run(name, func(t *testing.T) {
			var e engine
			told := 0
			srv := serve(t, &e, Options{Rejected: func(_ string, n int, _ string) { told += n }})
			resp, body := do(t, "POST", srv.URL+"/loki/api/v1/push", c.header, c.body)
			if resp.StatusCode != 400 || !strings.Contains(body, c.says) || len(e.records) != c.kept || told == 0 {
				t.Errorf("got %d %.200q, kept %d, told %d; want 400 with %q, %d kept", resp.StatusCode, body, len(e.records), told, c.says, c.kept)
			}
			for _, r := range e.records {
				if text := r.Line(); text == "bad" || r.Time == 0 {
					t.Errorf("kept %+v", r)
				}
			}
		})
	}
}
