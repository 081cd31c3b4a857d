package events

import (
	"encoding/binary"
	"math"
	"slices"
	"strings"

	"tripod/store"
	"tripod/store/events/columns"
)

// blockBuilder gathers rows that come in order of time, column by column.
type blockBuilder struct {
	n       int
	size    int // about what the rows take when they are decoded
	mask    uint8
	times   []int64
	classes []int64
	counts  []minuteCount

	countBy string     // Options.CountBy
	same    string     // Options.CountSame
	apart   countTexts // of the part
	counted uint32     // countBy's number among the names, noName when it has none
	sameAs  uint32     // same's
	group   uint16     // of the row

	names    map[string]uint32
	nameList []string
	byName   [][]uint32    // columns of each name
	cols     []*colBuilder // those of the block, and behind them spare ones
	used     int

	row, before []uint32 // columns of the row, and of the row before that was looked at
	beforeID    int64    // its shape
	shapes      map[string]int64
	shapeList   [][]uint32
	shapeOf     []int64
	key         []byte

	values []byte // of an event
	ends   []int  // of each of them
	texts  rowTexts
	e      Event  // of a batch's row, when it must be put together
	line   []byte // of it

	byBatch map[*batch]*rowBatch
	batch   *batch // of the row before
	now     *rowBatch

	keys   keySet
	filter filterMaker
	w      columns.Writer
}

const noName = math.MaxUint32

// partBuilder is a builder for a new part, with the memory of one that is done.
func (s *Store) partBuilder() *blockBuilder {
	if b, ok := s.builders.Get().(*blockBuilder); ok {
		return b
	}
	return newBlockBuilder(s.codecs, s.o.CountBy, s.o.CountSame)
}

func newBlockBuilder(c *codecs, countBy, same string) *blockBuilder {
	return &blockBuilder{countBy: countBy, same: same, counted: noName, sameAs: noName, names: map[string]uint32{}, byBatch: map[*batch]*rowBatch{}, shapes: map[string]int64{}, w: columns.Writer{Codec: c.Codec}}
}

func (b *blockBuilder) reset() {
	b.n, b.size, b.mask, b.used, b.counted, b.sameAs = 0, 0, 0, 0, noName, noName
	b.times, b.classes, b.counts, b.shapeOf = b.times[:0], b.classes[:0], b.counts[:0], b.shapeOf[:0]
	b.nameList, b.byName, b.shapeList = b.nameList[:0], b.byName[:0], b.shapeList[:0]
	b.row, b.before = b.row[:0], b.before[:0]
	clear(b.names)
	clear(b.byBatch)
	b.batch = nil
	clear(b.shapes)
	b.keys.reset()
}

// forget ends a part: nothing of it, and none of the batches that it was made
// of, is held on to.
func (b *blockBuilder) forget() {
	for _, c := range b.cols {
		c.lines.reset()
	}
	b.reset()
	b.apart = countTexts{} // the part has it
	b.now, b.e = nil, Event{}
	b.texts.begin(0)
}

func (b *blockBuilder) add(e *Event) {
	b.values, b.ends = b.values[:0], b.ends[:0]
	for i := range e.Fields {
		b.values = appendValue(b.values, e.Fields[i].Value)
		b.ends = append(b.ends, len(b.values))
	}
	b.begin(e.Time, e.Class)
	from := 0
	for i, end := range b.ends {
		at := b.column(b.name(e.Fields[i].Name), e.Fields[i].Value.Kind)
		b.take(at)
		c := b.cols[at]
		line := b.tryLine(c, e, i)
		if !line {
			b.size += c.add(b.values[from:end], &b.keys)
		}
		if b.countedBy(c) {
			b.groupBy(c, e.Fields[i].Value.Str(), !line)
		}
		from = end
	}
	b.shapeOf = append(b.shapeOf, b.shape())
	b.count()
}

// tryLine adds a field of an event as a line, if a template fits.
func (b *blockBuilder) tryLine(c *colBuilder, e *Event, i int) bool {
	if c.kind != store.KindString || !mayBeLine(e.Fields[i].Value.Str()) {
		return false
	}
	b.texts.fields = e.Fields[:i]
	size, ok := c.lines.add(c.n, e.Fields[i].Value, &b.texts, &b.keys)
	if !ok {
		return false
	}
	b.texts.lines.add(i)
	c.n++
	b.size += size
	return true
}

func (b *blockBuilder) begin(t int64, class uint8) {
	b.times = append(b.times, t)
	b.classes = append(b.classes, int64(class))
	b.mask |= 1 << class
	b.n++
	b.row, b.group = b.row[:0], groupNone
	b.texts.begin(t)
}

// count counts the row.
func (b *blockBuilder) count() {
	c := countOf(b.times[b.n-1], uint8(b.classes[b.n-1]), b.group)
	for i := len(b.counts) - 1; i >= 0 && b.counts[i].minute == c.minute; i-- {
		if same := &b.counts[i]; same.class == c.class && same.group == c.group && same.first == c.first {
			same.rows++
			return
		}
	}
	b.counts = append(b.counts, c)
}

// take notes that the row has a value in a column.
func (b *blockBuilder) take(at uint32) {
	b.cols[at].row = b.n
	b.row = append(b.row, at)
}

// countedBy says whether rows are counted by the texts of a column.
func (b *blockBuilder) countedBy(c *colBuilder) bool {
	return c.name == b.counted || c.name == b.sameAs
}

// groupBy notes a value of the row that it is counted by, if it is a plain text.
func (b *blockBuilder) groupBy(c *colBuilder, text string, plain bool) {
	before := b.group
	b.group = groupUnsure
	if c.kind != store.KindString || !plain {
		return
	}
	if c.name == b.counted && before == groupNone || c.name == b.sameAs && before >= groupFirst && b.apart.list[before-groupFirst] == text {
		b.group = b.apart.group(text)
	}
}

// column finds or makes a column that the row does not use yet; it is mostly
// that of the row before.
func (b *blockBuilder) column(name uint32, kind store.Kind) uint32 {
	if i := len(b.row); i < len(b.before) {
		if c := b.cols[b.before[i]]; c.name == name && c.kind == kind && c.row != b.n {
			return b.before[i]
		}
	}
	for _, at := range b.byName[name] {
		if c := b.cols[at]; c.kind == kind && c.row != b.n {
			return at
		}
	}
	at := uint32(b.used)
	if b.used == len(b.cols) {
		b.cols = append(b.cols, &colBuilder{})
	}
	b.cols[at].reset(name, kind)
	b.used++
	b.byName[name] = append(b.byName[name], at)
	return at
}

func (b *blockBuilder) name(s string) uint32 {
	id, ok := b.names[s]
	if !ok {
		id = uint32(len(b.nameList))
		s = strings.Clone(s)
		b.names[s] = id
		switch {
		case s == "":
		case s == b.countBy:
			b.counted = id
		case s == b.same:
			b.sameAs = id
		}
		b.nameList = append(b.nameList, s)
		b.byName = append(b.byName, nil)
		b.keys.add(nameKey(s))
		b.size += len(s)
	}
	return id
}

// shape numbers the row's shape: its columns in their order.
func (b *blockBuilder) shape() int64 {
	if len(b.shapeList) > 0 && slices.Equal(b.row, b.before) {
		return b.beforeID
	}
	b.key = b.key[:0]
	for _, at := range b.row {
		b.key = binary.LittleEndian.AppendUint32(b.key, at)
	}
	id, ok := b.shapes[string(b.key)]
	if !ok {
		id = int64(len(b.shapeList))
		b.shapes[string(b.key)] = id
		b.shapeList = append(b.shapeList, slices.Clone(b.row))
		b.size += 4 * len(b.row)
	}
	b.row, b.before, b.beforeID = b.before, b.row, id
	return id
}

// full says that the block is to be ended.
func (b *blockBuilder) full(rows int) bool { return b.n >= rows || b.size >= maxBlockRaw }

// pack gives the block's chunks, one behind the other, and its head. They are
// valid until the next call.
func (b *blockBuilder) pack() (chunks []byte, head blockHead) {
	b.w.Out = b.w.Out[:0]
	head.names = b.nameList
	head.times = b.chunk(func(w *columns.Writer) { w.Ints(b.times) })
	head.classes = b.chunk(func(w *columns.Writer) { w.Ints(b.classes) })
	head.shapeOf = b.chunk(func(w *columns.Writer) { w.Ints(b.shapeOf) })
	for _, c := range b.cols[:b.used] {
		h := colHead{name: c.name, kind: c.kind, n: c.n, chunk: b.chunk(c.pack)}
		h.zone, h.zoned = c.zone()
		h.chars = c.charset()
		head.cols = append(head.cols, h)
	}
	head.shapes = b.shapeList
	return b.w.Out, head
}
