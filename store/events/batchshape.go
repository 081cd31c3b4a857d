package events

import (
	"encoding/binary"
	"slices"
	"strings"
)

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
