package logs_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tripod/store"
	"tripod/store/logs"
	"tripod/store/logs/logql"
)

// The engine that pushes down is held to the one that takes whole records
// through all stages: on random records, by random queries.

var pushNames = []string{"a", "b", "a.b", "a_b", "status", "took", "level", "msg", "time", "trace_id", "traceId", "service", "pod", "a b", " a", "b ", "1a", "x.1", ".a", "", "é", "list", "severity", "scope_name", "a_extracted"}

func pushName(rnd *rand.Rand) string { return pick(rnd, pushNames) }

var pushValues = []string{`"x"`, `"y"`, `"x y"`, `"info"`, `"error"`, `"warn"`, `""`, `" x"`, `"\u0078"`, `"a\"b\\"`, "\"\xff\"", `"é"`, `"10.0.0.7"`, `"5ms"`, `"1.5s"`, `"2KB"`, `"7"`, `7`, `500`, `5e2`, `500.0`, `0`, `-0`, `-0.0`, `1.5`, `1.50`, `12345678901234567890`, `1e400`, `true`, `false`, `null`, `[1,"x"]`, `[]`, `{}`, `{"b":"x"}`, `{"b":{"c":7}," b":1}`, `{"":{"b":2}}`, `"AB0000000000000000000000000000cd"`, `"ab0000000000000000000000000000cd"`, `30`}

func pushJSON(rnd *rand.Rand) string {
	var b strings.Builder
	space := func() string { return pick(rnd, []string{"", "", "", " ", "\t "}) }
	b.WriteString(space() + "{" + space())
	for i := range rnd.IntN(6) {
		if i > 0 {
			b.WriteString("," + space())
		}
		b.WriteString(strconv.Quote(pushName(rnd)) + space() + ":" + space() + pick(rnd, pushValues))
	}
	switch rnd.IntN(150) {
	case 0: // deeper than is taken apart
		b.Reset()
		b.WriteString(`{"a":` + strings.Repeat(`{"b":`, 9) + `"x"` + strings.Repeat("}", 9))
	case 1: // longer
		b.Reset()
		b.WriteString(`{"status":500`)
		for i := range 1030 {
			fmt.Fprintf(&b, `,"k%d":%d`, i, i)
		}
		b.WriteString(`,"a":"x"`)
	}
	b.WriteString(space() + "}")
	return b.String()
}

func pushLine(rnd *rand.Rand) string {
	switch rnd.IntN(8) {
	case 0:
		return pick(rnd, []string{"", "plain x", "a=x status=500 took=5ms level=error", `a="x y" b=7`, "GET /x 10.0.0.7 500", "{broken", `{"a":"x"} y`, "x\n{\"a\":1}", "\xff"})
	case 1:
		return strings.Replace(pushJSON(rnd), ",", "", 1) // mostly broken
	}
	return pushJSON(rnd)
}

func pushAttrs(rnd *rand.Rand) (out store.Attrs) {
	for range rnd.IntN(3) * rnd.IntN(2) {
		v := pick(rnd, []store.Value{store.String("x"), store.String("7"), store.String(""), store.Int(7), store.Float(1.5), store.Float(500), store.Bool(true), {}, store.List(store.String("x")), store.Map(store.Attrs{{Key: "b", Value: store.Int(1)}}), store.String("error")})
		out = append(out, store.Attr{Key: pushName(rnd), Value: v})
	}
	return out
}

func pushRecord(rnd *rand.Rand, n int) store.Record {
	r := store.Record{Time: scriptStart.UnixNano() + int64(n/6)*int64(time.Second), Service: pick(rnd, []string{"", "api", "web"}), Attrs: pushAttrs(rnd)}
	if rnd.IntN(3) == 0 {
		r.Resource = pick(rnd, pushResources)
	}
	if rnd.IntN(6) == 0 {
		r.TraceID, r.SpanID = store.TraceID{0xab, 15: 0xcd}, store.SpanID{1}
	}
	if rnd.IntN(6) == 0 {
		r.Scope = &store.Scope{Name: pick(rnd, []string{"x", ""}), Version: "7"}
	}
	switch line := pushLine(rnd); rnd.IntN(12) {
	case 0: // as OTLP has it
		r.Body = store.String(line)
		r.Level = pick(rnd, []store.Level{0, 9, 17})
	case 1:
		r.Body = store.Map(store.Attrs{{Key: "a", Value: store.String("x")}, {Key: "status", Value: store.Int(500)}})
	case 2: // as another protocol moves members
		ahead := len(r.Attrs)
		if r.SetLine(line); len(r.Attrs) > ahead {
			r.Attrs, r.Opaque = slices.Delete(r.Attrs, ahead, ahead+1), true
		}
	default:
		r.SetLine(line)
	}
	return r
}

var pushResources = []*store.Resource{{Attrs: store.Attrs{{Key: "pod", Value: store.String("x")}}}, {Attrs: store.Attrs{{Key: "pod", Value: store.String("7")}, {Key: "level", Value: store.String("loud")}}}, {Attrs: store.Attrs{{Key: "a", Value: store.String("x")}}}}

var pushLabels = []string{"a", "b", "a_b", "status", "took", "level", "detected_level", "msg", "time", "trace_id", "traceId", "service", "service_name", "pod", "a__b", "_1a", "x_1", "_", "list", "severity", "scope_name", "a_extracted", "k7", "a_b_b_b_b_b_b_b_b_b", "__error__"}

func pushCondition(rnd *rand.Rand, depth int) string {
	label := pick(rnd, pushLabels)
	if depth < 2 && rnd.IntN(4) == 0 {
		a, b := pushCondition(rnd, depth+1), pushCondition(rnd, depth+1)
		return pick(rnd, []string{a + " and " + b, a + " or " + b, "(" + a + " or " + b + ")", a + ", " + b})
	}
	text := pick(rnd, []string{"x", "y", "7", "500", "500.0", "1.5", "1.50", "error", "info", "unknown", "", "AB0000000000000000000000000000cd", "ab0000000000000000000000000000cd", "30", "JSONParserErr", "-0", "0", "true"})
	switch rnd.IntN(6) {
	case 0:
		return label + pick(rnd, []string{"=~", "!~"}) + strconv.Quote(pick(rnd, []string{"x|y", ".+", ".*", "[0-9.]+", "err.*", "e", "(?i)X"}))
	case 1, 2:
		return label + " " + pick(rnd, []string{">", ">=", "<", "<=", "==", "!="}) + " " + pick(rnd, []string{"7", "0", "1.5", "499", "500", "-1", "5ms", "1s", "2KB", "1B", "500B"})
	case 3:
		return label + pick(rnd, []string{"=", "!="}) + `ip("10.0.0.0/8")`
	}
	return label + pick(rnd, []string{"=", "=", "!="}) + strconv.Quote(text)
}

func pushStage(rnd *rand.Rand) string {
	word := func() string {
		return strconv.Quote(pick(rnd, []string{"x", "a", `"a":`, "error", "7", "", "status=500", ":", "{"}))
	}
	switch rnd.IntN(16) {
	case 0:
		return pick(rnd, []string{"|=", "!=", "|=", `|= "q" or`}) + " " + word()
	case 1:
		return pick(rnd, []string{"|~", "!~"}) + " " + strconv.Quote(pick(rnd, []string{"x|y", "^{", "[0-9]+$", "(?i)ERROR", "^$"}))
	case 2:
		return pick(rnd, []string{"|>", "!>"}) + " " + strconv.Quote(pick(rnd, []string{"<_>x<_>", "{<_>}", "<_>a<_>x<_>", "", "<_>", "GET <_>", "<_>.0.<_>", "<_>}"}))
	case 3:
		return pick(rnd, []string{"|=", "!="}) + ` ip("10.0.0.0/8")`
	case 4:
		return pick(rnd, []string{"| logfmt", `| pattern "<a> <b>"`, `| regexp "(?P<a>x)"`, "| decolorize", "| unpack", `| json a="b", status`})
	case 5:
		return pick(rnd, []string{`| line_format "{{.a}} {{.status}}"`, "| label_format b=a", "| label_format a=`{{.status}}`", "| drop a", "| keep a, status", `| drop __error__`})
	case 6, 7, 8:
		return "| json"
	}
	return "| " + pushCondition(rnd, 0)
}

func pushPipeline(rnd *rand.Rand) string {
	text := pick(rnd, []string{"{}", "{}", `{service_name="api"}`, `{pod=~"x|7"}`, `{level="error"}`})
	if rnd.IntN(2) == 0 {
		text += " | json"
	}
	for range rnd.IntN(4) {
		text += " " + pushStage(rnd)
	}
	return text
}

func pushMetric(rnd *rand.Rand) string {
	text := pushPipeline(rnd)
	if rnd.IntN(3) > 0 {
		text += pick(rnd, []string{` | __error__=""`, " | drop __error__, __error_details__"})
	}
	fn := pick(rnd, []string{"count_over_time", "count_over_time", "rate", "bytes_over_time", "absent_over_time"})
	if rnd.IntN(3) == 0 {
		fn = pick(rnd, []string{"sum_over_time", "max_over_time", "avg_over_time", "first_over_time"})
		text += " | unwrap " + pick(rnd, []string{"status", "took", "duration(took)", "bytes(status)", "a", "b"}) + pick(rnd, []string{"", ` | __error__=""`})
	}
	text = fmt.Sprintf("%s(%s [%s])", fn, text, pick(rnd, []string{"5s", "30s", "1m"}))
	by := strings.Join([]string{pick(rnd, pushLabels), pick(rnd, pushLabels)}, ", ")
	switch rnd.IntN(5) {
	case 0:
		return text
	case 1:
		return "sum(" + text + ")"
	case 2:
		return "topk(3, sum by (" + by + ") (" + text + "))"
	case 3:
		return "sum by (level, detected_level) (" + text + ")"
	}
	return "sum by (" + by + ") (" + text + ")"
}

func linesOf(e *logql.Engine, q store.LogQuery) (out []string) {
	for entry, err := range e.Lines(context.Background(), q) {
		if err != nil {
			return append(out, err.Error())
		}
		out = append(out, fmt.Sprintf("%d %q %v %v %v", entry.Time, entry.Line, entry.Stream, entry.Metadata, entry.Parsed))
	}
	return out
}

func seriesOf(e *logql.Engine, q store.LogMetricQuery) (out []string) {
	list, err := e.Metric(context.Background(), q)
	if err != nil {
		return []string{err.Error()}
	}
	for _, s := range list {
		out = append(out, fmt.Sprintf("%v %v", s.Labels, s.Points))
	}
	return out
}

// TestPushedDownAgreesWithNaive runs many queries on each of a few sets of
// records; TEST_TRIPOD_ROUNDS asks for more sets, and others.
func TestPushedDownAgreesWithNaive(t *testing.T) {
	first, rounds := uint64(0), 2
	if n, err := strconv.Atoi(os.Getenv("TEST_TRIPOD_ROUNDS")); err == nil {
		first, rounds = uint64(time.Now().UnixNano()), n
	}
	for seed := first; seed < first+uint64(rounds); seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { pushedAgrees(t, seed) })
	}
}

func pushedAgrees(t *testing.T, seed uint64) {
	rnd := rand.New(rand.NewPCG(seed, 11))
	records := make([]store.Record, 600)
	for i := range records {
		records[i] = pushRecord(rnd, i)
	}
	found := 0
	inStates(t, records, func(t *testing.T, s *logs.Store) {
		pushed, naive := logql.New(s), logql.NewNaive(s)
		for range 160 {
			from := scriptStart.Add(time.Duration(rnd.IntN(60)) * time.Second)
			q := store.LogQuery{Text: pushPipeline(rnd), Range: store.Between(from, from.Add(time.Duration(1+rnd.IntN(100))*time.Second)), Oldest: rnd.IntN(2) == 0, Limit: pick(rnd, []int{0, 0, 1, 10})}
			got, want := linesOf(pushed, q), linesOf(naive, q)
			if found += len(got); !slices.Equal(got, want) {
				t.Fatalf("%s: got %d lines, want %d\ngot  %.500s\nwant %.500s", q.Text, len(got), len(want), first(got, want), first(want, got))
			}
			m := store.LogMetricQuery{Text: pushMetric(rnd), From: from.UnixNano(), To: from.Add(90 * time.Second).UnixNano(), Step: pick(rnd, []time.Duration{0, 7 * time.Second, 30 * time.Second})}
			got, want = seriesOf(pushed, m), seriesOf(naive, m)
			if found += len(got); !slices.Equal(got, want) {
				t.Fatalf("%s: got %d series, want %d\ngot  %.500s\nwant %.500s", m.Text, len(got), len(want), first(got, want), first(want, got))
			}
		}
	})
	if found < 3000 {
		t.Errorf("only %d lines and series found: the test says little", found)
	}
}

// TestLinesAreKeptInEveryState reads back what was sent, byte for byte.
func TestLinesAreKeptInEveryState(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 11))
	records := make([]store.Record, 800)
	var want []string
	for i := range records {
		records[i] = pushRecord(rnd, i)
		want = append(want, records[i].Line())
	}
	inStates(t, records, func(t *testing.T, s *logs.Store) {
		var got []string
		for r, err := range s.Search(context.Background(), store.LogQuery{Range: store.TimeRange{To: 1 << 62}, Oldest: true}) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, r.Line())
		}
		if !slices.Equal(got, want) {
			t.Errorf("%d lines, want %d; first %.300q, want %.300q", len(got), len(want), first(got, want), first(want, got))
		}
	})
}
