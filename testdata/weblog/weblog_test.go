package weblog

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

func corpus(rows int, own bool) []Line {
	g := New(Options{Rows: rows, Start: time.Date(2026, 3, 12, 0, 0, 0, 0, time.UTC), Seed: 1, OwnIDs: own})
	var out []Line
	for l := (Line{}); g.Next(&l); {
		out = append(out, l)
	}
	return out
}

func TestLinesAreAsPromised(t *testing.T) {
	const rows = 100_000
	lines := corpus(rows, false)
	if len(lines) != rows {
		t.Fatalf("%d lines, want %d", len(lines), rows)
	}
	size, levels := 0, map[string]int{}
	requests, spans, forms := map[[16]byte]int{}, map[[8]byte]int{}, map[string]bool{}
	for i := range lines {
		l := &lines[i]
		if i > 0 && l.Time < lines[i-1].Time {
			t.Fatalf("line %d is of %d, behind one of %d", i, l.Time, lines[i-1].Time)
		}
		size += len(l.AppendJSON(nil))
		levels[l.Level]++
		requests[l.ReqID]++
		spans[l.SpanID]++
		forms[strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' {
				return -1
			}
			return r
		}, l.Msg)] = true
	}
	t.Logf("%.1f bytes a line, %d requests, %d spans, %d forms, levels %v", float64(size)/rows, len(requests), len(spans), len(forms), levels)
	within := func(what string, got, least, most float64) {
		if got < least || got > most {
			t.Errorf("%s: %v, want %v to %v", what, got, least, most)
		}
	}
	within("bytes a line", float64(size)/rows, 380, 390)
	within("share of warnings", float64(levels["warn"])/rows, 0.028, 0.032)
	within("share of errors", float64(levels["error"])/rows, 0.009, 0.011)
	within("lines a request", rows/float64(len(requests)), 4.9, 5.1)
	within("spans a request", float64(len(spans))/float64(len(requests)), 2, 3)
	within("forms of messages", float64(len(forms)), 40, 44)
	start := time.Date(2026, 3, 12, 0, 0, 0, 0, time.UTC).UnixNano()
	within("time of the first line", float64(lines[0].Time-start), 1, 2e9)
	within("time of the last line", float64(lines[rows-1].Time-start), 86398e9, 86400e9)
}

func TestLinesAreJSONAndTheSameAgain(t *testing.T) {
	again := corpus(1000, false)
	for i, l := range corpus(1000, false) {
		text := l.AppendJSON(nil)
		if string(text) != string(again[i].AppendJSON(nil)) {
			t.Fatalf("line %d differs in a second corpus of the same seed", i)
		}
		var got map[string]any
		if err := json.Unmarshal(text, &got); err != nil {
			t.Fatalf("line %d: %v: %s", i, err, text)
		}
		if len(got) != 13 || got["reqId"] != l.RequestID() || got["msg"] != l.Msg {
			t.Fatalf("line %d is %s, want 13 members of %+v", i, text, l)
		}
	}
}

func TestOwnIDsComeOnce(t *testing.T) {
	ids := map[[16]byte]bool{}
	spans := map[[8]byte]bool{}
	for _, l := range corpus(10_000, true) {
		ids[l.ReqID], ids[l.TraceID], spans[l.SpanID] = true, true, true
	}
	if len(ids) != 20_000 || len(spans) != 10_000 {
		t.Errorf("%d request and trace ids and %d spans in 10,000 lines, want each once", len(ids), len(spans))
	}
}
