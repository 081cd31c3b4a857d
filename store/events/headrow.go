package events

import (
	"slices"

	"tripod/store"
)

// pick fills e with a row of which only some fields are wanted: the others have
// no values. Lines lie in the memory of buf, until it is used again.
func (b *batch) pick(row batchRow, wanted []bool, e *Event, buf *[]byte) error {
	r, shape := b.read(row)
	if r.bad {
		return errCorrupt
	}
	fields := b.shapes[shape]
	for i := range fields {
		if wanted[i] && fields[i].kind == kindLine { // which may have any of the others in it
			return b.event(row, e, buf)
		}
	}
	e.Time, e.Class, e.Fields = row.time, row.class, slices.Grow(e.Fields[:0], len(fields))[:len(fields)]
	for i := range fields {
		e.Fields[i] = Field{Name: fields[i].name}
		if wanted[i] {
			e.Fields[i].Value = r.valueOf(fields[i].kind)
		} else {
			r.skipField(fields[i].kind)
		}
	}
	if r.bad {
		return errCorrupt
	}
	return nil
}

// skipField passes a value of a kind.
func (r *rowReader) skipField(kind byte) {
	switch kind {
	case kindLine:
		r.batchLine(r.batch.templates)
	case byte(store.KindString):
		if head := r.uvarint(); head&textAgain == 0 {
			r.bytes(head >> 1)
		}
	default:
		r.valueOf(kind)
	}
}

// matchFields is match for an event of a shape: each leaf asks the fields that
// it may.
func (s *chunkShape) matchFields(n *node, e *Event) bool {
	switch n.op {
	case opAnd:
		for _, k := range n.kids {
			if !s.matchFields(k, e) {
				return false
			}
		}
		return true
	case opOr:
		for _, k := range n.kids {
			if s.matchFields(k, e) {
				return true
			}
		}
		return false
	case opNot:
		return !s.matchFields(n.kids[0], e)
	case opLeaf:
		asks := s.asks[n]
		if n.exists {
			return len(asks) > 0
		}
		for _, i := range asks {
			if n.test(e.Fields[i].Value) {
				return true
			}
		}
		return false
	}
	return n.match(e)
}

// ask notes which fields the leaves may ask, and of which they read the values.
func (s *chunkShape) ask(n *node, fields batchShape) {
	for _, k := range n.kids {
		s.ask(k, fields)
	}
	if n.op != opLeaf {
		return
	}
	for i := range fields {
		if n.asks(fields[i].name) {
			s.asks[n] = append(s.asks[n], i)
			s.reads[i] = s.reads[i] || !n.exists
		}
	}
}
