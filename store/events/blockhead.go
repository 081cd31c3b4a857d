package events

import (
	"encoding/binary"
	"hash/crc32"
	"math"

	"tripod/store"
	"tripod/store/events/columns"
)

// blockHead says what a block's chunks are.
type blockHead struct {
	names                   []string
	times, classes, shapeOf extent
	cols                    []colHead
	shapes                  [][]uint32 // the columns of a row, in the order of its fields
}

type colHead struct {
	name  uint32
	kind  store.Kind
	n     int // rows that have a value
	chunk extent
	zone  zone
	zoned bool
	chars charset // of all texts; none when that is not known
}

// extent is where packed values lie behind the start of a block.
type extent struct {
	off, size int
	sum       uint32 // CRC32C
}

// chunk packs values behind those that are packed already.
func (b *blockBuilder) chunk(pack func(*columns.Writer)) extent {
	from := len(b.w.Out)
	pack(&b.w)
	out := b.w.Out[from:]
	return extent{from, len(out), crc32.Checksum(out, castagnoli)}
}

func (h *blockHead) appendTo(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(h.names)))
	for _, s := range h.names {
		b = appendString(b, s)
	}
	b = h.times.appendTo(b)
	b = h.classes.appendTo(b)
	b = h.shapeOf.appendTo(b)
	b = binary.AppendUvarint(b, uint64(len(h.cols)))
	for i := range h.cols {
		b = h.cols[i].appendTo(b)
	}
	b = binary.AppendUvarint(b, uint64(len(h.shapes)))
	for _, shape := range h.shapes {
		b = binary.AppendUvarint(b, uint64(len(shape)))
		for _, at := range shape {
			b = binary.AppendUvarint(b, uint64(at))
		}
	}
	return b
}

func (c extent) appendTo(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(c.size))
	return binary.LittleEndian.AppendUint32(b, c.sum)
}

func (c *colHead) appendTo(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(c.name))
	b = append(b, byte(c.kind))
	b = binary.AppendUvarint(b, uint64(c.n))
	b = c.chunk.appendTo(b)
	switch {
	case c.zoned:
		return appendValue(appendValue(append(b, headZone), c.zone.least), c.zone.most)
	case c.chars != charset{}:
		b = binary.LittleEndian.AppendUint64(append(b, headChars), c.chars[0])
		return binary.LittleEndian.AppendUint64(b, c.chars[1])
	}
	return append(b, 0)
}

// What a head says of the values of a column.
const (
	headZone  = 1
	headChars = 2
)

// readHead decodes the head of a block of so many rows, whose chunks are of
// size bytes.
func readHead(raw []byte, rows, size int) (blockHead, error) {
	r := reader{b: raw}
	var h blockHead
	for range r.count(1) {
		h.names = append(h.names, r.string())
	}
	off := 0
	next := func() extent {
		c := extent{off, int(min(r.uvarint(), math.MaxInt32)), r.uint32()}
		if off += c.size; off > size {
			r.fail()
		}
		return c
	}
	h.times, h.classes, h.shapeOf = next(), next(), next()
	n := r.count(8)
	h.cols = make([]colHead, 0, n)
	for range n {
		c := colHead{name: uint32(min(r.uvarint(), math.MaxUint32)), kind: store.Kind(r.byte()), n: int(min(r.uvarint(), math.MaxInt32)), chunk: next()}
		switch r.byte() {
		case headZone:
			c.zone, c.zoned = zone{r.value(0), r.value(0)}, true
		case headChars:
			c.chars = charset{r.uint64(), r.uint64()}
		}
		if int64(c.name) >= int64(len(h.names)) || c.n > rows || c.n < 1 || c.kind > store.KindMap {
			r.fail()
		}
		h.cols = append(h.cols, c)
	}
	h.shapes = r.shapes(rows, len(h.cols))
	if r.bad || len(r.b) > 0 || off != size {
		return h, errCorrupt
	}
	return h, nil
}

// shapes reads the shapes of so many rows of so many columns.
func (r *reader) shapes(rows, cols int) [][]uint32 {
	n := r.count(1)
	if n > rows || n < 1 {
		r.fail()
		return nil
	}
	shapes := make([][]uint32, n)
	seen := make([]uint32, cols)
	for i := range shapes {
		shape := make([]uint32, r.count(1))
		for j := range shape {
			at := r.uvarint()
			if at >= uint64(cols) || seen[at] == uint32(i+1) {
				r.fail()
				return nil
			}
			seen[at], shape[j] = uint32(i+1), uint32(at)
		}
		shapes[i] = shape
	}
	return shapes
}
