package events

import (
	"encoding/binary"
	"slices"
	"strings"
	"unsafe"
)

// batchNames numbers the names of a batch's fields.
type batchNames struct {
	ids    map[string]uint32
	list   []string                // by id
	recent []uint32                // of the fields of the event before
	seen   []string                // their names, as the sender has them
	lately [1 << lateBits]lateName // names by where the sender has them: mostly in the very same place
	all    []byte                  // as they are written

	before, bytes int // of list and all, when the event began
}

const lateBits = 7

type lateName struct {
	name string
	id   uint32
}

func (w *batchNames) reset() {
	clear(w.ids)
	clear(w.seen)
	clear(w.lately[:])
	w.list, w.recent, w.seen, w.all = w.list[:0], w.recent[:0], w.seen[:0], w.all[:0]
}

func (w *batchNames) begin() { w.before, w.bytes = len(w.list), len(w.all) }

// back forgets the names that the event brought.
func (w *batchNames) back() {
	if len(w.list) == w.before {
		return
	}
	for _, name := range w.list[w.before:] {
		delete(w.ids, name)
	}
	clear(w.list[w.before:])
	clear(w.seen)
	clear(w.lately[:])
	w.list, w.all, w.recent, w.seen = w.list[:w.before], w.all[:w.bytes], w.recent[:0], w.seen[:0]
}

// of numbers the name of an event's i-th field, which is mostly that of the
// event before, or lies where a name did before.
func (w *batchNames) of(i int, s string) uint32 {
	late := &w.lately[uint64(uintptr(unsafe.Pointer(unsafe.StringData(s))))*0x9e3779b97f4a7c15>>(64-lateBits)]
	if late.name == s && s != "" {
		return late.id
	}
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
	*late = lateName{s, id}
	if i < len(w.seen) {
		w.recent[i], w.seen[i] = id, s
	} else {
		w.recent, w.seen = append(w.recent, id), append(w.seen, s)
	}
	return id
}

// batchShapes numbers the shapes of a batch's rows.
type batchShapes struct {
	ids      map[string]uint32
	list     [][]shapeField
	lately   [64]uint32 // by hash, and one more
	row      []shapeField
	hash     uint32
	all, key []byte
}

type shapeField struct {
	name uint32
	kind byte
}

func (w *batchShapes) reset() {
	clear(w.ids)
	clear(w.list)
	clear(w.lately[:])
	w.list, w.all = w.list[:0], w.all[:0]
}

func (w *batchShapes) begin() { w.row, w.hash = w.row[:0], 0 }

func (w *batchShapes) field(name uint32, kind byte) {
	w.row = append(w.row, shapeField{name, kind})
	w.hash = (w.hash ^ name<<4 ^ uint32(kind)) * 0x9e3779b1
}

// end numbers the shape of the row, which is mostly one of the last few.
func (w *batchShapes) end() uint32 {
	late := &w.lately[w.hash>>26]
	if *late > 0 && slices.Equal(w.row, w.list[*late-1]) {
		return *late - 1
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
	*late = id + 1
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
