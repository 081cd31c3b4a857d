package events

import (
	"math/bits"

	"tripod/store"
)

// rowBatch is what a block knows of a batch.
type rowBatch struct {
	no     uint32 // from 1, in the order in which they came
	shapes []rowShape
}

// rowShape is what a block calls a shape of a batch.
type rowShape struct {
	known bool
	cols  []uint32
	id    int64
}

// enter goes to a batch, which is mostly that of the row before.
func (b *blockBuilder) enter(bt *batch) *rowBatch {
	if b.batch == bt {
		return b.now
	}
	b.batch, b.now = bt, b.byBatch[bt]
	if b.now == nil {
		b.now = &rowBatch{uint32(len(b.byBatch) + 1), make([]rowShape, len(bt.shapes))}
		b.byBatch[bt] = b.now
	}
	return b.now
}

// learn finds the columns of a shape.
func (b *blockBuilder) learn(s *rowShape, shape batchShape) {
	b.row = b.row[:0]
	for i := range shape {
		kind := store.Kind(shape[i].kind)
		if shape[i].kind == kindLine {
			kind = store.KindString
		}
		b.take(b.column(b.name(shape[i].name), kind))
	}
	s.known, s.id = true, b.shape()
	s.cols = b.shapeList[s.id]
}

// addRow adds a batch's row.
func (b *blockBuilder) addRow(bt *batch, row batchRow) error {
	r, at := bt.read(row)
	if r.bad {
		return errCorrupt
	}
	b.begin(row.time, row.class)
	shape := bt.shapes[at]
	known := b.enter(bt)
	s := &known.shapes[at]
	if !s.known {
		b.learn(s, shape)
	}
	b.shapeOf = append(b.shapeOf, s.id)
	for i := range shape {
		c := b.cols[s.cols[i]]
		switch kind := shape[i].kind; kind {
		case byte(store.KindEmpty):
			r.byte()
			c.n++
		case byte(store.KindString):
			at, size, again := r.place()
			counted := b.countedBy(c)
			if again && !counted {
				if size, ok := c.again(known.no, at); ok {
					b.size += size
					continue
				}
			}
			text := r.textAt(at, size, again)
			b.size += c.batchText(known.no, at, text, &b.keys)
			if counted {
				b.groupBy(c, view(text), true)
				continue
			}
		case byte(store.KindInt):
			b.size += c.int(r.varint(), &b.keys)
		case byte(store.KindFloat):
			b.size += c.float(r.uint64(), &b.keys)
		case byte(store.KindBool):
			b.size += c.bool(r.byte(), &b.keys)
		case kindLine:
			if err := b.batchLine(bt, row, i, c, &r); err != nil {
				return err
			}
		default:
			if value := r.rawValue(); !r.bad && value[0] == kind {
				b.size += c.add(value, &b.keys)
			} else {
				r.fail()
			}
		}
		if b.countedBy(c) {
			b.groupBy(c, "", false)
		}
	}
	if r.bad {
		return errCorrupt
	}
	b.count()
	return nil
}

// batchLine adds a line of a batch's row, which is its field number i.
func (b *blockBuilder) batchLine(bt *batch, row batchRow, i int, c *colBuilder, r *rowReader) error {
	l := r.batchLine(bt.templates)
	if r.bad {
		return errCorrupt
	}
	known, fresh := c.lines.lines.template(l.template)
	if known < 0 {
		return b.otherLine(bt, row, i, c)
	}
	if fresh {
		l.template.addKeys(&b.keys)
	}
	c.lines.begin(c.n, known, l.own)
	for own := l.own; own != 0; own &= own - 1 {
		b.size += c.lines.text(known, bits.TrailingZeros64(own), l.texts.string(), &b.keys)
	}
	b.texts.lines.add(i)
	c.n++
	b.size += 4
	return nil
}

// otherLine adds a line of a batch for whose template there is no room.
func (b *blockBuilder) otherLine(bt *batch, row batchRow, i int, c *colBuilder) error {
	if err := bt.event(row, &b.e, &b.line); err != nil {
		return err
	}
	if !b.tryLine(c, &b.e, i) {
		b.values = appendValue(b.values[:0], b.e.Fields[i].Value)
		b.size += c.add(b.values, &b.keys)
	}
	return nil
}
