package events

import (
	"bytes"
	"encoding/binary"
	"strings"

	"github.com/cespare/xxhash/v2"
)

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

// blockBuilder encodes rows that come in order of time.
type blockBuilder struct {
	n           int
	first, last int64
	mask        uint8
	times       []byte
	classes     []byte
	counts      []minuteCount
	names       map[string]uint64
	nameTable   []byte
	rows        []byte
	pairs       map[uint64]pairAt // by hash
	pairN       uint64
	pair        []byte
	keys        keySet
}

// pairAt is where in rows a name and value were written first.
type pairAt struct {
	id       uint64
	from, to int
}

func newBlockBuilder() *blockBuilder {
	return &blockBuilder{names: map[string]uint64{}, pairs: map[uint64]pairAt{}}
}

func (b *blockBuilder) reset() {
	b.n, b.mask, b.pairN = 0, 0, 0
	b.times, b.classes, b.counts = b.times[:0], b.classes[:0], b.counts[:0]
	b.nameTable, b.rows = b.nameTable[:0], b.rows[:0]
	clear(b.names)
	clear(b.pairs)
	b.keys.reset()
}

func (b *blockBuilder) raw() int { return len(b.rows) + len(b.nameTable) }

func (b *blockBuilder) add(e *Event) {
	if b.n == 0 {
		b.first, b.last = e.Time, e.Time
	}
	b.times = binary.AppendUvarint(b.times, uint64(e.Time-b.last))
	b.last = e.Time
	b.classes = append(b.classes, e.Class)
	b.mask |= 1 << e.Class
	b.count(e)
	b.n++
	b.rows = binary.AppendUvarint(b.rows, uint64(len(e.Fields)))
	for i := range e.Fields {
		b.field(&e.Fields[i])
	}
}

func (b *blockBuilder) count(e *Event) {
	m := floorDiv(e.Time, minute)
	for i := len(b.counts) - 1; i >= 0 && b.counts[i].minute == m; i-- {
		if b.counts[i].class == e.Class {
			b.counts[i].rows++
			return
		}
	}
	b.counts = append(b.counts, minuteCount{m, e.Class, 1})
}

// field writes a reference to an equal pair of this block, or 0 and the pair.
func (b *blockBuilder) field(f *Field) {
	b.pair = appendValue(binary.AppendUvarint(b.pair[:0], b.name(f.Name)), f.Value)
	h := xxhash.Sum64(b.pair)
	at, ok := b.pairs[h]
	if ok && bytes.Equal(b.rows[at.from:at.to], b.pair) {
		b.rows = binary.AppendUvarint(b.rows, at.id+1)
		return
	}
	b.rows = append(b.rows, 0)
	if !ok {
		b.pairs[h] = pairAt{b.pairN, len(b.rows), len(b.rows) + len(b.pair)}
	}
	b.rows = append(b.rows, b.pair...)
	b.pairN++
	addKeys(&b.keys, f.Value)
}

func (b *blockBuilder) name(s string) uint64 {
	id, ok := b.names[s]
	if !ok {
		id = uint64(len(b.names))
		b.names[strings.Clone(s)] = id
		b.nameTable = appendString(b.nameTable, s)
		b.keys.add(nameKey(s))
	}
	return id
}

// appendTimes is the raw times section, appendBody the raw rows section.
func (b *blockBuilder) appendTimes(to []byte) []byte {
	return append(append(to, b.times...), b.classes...)
}

func (b *blockBuilder) appendBody(to []byte) []byte {
	to = binary.AppendUvarint(to, uint64(len(b.names)))
	return append(append(to, b.nameTable...), b.rows...)
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
}

func (b *block) len() int          { return len(b.times) }
func (b *block) time(i int) int64  { return b.times[i] }
func (b *block) class(i int) uint8 { return b.classes[i] }

func (b *block) event(i int, e *Event) error {
	e.Time, e.Class, e.Fields = b.times[i], b.classes[i], e.Fields[:0]
	for _, ref := range b.refs[b.starts[i]:b.starts[i+1]] {
		e.Fields = append(e.Fields, b.pairs[ref])
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
	for range n {
		for range r.count(1) {
			ref := r.uvarint()
			if ref == 0 {
				id := r.uvarint()
				v := r.value(0)
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
