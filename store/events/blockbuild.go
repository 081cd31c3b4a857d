package events

import (
	"bytes"
	"encoding/binary"
	"strings"

	"github.com/cespare/xxhash/v2"

	"tripod/store"
)

// blockBuilder encodes rows that come in order of time.
type blockBuilder struct {
	n           int
	first, last int64
	mask        uint8
	times       []byte
	classes     []byte
	counts      []minuteCount
	names       map[string]uint32
	nameTable   []byte
	ids         map[*batch][]uint32 // of a batch's names, one more, 0 when unknown
	rows        []byte
	cols        []column // by number of the name
	pairs       pairTable
	pairN       uint32
	values      []byte // of an event
	ends        []int  // of each of them
	texts       rowTexts
	lines       lines
	rebuilt     int // bytes of lines that are kept by a template
	keys        keySet
}

func newBlockBuilder() *blockBuilder {
	return &blockBuilder{names: map[string]uint32{}, ids: map[*batch][]uint32{}}
}

func (b *blockBuilder) reset() {
	b.n, b.mask, b.pairN = 0, 0, 0
	b.times, b.classes, b.counts = b.times[:0], b.classes[:0], b.counts[:0]
	b.nameTable, b.rows = b.nameTable[:0], b.rows[:0]
	clear(b.names)
	clear(b.ids)
	b.cols = b.cols[:0]
	b.pairs.reset()
	b.lines.reset()
	b.rebuilt = 0
	b.keys.reset()
}

// raw is about what the block's rows take when they are decoded.
func (b *blockBuilder) raw() int { return len(b.rows) + len(b.nameTable) + b.rebuilt }

func (b *blockBuilder) add(e *Event) {
	b.values, b.ends = b.values[:0], b.ends[:0]
	for i := range e.Fields {
		b.values = appendValue(b.values, e.Fields[i].Value)
		b.ends = append(b.ends, len(b.values))
	}
	b.row(e.Time, e.Class, len(e.Fields))
	from := 0
	for i, end := range b.ends {
		b.field(b.name(e.Fields[i].Name), b.values[from:end])
		from = end
	}
}

// addRow adds a batch's row, whose values are encoded as a block's are.
func (b *blockBuilder) addRow(bt *batch, row batchRow) error {
	ids := b.ids[bt]
	if ids == nil {
		ids = make([]uint32, len(bt.names))
		b.ids[bt] = ids
	}
	r := reader{b: bt.data[row.off:]}
	n := r.count(2)
	b.row(row.time, row.class, n)
	for range n {
		name, value := r.uvarint(), r.rawValue()
		if r.bad || name >= uint64(len(ids)) {
			return errCorrupt
		}
		if ids[name] == 0 {
			ids[name] = b.name(bt.names[name]) + 1
		}
		b.field(ids[name]-1, value)
	}
	if r.bad {
		return errCorrupt
	}
	return nil
}

func (b *blockBuilder) row(t int64, class uint8, fields int) {
	if b.n == 0 {
		b.first, b.last = t, t
	}
	b.times = binary.AppendUvarint(b.times, uint64(t-b.last))
	b.last = t
	b.classes = append(b.classes, class)
	b.mask |= 1 << class
	b.count(t, class)
	b.n++
	b.rows = binary.AppendUvarint(b.rows, uint64(fields))
	b.texts.time, b.texts.fields = t, b.texts.fields[:0]
}

func (b *blockBuilder) count(t int64, class uint8) {
	m := floorDiv(t, minute)
	for i := len(b.counts) - 1; i >= 0 && b.counts[i].minute == m; i-- {
		if b.counts[i].class == class {
			b.counts[i].rows++
			return
		}
	}
	b.counts = append(b.counts, minuteCount{m, class, 1})
}

// column is what is known of a name's values in this block.
type column struct {
	last        []byte // the value before, encoded
	ref         uint32 // of last
	isLine      bool   // last is kept by a template
	tries, hits int    // of finding a value again, but for that before
	words       lastWords
}

// A column whose values are seldom seen again is not asked whether they were:
// after columnTries values, fewer than one in columnHits.
const (
	columnTries = 256
	columnHits  = 16
)

func (c *column) repeats() bool { return c.tries < columnTries || c.hits*columnHits >= c.tries }

// field writes a reference to an equal pair of this block, or 0 and the pair.
func (b *blockBuilder) field(name uint32, value []byte) {
	if b.put(name, value) {
		value = nil // a line may not refer to a line
	}
	b.texts.fields = append(b.texts.fields, value)
}

// put says whether the value is kept by a template.
func (b *blockBuilder) put(name uint32, value []byte) bool {
	c := &b.cols[name]
	if bytes.Equal(c.last, value) {
		b.rows = binary.AppendUvarint(b.rows, uint64(c.ref))
		return c.isLine
	}
	c.last = append(c.last[:0], value...)
	var slot *pairSlot
	if c.repeats() {
		c.tries++
		slot = b.pairs.find(xxhash.Sum64(value)^uint64(name+1)*0x9e3779b97f4a7c15, name, value, b.rows)
		if slot.ref != 0 {
			c.hits++
			c.ref, c.isLine = slot.ref, false
			b.rows = binary.AppendUvarint(b.rows, uint64(c.ref))
			return false
		}
	}
	b.rows = binary.AppendUvarint(append(b.rows, 0), uint64(name))
	b.pairN++
	c.ref = b.pairN
	c.words.add(&b.keys, value)
	if c.isLine = b.line(value); c.isLine {
		return true
	}
	if slot != nil {
		slot.ref, slot.from, slot.to = c.ref, uint32(len(b.rows)), uint32(len(b.rows)+len(value))
	}
	b.rows = append(b.rows, value...)
	return false
}

// line writes a line by its template, if it has one.
func (b *blockBuilder) line(value []byte) bool {
	if len(value) < minLine || store.Kind(value[0]) != store.KindString {
		return false
	}
	r := reader{b: value[1:]}
	line := r.string()
	at, fresh, ok := b.lines.choose(line, &b.texts)
	if ok {
		b.rows = b.lines.append(b.rows, at, fresh)
		b.rebuilt += len(line)
	}
	return ok
}

func (b *blockBuilder) name(s string) uint32 {
	id, ok := b.names[s]
	if !ok {
		id = uint32(len(b.names))
		b.names[strings.Clone(s)] = id
		b.nameTable = appendString(b.nameTable, s)
		b.keys.add(nameKey(s))
		b.addColumn()
	}
	return id
}

// addColumn uses the memory of columns of blocks before.
func (b *blockBuilder) addColumn() {
	n := len(b.cols)
	if n == cap(b.cols) {
		b.cols = append(b.cols, column{})
		return
	}
	b.cols = b.cols[:n+1]
	c := &b.cols[n]
	*c = column{last: c.last[:0], words: lastWords{text: c.words.text[:0], at: c.words.at[:0]}}
}

// pairTable finds pairs by their hash.
type pairTable struct {
	slots []pairSlot // a power of two
	n     int
}

// pairSlot says where in rows a name's value was written first.
type pairSlot struct {
	hash     uint64
	name     uint32
	ref      uint32 // its number, from 1; 0 means free
	from, to uint32
}

// find gives the slot of a pair: its own, or a free one for the caller to fill.
func (t *pairTable) find(hash uint64, name uint32, value, rows []byte) *pairSlot {
	if 4*t.n >= 3*len(t.slots) {
		t.grow()
	}
	mask := uint64(len(t.slots) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		s := &t.slots[i]
		if s.ref == 0 {
			t.n++
			s.hash, s.name = hash, name
			return s
		}
		if s.hash == hash && s.name == name && bytes.Equal(rows[s.from:s.to], value) {
			return s
		}
	}
}

func (t *pairTable) grow() {
	old := t.slots
	t.slots = make([]pairSlot, max(1024, 2*len(old)))
	mask := uint64(len(t.slots) - 1)
	for _, s := range old {
		if s.ref == 0 {
			continue
		}
		i := s.hash & mask
		for t.slots[i].ref != 0 {
			i = (i + 1) & mask
		}
		t.slots[i] = s
	}
}

func (t *pairTable) reset() {
	clear(t.slots)
	t.n = 0
}

// appendTimes is the raw times section, appendBody the raw rows section.
func (b *blockBuilder) appendTimes(to []byte) []byte {
	return append(append(to, b.times...), b.classes...)
}

func (b *blockBuilder) appendBody(to []byte) []byte {
	to = binary.AppendUvarint(to, uint64(len(b.names)))
	return append(append(to, b.nameTable...), b.rows...)
}
