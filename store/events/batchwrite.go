package events

import (
	"encoding/binary"
	"fmt"
	"sync"

	"tripod/store"
)

// batchWriter encodes events until a frame is full.
type batchWriter struct {
	names  batchNames
	shapes batchShapes
	lines  lineWriter
	texts  batchTexts
	row    []byte // values
	rows   []byte
	at     []batchRow // off is from the start of rows
}

var batchWriters = sync.Pool{New: func() any { return newBatchWriter() }}

func newBatchWriter() *batchWriter {
	return &batchWriter{names: batchNames{ids: map[string]uint32{}}, shapes: batchShapes{ids: map[string]uint32{}}}
}

// reset begins a batch with the templates that were used lately.
func (w *batchWriter) reset(m *lineMemory) {
	w.names.reset()
	w.shapes.reset()
	w.lines.reset(m)
	w.texts.reset()
	w.rows, w.at = w.rows[:0], w.at[:0]
}

// add refuses an event that is too large or too deep, for good; the batch is as
// before then.
func (w *batchWriter) add(e *Event) error {
	if e.Class >= Classes {
		return fmt.Errorf("class %d: %w", e.Class, store.ErrInvalid)
	}
	w.names.begin()
	w.lines.begin(e.Time)
	w.shapes.begin()
	w.texts.begin()
	if err := w.encode(e.Fields); err != nil {
		w.names.back()
		w.lines.back()
		return err
	}
	w.end(e, w.shapes.end())
	return nil
}

// encode makes the row of fields, and their shape.
func (w *batchWriter) encode(fields []Field) error {
	b := w.row[:0]
	spared := 0              // bytes by which the row is shorter than its values and their names
	most := maxRowFields + 1 // values that are left
	for i := range fields {
		f := &fields[i]
		from, kind, size := len(b), byte(f.Value.Kind), 0
		if most--; most == 0 {
			return tooMany(f)
		}
		switch f.Value.Kind {
		case store.KindString:
			s := f.Value.Str()
			size = len(s)
			ok := false
			if mayBeLine(s) {
				b, ok = w.lines.append(b, s, fields[:i])
			}
			if ok {
				kind = kindLine
			} else {
				b = w.texts.append(b, i, s, w.rows)
			}
		case store.KindList, store.KindMap:
			n, ok := weigh(f.Value, maxDepth, most)
			if most -= n - 1; !ok || most <= 0 {
				return tooMany(f)
			}
			b = appendValue(b, f.Value)
		case store.KindEmpty, store.KindBytes:
			b = appendValue(b, f.Value)
		default:
			b = appendBare(b, f.Value)
		}
		spared += max(0, size-(len(b)-from)) + len(f.Name)
		if len(b)+spared > maxRowBytes {
			return fmt.Errorf("field %.40q: with it the event has %d bytes, at most %d: %w", f.Name, len(b)+spared, maxRowBytes, store.ErrTooLarge)
		}
		w.shapes.field(w.names.of(i, f.Name), kind)
	}
	w.row = b
	return nil
}

// end adds the row.
func (w *batchWriter) end(e *Event, shape uint32) {
	var head [2*binary.MaxVarintLen64 + 1]byte
	h := append(binary.AppendVarint(head[:0], e.Time), e.Class)
	off := len(h)
	h = binary.AppendUvarint(h, uint64(shape))
	w.rows = binary.AppendUvarint(w.rows, uint64(len(h)+len(w.row)))
	w.at = append(w.at, batchRow{time: e.Time, class: e.Class, off: uint32(len(w.rows) + off)})
	w.rows = append(w.rows, h...)
	from := len(w.rows)
	w.rows = append(w.rows, w.row...)
	w.texts.end(from)
}

func tooMany(f *Field) error {
	return fmt.Errorf("field %.40q: more than %d values in the event, or nested deeper than %d: %w",
		f.Name, maxRowFields, maxDepth, store.ErrTooLarge)
}

func (w *batchWriter) full() bool {
	return len(w.at) >= maxBatchRows || len(w.rows)+len(w.names.all)+len(w.shapes.all)+w.lines.size >= maxBatchRaw
}
