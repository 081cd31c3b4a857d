package events

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/klauspost/compress/s2"

	"tripod/store"
)

// batch is the payload of one journal frame, and what a head keeps: a table of
// names and rows that stand alone but for it.
type batch struct {
	names []string
	data  []byte
	rows  []batchRow
}

type batchRow struct {
	time  int64
	off   uint32 // of the row's fields in data
	class uint8
}

// readBatch finds the rows; strings are views of data, which must not change.
func readBatch(data []byte) (*batch, error) {
	r := reader{b: data}
	b := &batch{data: data, names: make([]string, 0, 16)}
	for range r.count(1) {
		b.names = append(b.names, r.string())
	}
	n := r.count(4)
	b.rows = make([]batchRow, 0, n)
	for range n {
		row := reader{b: r.bytes(r.uvarint())}
		t, class := row.varint(), row.byte()
		if r.bad || row.bad || class >= Classes {
			return nil, errCorrupt
		}
		off := len(data) - len(r.b) - len(row.b)
		b.rows = append(b.rows, batchRow{time: t, class: class, off: uint32(off)})
	}
	if r.bad || len(r.b) > 0 {
		return nil, errCorrupt
	}
	return b, nil
}

// event fills e with a row.
func (b *batch) event(row batchRow, e *Event) error {
	e.Time, e.Class, e.Fields = row.time, row.class, e.Fields[:0]
	r := reader{b: b.data[row.off:]}
	for range r.uvarint() {
		id := r.uvarint()
		v := r.value(0)
		if r.bad || id >= uint64(len(b.names)) {
			return errCorrupt
		}
		e.Fields = append(e.Fields, Field{b.names[id], v})
	}
	return nil
}

// batchWriter encodes events until a frame is full.
type batchWriter struct {
	ids       map[string]uint32
	list      []string // by id
	recent    []uint32 // of the fields of the event before
	names     []byte
	rows, row []byte
	at        []batchRow // off is from the start of rows
}

var batchWriters = sync.Pool{New: func() any { return &batchWriter{ids: map[string]uint32{}} }}

func (w *batchWriter) reset() {
	clear(w.ids)
	w.list, w.recent = w.list[:0], w.recent[:0]
	w.names, w.rows, w.at = w.names[:0], w.rows[:0], w.at[:0]
}

// add refuses an event that is too large or too deep, for good.
func (w *batchWriter) add(e *Event) error {
	if err := check(e); err != nil {
		return err
	}
	b := binary.AppendVarint(w.row[:0], e.Time)
	b = append(b, e.Class)
	head := len(b)
	b = binary.AppendUvarint(b, uint64(len(e.Fields)))
	for i := range e.Fields {
		f := &e.Fields[i]
		b = binary.AppendUvarint(b, uint64(w.name(i, f.Name)))
		if f.Value.Kind == store.KindString {
			b = appendString(append(b, byte(store.KindString)), f.Value.Str())
			continue
		}
		b = appendValue(b, f.Value)
	}
	if w.row = b; len(b) > maxRowBytes {
		return fmt.Errorf("event of %d bytes, at most %d: %w", len(b), maxRowBytes, store.ErrTooLarge)
	}
	w.rows = binary.AppendUvarint(w.rows, uint64(len(b)))
	w.at = append(w.at, batchRow{time: e.Time, class: e.Class, off: uint32(len(w.rows) + head)})
	w.rows = append(w.rows, b...)
	return nil
}

func check(e *Event) error {
	if e.Class >= Classes {
		return fmt.Errorf("class %d: %w", e.Class, store.ErrInvalid)
	}
	left := maxRowFields
	for i := range e.Fields {
		n, ok := 1, true
		if v := &e.Fields[i].Value; v.Kind >= store.KindList {
			n, ok = weigh(*v, maxDepth, left)
		}
		if left -= n; !ok || left < 0 {
			return fmt.Errorf("field %.40q: more than %d values in the event, or nested deeper than %d: %w",
				e.Fields[i].Name, maxRowFields, maxDepth, store.ErrTooLarge)
		}
	}
	return nil
}

// name numbers the name of an event's i-th field, which is mostly that of the
// event before.
func (w *batchWriter) name(i int, s string) uint32 {
	if i < len(w.recent) && w.list[w.recent[i]] == s {
		return w.recent[i]
	}
	id, ok := w.ids[s]
	if !ok {
		id = uint32(len(w.list))
		s = strings.Clone(s)
		w.ids[s] = id
		w.list = append(w.list, s)
		w.names = appendString(w.names, s)
	}
	if i < len(w.recent) {
		w.recent[i] = id
	} else if i == len(w.recent) {
		w.recent = append(w.recent, id)
	}
	return id
}

func (w *batchWriter) full() bool {
	return len(w.at) >= maxBatchRows || len(w.rows)+len(w.names) >= maxBatchRaw
}

// frameBodies are buffers for the bodies of frames.
var frameBodies = sync.Pool{New: func() any { return new([]byte) }}

// maxPooled bounds a buffer that is kept.
const maxPooled = 4 << 20

// frame is the encoded batch, ready for the journal and for a head.
func (w *batchWriter) frame() frame {
	data := make([]byte, 0, len(w.names)+len(w.rows)+2*binary.MaxVarintLen32)
	data = binary.AppendUvarint(data, uint64(len(w.list)))
	names := reader{b: data[len(data) : len(data)+len(w.names)]}
	data = append(data, w.names...)
	data = binary.AppendUvarint(data, uint64(len(w.at)))
	base := uint32(len(data))
	data = append(data, w.rows...)
	b := &batch{data: data, names: make([]string, len(w.list)), rows: slices.Clone(w.at)}
	for i := range b.names {
		b.names[i] = names.string()
	}
	for i := range b.rows {
		b.rows[i].off += base
	}
	w.reset()
	f := frame{batch: b, pooled: frameBodies.Get().(*[]byte)}
	f.body = s2.Encode((*f.pooled)[:cap(*f.pooled)], data)
	return f
}

// free gives the body back, which the journal has.
func (f *frame) free() {
	if cap(f.body) <= maxPooled {
		*f.pooled = f.body
	}
	frameBodies.Put(f.pooled)
	f.body, f.pooled = nil, nil
}
