package store

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestSetLineTakesWordsOfLoggers(t *testing.T) {
	at := time.Date(2026, 3, 12, 14, 6, 0, 123e6, time.UTC).UnixNano()
	trace, _ := ParseTraceID("7f3a9c51e0b24d687f3a9c51e0b24d68")
	span, _ := ParseSpanID("b21e04d9b21e04d9")
	cases := map[string]struct {
		line string
		want Record
	}{
		"pino with numbers": {
			`{"level":50,"time":1773324360123,"pid":7,"hostname":"node-b","reqId":"req-1","err":{"type":"Error","message":"boom","stack":"Error: boom\n at f"},"msg":"failed"}`,
			Record{Level: LevelError, LevelText: "50", LevelFrom: "level", Time: at, Body: String("failed"), Attrs: Attrs{
				{"pid", Int(7)}, {"hostname", String("node-b")}, {"reqId", String("req-1")}, {"err.type", String("Error")},
				{"err.message", String("boom")}, {"err.stack", String("Error: boom\n at f")}}},
		},
		"pino with words and trace": {
			`{"level":"info","time":1773324360123,"pid":7,"hostname":"h","userId":41,"msg":"done","service":"planner-api","trace_id":"7f3a9c51e0b24d687f3a9c51e0b24d68","span_id":"b21e04d9b21e04d9"}`,
			Record{Level: LevelInfo, LevelText: "info", LevelFrom: "level", Time: at, Body: String("done"), Service: "planner-api", TraceID: trace, SpanID: span,
				Attrs: Attrs{{"pid", Int(7)}, {"hostname", String("h")}, {"userId", Int(41)}}},
		},
		"bunyan names its service": {
			`{"name":"web","hostname":"h","pid":1,"level":30,"msg":"hi","time":"2026-03-12T14:06:00.123Z","v":0}`,
			Record{Level: LevelInfo, LevelText: "30", LevelFrom: "level", Time: at, Body: String("hi"), Service: "web",
				Attrs: Attrs{{"name", String("web")}, {"hostname", String("h")}, {"pid", Int(1)}, {"v", Int(0)}}},
		},
		"zap": {
			`{"level":"warn","ts":1773324360.123,"caller":"a.go:1","msg":"m","n":1.5}`,
			Record{Level: LevelWarn, LevelText: "warn", LevelFrom: "level", Time: at, Body: String("m"), Attrs: Attrs{{"caller", String("a.go:1")}, {"n", Float(1.5)}}},
		},
		"slog": {
			`{"time":"2026-03-12T15:06:00.123+01:00","level":"INFO+2","msg":"m","req":{"method":"GET","size":12}}`,
			Record{Level: 11, LevelText: "INFO+2", LevelFrom: "level", Time: at, Body: String("m"), Attrs: Attrs{{"req.method", String("GET")}, {"req.size", Int(12)}}},
		},
		"logrus": {
			`{"animal":"walrus","level":"warning","msg":"m","time":"2026-03-12T14:06:00.123Z","ok":true,"none":null}`,
			Record{Level: LevelWarn, LevelText: "warning", LevelFrom: "level", Time: at, Body: String("m"), Attrs: Attrs{{"animal", String("walrus")}, {"ok", Bool(true)}, {"none", Value{}}}},
		},
		"elastic common schema": {
			`{"@timestamp":"2026-03-12T14:06:00.123Z","log.level":"ERROR","message":"m","service":{"name":"api","version":"1"},"trace":{"id":"7f3a9c51e0b24d687f3a9c51e0b24d68"}}`,
			Record{Level: LevelError, LevelText: "ERROR", LevelFrom: "log.level", Time: at, Body: String("m"), Service: "api", TraceID: trace, Attrs: Attrs{{"service.version", String("1")}}},
		},
		"python time without a zone": {
			`{"levelname":"CRITICAL","timestamp":"2026-03-12 14:06:00,123","message":"m"}`,
			Record{Level: LevelFatal, LevelText: "CRITICAL", LevelFrom: "levelname", Time: at, Body: String("m")},
		},
		"no message": {`{"a":{"b":[1,"x",{"c":null}],"d":{}}}`,
			Record{Attrs: Attrs{{"a.b", List(Int(1), String("x"), Map(Attrs{{"c", Value{}}}))}, {"a.d", Map(nil)}}}},
		"big numbers keep their digits": {`{"a":9223372036854775807,"b":9223372036854775808,"c":-0,"d":1e2,"e":1e999}`,
			Record{Attrs: Attrs{{"a", Int(1<<63 - 1)}, {"b", String("9223372036854775808")}, {"c", Float(negativeZero())}, {"d", Float(100)}, {"e", String("1e999")}}}},
		"repeated and foreign words stay": {
			`{"msg":"a","msg":"b","level":"very","time":5,"trace_id":"none","message":{"x":1}}`,
			Record{Body: String("a"), Attrs: Attrs{{"msg", String("b")}, {"level", String("very")}, {"time", Int(5)}, {"trace_id", String("none")}, {"message.x", Int(1)}}},
		},
		"escapes": {`{"\u0061":"\ud83d\ude00 \ud800 \"\\\/\b\f\n\r\t","b":"` + "\xff\xfe" + `"}`,
			Record{Attrs: Attrs{{"a", String("😀 \uFFFD \"\\/\b\f\n\r\t")}, {"b", String("\uFFFD\uFFFD")}}}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			c.want.Raw = c.line
			var got Record
			got.SetLine(c.line)
			sameRecord(t, &got, &c.want)
		})
	}
}

func negativeZero() float64 { return math.Copysign(0, -1) }

func sameRecord(t *testing.T, got, want *Record) {
	t.Helper()
	if !Map(got.Attrs).Equal(Map(want.Attrs)) || !got.Body.Equal(want.Body) {
		t.Errorf("got  %v %v\nwant %v %v", got.Body, Map(got.Attrs).Text(), want.Body, Map(want.Attrs).Text())
	}
	g, w := *got, *want
	g.Attrs, g.Body, w.Attrs, w.Body = nil, Value{}, nil, Value{}
	if !reflect.DeepEqual(g, w) {
		t.Errorf("got  %+v\nwant %+v", g, w)
	}
}

func TestSetLineKeepsWhatTheRecordKnows(t *testing.T) {
	r := Record{Time: 1773324360123456789, Level: LevelError, Service: "a", Attrs: Attrs{{"k", Int(1)}}}
	r.SetLine(`{"time":1773324360123,"level":"info","service":"b","msg":"m","ts":1773324360124}`)
	want := Record{Time: 1773324360123456789, Level: LevelError, Service: "a", Body: String("m"), Raw: r.Raw, Ahead: 1,
		Attrs: Attrs{{"k", Int(1)}, {"level", String("info")}, {"service", String("b")}, {"ts", Int(1773324360124)}}}
	sameRecord(t, &r, &want)
}

func TestSetLineLeavesSharedAttributesAlone(t *testing.T) {
	shared := append(make(Attrs, 0, 8), Attr{"a", Int(1)})
	r := Record{Attrs: shared}
	r.SetLine(`{"b":2}`)
	if got := shared[:2][1]; got.Key != "" {
		t.Errorf("the caller's attributes got %v", got)
	}
}

func TestSetLineKeepsBrokenJSONAsText(t *testing.T) {
	for _, line := range []string{"", "{", `{"a":1`, `{"a":1}x`, `{"a":01}`, `{"a":"` + "\x01" + `"}`, `[1]`, `{"a":}`, `{"level":"error",}`, "{\"a\":tru"} {
		r := Record{Attrs: Attrs{{"k", Int(1)}}}
		r.SetLine(line)
		if r.Body.Text() != line || r.Raw != "" || len(r.Attrs) != 1 || r.Level != 0 {
			t.Errorf("%q became %+v", line, r)
		}
	}
}

func TestSetLineIsBounded(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 50) + "1" + strings.Repeat("}", 50)
	var r Record
	r.SetLine(deep)
	if !r.Opaque || len(r.Attrs) != 1 || r.Attrs[0].Key != "a.a.a.a.a.a.a.a" || r.Attrs[0].Value.Text() != deep[8*5:len(deep)-8] {
		t.Errorf("deep object became %+v", r.Attrs)
	}
	var wide strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&wide, `,"k%d":%d`, i, i)
	}
	r = Record{}
	r.SetLine(`{"o":{` + wide.String()[1:] + `},"level":"error"}`)
	if n := len(r.Attrs); !r.Opaque || n != maxLineValues+2 || r.Attrs[n-2].Key != "o._rest" || r.Attrs[n-1].Key != "_rest" {
		t.Errorf("wide object became %d attributes", n)
	}
	if got := r.Attrs.Text("o._rest"); !strings.HasPrefix(got, `{"k1024":1024,`) || !strings.HasSuffix(got, `"k2999":2999}`) {
		t.Errorf("the rest is %.40s…", got)
	}
	r = Record{}
	list := "[" + strings.Repeat("1,", 5000) + "1]"
	r.SetLine(`{"l":` + list + `,"b":2}`)
	if r.Attrs.Text("l") != list || r.Attrs[0].Value.Kind != KindString || r.Attrs.Text("b") != "2" {
		t.Errorf("long list became %v", r.Attrs[0].Value.Kind)
	}
	for depth, want := range map[int]bool{10000: true, 10001: false} {
		r = Record{}
		r.SetLine(`{"a":` + strings.Repeat("[", depth-1) + strings.Repeat("]", depth-1) + `}`)
		if got := r.Raw != ""; got != want {
			t.Errorf("JSON of depth %d: got %v", depth, got)
		}
	}
}

func TestLevelOfPlainText(t *testing.T) {
	cases := map[string]struct {
		line string
		want Level
	}{
		"word first":               {"ERROR something broke", LevelError},
		"word first with colon":    {"warning: unused variable", LevelWarn},
		"behind a date":            {"2026-03-12 14:06:00,123 - INFO  [main] - up", LevelInfo},
		"behind date and pid":      {"081109 203615 148 WARN dfs.DataNode: slow", LevelWarn},
		"python":                   {"2026-03-12 14:06:00,123 root CRITICAL: gone", LevelFatal},
		"brackets":                 {"[Sun Dec 04 04:47:44 2005] [notice] ok", 10},
		"brackets with module":     {"[Sun Dec 04 04:47:44 2005] [core:error] no", LevelError},
		"nginx":                    {"2026/03/12 14:06:00 [warn] 7#7: *1 upstream", LevelWarn},
		"logfmt":                   {`ts=2026-03-12 level=error msg="x y"`, LevelError},
		"logfmt quoted":            {`msg=x lvl="warn"`, LevelWarn},
		"glog":                     {"W0312 14:06:00.123456       1 main.go:1] slow", LevelWarn},
		"bars":                     {"2026-03-12|DEBUG|x", LevelDebug},
		"first of two":             {"2026-03-12 INFO the last one was ERROR", LevelInfo},
		"a word in prose":          {"there was an error in the ERROR handler", LevelUnset},
		"a word in lower case":     {"error something broke", LevelUnset},
		"part of a word":           {"2026 INFORMATIONS and WARNINGS", LevelUnset},
		"a name that ends so":      {"mylevel=error", LevelUnset},
		"a level that is no level": {"level=high", LevelUnset},
		"path":                     {"7 files in /var/ERROR/x", LevelUnset},
		"empty":                    {"", LevelUnset},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var r Record
			r.SetLine(c.line)
			if r.Level != c.want || r.Body.Str() != c.line || (r.LevelText == "") != (r.Level == 0) {
				t.Errorf("got level %d %q", r.Level, r.LevelText)
			}
		})
	}
}

func TestParseLevel(t *testing.T) {
	for text, want := range map[string]Level{
		"trace": 1, "DEBUG": 5, "Info": 9, "notice": 10, "WARNING": 13, "err": 17, "fatal": 21, "E": 17,
		"10": 1, "20": 5, "30": 9, "35": 11, "40": 13, "50": 17, "60": 21, "0": 21, "3": 17, "7": 5,
		"INFO+2": 11, "DEBUG-4": 1, "ERROR+40": 24, "error3": 19, "WARN4": 16,
		"": 0, "8": 0, "99": 0, "100": 0, "infos": 0, "error5": 0, "INFO+": 0, "INFO+-2": 0, "e2": 0, "verylonglevelnames": 0, "-1": 0,
	} {
		got, ok := ParseLevel(text)
		if got != want || ok != (want != 0) {
			t.Errorf("%q: got %d %v, want %d", text, got, ok, want)
		}
	}
}

func TestLineTimes(t *testing.T) {
	at := time.Date(2026, 3, 12, 14, 6, 0, 0, time.UTC).UnixNano()
	for text, want := range map[string]int64{
		"1773324360": at, "1773324360.5": at + 5e8, "1773324360123": at + 123e6, "1773324360123456": at + 123456e3, "1773324360123456789": at + 123456789,
		"1773324360123.25": at + 123.25e6, "1.7733243605e9": at + 5e8,
		"2026-03-12T14:06:00Z": at, "2026-03-12T14:06:00.000000001Z": at + 1, "2026-03-12T14:06:00.123+0000": at + 123e6, "2026-03-12 14:06:00": at,
		"12345": 0, "yesterday": 0, "99999999999999999999": 0, "3000-01-01T00:00:00Z": 0, "1969-01-01T00:00:00Z": 0, "1773324360x": 0, "": 0, "1773324360.5x": 0, "1.7e99999999": 0,
	} {
		if got, _, ok := parseLineTime(text); got != want || ok != (want != 0) {
			t.Errorf("%q: got %d %v, want %d", text, got, ok, want)
		}
	}
}

func BenchmarkSetLine(b *testing.B) {
	for name, line := range map[string]string{
		"pino":  `{"level":"info","time":1773324360123,"pid":7,"hostname":"node-b","reqId":"req-8f31c2","userId":4127,"msg":"request completed","service":"planner-api","trace_id":"7f3a9c51e0b24d687f3a9c51e0b24d68","span_id":"b21e04d9b21e04d9","req":{"method":"GET","url":"/api/tasks?limit=20","remoteAddress":"10.0.0.7"},"res":{"statusCode":200},"responseTime":12.7}`,
		"plain": "2026-03-12 14:06:00,123 - INFO  [QuorumPeer[myid=1]/0:0:0:0:0:0:0:0:2181:FastLeaderElection@774] - Notification time out: 3200",
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(line)))
			b.ReportAllocs()
			for b.Loop() {
				var r Record
				r.SetLine(line)
			}
		})
	}
}
