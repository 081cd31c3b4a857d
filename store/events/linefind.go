package events

import (
	"math/bits"
	"slices"
	"strings"

	"tripod/store"
	"tripod/store/events/columns"
)

// findLines asks about a column of lines. A text without a character that
// parts the values of JSON lies within one value of the line, or within what
// all lines of the template share: then no line has to be put together.
func (b *block) findLines(f *filter, n *node, c *col, cand, out bitset) {
	l := c.lines
	byValues := n.text != nil && n.text.inOneValue()
	memo := f.memo // of the texts of this column; parts ask others
	f.memo = nil
	rows, of := f.take(), b.linesOf(c)
	for t, mine := range of {
		if copy(rows, cand); rows.and(mine) {
			continue
		}
		switch {
		case t == 0:
			b.findOthers(f, n, c, rows, out)
		case byValues && l.templates[t-1].parted():
			b.findParts(b.linePart(f, n, c, t-1, rows), c, rows, out)
		default:
			rows.each(func(row int) bool {
				f.text = f.text[:0]
				if n.test(b.value(c, row, &f.text)) {
					out.set(row)
				}
				return b.err == nil
			})
		}
	}
	f.give(rows)
	f.memo = memo
}

// linesOf are the rows of each template, and first of texts without one.
func (b *block) linesOf(c *col) []bitset {
	if c.byTemplate == nil {
		c.byTemplate = make([]bitset, len(c.lines.templates)+1)
		for t := range c.byTemplate {
			c.byTemplate[t] = sizedBits(nil, b.meta.rows)
		}
		for row := range b.meta.rows {
			if i := c.at(row); i >= 0 {
				c.byTemplate[c.lines.of[i]].set(row)
			}
		}
	}
	return c.byTemplate
}

// findOthers asks about the texts of a column of lines that have no template.
func (b *block) findOthers(f *filter, n *node, c *col, cand, out bitset) {
	j := f.judge(n, c)
	cand.each(func(row int) bool {
		if b.passes(f, n, c, c.texts.Code(int(c.lines.rank[c.at(row)])), j) {
			out.set(row)
		}
		return b.err == nil
	})
}

// parting are the characters that stand beside the values of JSON.
const parting = "\":,{}[]\\"

// inOneValue says that the needle cannot reach over the edge of a value.
func (n *needle) inOneValue() bool {
	switch n.kind {
	case needleWord, needlePhrase, needlePart:
		return n.unparted()
	}
	return false
}

// unparted says that the needle has no parting character in it.
func (n *needle) unparted() bool {
	return n.text != "" && !strings.ContainsAny(n.text, parting) && strings.IndexFunc(n.text, func(r rune) bool { return r < ' ' }) < 0
}

// parted says that each slot stands between parting characters.
func (t *template) parted() bool {
	before := t.first
	for i := range t.slots {
		after := t.slots[i].after
		if before == "" || strings.IndexByte(parting, before[len(before)-1]) < 0 || after != "" && strings.IndexByte(parting, after[0]) < 0 {
			return false
		}
		before = after
	}
	return len(t.slots) > 0
}

// linePart is what is known of the lines of one template.
type linePart struct {
	n    *node
	all  bool       // they pass by what they share
	time uint64     // slots that the time fills, if it may pass
	own  [][]int8   // of each slot: whether its own texts pass; nil when none does
	cols [][]bitset // of each shape and slot: the rows of which the field passes; nil for none, anywhere
	any  bool       // some own text, or the time, may pass
	some bitset     // rows of which some field passes
}

func (b *block) linePart(f *filter, n *node, c *col, at int, cand bitset) *linePart {
	t := &c.lines.templates[at]
	p := &linePart{n: n, all: n.test(store.String(t.first))}
	for i := range t.slots {
		p.all = p.all || n.test(store.String(t.slots[i].after))
		if t.slots[i].from == slotTime && n.text.within(intChars) {
			p.time |= 1 << i
			p.any = true
		}
	}
	if p.all {
		return p
	}
	p.own = make([][]int8, len(t.slots))
	for i := range t.slots {
		texts := c.lines.own[at*maxSlots+i]
		if texts == nil {
			continue
		}
		if of := n.ofEntries(texts); slices.Contains(of, passes) {
			p.own[i], p.any = of, true
		}
	}
	b.lineFields(f, p, t, c, cand)
	return p
}

// lineFields asks the fields that fill the slots of a template.
func (b *block) lineFields(f *filter, p *linePart, t *template, c *col, cand bitset) {
	p.some = sizedBits(nil, b.meta.rows)
	asked, found := make([]bool, len(b.cols)), make([]bitset, len(b.cols))
	for s, shape := range b.shapes {
		for i := range t.slots {
			from := t.slots[i].from
			if from < 0 || from >= len(shape) {
				continue
			}
			at := shape[from]
			if !asked[at] {
				asked[at], found[at] = true, b.field(f, p.n, &b.cols[at], c, cand)
			}
			if found[at] == nil {
				continue
			}
			p.some.or(found[at])
			if p.cols == nil {
				p.cols = make([][]bitset, len(b.shapes))
			}
			if p.cols[s] == nil {
				p.cols[s] = make([]bitset, len(t.slots))
			}
			p.cols[s][i] = found[at]
		}
	}
}

// ofEntries says of each text whether it passes; nil when none does.
func (n *node) ofEntries(t *columns.Texts) []int8 {
	forms, none := make([]int8, t.Forms()), t.Plain() == 0
	for i := range forms {
		forms[i] = n.text.judge(t, i)
		none = none && forms[i] == fails
	}
	if none {
		return nil
	}
	of := make([]int8, t.Entries())
	var buf []byte
	for e := range of {
		if form := t.Form(e); form >= 0 && forms[form] != unasked {
			of[e] = forms[form]
			continue
		}
		buf = buf[:0]
		if of[e] = fails; n.test(store.String(t.Entry(e, &buf))) {
			of[e] = passes
		}
	}
	return of
}

// field are the rows of which a field, as a line has it, passes; nil for none.
func (b *block) field(f *filter, n *node, c, line *col, cand bitset) bitset {
	if c == line || c.kind > store.KindBool || !n.text.mayBeOf(c) {
		return nil
	}
	rows := sizedBits(nil, b.meta.rows)
	b.findIn(f, n, c, cand, rows)
	if rows.empty() {
		return nil
	}
	return rows
}

// findParts asks about lines of one template.
func (b *block) findParts(p *linePart, c *col, cand, out bitset) {
	if p.all {
		out.or(cand)
		return
	}
	if !p.any && cand.and(p.some) {
		return
	}
	cand.each(func(row int) bool {
		if b.partPasses(p, c.lines, c.at(row), row) {
			out.set(row)
		}
		return b.err == nil
	})
}

// partPasses says whether a line passes by one of its values.
func (b *block) partPasses(p *linePart, l *lineColumn, i, row int) bool {
	t := int(l.of[i] - 1)
	line := l.rank[i]
	own, at := l.masks[line], l.ownAt[line]
	for o := own; o != 0; o &= o - 1 {
		j := bits.TrailingZeros64(o)
		texts := l.own[t*maxSlots+j]
		if own := p.own[j]; own != nil && own[texts.Code(int(l.ownIdx[at]))] == passes {
			return true
		}
		at++
	}
	if p.time&^own != 0 && b.marks() == nil && p.n.test(store.Int(b.times[row]/1e6)) {
		return true
	}
	if p.cols == nil {
		return false
	}
	for j, rows := range p.cols[b.shapeOf[row]] {
		if rows != nil && own>>j&1 == 0 && rows.has(row) {
			return true
		}
	}
	return false
}
