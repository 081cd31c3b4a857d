package events

import (
	"encoding/binary"
	"maps"
	"math"
	"slices"
	"strings"
)

// minuteCount counts the rows of one class and group in one minute; those at
// its very first ns apart, which belong to the minute before where ranges are
// open at their beginning.
type minuteCount struct {
	minute int32 // Unix minutes, which hold all times of 64 bits in ns
	rows   uint32
	group  uint16
	class  uint8
	first  bool // at the first ns
}

// firstBit is set in the class of a count that is of the first ns.
const firstBit = 0x80

// countOf counts one row.
func countOf(t int64, class uint8, group uint16) minuteCount {
	at := floorDiv(t, minute)
	return minuteCount{int32(at), 1, group, class, at*minute == t}
}

// within is a time that stands for all rows of the count.
func (c *minuteCount) within() int64 {
	if c.first {
		return int64(c.minute) * minute
	}
	return int64(c.minute)*minute + 1
}

// Groups of rows by the text of the field Options.CountBy.
const (
	groupUnsure uint16 = iota // of several values, of one that is no string, or of a text that is not counted apart
	groupNone                 // without the field
	groupFirst                // texts by their numbers
)

// Bounds of what an index says of its part.
const (
	maxCountTexts = 1024 // counted apart
	maxCountText  = 128  // bytes of one
	maxPartNames  = 4096
)

func minuteOf(t int64) int32 { return int32(floorDiv(t, minute)) }

// countTexts numbers the texts that are counted apart.
type countTexts struct {
	list []string // from groupFirst on
	ids  map[string]uint16
	last uint16 // that was asked for
}

// group is that of a row with a text.
func (c *countTexts) group(text string) uint16 {
	if c.last >= groupFirst && c.list[c.last-groupFirst] == text {
		return c.last
	}
	id, ok := c.ids[text]
	if !ok {
		if len(c.list) == maxCountTexts || len(text) > maxCountText {
			return groupUnsure
		}
		if c.ids == nil {
			c.ids = map[string]uint16{}
		}
		id = groupFirst + uint16(len(c.list))
		c.list = append(c.list, strings.Clone(text))
		c.ids[c.list[id-groupFirst]] = id
	}
	c.last = id
	return id
}

// partIndex is what a part says of itself and its blocks.
type partIndex struct {
	names  []string // of all fields, and maybe of more, sorted
	others bool     // there are more names than can be told
	by     string   // Options.CountBy when it was written
	same   string   // Options.CountSame
	groups []string // its texts, from groupFirst on
	blocks []blockMeta
}

// partNames gathers the names of a part's fields.
type partNames struct {
	set    map[string]bool
	others bool
}

func (p *partNames) add(names []string, others bool) {
	if p.set == nil {
		p.set = map[string]bool{}
	}
	for _, n := range names {
		p.set[n] = true
	}
	p.others = p.others || others || len(p.set) > maxPartNames
}

// list is empty when there are others.
func (p *partNames) list() []string {
	if p.others {
		return nil
	}
	return slices.Sorted(maps.Keys(p.set))
}

func (x *partIndex) appendTo(b []byte) []byte {
	if b = append(b, 0); x.others {
		b[len(b)-1] = 1
	}
	b = appendString(appendString(b, x.by), x.same)
	for _, list := range [...][]string{x.names, x.groups} {
		b = binary.AppendUvarint(b, uint64(len(list)))
		for _, s := range list {
			b = appendString(b, s)
		}
	}
	b = binary.AppendUvarint(b, uint64(len(x.blocks)))
	for i := range x.blocks {
		b = x.blocks[i].appendTo(b)
	}
	return b
}

func (m *blockMeta) appendTo(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(m.rows))
	b = binary.AppendVarint(b, m.min)
	b = binary.AppendUvarint(b, uint64(m.max-m.min))
	b = binary.AppendUvarint(b, uint64(m.off))
	b = binary.AppendUvarint(b, uint64(m.chunks))
	b = m.head.appendTo(b)
	b = binary.AppendUvarint(b, uint64(m.filter))
	b = binary.AppendUvarint(b, uint64(len(m.counts)))
	first := minuteOf(m.min)
	for _, c := range m.counts {
		b = binary.AppendUvarint(b, uint64(c.minute-first))
		if class := c.class; c.first {
			b = append(b, class|firstBit)
		} else {
			b = append(b, class)
		}
		b = binary.AppendUvarint(b, uint64(c.group))
		b = binary.AppendUvarint(b, uint64(c.rows))
	}
	return b
}

// readIndex decodes a part's index.
func readIndex(b []byte) (x partIndex, err error) {
	r := reader{b: b}
	x.others = r.byte() != 0
	x.by, x.same = strings.Clone(r.string()), strings.Clone(r.string())
	x.names = r.strings(maxPartNames)
	x.groups = r.strings(maxCountTexts)
	n := r.count(16)
	x.blocks = make([]blockMeta, 0, n)
	for no := range n {
		x.blocks = append(x.blocks, r.blockMeta(no, len(x.groups)))
	}
	if r.bad || len(r.b) > 0 || !slices.IsSorted(x.names) {
		return partIndex{}, errCorrupt
	}
	return x, nil
}

// strings are copies of at most most strings.
func (r *reader) strings(most int) []string {
	n := r.count(1)
	if n > most {
		r.fail()
		return nil
	}
	list := make([]string, n)
	for i := range list {
		list[i] = strings.Clone(r.string())
	}
	return list
}

func (r *reader) blockMeta(no, groups int) blockMeta {
	m := blockMeta{no: no, rows: int(min(r.uvarint(), maxBlockRows+1)), min: r.varint()}
	m.max = m.min + int64(r.uvarint())
	m.off = int64(r.uvarint())
	m.chunks = int(min(r.uvarint(), math.MaxInt32))
	m.head = r.section()
	m.filter = int(min(r.uvarint(), math.MaxInt32))
	if r.bad || m.max < m.min || m.rows < 1 || m.rows > maxBlockRows || m.off < 0 {
		r.fail()
		return m
	}
	first, last := minuteOf(m.min), minuteOf(m.max)
	m.counts = make([]minuteCount, 0, r.count(4))
	for range cap(m.counts) {
		after, class, group, rows := r.uvarint(), r.byte(), r.uvarint(), r.uvarint()
		edge := class&firstBit != 0
		class &^= firstBit
		if after > uint64(last-first) || class >= Classes || group >= uint64(groupFirst)+uint64(groups) || rows > maxBlockRows {
			r.fail()
			return m
		}
		m.mask |= 1 << class
		m.counts = append(m.counts, minuteCount{first + int32(after), uint32(rows), uint16(group), class, edge})
	}
	return m
}
