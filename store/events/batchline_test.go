package events

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"tripod/store"
)

// encoded are events as they stand in the frames of one Append.
func encoded(t *testing.T, s *Store, ev []Event) []*batch {
	t.Helper()
	c, refused := s.encode(ev)
	if refused != nil {
		t.Fatal(refused)
	}
	var out []*batch
	for i := range c.frames {
		f, _, err := readFrame(appendFrame(nil, &c.frames[i]))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, f.batch)
	}
	return out
}

// TestBatchesComeBack encodes random events with lines, and reads them as a
// head and as a block that the rows of many batches make.
func TestBatchesComeBack(t *testing.T) {
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 17))
		s := new(Store)
		build := newBlockBuilder(testCodecs(t), "", "")
		var all []Event
		for range 1 + r.IntN(6) {
			ev := make([]Event, 1+r.IntN(80))
			for i := range ev {
				if r.IntN(5) == 0 {
					ev[i] = randomEvent(r)
				} else {
					ev[i] = pinoEvent(r, testDay)
				}
				ev[i].Time = testDay + int64(len(all)+i)*7e5
			}
			at := 0
			for _, b := range encoded(t, s, ev) {
				var e Event
				var buf []byte
				for _, row := range b.rows {
					if err := b.event(row, &e, &buf); err != nil {
						t.Fatal(err)
					}
					if show(&e) != show(&ev[at]) {
						t.Fatalf("seed %d: got %s, want %s", seed, show(&e), show(&ev[at]))
					}
					if err := build.addRow(b, row); err != nil {
						t.Fatal(err)
					}
					at++
				}
			}
			all = append(all, ev...)
		}
		bytes, m := packBlock(build, testCodecs(t))
		b := &block{}
		if err := b.open(partBlock{&part{f: bytesFile{b: bytes}}, &m}, testCodecs(t), nil); err != nil {
			t.Fatal(err)
		}
		sameEvents(t, b, all)
	}
}

// formOfLine is an event whose line has members that no other form has.
func formOfLine(form, i int) Event {
	id := fmt.Sprintf("%08x", i*2654435761)
	line := fmt.Sprintf(`{"level":"info","id%d":"%s","number":%d,"form%d":"always the same text here"}`, form, id, i, form)
	return Event{Time: testDay + int64(i)*1e6, Fields: []Field{{"id", store.String(id)}, {"number", store.Int(int64(i))}, {"raw", store.String(line)}}}
}

func TestBatchesKeepLinesByTheirFields(t *testing.T) {
	ev := make([]Event, 1000)
	lines := 0
	for i := range ev {
		ev[i] = formOfLine(i%3, i)
		lines += len(ev[i].Text("raw"))
	}
	b := encoded(t, new(Store), ev)[0]
	if len(b.data) > lines/2 || len(b.templates) != 3 {
		t.Errorf("%d bytes and %d templates for lines of %d bytes, want less than half and 3", len(b.data), len(b.templates), lines)
	}
}

// TestTemplatesOfLinesAreFew sends lines of more forms than a batch, a block
// or the memory has room for.
func TestTemplatesOfLinesAreFew(t *testing.T) {
	s := new(Store)
	build := newBlockBuilder(testCodecs(t), "", "")
	var all []Event
	for first := range 5 {
		ev := make([]Event, 200)
		for i := range ev {
			ev[i] = formOfLine(first*10+i%25, len(all)+i)
		}
		for _, b := range encoded(t, s, ev) {
			for _, row := range b.rows {
				if err := build.addRow(b, row); err != nil {
					t.Fatal(err)
				}
			}
			if len(b.templates) != maxTemplates {
				t.Errorf("a batch has %d templates, want %d", len(b.templates), maxTemplates)
			}
		}
		all = append(all, ev...)
		if n := len(s.lines.load()); n != maxTemplates {
			t.Errorf("%d templates are remembered, want %d", n, maxTemplates)
		}
	}
	bytes, m := packBlock(build, testCodecs(t))
	b := &block{}
	if err := b.open(partBlock{&part{f: bytesFile{b: bytes}}, &m}, testCodecs(t), nil); err != nil {
		t.Fatal(err)
	}
	sameEvents(t, b, all)
}

// TestEventsAreWeighedWithTheirLines: what a template spares does not make room
// for a larger event.
func TestEventsAreWeighedWithTheirLines(t *testing.T) {
	text := strings.Repeat("x", maxRowBytes/2+100)
	e := Event{Time: testDay, Fields: []Field{{"text", store.String(text)}, {"raw", store.String(`{"text":"` + text + `"}`)}}}
	c, refused := new(Store).encode([]Event{e})
	if refused == nil || refused.Rejected != 1 || c.rows != 0 {
		t.Errorf("got %v, want the event refused", refused)
	}
}

// oneText is a batch of three rows with the same text of a mebibyte, to be bent.
func oneText(t *testing.T, known ...*template) *batch {
	t.Helper()
	w := newBatchWriter()
	w.reset(&lineMemory{list: known})
	for range 3 {
		if err := w.add(&Event{Time: testDay, Fields: []Field{{"text", store.String(strings.Repeat("x", 1<<20))}}}); err != nil {
			t.Fatal(err)
		}
	}
	b := w.frame().batch
	b.templates = known
	return b
}

func wantCorrupt(t *testing.T, b *batch) {
	t.Helper()
	var e Event
	var buf []byte
	if err := b.event(b.rows[2], &e, &buf); !errors.Is(err, errCorrupt) || cap(buf) > 4*maxRowBytes {
		t.Errorf("got %v and %d bytes, want errCorrupt", err, cap(buf))
	}
	if err := newBlockBuilder(testCodecs(t), "", "").addRow(b, b.rows[2]); !errors.Is(err, errCorrupt) {
		t.Errorf("got %v for the row of a block, want errCorrupt", err)
	}
}

func TestTextsThatComeAgainAreKeptOnce(t *testing.T) {
	b := oneText(t)
	if len(b.data) > 1<<20+100 {
		t.Errorf("three rows of the same mebibyte take %d bytes", len(b.data))
	}
	again := b.data[b.rows[2].off+1:]
	if len(again) != 1 || again[0]&textAgain == 0 {
		t.Fatalf("the last row has %x, want that the text comes again", again)
	}
	for name, at := range map[string]uint32{"itself": b.rows[2].off + 1, "one that comes again": b.rows[1].off + 1, "what is behind it": 1 << 30} {
		t.Run(name, func(t *testing.T) {
			bent := *b
			bent.data = binary.AppendUvarint(slices.Clone(b.data[:len(b.data)-1]), uint64(at-uint32(b.from))<<1|textAgain)
			wantCorrupt(t, &bent)
		})
	}
}

// TestLongRowsAreCorrupt bends a row so that its texts or its line are far
// longer than it is.
func TestLongRowsAreCorrupt(t *testing.T) {
	t.Run("texts", func(t *testing.T) {
		b := oneText(t)
		again := b.data[len(b.data)-1]
		for range 5 {
			b.shapes[0] = append(b.shapes[0], b.shapes[0][0])
			b.data = append(b.data, again)
		}
		wantCorrupt(t, b)
	})
	t.Run("line", func(t *testing.T) {
		bomb := template{slots: make([]slot, maxSlots)}
		bomb.key = string(bomb.appendTo(nil))
		b := oneText(t, &bomb)
		b.shapes[0] = append(b.shapes[0], batchField{"raw", kindLine})
		b.data = append(b.data, 0, 0)
		var e Event
		var buf []byte
		if err := b.event(b.rows[2], &e, &buf); !errors.Is(err, errCorrupt) || cap(buf) > 4*maxRowBytes {
			t.Errorf("got %v and %d bytes, want errCorrupt", err, cap(buf))
		}
	})
}

// TestFiltersOfHeadsKnowTheWordsOfLines asks the filter of a full chunk for each
// word of each line.
func TestFiltersOfHeadsKnowTheWordsOfLines(t *testing.T) {
	s := openTest(t, t.TempDir(), Options{})
	r := rand.New(rand.NewPCG(1, 1))
	ev := make([]Event, chunkRows)
	for i := range ev {
		ev[i] = pinoEvent(r, testDay+int64(i)*3e6)
	}
	if err := s.Append(t.Context(), ev); err != nil {
		t.Fatal(err)
	}
	sn, err := s.snapshot(everything)
	if err != nil {
		t.Fatal(err)
	}
	defer sn.release()
	v := sn.chunks[0]
	if len(v.batches[0].templates) == 0 {
		t.Fatal("no line is kept by a template")
	}
	f := v.makeFilter()
	for i := range ev {
		for _, field := range ev[i].Fields {
			for _, key := range tokenKeys(lower(field.Value.Text()), true) {
				if !f.Contains(key.hash) {
					t.Fatalf("the filter does not know a word of %q", field.Value.Text())
				}
			}
		}
	}
}
