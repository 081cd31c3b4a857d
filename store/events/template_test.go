package events

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"strings"
	"testing"

	"tripod/store"
)

// bytesFile is a file in memory.
type bytesFile struct {
	file
	b []byte
}

func (f bytesFile) ReadAt(b []byte, off int64) (int, error) {
	return bytes.NewReader(f.b).ReadAt(b, off)
}

// packBlock gives a block's bytes and its entry.
func packBlock(b *blockBuilder, c *codecs) ([]byte, blockMeta) {
	chunks, head := b.pack()
	m := blockMeta{rows: b.n, min: b.times[0], max: b.times[b.n-1], chunks: len(chunks)}
	raw := head.appendTo(nil)
	packed := c.Zip(nil, raw)
	m.head = section{len(packed), len(raw), crc32.Checksum(packed, castagnoli)}
	return append(bytes.Clone(chunks), packed...), m
}

func testCodecs(t testing.TB) *codecs {
	c, err := newCodecs()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.close)
	return c
}

// blockOf encodes events and opens the block.
func blockOf(t testing.TB, ev []Event) (*block, *blockBuilder) {
	t.Helper()
	c := testCodecs(t)
	build := newBlockBuilder(c, "", "")
	for i := range ev {
		build.add(&ev[i])
	}
	bytes, m := packBlock(build, c)
	b := &block{}
	if err := b.open(partBlock{&part{f: bytesFile{b: bytes}}, &m}, c, nil); err != nil {
		t.Fatal(err)
	}
	return b, build
}

func sameEvents(t *testing.T, b *block, want []Event) {
	t.Helper()
	for i := range want {
		var e Event
		if err := b.event(i, &e, nil); err != nil {
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
	b, _ := blockOf(t, ev)
	sameEvents(t, b, ev)
	for i := range b.cols {
		if c := &b.cols[i]; c.label == "raw" && (c.lines == nil || len(c.lines.templates) != 1 || c.lines.others > 0 || c.chunk.size > size/200) {
			t.Errorf("lines of %d bytes take %d", size, c.chunk.size)
		}
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
