package events

import (
	"encoding/binary"
	"fmt"
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
	ids       map[string]uint64
	names     []byte
	rows, row []byte
	n         int
}

var batchWriters = sync.Pool{New: func() any { return &batchWriter{ids: map[string]uint64{}} }}

func (w *batchWriter) reset() {
	clear(w.ids)
	w.names, w.rows, w.n = w.names[:0], w.rows[:0], 0
}

// add refuses an event that is too large or too deep, for good.
func (w *batchWriter) add(e *Event) error {
	if err := check(e); err != nil {
		return err
	}
	b := binary.AppendVarint(w.row[:0], e.Time)
	b = append(b, e.Class)
	b = binary.AppendUvarint(b, uint64(len(e.Fields)))
	for i := range e.Fields {
		b = binary.AppendUvarint(b, w.name(e.Fields[i].Name))
		b = appendValue(b, e.Fields[i].Value)
	}
	if w.row = b; len(b) > maxRowBytes {
		return fmt.Errorf("event of %d bytes, at most %d: %w", len(b), maxRowBytes, store.ErrTooLarge)
	}
	w.rows = binary.AppendUvarint(w.rows, uint64(len(b)))
	w.rows = append(w.rows, b...)
	w.n++
	return nil
}

func check(e *Event) error {
	if e.Class >= Classes {
		return fmt.Errorf("class %d: %w", e.Class, store.ErrInvalid)
	}
	left := maxRowFields
	for i := range e.Fields {
		n, ok := weigh(e.Fields[i].Value, maxDepth, left)
		if left -= n; !ok || left < 0 {
			return fmt.Errorf("field %.40q: more than %d values in the event, or nested deeper than %d: %w",
				e.Fields[i].Name, maxRowFields, maxDepth, store.ErrTooLarge)
		}
	}
	return nil
}

func (w *batchWriter) name(s string) uint64 {
	id, ok := w.ids[s]
	if !ok {
		id = uint64(len(w.ids))
		w.ids[strings.Clone(s)] = id
		w.names = appendString(w.names, s)
	}
	return id
}

func (w *batchWriter) full() bool {
	return w.n >= maxBatchRows || len(w.rows)+len(w.names) >= maxBatchRaw
}

// frame is the encoded batch, ready for the journal and for a head.
func (w *batchWriter) frame() (frame, error) {
	data := make([]byte, 0, len(w.names)+len(w.rows)+2*binary.MaxVarintLen32)
	data = binary.AppendUvarint(data, uint64(len(w.ids)))
	data = append(data, w.names...)
	data = binary.AppendUvarint(data, uint64(w.n))
	data = append(data, w.rows...)
	w.reset()
	b, err := readBatch(data)
	if err != nil {
		return frame{}, fmt.Errorf("encoded batch: %w", err) // a broken invariant of our own
	}
	return frame{batch: b, body: s2.Encode(nil, data)}, nil
}
