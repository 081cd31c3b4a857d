package logs_test

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"time"

	"tripod/store"
	"tripod/store/logs"
)

// serviceRecord is what a service says: few forms of messages, many values.
func serviceRecord(r *rand.Rand, n int) store.Record {
	rec := store.Record{Time: scriptStart.UnixNano() + int64(n/3)*int64(time.Second) + int64(r.IntN(3)), Service: pick(r, []string{"planner-api", "planner-web", "worker"})}
	user, took, id := fmt.Sprint("user-", r.IntN(40)), r.IntN(900), fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", r.Uint32(), r.IntN(1<<16), r.IntN(1<<12), r.IntN(1<<12), r.Uint64()>>16)
	msg := pick(r, []string{
		fmt.Sprintf("request %s completed in %d ms", id, took),
		fmt.Sprintf("GET /api/tasks/%d for %s", r.IntN(3000), user),
		fmt.Sprintf("connection to 10.0.%d.%d refused", r.IntN(4), r.IntN(250)),
		fmt.Sprintf("cache miss key=task:%d user=%s", r.IntN(3000), user),
		"pool exhausted", "retrying after Timeout",
	})
	level := pick(r, store.LevelNames[:])
	if r.IntN(2) == 0 {
		rec.SetLine(fmt.Sprintf(`{"level":%q,"reqId":%q,"userId":%q,"took":%d,"http":{"route":"/api/tasks","status":%d},"msg":%q}`,
			level, id, user, took, pick(r, []int{200, 200, 404, 500}), msg))
		return rec
	}
	rec.Body = store.String(msg)
	rec.Level, _ = store.ParseLevel(level)
	rec.Attrs = store.Attrs{{Key: "reqId", Value: store.String(id)}, {Key: "userId", Value: store.String(user)}, {Key: "took", Value: store.Int(int64(took))}, {Key: "ratio", Value: store.Float(float64(took) / 8)}}
	if r.IntN(2) == 0 {
		rec.TraceID[0], rec.TraceID[15], rec.SpanID[3] = 1, byte(r.IntN(200)), byte(1+r.IntN(9))
	}
	return rec
}

// question asks for what some record has, or nearly has, or for anything.
func (c *campaign) question(r *rand.Rand) string {
	if r.IntN(5) == 0 {
		return randomQuery(r, 0)
	}
	return c.node(r, 0).String()
}

func (c *campaign) node(r *rand.Rand, depth int) logs.Node {
	if depth < 2 && r.IntN(2) == 0 {
		a, b := c.node(r, depth+1), c.node(r, depth+1)
		switch r.IntN(4) {
		case 0:
			return logs.Or{a, b}
		case 1:
			return &logs.Not{X: a}
		case 2:
			return logs.And{a, &logs.Not{X: b}}
		}
		return logs.And{a, b}
	}
	rec := &c.records[r.IntN(len(c.records))]
	switch r.IntN(8) {
	case 0:
		return &logs.Text{Pattern: pattern(r, rec.Message())}
	case 1:
		return &logs.Field{Name: "line", Op: pick(r, []logs.Op{logs.Is, logs.Contains}), Pattern: logs.Pattern{Text: piece(r, rec.Line())}}
	case 2:
		return &logs.Field{Name: "msg", Op: pick(r, []logs.Op{logs.Is, logs.Equal, logs.Contains}), Pattern: logs.Pattern{Text: piece(r, rec.Message())}}
	case 3:
		return &logs.Field{Name: "service", Pattern: pattern(r, rec.Service)}
	case 4:
		return &logs.Field{Name: "trace_id", Op: logs.Equal, Pattern: logs.Pattern{Text: rec.TraceID.String()}}
	}
	if len(rec.Attrs) == 0 {
		return &logs.Field{Name: "reqId", Op: logs.Exists}
	}
	a := pick(r, rec.Attrs)
	if f, ok := a.Value.Number(); ok && r.IntN(2) == 0 {
		return &logs.Field{Name: a.Key, Op: pick(r, []logs.Op{logs.Less, logs.LessEqual, logs.Greater, logs.GreaterEqual}), Pattern: logs.Pattern{Text: fmt.Sprint(f + float64(r.IntN(3)-1))}}
	}
	switch text := a.Value.Text(); r.IntN(5) {
	case 0:
		return &logs.Text{Pattern: pattern(r, text)}
	case 1:
		return &logs.Field{Name: a.Key, Op: logs.Equal, Pattern: logs.Pattern{Text: strings.ToValidUTF8(text, "?")}}
	case 2:
		if len(text) > 3 {
			return &logs.Field{Name: a.Key, Pattern: logs.Pattern{Kind: logs.Glob, Text: strings.ToValidUTF8(text[:1+r.IntN(len(text)-1)], "") + "*"}}
		}
	}
	return &logs.Field{Name: a.Key, Op: pick(r, []logs.Op{logs.Is, logs.Equal, logs.Contains, logs.Exists}), Pattern: pattern(r, a.Value.Text())}
}

// pattern is a part of a text, literally, with stars, or as a regular
// expression; sometimes changed so that nothing has it.
func pattern(r *rand.Rand, text string) logs.Pattern {
	s := piece(r, text)
	switch r.IntN(6) {
	case 0:
		return logs.Pattern{Text: s + pick(r, []string{"x", "7", " "})}
	case 1:
		if cut := strings.IndexByte(s, ' '); cut < 0 && len(s) > 2 {
			at := 1 + r.IntN(len(s)-1)
			text := pick(r, []string{s[:at] + "*", "*" + s[at:], s[:1] + "*" + s[at:]})
			return logs.Pattern{Kind: logs.Glob, Text: strings.ToValidUTF8(text, "*")}
		}
	case 2:
		expr := regexp.QuoteMeta(s)
		if p, err := logs.NewRegexp(pick(r, []string{expr, "(" + expr + "|nothing)", expr + `.*\d`, `[a-z]+ ` + expr, "^" + expr}), r.IntN(3) == 0); err == nil {
			return p
		}
	case 3:
		return logs.Pattern{Text: strings.ToUpper(s)}
	}
	return logs.Pattern{Text: s}
}

// piece is a text, some of its words, or some of its characters.
func piece(r *rand.Rand, text string) string {
	if text = strings.ToValidUTF8(text, "?"); text == "" {
		return "nothing"
	}
	switch words, runes := strings.Fields(text), []rune(text); r.IntN(4) {
	case 0:
		return text
	case 1:
		if len(runes) > 2 {
			from := r.IntN(len(runes) - 2)
			return string(runes[from : from+2+r.IntN(min(12, len(runes)-from-1))])
		}
	default:
		if len(words) > 0 {
			from := r.IntN(len(words))
			return strings.Join(words[from:min(len(words), from+1+r.IntN(3))], " ")
		}
	}
	return text
}
