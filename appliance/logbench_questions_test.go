package appliance

import (
	"bytes"
	"encoding/hex"
	"regexp"
	"strings"
	"time"

	"tripod/testdata/weblog"
)

// question is one that people ask, in LogQL for lines of JSON and for records
// of OTLP, and which lines it is about.
type question struct {
	name, target string
	loki, otlp   string
	match        func(l *weblog.Line, text []byte) bool
	step         time.Duration // 0 for lines; the whole time for one number a series
	label        string        // of the series
	group        func(l *weblog.Line) string

	// what is known, from a look at every line
	times  []int64 // of those that match, in order
	counts map[string]int
}

const day = 24 * time.Hour

// questionsAbout are the questions of the table. Ids are where OTLP has them:
// not in the line.
func questionsAbout(in *sent) []question {
	needle, trace := in.needle.RequestID(), hex.EncodeToString(in.trace.TraceID[:])
	const absent = "4bf92f35-77b3-4da6-a3ce-929d0e0e4736"
	has := func(s string) func(*weblog.Line, []byte) bool {
		return func(_ *weblog.Line, text []byte) bool { return bytes.Contains(text, []byte(s)) }
	}
	message := func(re string) func(*weblog.Line, []byte) bool {
		r := regexp.MustCompile(re)
		return func(l *weblog.Line, _ []byte) bool { return r.MatchString(l.Msg) }
	}
	all := func(*weblog.Line, []byte) bool { return true }
	level := func(l *weblog.Line) string { return l.Level }
	route := func(l *weblog.Line) string { return l.Route }
	failed := func(l *weblog.Line, _ []byte) bool { return l.Status >= 500 }
	const literal, none = `refused by db-[0-2] after 1[0-9]{3} ms`, `\D\d{7}\D \w{11} \w{9}$`
	questions := []question{
		{name: "needle id", target: "1.5", match: has(needle),
			loki: `{service_name="web"} |= "` + needle + `"`, otlp: `{service_name="web"} | reqId="` + needle + `"`},
		{name: "trace id", target: "1.5", match: has(trace),
			loki: `{service_name="web"} | json | trace_id="` + trace + `"`, otlp: `{service_name="web"} | trace_id="` + trace + `"`},
		{name: "absent id", target: "1.5", match: has(absent),
			loki: `{service_name="web"} |= "` + absent + `"`, otlp: `{service_name="web"} | reqId="` + absent + `"`},
		{name: "phrase", target: "3", match: has("connection refused by db-3"),
			loki: `{service_name="web"} |= "connection refused by db-3"`},
		{name: "word AND word", target: "3", match: func(l *weblog.Line, _ []byte) bool {
			return strings.Contains(l.Msg, "streak-worker") && strings.Contains(l.Msg, "attempt")
		}, loki: `{service_name="web"} |= "streak-worker" |= "attempt"`},
		{name: "last 100 errors", target: "3", match: func(l *weblog.Line, _ []byte) bool { return l.Level == "error" },
			loki: `{service_name="web"} | detected_level="error"`},
		{name: "regex with literals", match: message(literal), loki: "{service_name=\"web\"} |~ `" + literal + "`"},
		{name: "regex without literals", match: message(none),
			loki: "{service_name=\"web\"} | json | msg=~`.*" + strings.TrimSuffix(none, "$") + "`", otlp: "{service_name=\"web\"} |~ `" + none + "`"},
		{name: "level per minute", target: "15", match: all, step: time.Minute, label: "detected_level", group: level,
			loki: `sum by (detected_level) (count_over_time({service_name="web"}[1m]))`},
		{name: "top 10 routes", match: all, step: day, label: "http_route", group: route,
			loki: `topk(10, sum by (http_route) (count_over_time({service_name="web"} | json [24h])))`,
			otlp: `topk(10, sum by (http_route) (count_over_time({service_name="web"} [24h])))`},
		{name: "top 10 routes, status >= 500", match: failed, step: day, label: "http_route", group: route,
			loki: `topk(10, sum by (http_route) (count_over_time({service_name="web"} | json | http_status_code >= 500 [24h])))`,
			otlp: `topk(10, sum by (http_route) (count_over_time({service_name="web"} | http_status_code >= 500 [24h])))`},
		{name: "24 h histogram", match: all, step: 30 * time.Minute, label: "detected_level", group: level,
			loki: `sum by (detected_level) (count_over_time({service_name="web"}[30m]))`},
	}
	for i := range questions {
		if q := &questions[i]; q.otlp == "" {
			q.otlp = q.loki
		}
	}
	return questions
}

// know looks at every line again, to learn the answers.
func know(questions []question, o weblog.Options) {
	for i := range questions {
		questions[i].counts = map[string]int{}
	}
	g, text := weblog.New(o), []byte(nil)
	for l := (weblog.Line{}); g.Next(&l); {
		text = l.AppendJSON(text[:0])
		for i := range questions {
			q := &questions[i]
			if !q.match(&l, text) {
				continue
			}
			if q.step == 0 {
				q.times = append(q.times, l.Time)
			} else {
				q.counts[q.group(&l)]++
			}
		}
	}
}
