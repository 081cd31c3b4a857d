package events

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"tripod/store"
)

// blockOf encodes events and decodes them again.
func blockOf(t *testing.T, ev []Event) (*block, *blockBuilder) {
	t.Helper()
	build := newBlockBuilder()
	for i := range ev {
		build.add(&ev[i])
	}
	b := &block{}
	if err := b.readTimes(build.appendTimes(nil), &blockMeta{rows: len(ev), min: build.first, max: build.last}); err != nil {
		t.Fatal(err)
	}
	if err := b.readBody(build.appendBody(nil), len(ev)); err != nil {
		t.Fatal(err)
	}
	return b, build
}

func sameEvents(t *testing.T, b *block, want []Event) {
	t.Helper()
	for i := range want {
		var e Event
		if err := b.event(i, &e); err != nil {
			t.Fatal(err)
		}
		same := e.Time == want[i].Time && e.Class == want[i].Class && len(e.Fields) == len(want[i].Fields)
		for j := 0; same && j < len(e.Fields); j++ {
			same = e.Fields[j].Name == want[i].Fields[j].Name && e.Fields[j].Value.Equal(want[i].Fields[j].Value)
		}
		if !same {
			t.Fatalf("row %d: got %s, want %s", i, show(&e), show(&want[i]))
		}
	}
}

// pinoEvent is a line and its members, some of them under other names, in
// another form or missing.
func pinoEvent(r *rand.Rand, at int64) Event {
	e := Event{Time: at + r.Int64N(1e6), Class: uint8(r.IntN(4))}
	line := []string{fmt.Sprintf(`"time":%d`, at/1e6-int64(r.IntN(20)/19))}
	member := func(name string, v store.Value, text string) {
		line = append(line, fmt.Sprintf("%q:%s", name, text))
		if r.IntN(12) > 0 {
			e.Fields = append(e.Fields, Field{name, v})
		}
	}
	for _, name := range []string{"level", "msg", "reqId", "user", "empty", "msg"} {
		s := []string{"info", "say \"hé\"", fmt.Sprintf("%016x", r.Uint64()), "x:y[z", "", "\\"}[r.IntN(6)]
		text, _ := json.Marshal(s)
		if r.IntN(3) > 0 {
			member(name, store.String(s), string(text))
		}
	}
	n, f := r.Int64N(600)-300, float64(r.IntN(1000))/100
	member("status", store.Int(n), fmt.Sprint(n))
	member("took", store.Float(f), []string{fmt.Sprintf("%v", f), fmt.Sprintf("%.3f", f)}[r.IntN(2)])
	member("ok", store.Bool(n > 0), fmt.Sprint(n > 0))
	member("tags", store.List(store.String("a"), store.Int(n)), fmt.Sprintf(`["a",%d]`, n))
	if r.IntN(9) == 0 {
		member("none", []store.Value{{}, store.Bytes([]byte("b")), store.Map(nil)}[r.IntN(3)], "null")
	}
	r.Shuffle(len(e.Fields), func(i, j int) {
		if r.IntN(8) == 0 {
			e.Fields[i], e.Fields[j] = e.Fields[j], e.Fields[i]
		}
	})
	e.Fields = append(e.Fields, Field{"raw", store.String("{" + strings.Join(line, ",") + "}" + []string{"", "\n", " "}[r.IntN(20)/18])})
	return e
}

// TestBlocksComeBack encodes random events: nested values, duplicates, fields
// of one name, lines with and without a template.
func TestBlocksComeBack(t *testing.T) {
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 9))
		var ev []Event
		at := testDay
		for range 1 + r.IntN(300) {
			at += r.Int64N(3) * 1e6
			switch r.IntN(6) {
			case 0:
				ev = append(ev, randomEvent(r))
			case 1:
				if len(ev) > 0 {
					ev = append(ev, ev[r.IntN(len(ev))])
				}
			default:
				ev = append(ev, pinoEvent(r, at))
			}
			if len(ev) > 0 {
				last := &ev[len(ev)-1]
				*last = last.Clone()
				last.Time = max(at, ev[max(0, len(ev)-2)].Time)
			}
		}
		b, _ := blockOf(t, ev)
		sameEvents(t, b, ev)
	}
}

// TestLinesAreKeptByTemplates: lines of one form take hardly any room.
func TestLinesAreKeptByTemplates(t *testing.T) {
	var ev []Event
	size := 0
	for i := range 500 {
		at := testDay + int64(i)*1e6
		id, n := fmt.Sprintf("%032x", i*i), int64(i%7)
		line := fmt.Sprintf(`{"level":"info","time":%d,"pid":4711,"trace_id":"%s","msg":"request completed","status":%d,"took":%d.%02d0}`, at/1e6, id, n, i, i%100)
		ev = append(ev, Event{Time: at, Fields: []Field{{"msg", store.String("request completed")}, {"trace_id", store.String(id)},
			{"pid", store.Int(4711)}, {"status", store.Int(n)}, {"raw", store.String(line)}}})
		size += len(line)
	}
	b, build := blockOf(t, ev)
	sameEvents(t, b, ev)
	if len(b.templates) != 1 || build.rebuilt != size {
		t.Errorf("%d templates for %d of %d bytes", len(b.templates), build.rebuilt, size)
	}
}

// FuzzLines: whatever a line and the fields beside it are, it comes back.
func FuzzLines(f *testing.F) {
	f.Add(`{"a":"x","time":1772409300000,"n":5,"long":"0123456789012345678901234567890123456789"}`, `{"a":"y","time":1,"n":6,"long":"0123456789012345678901234567890123456789"}`, "x", int64(5))
	f.Add(`{":":[":",[":`+strings.Repeat(" ", 64), `{`+strings.Repeat(`"":"`, 80), "", int64(0))
	f.Fuzz(func(t *testing.T, one, two, text string, n int64) {
		var ev []Event
		for i, line := range []string{one, two, one, one + two, two} {
			fields := []Field{{"t", store.String(text)}, {"n", store.Int(n + int64(i))}, {"f", store.Float(float64(n) / 8)}, {"raw", store.String(line)}, {"again", store.String(two)}}
			if i == 2 {
				fields[0].Value = store.List(store.String(text))
				fields[2].Value = store.Bytes([]byte(text))
			}
			ev = append(ev, Event{Time: testDay + int64(i), Fields: fields[i%2:]})
		}
		b, _ := blockOf(t, ev)
		sameEvents(t, b, ev)
	})
}

// TestPartsOfVersion1AreRead: what has no lines by template says version 1
// or 2, and means the same.
func TestPartsOfVersion1AreRead(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, dir, Options{})
	if err := s.Append(t.Context(), numbered(0, 50)); err != nil {
		t.Fatal(err)
	}
	flush(t, s)
	s.Close()
	for name, b := range readTree(t, dir) {
		if strings.HasSuffix(name, ".part") {
			b = bytes.ReplaceAll(b, []byte(partMagic), []byte(partBefore))
			if err := os.WriteFile(name, b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	s = openTest(t, dir, Options{})
	if got := numbers(t, s); len(got) != 50 {
		t.Errorf("found %d of 50", len(got))
	}
}
