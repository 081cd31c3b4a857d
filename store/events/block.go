package events

import (
	"fmt"
	"hash/crc32"
	"slices"

	"tripod/store"
	"tripod/store/events/columns"
)

const minute = int64(60e9)

// blockMeta is a block's entry in the index of its part: chunks, head and
// filter lie one behind the other.
type blockMeta struct {
	rows     int
	min, max int64
	off      int64
	chunks   int // bytes
	head     section
	filter   int // bytes
	no       int // in its part
	counts   []minuteCount
	mask     uint8
}

// bytes is what a block takes in its file.
func (m *blockMeta) bytes() int { return m.chunks + m.head.size + m.filter }

// section is compressed bytes.
type section struct {
	size, raw int
	sum       uint32 // CRC32C of the compressed bytes
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// block is a block of a held part, of which as much is decoded as was asked
// for. What could not be read stays in err, and reads as nothing.
type block struct {
	part   *part
	meta   *blockMeta
	codecs *codecs
	err    error
	read   int64 // bytes read from the file
	more   bool  // was unpacked than was kept
	asked  bool  // a column was read

	decoded
	shared bool       // times and shapes are others' as well
	own    []col      // memory of columns that nobody else has
	given  [][]uint32 // of each shape the columns that are wanted
	data   []byte     // all chunks, once whole was called

	scratch []byte // of values that are put together from others
	text    []byte // of the event that was handed out last
	inLine  bool   // a line is being put together
	order   []int32
}

// col is a column of a block; small, since each query has its own of a block
// that is kept unpacked.
type col struct {
	*colHead
	label  string
	loaded bool
	ranked bool
	rank   []int32       // of each row among the values, -1 for none; nil when every row has one
	ints   *columns.Ints // also truths
	floats *columns.Floats
	texts  *columns.Texts
	lines  *lineColumn

	byTemplate []bitset // that linesOf gives
}

func (b *block) len() int          { return b.meta.rows }
func (b *block) time(i int) int64  { return b.times[i] }
func (b *block) class(i int) uint8 { return uint8(b.classes.At(i)) }

// open begins another block, with what is known of it already or its head.
func (b *block) open(pb partBlock, c *codecs, known *decoded) error {
	old := b.decoded
	if b.shared {
		old = decoded{}
	}
	*b = block{part: pb.p, meta: pb.m, codecs: c, own: b.own[:0], data: b.data[:0], scratch: b.scratch[:0], text: b.text[:0]}
	if known != nil {
		b.decoded, b.shared = *known, true
		b.own = append(b.own, known.cols...)
		b.cols = b.own
		return nil
	}
	b.times, b.shapeOf, b.more = old.times[:0], old.shapeOf[:0], true
	raw := b.section(pb.m.off+int64(pb.m.chunks), pb.m.head)
	if b.err != nil {
		return b.err
	}
	head, err := readHead(raw, pb.m.rows, pb.m.chunks)
	if err != nil {
		return b.fail(err)
	}
	b.head, b.shapes = head, head.shapes
	for i := range head.cols {
		b.own = append(b.own, col{colHead: &b.head.cols[i], label: head.names[head.cols[i].name]})
	}
	b.cols = b.own
	return nil
}

// marks reads times and classes, which time and class want.
func (b *block) marks() error {
	if len(b.times) > 0 || b.err != nil {
		return b.err
	}
	b.more = true
	times := b.ints(b.head.times)
	b.classes = b.ints(b.head.classes)
	if b.err != nil {
		return b.err
	}
	b.times = times.Values(b.times)
	last := b.meta.min
	for i, t := range b.times {
		if t < last || uint64(b.classes.At(i)) >= Classes {
			b.times = b.times[:0]
			return b.fail(errCorrupt)
		}
		last = t
	}
	if b.times[0] != b.meta.min || last != b.meta.max {
		b.times = b.times[:0]
		return b.fail(errCorrupt)
	}
	return nil
}

// in are the rows of a time range: from..to-1.
func (b *block) in(r store.TimeRange) (from, to int, err error) {
	if r.Has(b.meta.min) && r.Has(b.meta.max) {
		return 0, b.meta.rows, nil
	}
	if err := b.marks(); err != nil {
		return 0, 0, err
	}
	from, to = rowsIn(b, r)
	return from, to, nil
}

func (b *block) fail(err error) error {
	if b.err == nil {
		b.err = fmt.Errorf("%s: block at %d: %w", b.part.name, b.meta.off, err)
	}
	return b.err
}

func (b *block) pread(off int64, size int) []byte {
	buf := make([]byte, size)
	if _, err := b.part.f.ReadAt(buf, off); err != nil {
		b.fail(err)
		return nil
	}
	b.read += int64(size)
	return buf
}

func (b *block) section(off int64, s section) []byte {
	packed := b.pread(off, s.size)
	if b.err != nil {
		return nil
	}
	raw, err := b.codecs.unpack(nil, packed, s)
	if err != nil {
		b.fail(err)
	}
	return raw
}

// whole reads all chunks at once, since many will be asked for.
func (b *block) whole() {
	if len(b.data) == 0 && b.err == nil {
		b.data = b.pread(b.meta.off, b.meta.chunks)
	}
}

// unpack reads a chunk; do is not called when that fails.
func (b *block) unpack(c extent, do func(r *columns.Reader) error) {
	if b.err != nil {
		return
	}
	var packed []byte
	if len(b.data) > 0 {
		packed = b.data[c.off : c.off+c.size]
	} else if packed = b.pread(b.meta.off+int64(c.off), c.size); b.err != nil {
		return
	}
	if crc32.Checksum(packed, castagnoli) != c.sum {
		b.fail(fmt.Errorf("checksum at %d: %w", c.off, errCorrupt))
		return
	}
	r := columns.Reader{In: packed, Codec: b.codecs.Codec}
	if err := do(&r); err != nil || r.Bad || len(r.In) > 0 {
		b.fail(fmt.Errorf("values at %d: %w", c.off, errCorrupt))
	}
}

// ints are one for each row.
func (b *block) ints(c extent) (v columns.Ints) {
	b.unpack(c, func(r *columns.Reader) error {
		v = r.Ints(b.meta.rows)
		return nil
	})
	return v
}

// rows reads the shapes of the rows, which every value wants.
func (b *block) rows() bool {
	if len(b.shapeOf) > 0 || b.err != nil {
		return b.err == nil
	}
	b.more = true
	shapes := b.ints(b.head.shapeOf)
	if b.err != nil {
		return false
	}
	b.shapeOf = shapes.Values(b.shapeOf)
	uses := make([]int, len(b.shapes))
	for _, s := range b.shapeOf {
		if uint64(s) >= uint64(len(uses)) {
			b.fail(errCorrupt)
			b.shapeOf = b.shapeOf[:0]
			return false
		}
		uses[s]++
	}
	have := make([]int, len(b.cols))
	for s, n := range uses {
		for _, at := range b.shapes[s] {
			have[at] += n
		}
	}
	for i := range b.cols {
		if have[i] != b.cols[i].n {
			b.fail(errCorrupt)
			b.shapeOf = b.shapeOf[:0]
			return false
		}
	}
	return true
}

// load reads a column's values.
func (b *block) load(c *col) bool {
	if b.asked = true; !c.loaded && b.err == nil {
		c.loaded, b.more = true, true
		b.unpack(c.chunk, func(r *columns.Reader) (err error) {
			switch c.kind {
			case store.KindInt, store.KindBool:
				v := r.Ints(c.n)
				c.ints = &v
			case store.KindFloat:
				v := r.Floats(c.n)
				c.floats = &v
			case store.KindString:
				if c.lines, err = readLines(r, c.n); err != nil {
					return err
				}
				others := c.n
				if c.lines != nil {
					others = c.lines.others
				}
				c.texts = r.Texts(others)
			case store.KindBytes, store.KindList, store.KindMap:
				c.texts = r.Texts(c.n)
			}
			return nil
		})
	}
	return b.err == nil && b.rows()
}

// index says which rows have a value of the column, and where it is.
func (b *block) index(c *col) {
	if c.ranked {
		return
	}
	c.ranked = true
	if c.n == b.meta.rows {
		return
	}
	has := make([]bool, len(b.shapes))
	for s, shape := range b.shapes {
		for _, at := range shape {
			if &b.cols[at] == c {
				has[s] = true
			}
		}
	}
	c.rank = make([]int32, len(b.shapeOf))
	n := int32(0)
	for row, s := range b.shapeOf {
		if c.rank[row] = -1; has[s] {
			c.rank[row] = n
			n++
		}
	}
}

func (c *col) at(row int) int {
	if c.rank == nil {
		return row
	}
	return int(c.rank[row])
}

// value is the column's value of a row that has one; a text that must be put
// together is appended to buf.
func (b *block) value(c *col, row int, buf *[]byte) store.Value {
	if c.kind == store.KindEmpty || !b.load(c) {
		return store.Value{}
	}
	b.index(c)
	i := c.at(row)
	switch c.kind {
	case store.KindInt:
		return store.Int(c.ints.At(i))
	case store.KindBool:
		return store.Bool(c.ints.At(i) != 0)
	case store.KindFloat:
		return store.Float(c.floats.At(i))
	case store.KindString:
		return store.String(b.string(c, i, row, buf))
	case store.KindBytes:
		return store.Bytes([]byte(c.texts.At(i, buf)))
	}
	return b.nested(c.texts.At(i, buf))
}

func (b *block) nested(text string) store.Value {
	r := reader{b: []byte(text)}
	v := r.value(0)
	if r.bad {
		b.fail(errCorrupt)
	}
	return v
}

func (b *block) string(c *col, i, row int, buf *[]byte) string {
	switch {
	case c.lines == nil:
		return c.texts.At(i, buf)
	case c.lines.of[i] == 0:
		return c.texts.At(int(c.lines.rank[i]), buf)
	case b.inLine: // bytes were bent: no line refers to a line
		return ""
	}
	b.inLine = true
	from := len(*buf)
	*buf = b.appendLine(*buf, c.lines, i, row)
	b.inLine = false
	return view((*buf)[from:len(*buf):len(*buf)])
}

// event decodes a row, of which only the fields in want are wanted; nil for
// all.
func (b *block) event(i int, e *Event, want *wanted) error {
	if (want == nil || want.picked != nil) && !b.shared { // else most of it is there
		b.whole()
	}
	if b.marks() != nil || !b.rows() {
		return b.err
	}
	e.Time, e.Class, e.Fields = b.times[i], b.class(i), e.Fields[:0]
	b.text = b.text[:0]
	for _, at := range b.give(b.shapeOf[i], want) {
		c := &b.cols[at]
		e.Fields = append(e.Fields, Field{c.label, b.value(c, i, &b.text)})
	}
	return b.err
}

// give are the columns of a shape that are wanted.
func (b *block) give(shape int64, want *wanted) []uint32 {
	if want == nil {
		return b.shapes[shape]
	}
	if b.given == nil {
		b.given = make([][]uint32, len(b.shapes))
	}
	if b.given[shape] == nil {
		b.given[shape] = b.wantedOf(b.shapes[shape], want)
	}
	return b.given[shape]
}

// wantedOf are those of columns that are wanted, not nil.
func (b *block) wantedOf(shape []uint32, want *wanted) []uint32 {
	names, pick := make([]string, len(shape)), make([]bool, len(shape))
	for i, at := range shape {
		names[i] = b.cols[at].label
		pick[i] = want.picked == nil && want.has(names[i])
	}
	if want.picked != nil {
		want.picked(names, pick)
	}
	out := make([]uint32, 0, len(shape))
	for i, at := range shape {
		if pick[i] {
			out = append(out, at)
		}
	}
	return out
}

// wanted are the names of fields that a query wants.
type wanted struct {
	names  []string
	named  func(string) bool                 // instead, when not nil
	picked func(names []string, pick []bool) // of events of certain names, instead, when not nil
}

func (w *wanted) has(name string) bool {
	if w.picked != nil {
		return true // or not: it depends on the others
	}
	if w.named != nil {
		return w.named(name)
	}
	return slices.Contains(w.names, name)
}
