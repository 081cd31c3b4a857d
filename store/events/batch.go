package events

import (
	"encoding/binary"
	"math"
	"slices"

	"tripod/store"
)

// batch is the payload of one journal frame, and what a head keeps: tables of
// names, templates and shapes, and rows that stand alone but for them and for
// texts that they have in common.
type batch struct {
	templates []*template
	shapes    []batchShape
	data      []byte
	rows      []batchRow
	from      int // where the rows begin in data
}

// batchShape is what fields rows have, in their order.
type batchShape []batchField

type batchField struct {
	name string
	kind byte // of its values, or kindLine
}

type batchRow struct {
	time  int64
	off   uint32 // of the row's shape in data
	class uint8
}

// readBatch finds the rows; strings are views of data, which must not change.
func readBatch(data []byte) (*batch, error) {
	r := reader{b: data}
	names := make([]string, 0, 16)
	for range r.count(1) {
		names = append(names, r.string())
	}
	b := &batch{data: data, templates: r.templates(), shapes: r.batchShapes(names)}
	n := r.count(4)
	b.from = len(data) - len(r.b)
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

func (r *reader) batchShapes(names []string) []batchShape {
	shapes := make([]batchShape, 0, 1)
	for range r.count(1) {
		n := r.count(2)
		if n > maxRowFields {
			r.fail()
		}
		shape := make(batchShape, 0, min(n, len(r.b)))
		for range n {
			name, kind := r.uvarint(), r.byte()
			if r.bad || name >= uint64(len(names)) || kind > kindLine {
				r.fail()
				return nil
			}
			shape = append(shape, batchField{names[name], kind})
		}
		shapes = append(shapes, shape)
	}
	return shapes
}

// rowReader reads the values of a row in the order of its shape.
type rowReader struct {
	reader
	batch *batch
	start int // where the row is in the batch's data
	left  int // bytes that its texts may still have
}

// read begins a row, and gives its shape; nil after a fault, too.
func (b *batch) read(row batchRow) (r rowReader, shape int) {
	r = rowReader{reader: reader{b: b.data[row.off:]}, batch: b, start: int(row.off), left: maxRowBytes}
	n := r.uvarint()
	if n >= uint64(len(b.shapes)) || len(b.shapes[n]) > len(r.b) { // a value has a byte at least
		r.fail()
		return r, 0
	}
	return r, int(n)
}

// text is a text, and where the batch has it: that of one that comes again is
// where it came first.
func (r *rowReader) text() (text []byte, at int) {
	at, size, again := r.place()
	return r.textAt(at, size, again), at
}

// place passes the head of the next text, or all of it when it comes again: at is
// where the batch has it, size is that of one that is here.
func (r *rowReader) place() (at int, size uint64, again bool) {
	at = len(r.batch.data) - len(r.b)
	head := r.uvarint()
	if head&textAgain == 0 {
		return at, head >> 1, false
	}
	back := head >> 1
	if back >= uint64(r.start-r.batch.from) {
		r.fail()
		return 0, 0, false
	}
	return r.batch.from + int(back), 0, true
}

// textAt is the text whose place was told last.
func (r *rowReader) textAt(at int, size uint64, again bool) (text []byte) {
	if !again {
		text = r.bytes(size)
	} else {
		first := reader{b: r.batch.data[at:r.start]}
		if head := first.uvarint(); head&textAgain == 0 {
			text = first.bytes(head >> 1)
		} else {
			first.bad = true
		}
		r.bad = r.bad || first.bad
	}
	if r.left -= len(text); r.left < 0 || r.bad {
		r.fail()
		return nil
	}
	return text
}

// valueOf is a value of a kind, but a line.
func (r *rowReader) valueOf(kind byte) store.Value {
	switch store.Kind(kind) {
	case store.KindEmpty:
		r.byte()
		return store.Value{}
	case store.KindString:
		text, _ := r.text()
		return store.String(view(text))
	case store.KindInt:
		return store.Int(r.varint())
	case store.KindFloat:
		return store.Float(math.Float64frombits(r.uint64()))
	case store.KindBool:
		return store.Bool(r.byte() != 0)
	}
	if len(r.b) == 0 || r.b[0] != kind {
		r.fail()
	}
	return r.value(0)
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
	r, shape := b.read(row)
	if r.bad {
		return errCorrupt
	}
	fields := b.shapes[shape]
	for i := range fields {
		f := &fields[i]
		if f.kind != kindLine {
			e.Fields = append(e.Fields, Field{f.name, r.valueOf(f.kind)})
			continue
		}
		if want != nil && i == len(fields)-1 && !want.has(f.name) {
			break
		}
		texts.fields = e.Fields
		e.Fields = append(e.Fields, Field{f.name, r.lineOf(b.templates, &texts, i, buf)})
	}
	if r.bad {
		return errCorrupt
	}
	return nil
}

// addKeys adds the keys of names and of what lines share.
func (b *batch) addKeys(keys *keySet) {
	for _, shape := range b.shapes {
		for i := range shape {
			keys.add(nameKey(shape[i].name))
		}
	}
	for _, t := range b.templates {
		t.addKeys(keys)
	}
}

// addRowKeys adds the keys of a row's values.
func (b *batch) addRowKeys(row batchRow, keys *keySet) {
	r, shape := b.read(row)
	if r.bad {
		return
	}
	for _, f := range b.shapes[shape] {
		if f.kind != kindLine {
			addKeys(keys, r.valueOf(f.kind))
		} else if l := r.batchLine(b.templates); !r.bad {
			l.addKeys(row.time, keys)
		}
	}
}

// frame is the encoded batch, ready for the journal and for a head.
func (w *batchWriter) frame() frame {
	templates := w.lines.table()
	data := make([]byte, 0, len(w.names.all)+len(templates)+len(w.shapes.all)+len(w.rows)+3*binary.MaxVarintLen32)
	data = binary.AppendUvarint(data, uint64(len(w.names.list)))
	names := reader{b: data[len(data) : len(data)+len(w.names.all)]}
	data = append(data, w.names.all...)
	data = append(data, templates...)
	data = binary.AppendUvarint(data, uint64(len(w.shapes.list)))
	data = append(data, w.shapes.all...)
	data = binary.AppendUvarint(data, uint64(len(w.at)))
	base := len(data)
	data = append(data, w.rows...)
	b := &batch{data: data, from: base, templates: slices.Clone(w.lines.used), rows: slices.Clone(w.at)}
	b.shapes = w.shapes.in(names.texts(len(w.names.list)))
	for i := range b.rows {
		b.rows[i].off += uint32(base)
	}
	w.lines.keep()
	return frame{batch: b}
}
