package events

import (
	"math/bits"

	"tripod/store"
)

// addRow adds a batch's row.
func (b *blockBuilder) addRow(bt *batch, row batchRow) error {
	ids := b.ids[bt]
	if ids == nil {
		ids = make([]uint32, len(bt.names))
		b.ids[bt] = ids
	}
	r := reader{b: bt.data[row.off:]}
	n := r.count(2)
	b.begin(row.time, row.class)
	for i := range n {
		name := r.uvarint()
		if r.bad || name >= uint64(len(ids)) {
			return errCorrupt
		}
		if ids[name] == 0 {
			ids[name] = b.name(bt.names[name]) + 1
		}
		if r.isLine() {
			if err := b.batchLine(bt, row, i, ids[name]-1, &r); err != nil {
				return err
			}
			continue
		}
		value := r.rawValue()
		if r.bad {
			return errCorrupt
		}
		b.field(ids[name]-1, value)
	}
	if r.bad {
		return errCorrupt
	}
	b.end()
	return nil
}

// batchLine adds a line of a batch's row, which is its field number i.
func (b *blockBuilder) batchLine(bt *batch, row batchRow, i int, name uint32, r *reader) error {
	l := r.batchLine(bt.templates)
	if r.bad {
		return errCorrupt
	}
	at := b.column(name, store.KindString)
	c := b.cols[at]
	known, fresh := c.lines.lines.template(l.template)
	if known < 0 {
		return b.otherLine(bt, row, i, name, &l)
	}
	if fresh {
		l.template.addKeys(&b.keys)
	}
	c.lines.begin(c.n, known, l.own)
	for own := l.own; own != 0; own &= own - 1 {
		b.size += c.lines.text(known, bits.TrailingZeros64(own), l.texts.string(), &b.keys)
	}
	b.texts.lines.add(i)
	b.take(at)
	c.n++
	b.size += 4
	return nil
}

// otherLine adds a line of a batch for whose template there is no room.
func (b *blockBuilder) otherLine(bt *batch, row batchRow, i int, name uint32, l *batchLine) error {
	if err := bt.event(row, &b.e, &b.line); err != nil {
		return err
	}
	if !b.tryLine(name, &b.e, i) {
		b.values = appendValue(b.values[:0], b.e.Fields[i].Value)
		b.field(name, b.values)
	}
	return nil
}
