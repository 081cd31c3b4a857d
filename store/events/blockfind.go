package events

import (
	"strings"

	"tripod/store"
)

// find adds to out the candidates that match; of a predicate with functions of
// its own, at least those.
func (b *block) find(f *filter, n *node, cand, out bitset) {
	if b.err != nil {
		return
	}
	switch n.op {
	case opAnd:
		b.findAll(f, n, cand, out)
	case opOr:
		rest := f.take()
		copy(rest, cand)
		for _, kid := range n.kids {
			b.find(f, kid, rest, out)
			rest.andNot(out)
		}
		f.give(rest)
	case opNot:
		found := f.take()
		if !n.custom { // else some that do not match might be left out
			b.find(f, n.kids[0], cand, found)
		}
		for i := range out {
			out[i] |= cand[i] &^ found[i]
		}
		f.give(found)
	case opClass:
		cand.each(func(row int) bool {
			if n.mask>>uint8(b.classes[row])&1 == 1 {
				out.set(row)
			}
			return true
		})
	case opFunc:
		out.or(cand)
	default:
		b.findLeaf(f, n, cand, out)
	}
}

func (b *block) findAll(f *filter, n *node, cand, out bitset) {
	left := f.take()
	copy(left, cand)
	for _, kid := range n.kids {
		if left.empty() {
			break
		}
		found := f.take()
		b.find(f, kid, left, found)
		f.give(left)
		left = found
	}
	out.or(left)
	f.give(left)
}

// findLeaf asks the columns one after the other.
func (b *block) findLeaf(f *filter, n *node, cand, out bitset) {
	left := f.take()
	copy(left, cand)
	for i := range b.cols {
		c := &b.cols[i]
		if !n.asks(c.label) || c.zoned && n.may != nil && !n.may(c.zone) || !n.text.mayBeOf(c) {
			continue
		}
		if b.findIn(f, n, c, left, out); b.err != nil {
			break
		}
		if left.andNot(out); left.empty() {
			break
		}
	}
	f.give(left)
}

// findIn adds the candidates of which the column's value passes.
func (b *block) findIn(f *filter, n *node, c *col, cand, out bitset) {
	if !b.rows() {
		return
	}
	b.index(c)
	if n.exists {
		cand.each(func(row int) bool {
			if c.at(row) >= 0 {
				out.set(row)
			}
			return true
		})
		return
	}
	if c.kind != store.KindEmpty && !b.load(c) {
		return
	}
	if c.texts != nil && c.texts.Shared() {
		b.findShared(f, n, c, cand, out)
		return
	}
	last, passed := store.Value{}, false
	first := true
	cand.each(func(row int) bool {
		if c.at(row) < 0 {
			return true
		}
		f.text = f.text[:0]
		v := b.value(c, row, &f.text)
		if first || c.texts != nil || v.Kind != last.Kind || v.Int() != last.Int() {
			first, last, passed = false, v, n.test(v)
		}
		if passed {
			out.set(row)
		}
		return b.err == nil
	})
}

// What is known of an entry.
const (
	unasked = 0
	passes  = 1
	fails   = 2
)

// findShared asks each distinct text once, and lines one by one.
func (b *block) findShared(f *filter, n *node, c *col, cand, out bitset) {
	f.memo = append(f.memo[:0], make([]int8, c.texts.Entries())...)
	cand.each(func(row int) bool {
		i := c.at(row)
		if i < 0 {
			return true
		}
		f.text = f.text[:0]
		if c.lines != nil {
			if c.lines.of[i] > 0 {
				if n.test(b.value(c, row, &f.text)) {
					out.set(row)
				}
				return b.err == nil
			}
			i = int(c.lines.rank[i])
		}
		entry := c.texts.Code(i)
		if f.memo[entry] == unasked {
			f.memo[entry] = fails
			if n.test(b.entry(c, entry, &f.text)) {
				f.memo[entry] = passes
			}
		}
		if f.memo[entry] == passes {
			out.set(row)
		}
		return b.err == nil
	})
}

// entry is a distinct value of a column of texts.
func (b *block) entry(c *col, entry int, buf *[]byte) store.Value {
	text := c.texts.Entry(entry, buf)
	switch c.kind {
	case store.KindString:
		return store.String(text)
	case store.KindBytes:
		return store.Bytes([]byte(text))
	}
	return b.nested(text)
}

// needle is a text that every text that passes a leaf has in it.
type needle struct {
	text  string
	fold  bool // text is folded
	word  bool // as a whole token
	whole bool // it is all of the text
}

// mayBeOf says no when no value of the column can have the text.
func (n *needle) mayBeOf(c *col) bool {
	if n == nil {
		return true
	}
	switch c.kind {
	case store.KindInt:
		return only(n.text, "-0123456789")
	case store.KindFloat:
		return only(n.text, "+-.0123456789eEaAfFiInN")
	}
	return true
}

func only(s, set string) bool { return strings.Trim(s, set) == "" }
