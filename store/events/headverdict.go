package events

import (
	"slices"

	"tripod/store"
)

// chunkBatch is what is known of a predicate about the rows of a batch, before
// they are read.
type chunkBatch struct {
	live   bool // some may match
	texts  bool // the batch's allTexts
	shapes []chunkShape
}

// chunkShape is what is known of rows of one shape.
type chunkShape struct {
	asked  bool
	class  [Classes]verdict
	asks   map[*node][]int // fields that a leaf asks
	reads  []bool          // fields whose values decide
	field  int             // the only one of them, a string; -1 when there are others
	texts  map[textOf]verdict
	lately textOf
	said   verdict // of lately
}

// textOf is a class, and where the batch has the text of a row's field.
type textOf struct {
	at    int
	class uint8
}

// enterChunk looks which batches of a chunk may have matches.
func (f *filter) enterChunk(v *chunkView) {
	f.chunk, f.batches = v, f.batches[:0]
	for _, b := range v.batches {
		f.batches = append(f.batches, chunkBatch{live: f.root == nil || f.root.mayBeIn(b), texts: b.allTexts()})
	}
}

// ofRow is the verdict about a row of the chunk; unknown when the caller's
// functions must be asked about all of it.
func (f *filter) ofRow(i int) verdict {
	row := &f.chunk.rows[i]
	known := &f.batches[row.batch]
	if !known.live {
		return never
	}
	if f.root == nil {
		return always
	}
	b := f.chunk.batches[row.batch]
	r, at := b.read(row.batchRow)
	if r.bad {
		return unknown
	}
	if known.shapes == nil {
		known.shapes = make([]chunkShape, len(b.shapes))
	}
	shape := &known.shapes[at]
	if !shape.asked {
		*shape = f.learn(b.shapes[at])
	}
	if said := shape.class[row.class]; said != unknown {
		return said
	}
	if shape.field >= 0 {
		return f.ofText(&r, b.shapes[at], shape, row.class)
	}
	if f.root.custom {
		return unknown
	}
	if ask := (rowAsk{batch: b, row: row.batchRow}); known.texts && !ask.mayBe(f.root) {
		return never
	}
	if b.pick(row.batchRow, shape.reads, &f.picked, &f.text) != nil {
		return unknown // and read again, which says so
	}
	if shape.matchFields(f.root, &f.picked) {
		return always
	}
	return never
}

// learn asks about a shape.
func (f *filter) learn(fields batchShape) chunkShape {
	s := chunkShape{asked: true, asks: map[*node][]int{}, reads: make([]bool, len(fields)), field: -1}
	for class := range s.class {
		s.class[class] = f.root.ofShape(fields, uint8(class))
	}
	if f.root.custom {
		return s
	}
	s.ask(f.root, fields)
	if i := slices.Index(s.reads, true); i >= 0 && !slices.Contains(s.reads[i+1:], true) && fields[i].kind == byte(store.KindString) {
		s.field = i
	}
	return s
}

// ofText is the verdict about a row of which one text decides: it is asked once
// for each place where the batch has a text.
func (f *filter) ofText(r *rowReader, fields batchShape, shape *chunkShape, class uint8) verdict {
	for i := range fields[:shape.field] {
		r.skipField(fields[i].kind)
	}
	text, at := r.text()
	if r.bad {
		return unknown
	}
	key := textOf{at, class}
	if key == shape.lately && at > 0 {
		return shape.said
	}
	said, ok := shape.texts[key]
	if !ok {
		said = never
		e := &f.picked // of which no other value is asked
		e.Class, e.Fields = class, slices.Grow(e.Fields[:0], len(fields))[:len(fields)]
		e.Fields[shape.field].Value = store.String(view(text))
		if shape.matchFields(f.root, e) {
			said = always
		}
		if shape.texts == nil {
			shape.texts = map[textOf]verdict{}
		}
		shape.texts[key] = said
	}
	shape.lately, shape.said = key, said
	return said
}

// ofShape is the verdict about rows with such fields.
func (n *node) ofShape(shape batchShape, class uint8) verdict {
	switch n.op {
	case opAnd, opOr:
		one, sum := never, always
		if n.op == opOr {
			one, sum = always, never
		}
		for _, k := range n.kids {
			switch k.ofShape(shape, class) {
			case one:
				return one
			case unknown:
				sum = unknown
			}
		}
		return sum
	case opNot:
		return [...]verdict{unknown: unknown, never: always, always: never}[n.kids[0].ofShape(shape, class)]
	case opClass:
		if n.mask>>class&1 == 1 {
			return always
		}
		return never
	case opLeaf:
		for i := range shape {
			if n.asks(shape[i].name) {
				if n.exists {
					return always
				}
				return unknown
			}
		}
		return never
	}
	return unknown
}
