package events

import (
	"bytes"
	"errors"
	"hash/crc32"
	"math/rand/v2"
	"reflect"
	"testing"

	"tripod/store"
)

// encodedFrame is a journal frame of n random events.
func encodedFrame(f testing.TB, n int) ([]byte, []Event) {
	r := rand.New(rand.NewPCG(3, uint64(n)))
	ev := make([]Event, n)
	for i := range ev {
		if ev[i] = randomEvent(r); i%2 == 1 {
			ev[i] = pinoEvent(r, testDay)
		}
	}
	c, _ := new(Store).encode(ev)
	return appendFrame(nil, &c.frames[0]), ev
}

func FuzzReadFrame(f *testing.F) {
	for _, n := range []int{1, 3, 40} {
		b, _ := encodedFrame(f, n)
		f.Add(b)
		f.Add(b[frameHeader:])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if fr, size, err := readFrame(b); err == nil {
			if size > len(b) {
				t.Errorf("frame of %d bytes in %d", size, len(b))
			}
			touch(fr.batch)
		}
		if bt, err := readBatch(b); err == nil { // as if the sums were right
			touch(bt)
		}
		replay(b, 1, func(int64, error) {}, func(fr frame) { touch(fr.batch) })
	})
}

func touch(b *batch) {
	var e Event
	var buf []byte
	for _, row := range b.rows {
		if b.event(row, &e, &buf) == nil {
			e.Clone()
		}
	}
}

func FuzzReadBlock(f *testing.F) {
	r := rand.New(rand.NewPCG(5, 5))
	c := testCodecs(f)
	for _, n := range []int{1, 20, 200} {
		b := newBlockBuilder(c, "", "")
		for i := range n {
			e := randomEvent(r)
			if i%3 == 0 {
				e = pinoEvent(r, testDay)
			}
			e.Time = testDay + int64(i)
			b.add(&e)
		}
		chunks, head := b.pack()
		f.Add(bytes.Clone(chunks), head.appendTo(nil), n, testDay, testDay+int64(n)-1)
	}
	f.Fuzz(func(t *testing.T, chunks, head []byte, rows int, least, most int64) {
		if rows < 1 || rows > maxBlockRows {
			return
		}
		h, err := readHead(head, rows, len(chunks))
		if err != nil {
			return
		}
		mend(&h, chunks)
		head = h.appendTo(nil)
		m := blockMeta{rows: rows, min: least, max: most, chunks: len(chunks), head: section{len(head), len(head), crc32.Checksum(head, castagnoli)}}
		packed := c.Zip(nil, head)
		m.head = section{len(packed), len(head), crc32.Checksum(packed, castagnoli)}
		var b block
		if b.open(partBlock{&part{f: bytesFile{b: append(chunks, packed...)}}, &m}, c, nil) != nil {
			return
		}
		var e Event
		for i := range b.len() {
			if b.event(i, &e, nil) == nil {
				e.Clone()
			}
		}
		for _, x := range []Expr{Word{nil, "refused"}, Exists{"msg"}, Compare{"took", OpLess, 5}, Not{Substring{nil, "a", true}}} {
			if newFilter(x).enter(&b, 0, b.len()) != nil {
				return
			}
		}
	})
}

// mend makes the sums of a head right.
func mend(h *blockHead, chunks []byte) {
	sum := func(e *extent) { e.sum = crc32.Checksum(chunks[e.off:e.off+e.size], castagnoli) }
	sum(&h.times)
	sum(&h.classes)
	sum(&h.shapeOf)
	for i := range h.cols {
		sum(&h.cols[i].chunk)
	}
}

func FuzzReadManifest(f *testing.F) {
	p := partInfo{id: 7, level: 1, gen: 3, rows: 10, min: -5, max: testDay, minSeq: 1, maxSeq: 20, size: 1000}
	b := appendEdits([]byte(manifestMagic), []edit{{kind: editAdd, part: p}, {kind: editFlushed, gen: 3}})
	b = appendEdits(b, []edit{{kind: editRemove, part: partInfo{id: 7}}})
	f.Add(b)
	f.Add(b[:len(b)-3])
	tail := partTail{info: p, indexOff: 8, index: section{1, 2, 3}}
	f.Add(tail.appendTo(nil))
	x := partIndex{names: []string{"a", "b"}, by: "a", same: "b", groups: []string{"x"},
		blocks: []blockMeta{{rows: 3, min: 1, max: 2, filter: 1, counts: []minuteCount{{0, 3, groupFirst, 2, true}}}}}
	f.Add(x.appendTo(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		st, good, err := readManifest(b)
		if good > int64(len(b)) || err == nil && good != int64(len(b)) {
			t.Errorf("good %d of %d: %v", good, len(b), err)
		}
		again := []byte(manifestMagic)
		again = appendEdits(again, st.edits())
		if st2, _, err := readManifest(again); err != nil || len(st2.parts) != len(st.parts) || st2.flushed != st.flushed {
			t.Errorf("state %+v came back as %+v, %v", st, st2, err)
		}
		if tail, err := readTail(b); err == nil {
			readTail(tail.appendTo(nil))
		}
		if x, err := readIndex(b); err == nil {
			if again, err := readIndex(x.appendTo(nil)); err != nil || !reflect.DeepEqual(x, again) {
				t.Errorf("index %+v comes back as %+v, %v", x, again, err)
			}
		}
	})
}

// FuzzFilterNeverLies says no only to what is not there: a predicate that
// matches a text must get past the filter of a block that holds it.
func FuzzFilterNeverLies(f *testing.F) {
	f.Add("Connection refused by db-3", "refused")
	f.Add("fooé bar\xc3", " foo\xc3")
	f.Add("ȺK4bf92f3577b34da6a3ce929d0e0e4736", "Ⱥk4bf92f3577b34da6a3ce929d0e0e4736")
	f.Add("a b c d", " b c ")
	c := testCodecs(f)
	f.Fuzz(func(t *testing.T, text, asked string) {
		e := Event{Fields: []Field{{"f", store.String(text)}}}
		b := newBlockBuilder(c, "", "")
		b.add(&e)
		filter, err := readFilter(b.filter.append(nil, &b.keys))
		if err != nil {
			t.Fatal(err)
		}
		has := func(k planKey) bool { return filter.Contains(k.hash) }
		names := []string{"f", "g"}
		for _, x := range []Expr{
			Word{nil, asked}, Word{names, asked}, Phrase{nil, asked}, Equal{"f", asked}, Equal{"f", text},
			Substring{nil, asked, false}, Substring{names, asked, true},
			OneOf{"f", map[string]bool{asked: true, "other": true}}, OneOf{Field: "f"},
			Or{Equal{"f", asked}, Word{nil, text}}, And{Exists{"f"}, Substring{nil, asked, true}},
			Not{Word{nil, asked}}, Func{Fn: func(*Event) bool { return true }},
		} {
			p := planOf(x)
			if x.Match(&e) && !p.may(has) {
				t.Errorf("%#v matches %q, and the filter says no", x, text)
			}
			if got := newFilter(x); got.root != nil {
				if got.root.match(&e) != x.Match(&e) {
					t.Errorf("%#v on %q: compiled and plain differ", x, text)
				}
			}
		}
	})
}

func TestAppendRefusesWhatCannotBeKept(t *testing.T) {
	deep := store.Int(1)
	for range maxDepth + 1 {
		deep = store.List(deep)
	}
	good := Event{Time: testDay, Fields: []Field{{"n", store.Int(1)}}}
	for name, bad := range map[string]Event{
		"class":   {Class: Classes},
		"nesting": {Fields: []Field{{"deep", deep}}},
		"size":    {Fields: []Field{{"big", store.String(string(make([]byte, maxRowBytes)))}}},
		"fields":  {Fields: make([]Field, maxRowFields+1)},
	} {
		t.Run(name, func(t *testing.T) {
			s := openTest(t, t.TempDir(), Options{NewDigest: func() Digest { return &countDigest{} }})
			err := s.Append(t.Context(), []Event{good, bad, good})
			var partial *store.PartialError
			if !errors.As(err, &partial) || partial.Rejected != 1 {
				t.Errorf("got %v, want a PartialError of 1", err)
			}
			if got := len(numbers(t, s)); got != 2 {
				t.Errorf("got %d events, want the 2 good ones", got)
			}
			if u := s.Usage(); u.Accepted != 2 || u.Rejected != 1 {
				t.Errorf("got %+v", u)
			}
			if got := digested(t, s); got != 2 {
				t.Errorf("the digest saw %d", got)
			}
		})
	}
}

// countDigest counts.
type countDigest struct{ n byte }

func (d *countDigest) Add(*Event)               { d.n++ }
func (d *countDigest) AppendTo(b []byte) []byte { return append(b, d.n) }
func (d *countDigest) Read(b []byte) error {
	if len(b) != 1 {
		return errCorrupt
	}
	d.n = b[0]
	return nil
}

func digested(t *testing.T, s *Store) (n int) {
	t.Helper()
	if err := s.Digests(t.Context(), everything, func(d Digest) { n += int(d.(*countDigest).n) }); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestDigestsFollowTheirEvents through replay, flush, merge and reopening.
func TestDigestsFollowTheirEvents(t *testing.T) {
	o := Options{NewDigest: func() Digest { return &countDigest{} }}
	dir := t.TempDir()
	s := openTest(t, dir, o)
	total := 0
	add := func() {
		t.Helper()
		if err := s.Append(t.Context(), numbered(total, total+10)); err != nil {
			t.Fatal(err)
		}
		total += 10
		if got := digested(t, s); got != total {
			t.Fatalf("digests hold %d, want %d", got, total)
		}
	}
	for range mergeRun + 1 {
		add()
		flush(t, s)
	}
	mergeAll(t, s)
	add()
	s.Close()
	s = openTest(t, dir, o)
	add()
}
