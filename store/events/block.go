package events

import "tripod/store"

const minute = int64(60e9)

// blockMeta is a block's entry in the index of its part.
type blockMeta struct {
	rows        int
	min, max    int64
	off         int64 // of the times section; rows and filter follow it
	times, body section
	lines       int // of the filter
	counts      []minuteCount
	mask        uint8
}

// section is compressed bytes.
type section struct {
	size, raw int
	sum       uint32 // CRC32C of the compressed bytes
}

// minuteCount counts the rows of one class in one minute.
type minuteCount struct {
	minute int64 // Unix minutes
	class  uint8
	rows   int
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// block is a decoded block; its memory is used again for the next.
type block struct {
	times   []int64
	classes []uint8
	pairs   []Field
	refs    []uint32
	starts  []uint32 // of each row in refs, and the end
	raw     []byte   // of the rows section; strings are views of it
	rawTime []byte
	packed  []byte

	templates []template
	lines     []line // in the order of their pairs
	longest   int    // bound of what all lines come to, but for numbers
	text      []byte // of those that were made
}

func (b *block) len() int          { return len(b.times) }
func (b *block) time(i int) int64  { return b.times[i] }
func (b *block) class(i int) uint8 { return b.classes[i] }

func (b *block) event(i int, e *Event) error {
	e.Time, e.Class, e.Fields = b.times[i], b.classes[i], e.Fields[:0]
	for _, ref := range b.refs[b.starts[i]:b.starts[i+1]] {
		e.Fields = append(e.Fields, *b.pair(ref))
	}
	return nil
}

// readTimes decodes a raw times section.
func (b *block) readTimes(raw []byte, m *blockMeta) error {
	r := reader{b: raw}
	b.times = b.times[:0]
	t := m.min
	for range m.rows {
		t += int64(r.uvarint())
		if r.bad || t > m.max || t < m.min {
			return errCorrupt
		}
		b.times = append(b.times, t)
	}
	b.classes = r.bytes(uint64(m.rows))
	if r.bad || len(r.b) > 0 {
		return errCorrupt
	}
	for _, c := range b.classes {
		if c >= Classes {
			return errCorrupt
		}
	}
	return nil
}

// readBody decodes a raw rows section of n rows.
func (b *block) readBody(raw []byte, n int) error {
	r := reader{b: raw}
	names := make([]string, 0, 32)
	for range r.count(1) {
		names = append(names, r.string())
	}
	b.pairs, b.refs, b.starts = b.pairs[:0], b.refs[:0], append(b.starts[:0], 0)
	b.templates, b.lines, b.text = b.templates[:0], b.lines[:0], b.text[:0]
	b.longest = 0
	for row := range n {
		first := len(b.refs)
		for range r.count(1) {
			ref := r.uvarint()
			if ref == 0 {
				id := r.uvarint()
				var v store.Value
				if len(r.b) > 0 && r.b[0]|1 == kindNewLine {
					v = b.line(&r, r.byte() == kindNewLine, row, first)
				} else {
					v = r.value(0)
				}
				if r.bad || id >= uint64(len(names)) {
					return errCorrupt
				}
				b.pairs = append(b.pairs, Field{names[id], v})
				ref = uint64(len(b.pairs))
			}
			if ref > uint64(len(b.pairs)) {
				return errCorrupt
			}
			b.refs = append(b.refs, uint32(ref-1))
		}
		if r.bad {
			return errCorrupt
		}
		b.starts = append(b.starts, uint32(len(b.refs)))
	}
	if len(r.b) > 0 {
		return errCorrupt
	}
	return nil
}
