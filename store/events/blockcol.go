package events

import (
	"encoding/binary"
	"math"
	"slices"
	"strconv"

	"tripod/store"
	"tripod/store/events/columns"
)

// colBuilder gathers the values of one name and kind; each row has at most one
// of them.
type colBuilder struct {
	name   uint32
	kind   store.Kind
	row    int // the last row that has a value, from 1
	n      int
	ints   []int64 // also truths
	floats []float64
	texts  columns.TextBuilder // strings, bytes, and encoded lists and maps
	lines  lineBuilder
	words  lastWords
	chars  [256]bool   // bytes of the texts that are not lines
	hexed  bool        // they have all lower-case hexadecimal digits
	asked  [256]uint64 // numbers whose keys are in the filter
	recent [1 << recentBits]recentText
}

func (c *colBuilder) reset(name uint32, kind store.Kind) {
	c.name, c.kind, c.row, c.n = name, kind, 0, 0
	c.ints, c.floats = c.ints[:0], c.floats[:0]
	c.texts.Reset()
	c.lines.reset()
	c.words.text, c.words.at = c.words.text[:0], c.words.at[:0]
	c.asked = [256]uint64{}
	c.chars, c.hexed = [256]bool{}, false
	c.recent = [1 << recentBits]recentText{}
}

// add takes an encoded value and says about how many bytes it makes the block
// larger.
func (c *colBuilder) add(value []byte, keys *keySet) int {
	switch c.kind {
	case store.KindInt:
		n, _ := binary.Varint(value[1:])
		return c.int(n, keys)
	case store.KindFloat:
		return c.float(binary.LittleEndian.Uint64(value[1:]), keys)
	case store.KindBool:
		return c.bool(value[1], keys)
	case store.KindString, store.KindBytes:
		r := reader{b: value[1:]}
		text := r.bytes(r.uvarint())
		return c.text(text, value, keys)
	case store.KindList, store.KindMap:
		return c.text(value, value, keys)
	}
	c.n++
	return 0
}

func (c *colBuilder) int(n int64, keys *keySet) int {
	c.n++
	c.ints = append(c.ints, n)
	if c.fresh(uint64(n)) {
		var buf [textBuf]byte
		addNumberKeys(keys, strconv.AppendInt(buf[:0], n, 10))
	}
	return 4
}

func (c *colBuilder) float(bits uint64, keys *keySet) int {
	c.n++
	c.floats = append(c.floats, math.Float64frombits(bits))
	if c.fresh(bits) {
		var buf [textBuf]byte
		addNumberKeys(keys, appendFloat(buf[:0], math.Float64frombits(bits)))
	}
	return 8
}

func (c *colBuilder) bool(b byte, keys *keySet) int {
	c.n++
	c.ints = append(c.ints, int64(b))
	if c.fresh(uint64(b)) {
		addKeys(keys, store.Bool(b != 0))
	}
	return 1
}

func (c *colBuilder) text(text, value []byte, keys *keySet) int {
	c.n++
	entry, fresh := c.texts.Add(text)
	switch {
	case !fresh:
		return 2
	case c.kind == store.KindString:
		c.learn(entry, text, keys)
	default:
		r := reader{b: value}
		addKeys(keys, r.value(0))
	}
	return len(text) + 4
}

// learn notes the keys and characters of a string that was not there: of one
// whose form was there only those of its parts, each of which is a token or a
// UUID.
func (c *colBuilder) learn(entry uint32, text []byte, keys *keySet) {
	parts, known := c.texts.Split(entry)
	if !known {
		c.words.addText(keys, view(text))
		for _, b := range text {
			c.chars[b] = true
		}
		return
	}
	for _, p := range parts {
		part := text[p.From:p.To]
		folded := c.hexed && columns.LongHex(part)
		if !folded {
			folded = true
			for _, b := range part {
				c.chars[b] = true
				folded = folded && wordBytes[b] == b
			}
			c.hexed = c.hexed || columns.LongHex(part) && c.hasHex()
		}
		switch {
		case folded:
			keys.add(tokenKey(view(part)))
		case len(part) == 36 && part[8] == '-': // in a token there is no dash
			keys.addUUID(view(part))
		default:
			keys.addToken(view(part))
		}
	}
}

// hasHex says whether the column's texts have all lower-case hexadecimal digits.
func (c *colBuilder) hasHex() bool {
	for _, b := range []byte("0123456789abcdef") {
		if !c.chars[b] {
			return false
		}
	}
	return true
}

// again adds a string that a batch has at a place, if it was added lately.
func (c *colBuilder) again(batch uint32, at int) (size int, ok bool) {
	was := c.lately(at)
	if was.batch != batch || was.at != uint32(at) {
		return 0, false
	}
	c.n++
	return 2 + c.texts.Again(was.code), true
}

// batchText adds a string of a batch, which has it at a place.
func (c *colBuilder) batchText(batch uint32, at int, text []byte, keys *keySet) int {
	c.n++
	code, fresh := c.texts.Add(text)
	*c.lately(at) = recentText{batch, uint32(at), code}
	if !fresh {
		return 2
	}
	c.learn(code, text, keys)
	return len(text) + 4
}

// recentText is the entry of a text of a batch.
type recentText struct{ batch, at, code uint32 }

const recentBits = 6

func (c *colBuilder) lately(at int) *recentText {
	return &c.recent[uint32(at)*0x9e3779b1>>(32-recentBits)]
}

// charset is that of the column's texts; none when it says nothing.
func (c *colBuilder) charset() (set charset) {
	if len(c.lines.of) > 0 || slices.Contains(c.chars[0x80:], true) {
		return charset{}
	}
	for b, there := range c.chars[:0x80] {
		if there {
			set[b>>6] |= 1 << (b & 63)
		}
	}
	return set
}

// fresh says that a number's keys may not be in the filter yet.
func (c *colBuilder) fresh(bits uint64) bool {
	at := &c.asked[(bits^bits>>32)*0x9e3779b97f4a7c15>>56]
	if *at == bits+1 {
		return false
	}
	*at = bits + 1
	return bits+1 != 0
}

// pack writes the column's chunk.
func (c *colBuilder) pack(w *columns.Writer) {
	switch c.kind {
	case store.KindInt, store.KindBool:
		w.Ints(c.ints)
	case store.KindFloat:
		w.Floats(c.floats)
	case store.KindString:
		c.lines.pack(w, c.n)
		w.Texts(&c.texts)
	case store.KindBytes, store.KindList, store.KindMap:
		w.Texts(&c.texts)
	}
}

// zone is the least and greatest number of a column.
type zone struct{ least, most store.Value }

// zone is that of the numbers so far; false for what has no order.
func (c *colBuilder) zone() (z zone, ok bool) {
	switch {
	case c.kind == store.KindInt && len(c.ints) > 0:
		least, most := c.ints[0], c.ints[0]
		for _, n := range c.ints {
			least, most = min(least, n), max(most, n)
		}
		return zone{store.Int(least), store.Int(most)}, true
	case c.kind == store.KindFloat && len(c.floats) > 0:
		least, most := c.floats[0], c.floats[0]
		for _, f := range c.floats {
			if f != f {
				return z, false
			}
			least, most = min(least, f), max(most, f)
		}
		return zone{store.Float(least), store.Float(most)}, true
	}
	return z, false
}
