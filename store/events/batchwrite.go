package events

import (
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"slices"
	"strings"
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

// add refuses an event that is too large or too deep, for good.
func (w *batchWriter) add(e *Event) error {
	if err := check(e); err != nil {
		return err
	}
	b := w.row[:0]
	spared := 0 // bytes by which the row is shorter than its values
	w.lines.begin(e.Time)
	w.shapes.begin()
	w.texts.begin()
	for i := range e.Fields {
		f := &e.Fields[i]
		from, kind, size := len(b), byte(f.Value.Kind), 0
		switch f.Value.Kind {
		case store.KindString:
			s := f.Value.Str()
			size = len(s)
			ok := false
			if mayBeLine(s) {
				b, ok = w.lines.append(b, s, e.Fields[:i])
			}
			if ok {
				kind = kindLine
			} else {
				b = w.texts.append(b, i, s, w.rows)
			}
		case store.KindEmpty, store.KindBytes, store.KindList, store.KindMap:
			b = appendValue(b, f.Value)
		default:
			b = appendBare(b, f.Value)
		}
		spared += max(0, size-(len(b)-from))
		w.shapes.field(w.names.of(i, f.Name), kind)
	}
	if w.row = b; len(b)+spared > maxRowBytes {
		return fmt.Errorf("event of %d bytes, at most %d: %w", len(b)+spared, maxRowBytes, store.ErrTooLarge)
	}
	w.end(e, w.shapes.end())
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

func (w *batchWriter) full() bool {
	return len(w.at) >= maxBatchRows || len(w.rows)+len(w.names.all)+len(w.shapes.all) >= maxBatchRaw
}

// batchNames numbers the names of a batch's fields.
type batchNames struct {
	ids    map[string]uint32
	list   []string // by id
	recent []uint32 // of the fields of the event before
	seen   []string // their names, as the sender has them: mostly the very same memory
	all    []byte   // as they are written
}

func (w *batchNames) reset() {
	clear(w.ids)
	clear(w.seen)
	w.list, w.recent, w.seen, w.all = w.list[:0], w.recent[:0], w.seen[:0], w.all[:0]
}

// of numbers the name of an event's i-th field, which is mostly that of the
// event before.
func (w *batchNames) of(i int, s string) uint32 {
	if i < len(w.seen) && w.seen[i] == s {
		return w.recent[i]
	}
	id, ok := w.ids[s]
	if !ok {
		id = uint32(len(w.list))
		name := strings.Clone(s)
		w.ids[name] = id
		w.list = append(w.list, name)
		w.all = appendString(w.all, name)
	}
	if i < len(w.seen) {
		w.recent[i], w.seen[i] = id, s
	} else {
		w.recent, w.seen = append(w.recent, id), append(w.seen, s)
	}
	return id
}

// batchShapes numbers the shapes of a batch's rows.
type batchShapes struct {
	ids         map[string]uint32
	list        [][]shapeField
	last        uint32
	row, before []shapeField
	all, key    []byte
}

type shapeField struct {
	name uint32
	kind byte
}

func (w *batchShapes) reset() {
	clear(w.ids)
	clear(w.list)
	w.list, w.all, w.before = w.list[:0], w.all[:0], w.before[:0]
}

func (w *batchShapes) begin() { w.row = w.row[:0] }

func (w *batchShapes) field(name uint32, kind byte) { w.row = append(w.row, shapeField{name, kind}) }

// end numbers the shape of the row, which is mostly that of the row before.
func (w *batchShapes) end() uint32 {
	if len(w.list) > 0 && slices.Equal(w.row, w.before) {
		return w.last
	}
	w.key = binary.AppendUvarint(w.key[:0], uint64(len(w.row)))
	for _, f := range w.row {
		w.key = append(binary.AppendUvarint(w.key, uint64(f.name)), f.kind)
	}
	id, ok := w.ids[string(w.key)]
	if !ok {
		id = uint32(len(w.list))
		w.ids[string(w.key)] = id
		w.list = append(w.list, slices.Clone(w.row))
		w.all = append(w.all, w.key...)
	}
	w.last = id
	w.row, w.before = w.before, w.row
	return id
}

// in are the shapes of a batch with these names.
func (w *batchShapes) in(names []string) []batchShape {
	shapes := make([]batchShape, len(w.list))
	for i, fields := range w.list {
		shapes[i] = make(batchShape, len(fields))
		for j, f := range fields {
			shapes[i][j] = batchField{names[f.name], f.kind}
		}
	}
	return shapes
}

// textAgain is the bit of a text's head that says that the batch has the text
// already; the other bits say where, else how long it is.
const textAgain = 1

// minAgain is the length from which a text is looked for.
const minAgain = 3

// batchTexts finds texts that a batch has already.
type batchTexts struct {
	table  []textAt // by hash, a power of two
	n      int
	recent []recentAt // of the fields of the row before
	fresh  []newText  // of the row
}

// textAt is where a text is among the rows, and one more; 0 when it is free.
type textAt struct{ hash, at uint32 }

// recentAt is where a text is, and one more; 0 when there is none.
type recentAt struct{ at, mark uint32 }

// markOf tells most texts apart that differ, without a look at where they are.
func markOf(s string) uint32 { return uint32(len(s))<<8 | uint32(s[len(s)-1]) }

type newText struct {
	hash, mark uint32
	from       int // in the row
	field      int
}

func (w *batchTexts) reset() {
	clear(w.table)
	w.n, w.recent, w.fresh = 0, w.recent[:0], w.fresh[:0]
}

func (w *batchTexts) begin() { w.fresh = w.fresh[:0] }

var textSeed = maphash.MakeSeed()

// append adds a text of field i to a row behind rows.
func (w *batchTexts) append(b []byte, i int, s string, rows []byte) []byte {
	for len(w.recent) <= i {
		w.recent = append(w.recent, recentAt{})
	}
	if len(s) < minAgain {
		return appendText(b, s)
	}
	mark := markOf(s)
	if was := w.recent[i]; was.mark == mark && was.at > 0 && isTextAt(rows, was.at-1, s) {
		return binary.AppendUvarint(b, uint64(was.at-1)<<1|textAgain)
	}
	hash := uint32(maphash.String(textSeed, s))
	if at := w.find(hash, s, rows); at > 0 {
		w.recent[i] = recentAt{at, mark}
		return binary.AppendUvarint(b, uint64(at-1)<<1|textAgain)
	}
	w.fresh = append(w.fresh, newText{hash, mark, len(b), i})
	return appendText(b, s)
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))<<1), s...)
}

// find is where a text is, and one more; 0 when it is not there.
func (w *batchTexts) find(hash uint32, s string, rows []byte) uint32 {
	if len(w.table) == 0 {
		return 0
	}
	mask := uint32(len(w.table) - 1)
	for i := hash & mask; w.table[i].at > 0; i = (i + 1) & mask {
		if t := w.table[i]; t.hash == hash && isTextAt(rows, t.at-1, s) {
			return t.at
		}
	}
	return 0
}

// isTextAt says whether the text that is written there is s.
func isTextAt(rows []byte, at uint32, s string) bool {
	r := reader{b: rows[at:]}
	n := int(r.uvarint() >> 1)
	return n == len(s) && string(r.b[:n]) == s
}

// end notes the texts of the row, which has been put at a place among the rows.
func (w *batchTexts) end(from int) {
	for _, t := range w.fresh {
		at := uint32(from+t.from) + 1
		w.recent[t.field] = recentAt{at, t.mark}
		w.insert(textAt{t.hash, at})
	}
}

func (w *batchTexts) insert(t textAt) {
	if 4*w.n >= 3*len(w.table) {
		old := w.table
		w.table, w.n = make([]textAt, max(256, 2*len(old))), 0
		for _, t := range old {
			if t.at > 0 {
				w.insert(t)
			}
		}
	}
	mask := uint32(len(w.table) - 1)
	i := t.hash & mask
	for w.table[i].at > 0 {
		i = (i + 1) & mask
	}
	w.table[i] = t
	w.n++
}
