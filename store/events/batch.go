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

// batch is the payload of one journal frame, and what a head keeps: tables of
// names and templates, and rows that stand alone but for them.
type batch struct {
	names     []string
	templates []*template
	data      []byte
	rows      []batchRow
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
	b.templates = r.templates()
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

// event fills e with a row; its lines lie in the memory of buf, until it is used
// again.
func (b *batch) event(row batchRow, e *Event, buf *[]byte) error {
	return b.some(row, e, buf, nil)
}

// some is event, but that a last line that is not wanted may be left out: to put
// it together costs as much as all other fields.
func (b *batch) some(row batchRow, e *Event, buf *[]byte, want *wanted) error {
	e.Time, e.Class, e.Fields = row.time, row.class, e.Fields[:0]
	*buf = (*buf)[:0]
	texts := rowTexts{time: row.time}
	r := reader{b: b.data[row.off:]}
	n := r.count(2)
	for i := range n {
		id := r.uvarint()
		if id >= uint64(len(b.names)) {
			return errCorrupt
		}
		var v store.Value
		if r.isLine() {
			if want != nil && i == n-1 && !want.has(b.names[id]) {
				break
			}
			texts.fields = e.Fields
			v = r.lineOf(b.templates, &texts, i, buf)
		} else {
			v = r.value(0)
		}
		if r.bad {
			return errCorrupt
		}
		e.Fields = append(e.Fields, Field{b.names[id], v})
	}
	if r.bad {
		return errCorrupt
	}
	return nil
}

// addKeys adds the keys of names and of what lines share.
func (b *batch) addKeys(keys *keySet) {
	for _, name := range b.names {
		keys.add(nameKey(name))
	}
	for _, t := range b.templates {
		t.addKeys(keys)
	}
}

// addRowKeys adds the keys of a row's values.
func (b *batch) addRowKeys(row batchRow, keys *keySet) {
	r := reader{b: b.data[row.off:]}
	for range r.count(2) {
		if r.uvarint(); !r.isLine() {
			addKeys(keys, r.value(0))
			continue
		}
		if l := r.batchLine(b.templates); !r.bad {
			l.addKeys(row.time, keys)
		}
	}
}

// batchWriter encodes events until a frame is full.
type batchWriter struct {
	ids       map[string]uint32
	list      []string // by id
	recent    []uint32 // of the fields of the event before
	lines     lineWriter
	names     []byte
	rows, row []byte
	at        []batchRow // off is from the start of rows
}

var batchWriters = sync.Pool{New: func() any { return &batchWriter{ids: map[string]uint32{}} }}

// reset begins a batch with the templates that were used lately.
func (w *batchWriter) reset(m *lineMemory) {
	clear(w.ids)
	w.list, w.recent = w.list[:0], w.recent[:0]
	w.names, w.rows, w.at = w.names[:0], w.rows[:0], w.at[:0]
	w.lines.reset(m)
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
	spared := 0
	w.lines.begin(e.Time)
	for i := range e.Fields {
		f := &e.Fields[i]
		b = binary.AppendUvarint(b, uint64(w.name(i, f.Name)))
		if f.Value.Kind != store.KindString {
			b = appendValue(b, f.Value)
			continue
		}
		s := f.Value.Str()
		if mayBeLine(&f.Value) {
			from := len(b)
			var ok bool
			if b, ok = w.lines.append(b, s, e.Fields[:i]); ok {
				spared += len(s) - (len(b) - from)
				continue
			}
		}
		b = appendString(append(b, byte(store.KindString)), s)
	}
	if w.row = b; len(b)+spared > maxRowBytes {
		return fmt.Errorf("event of %d bytes, at most %d: %w", len(b)+spared, maxRowBytes, store.ErrTooLarge)
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
	templates := w.lines.table()
	data := make([]byte, 0, len(w.names)+len(templates)+len(w.rows)+2*binary.MaxVarintLen32)
	data = binary.AppendUvarint(data, uint64(len(w.list)))
	names := reader{b: data[len(data) : len(data)+len(w.names)]}
	data = append(data, w.names...)
	data = append(data, templates...)
	data = binary.AppendUvarint(data, uint64(len(w.at)))
	base := uint32(len(data))
	data = append(data, w.rows...)
	b := &batch{data: data, names: make([]string, len(w.list)), templates: slices.Clone(w.lines.used), rows: slices.Clone(w.at)}
	for i := range b.names {
		b.names[i] = names.string()
	}
	for i := range b.rows {
		b.rows[i].off += base
	}
	w.lines.keep()
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
