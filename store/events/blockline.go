package events

import (
	"math/bits"
	"strconv"

	"tripod/store"
	"tripod/store/events/columns"
)

// lineBuilder gathers the lines of a column that are kept by a template.
type lineBuilder struct {
	lines lines
	of    []int64                // of each value of the column a template's number and 1, 0 for none
	masks []int64                // of each line: the slots whose text is its own
	own   []*columns.TextBuilder // by template and slot, nil when there are none
}

func (l *lineBuilder) reset() {
	l.lines.reset()
	l.of, l.masks = l.of[:0], l.masks[:0]
	clear(l.own)
	l.own = l.own[:0]
}

// add keeps the value number n of a column by a template, if it has one: n
// values are in the column already. It says how many bytes that takes.
func (l *lineBuilder) add(n int, value store.Value, row *rowTexts, keys *keySet) (size int, ok bool) {
	if value.Kind != store.KindString || row.lines.full() {
		return 0, false
	}
	at, fresh, ok := l.lines.choose(value.Str(), row, maxTemplates)
	if !ok {
		return 0, false
	}
	if fresh {
		l.lines.known[at].addKeys(keys)
	}
	l.begin(n, at, l.lines.own)
	own := l.lines.own
	for _, text := range l.lines.texts {
		size += l.text(at, bits.TrailingZeros64(own), text, keys)
		own &= own - 1
	}
	return size + 4, true
}

// begin adds a line as the value number n, by template at, with the mask of
// texts of its own.
func (l *lineBuilder) begin(n, at int, own uint64) {
	for len(l.of) < n {
		l.of = append(l.of, 0)
	}
	l.of = append(l.of, int64(at)+1)
	l.masks = append(l.masks, int64(own))
	for len(l.own) < (at+1)*maxSlots {
		l.own = append(l.own, nil)
	}
}

// text adds a text of the line's own and says how many bytes that takes.
func (l *lineBuilder) text(at, slot int, text string, keys *keySet) int {
	i := at*maxSlots + slot
	if l.own[i] == nil {
		l.own[i] = &columns.TextBuilder{}
	}
	if _, fresh := l.own[i].Add([]byte(text)); !fresh {
		return 0
	}
	addTextKeys(keys, text)
	return len(text) + 4
}

// addKeys adds the keys of what all lines of a template share.
func (t *template) addKeys(keys *keySet) {
	addTextKeys(keys, t.first)
	for i := range t.slots {
		addTextKeys(keys, t.slots[i].after)
	}
}

// pack writes the lines of a column of n values.
func (l *lineBuilder) pack(w *columns.Writer, n int) {
	var b []byte
	for i := range l.lines.known {
		b = l.lines.known[i].appendTo(b)
	}
	w.Out = append(w.Out, byte(len(l.lines.known)))
	if len(l.lines.known) == 0 {
		return
	}
	w.Text(b)
	for len(l.of) < n {
		l.of = append(l.of, 0)
	}
	w.Ints(l.of)
	w.Ints(l.masks)
	for _, t := range l.own {
		if t != nil {
			w.Texts(t)
		}
	}
}

// lineColumn is the lines of a column, unpacked.
type lineColumn struct {
	templates []template
	of        []int64
	rank      []uint32         // of each value among the lines, or among the others
	masks     []uint64         // of each line
	own       []*columns.Texts // by template and slot
	ownAt     []uint32         // of each line: where its texts begin in ownIdx
	ownIdx    []uint32         // the place of each text in its own
	others    int
}

// bytes is about what it takes in memory.
func (l *lineColumn) bytes() int {
	n := 8*len(l.of) + 4*len(l.rank) + 8*len(l.masks) + 4*len(l.ownAt) + 4*len(l.ownIdx)
	for _, own := range l.own {
		if own != nil {
			n += own.Bytes()
		}
	}
	return n
}

// readLines unpacks the lines of a column of n values; nil when it has none.
func readLines(r *columns.Reader, n int) (*lineColumn, error) {
	known := int(r.Byte())
	if known == 0 {
		return nil, nil
	}
	l := &lineColumn{}
	tr := reader{b: r.Text(maxSection)}
	for range known {
		l.templates = append(l.templates, tr.template())
	}
	if known > maxTemplates || tr.bad || len(tr.b) > 0 {
		return nil, errCorrupt
	}
	of := r.Ints(n)
	l.of = of.Values(nil)
	l.rank = make([]uint32, n)
	lines := 0
	for i, t := range l.of {
		switch {
		case t < 0 || t > int64(known):
			return nil, errCorrupt
		case t == 0:
			l.rank[i] = uint32(l.others)
			l.others++
		default:
			l.rank[i] = uint32(lines)
			lines++
		}
	}
	return l, l.readOwn(r, lines)
}

func (l *lineColumn) readOwn(r *columns.Reader, lines int) error {
	masks := r.Ints(lines)
	l.masks = make([]uint64, lines)
	l.ownAt = make([]uint32, lines)
	uses := make([]uint32, len(l.templates)*maxSlots)
	line := 0
	for _, t := range l.of {
		if t == 0 {
			continue
		}
		own := uint64(masks.At(line))
		if bits.Len64(own) > len(l.templates[t-1].slots) {
			return errCorrupt
		}
		l.masks[line], l.ownAt[line] = own, uint32(len(l.ownIdx))
		for ; own != 0; own &= own - 1 {
			i := int(t-1)*maxSlots + bits.TrailingZeros64(own)
			l.ownIdx = append(l.ownIdx, uses[i])
			uses[i]++
		}
		line++
	}
	l.own = make([]*columns.Texts, len(uses))
	for i, n := range uses {
		if n > 0 {
			l.own[i] = r.Texts(int(n))
		}
	}
	if r.Bad {
		return errCorrupt
	}
	return nil
}

// appendLine writes value i of a column, which is a line, of a row.
func (b *block) appendLine(to []byte, l *lineColumn, i, row int) []byte {
	t := &l.templates[l.of[i]-1]
	line := l.rank[i]
	own, at := l.masks[line], l.ownAt[line]
	shape := b.shapes[b.shapeOf[row]]
	to = append(to, t.first...)
	var num [textBuf]byte
	for j := range t.slots {
		s := &t.slots[j]
		switch {
		case own>>j&1 == 1:
			b.scratch = b.scratch[:0]
			to = append(to, l.own[int(l.of[i]-1)*maxSlots+j].At(int(l.ownIdx[at]), &b.scratch)...)
			at++
		case s.from == slotTime:
			if b.marks() == nil {
				to = strconv.AppendInt(to, b.times[row]/1e6, 10)
			}
		case s.from >= 0 && s.from < len(shape):
			if c := &b.cols[shape[s.from]]; c.kind <= store.KindBool { // else bytes were bent
				b.scratch = b.scratch[:0]
				to = append(to, shortText(b.value(c, row, &b.scratch), &num)...)
			}
		}
		to = append(to, s.after...)
	}
	return to
}
