package appliance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/klauspost/compress/s2"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"google.golang.org/protobuf/encoding/protowire"

	"tripod/store"
)

// exactLines are lines that are easily bent: JSON with odd spacing, order,
// repeats and escapes, broken UTF-8, large numbers, ends of lines.
func exactLines() []string {
	lines := []string{
		"", " ", "\r", "plain", "plain\r", "tab\tand \x00 nul", "\xff\xfebroken", "ünïcode 😀", "{", "}", "{}", " {} ", "[]", "null", `"text"`,
		`{"a":1}`, `{ "a" : 1 }`, "{\t\"a\":\t1\t}\r", `{"b":1,"a":2,"b":3}`, `{"a":1.0,"b":1.50,"c":1e3,"d":-0,"e":1E+2,"f":0.1e-7}`,
		`{"big":123456789012345678901234567890,"long":0.1234567890123456789,"max":9223372036854775807,"over":9223372036854775808}`,
		`{"u":"\u00e9\ud83d\ude00\ud800","s":"\/\b\f\n\r\t\"\\","x":"\u0041"}`, "{\"bad\":\"\xff\",\"key\xff\":1}", `{"":{"":{"":1}},"a.b":{"c":2},"a":{"b.c":3}}`,
		`{"level":30,"time":1773324360123,"pid":1,"hostname":"h","msg":"hi"}`, `{"msg":"m","level":"INFO","ts":"2026-03-12T14:06:00.000Z","time":5}`,
		`{"level":"info","severity":"info","lvl":"info","msg":"a","message":"b"}`, `{"trace_id":"4BF92F3577B34DA6A3CE929D0E0E4736","span_id":"00f067aa0ba902b7"}`,
		`{"list":[1,"x",null,true,{"a":[]},[[]]],"n":null,"t":true,"e":{}}`, `{"a":"` + strings.Repeat("long ", 2000) + `"}`,
		strings.Repeat(`{"a":`, 20) + "1" + strings.Repeat("}", 20), `{"log":"docker like","stream":"stdout"}`, `{"_msg":"m","_time":"2026-03-12T14:06:00Z"}`, `{"a":1}{"b":2}`, `{"a":1} trailing`, `{"a":01}`,
		"2026-03-12T14:06:00Z stdout F cri like", "<13>1 2026-03-12T14:06:00Z host app - - - syslog like", `level=info msg="logfmt \"quoted\"" n=1`,
	}
	rnd := rand.New(rand.NewPCG(3, 3))
	space := func() string { return strings.Repeat(" ", rnd.IntN(3)*rnd.IntN(2)) }
	values := []string{`"x"`, `"a b"`, "1", "-2.50", "1e9", "true", "null", `{"in":[1, 2]}`, `"\u006d"`, `"é"`, `""`}
	for i := range 150 {
		var b strings.Builder
		b.WriteString("{" + space())
		for k := range 1 + rnd.IntN(8) {
			if k > 0 {
				b.WriteString("," + space())
			}
			fmt.Fprintf(&b, "%q%s:%s%s", []string{"a", "b", "msg", "level", "time", "http.route", "http", "id"}[rnd.IntN(8)], space(), space(), values[rnd.IntN(len(values))])
		}
		fmt.Fprintf(&b, `,"no":%d}`, i)
		lines = append(lines, b.String())
	}
	return lines
}

// realLines are the lines of a file of real logs, which lies beside the
// repository and is no part of it.
func realLines(t *testing.T) map[string][]string {
	files, _ := filepath.Glob("../../shared/data/loghub/*.log")
	if len(files) == 0 {
		t.Skip("no real logs in shared/data/loghub beside the repository")
	}
	out := map[string][]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		out[strings.TrimSuffix(filepath.Base(file), "_2k.log")] = strings.Split(string(text), "\n")
	}
	return out
}

func TestLinesComeBackByteForByte(t *testing.T) {
	if inOwnProcess(t) {
		return
	}
	dir := t.TempDir()
	r := start(t, Options{Rate: -1, LogFiles: []string{filepath.Join(dir, "*.log")}})
	t.Run("made", func(t *testing.T) {
		r := &running{t, r.Appliance, r.URL}
		exactInAllWays(t, r, "made", exactLines())
		exactInFiles(t, r, dir, "made", exactLines())
	})
	t.Run("real", func(t *testing.T) {
		r := &running{t, r.Appliance, r.URL}
		for name, lines := range realLines(t) {
			exactInAllWays(t, r, name, lines)
			exactInFiles(t, r, dir, name, lines)
		}
	})
}

// exactInFiles writes lines to a file that is followed. A carriage return ends a
// line with its newline; lines that begin with white space go on with the one
// before; those without text are left out, and so is what stands around the
// lines of container runtimes.
func exactInFiles(t *testing.T, r *running, dir, name string, lines []string) {
	lines = slices.DeleteFunc(slices.Clone(lines), func(s string) bool {
		return strings.TrimSpace(s) == "" || strings.HasPrefix(s, `{"log":`) || strings.Contains(s, " stdout F ")
	})
	if err := os.WriteFile(filepath.Join(dir, name+".log"), []byte(strings.Join(lines, "\n")+"\nthe end\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r.eventually("the end of "+name, func() bool { return len(r.found("log.file.path:*/"+name+".log \"the end\"")) == 1 })
	all := r.found("log.file.path:*/" + name + ".log")
	slices.SortFunc(all, func(a, b store.Record) int {
		return int(offset(&a) - offset(&b))
	})
	var got []string
	for _, rec := range all {
		got = append(got, strings.Split(rec.Line(), "\n")...)
	}
	for i := range lines {
		lines[i] = strings.TrimSuffix(lines[i], "\r")
	}
	sameLines(t, name+" in a file", got, append(lines, "the end"))
}

// exactInAllWays sends lines by each protocol that carries lines as they are,
// and reads them from the store and, where JSON can express them, over HTTP.
func exactInAllWays(t *testing.T, r *running, name string, lines []string) {
	objects := slices.DeleteFunc(slices.Clone(lines), func(s string) bool {
		return !json.Valid([]byte(s)) || !strings.HasPrefix(strings.TrimLeft(s, " \t\r"), "{") || strings.TrimRight(s, "\r") != s
	})
	for way, c := range map[string]struct {
		lines []string
		send  func(*running, string, []string)
	}{
		"loki-json":  {slices.DeleteFunc(slices.Clone(lines), func(s string) bool { return !utf8.ValidString(s) }), pushLokiJSON},
		"loki-proto": {lines, pushLokiProto},
		"otlp":       {slices.DeleteFunc(slices.Clone(lines), func(s string) bool { return !utf8.ValidString(s) }), pushOTLP},
		"json-lines": {slices.DeleteFunc(slices.Clone(objects), statesNoTime), pushJSONLines},
		"bulk":       {objects, pushBulk},
	} {
		service := name + "-" + way
		c.send(r, service, c.lines)
		query := "service:" + service
		if way == "bulk" {
			query = "index:" + service
		}
		var got []string
		for _, rec := range r.found(query) {
			got = append(got, rec.Line())
		}
		if way == "bulk" || way == "json-lines" { // their times are those in the lines, or now
			slices.Sort(got)
			slices.Sort(c.lines)
		}
		sameLines(t, service, got, c.lines)
		if way == "loki-json" {
			sameLines(t, service+" over HTTP", r.lokiLines(service), c.lines)
		}
	}
}

// statesNoTime holds for lines that are refused, since their time is none.
func statesNoTime(line string) bool {
	var r store.Record
	r.SetLine(line)
	_, bad := r.NoTime()
	return bad
}

func offset(r *store.Record) int64 {
	v, _ := r.Attrs.Get(store.AttrFileOffset)
	return v.Int()
}

// sameLines compares lines in their order.
func sameLines(t *testing.T, what string, got, want []string) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			t.Errorf("%s: %d lines, want %d; line %d:\ngot  %.200q\nwant %.200q", what, len(got), len(want), i, at(got, i), at(want, i))
			return
		}
	}
}

func at(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return "(none)"
}

// lokiLines are a service's lines as the Loki API has them, oldest first.
func (r *running) lokiLines(service string) (out []string) {
	r.Helper()
	q := url.Values{"query": {fmt.Sprintf("{service_name=%q}", service)}, "limit": {"5000"}, "direction": {"forward"}, "start": {"0"}, "end": {"4000000000"}}
	_, body := r.try("GET", "/loki/api/v1/query_range?"+q.Encode(), "", nil)
	var answer struct {
		Data struct {
			Result []struct{ Values [][2]string }
		}
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		r.Fatalf("%s: %v", body, err)
	}
	type entry struct {
		at   int64
		line string
	}
	var all []entry
	for _, s := range answer.Data.Result {
		for _, v := range s.Values {
			at, err := strconv.ParseInt(v[0], 10, 64)
			if err != nil {
				r.Fatal(err)
			}
			all = append(all, entry{at, v[1]})
		}
	}
	slices.SortFunc(all, func(a, b entry) int { return int(a.at - b.at) })
	for _, e := range all {
		out = append(out, e.line)
	}
	return out
}

// exactTime is that of a line's number, in Unix ns.
func exactTime(i int) int64 { return 1773324360000000000 + int64(i) }

func pushLokiJSON(r *running, service string, lines []string) {
	values := make([][2]string, len(lines))
	for i, line := range lines {
		values[i] = [2]string{strconv.FormatInt(exactTime(i), 10), line}
	}
	body, err := json.Marshal(map[string]any{"streams": []any{map[string]any{"stream": map[string]string{"service_name": service}, "values": values}}})
	if err != nil {
		r.Fatal(err)
	}
	if got := r.post("/loki/api/v1/push", "application/json", string(body)); got != 204 {
		r.Fatalf("push answers %d", got)
	}
}

func pushLokiProto(r *running, service string, lines []string) {
	stream := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), fmt.Sprintf("{service_name=%q}", service))
	for i, line := range lines {
		stamp := protowire.AppendVarint(protowire.AppendTag(nil, 1, protowire.VarintType), uint64(exactTime(i)/1e9))
		stamp = protowire.AppendVarint(protowire.AppendTag(stamp, 2, protowire.VarintType), uint64(exactTime(i)%1e9))
		entry := protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), stamp)
		entry = protowire.AppendString(protowire.AppendTag(entry, 2, protowire.BytesType), line)
		stream = protowire.AppendBytes(protowire.AppendTag(stream, 2, protowire.BytesType), entry)
	}
	body := s2.EncodeSnappy(nil, protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), stream))
	if got := r.post("/loki/api/v1/push", "application/x-protobuf", string(body)); got != 204 {
		r.Fatalf("push answers %d", got)
	}
}

func pushOTLP(r *running, service string, lines []string) {
	logs := plog.NewLogs()
	res := logs.ResourceLogs().AppendEmpty()
	res.Resource().Attributes().PutStr("service.name", service)
	records := res.ScopeLogs().AppendEmpty().LogRecords()
	for i, line := range lines {
		rec := records.AppendEmpty()
		rec.SetTimestamp(pcommon.Timestamp(exactTime(i)))
		rec.Body().SetStr(line)
	}
	body, err := plogotlp.NewExportRequestFromLogs(logs).MarshalProto()
	if err != nil {
		r.Fatal(err)
	}
	if got := r.post("/v1/logs", "application/x-protobuf", string(body)); got != 200 {
		r.Fatalf("OTLP answers %d", got)
	}
}

func pushJSONLines(r *running, service string, lines []string) {
	req, err := http.NewRequest("POST", r.URL+"/api/v1/logs?extra_fields=service="+service, strings.NewReader(strings.Join(lines, "\n")))
	if err != nil {
		r.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-ndjson")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.Fatal(err)
	}
	if resp.Body.Close(); resp.StatusCode != 200 {
		r.Fatalf("JSON lines answer %d", resp.StatusCode)
	}
}

func pushBulk(r *running, service string, lines []string) {
	var body bytes.Buffer
	for _, line := range lines {
		body.WriteString(`{"create":{}}` + "\n" + line + "\n")
	}
	if got := r.post("/"+strings.ToLower(service)+"/_bulk", "application/x-ndjson", body.String()); got != 200 {
		r.Fatalf("bulk answers %d", got)
	}
}
