package events

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/bits"

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
		b.findClass(n, cand, out)
	case opFunc:
		out.or(cand)
	default:
		b.findLeaf(f, n, cand, out)
	}
}

func (b *block) findClass(n *node, cand, out bitset) {
	if b.meta.mask&^n.mask == 0 {
		out.or(cand)
		return
	}
	if b.meta.mask&n.mask == 0 || b.marks() != nil {
		return
	}
	b.classes.In(n.mask, cand, out)
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

// findLeaf asks the columns one after the other, unless the index decides.
func (b *block) findLeaf(f *filter, n *node, cand, out bitset) {
	if f.known != nil {
		switch f.known.leafIn(n, b.meta) {
		case always:
			out.or(cand)
			return
		case never:
			return
		}
	}
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
		if c.rank == nil {
			out.or(cand)
			return
		}
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
	switch {
	case c.lines != nil:
		b.findLines(f, n, c, cand, out)
	case c.texts != nil:
		b.findTexts(f, n, c, cand, out)
	default:
		b.findNumbers(f, n, c, cand, out)
	}
}

// findNumbers asks about values without text of their own, of which the same
// often follow one another. Whole numbers that are less than one of which the
// leaf says that nothing up to there passes are not asked about.
func (b *block) findNumbers(f *filter, n *node, c *col, cand, out bitset) {
	last, passed, first := store.Value{}, false, true
	fails := int64(math.MinInt64)
	for k, word := range cand {
		for ; word != 0; word &= word - 1 {
			row := k<<6 + bits.TrailingZeros64(word)
			at := c.at(row)
			if at < 0 || c.kind == store.KindInt && c.ints.At(at) < fails {
				continue
			}
			v := b.value(c, row, &f.text)
			if first || v.Int() != last.Int() {
				first, last, passed = false, v, n.test(v)
				if !passed && c.kind == store.KindInt && n.may != nil && !n.may(zone{store.Int(math.MinInt64), v}) {
					fails = v.Int()
				}
			}
			if passed {
				out.set(row)
			}
		}
	}
}

// What is known of an entry or a form.
const (
	unasked = 0
	passes  = 1
	fails   = 2
)

// findTexts asks each distinct text once, and none of which the form decides.
func (b *block) findTexts(f *filter, n *node, c *col, cand, out bitset) {
	j := f.judge(n, c)
	if j.none(c) {
		return
	}
	if j.entries != nil && len(j.entries) < cand.count()/2 {
		passing := b.passing(f, n, c, j)
		if entries := c.texts.EntryBytes(); len(passing) == 0 || entries != nil && c.rank == nil && len(passing) <= fewEntries {
			findEntries(entries, passing, cand, out)
			return
		}
	}
	own := c.rank == nil && !c.texts.Shared() // the entry of each row has its number
	codes := c.texts.FormCodes()
	dead, alive := j.dead(codes)
	if own && j.forms != nil && codes != nil && len(alive) <= fewForms {
		b.findForms(f, n, c, j, alive, cand, out)
		return
	}
	for k, word := range cand {
		for ; word != 0; word &= word - 1 {
			row := k<<6 + bits.TrailingZeros64(word)
			entry := row
			if !own {
				i := c.at(row)
				if i < 0 {
					continue
				}
				entry = c.texts.Code(i)
			}
			if codes != nil && dead[codes[entry]] {
				continue
			}
			if b.passes(f, n, c, entry, j) {
				out.set(row)
			}
			if b.err != nil {
				return
			}
		}
	}
}

// fewForms are so few that rows of them are looked for form by form.
const fewForms = 4

// findForms asks the rows of a few forms, when each row has a text of its own.
func (b *block) findForms(f *filter, n *node, c *col, j verdicts, alive []byte, cand, out bitset) {
	codes := c.texts.FormCodes()
	for _, code := range alive {
		for row := 0; row < len(codes) && b.err == nil; row++ {
			skip := bytes.IndexByte(codes[row:], code)
			if skip < 0 {
				break
			}
			if row += skip; cand.has(row) && b.passes(f, n, c, row, j) {
				out.set(row)
			}
		}
	}
}

// dead are the codes of forms of which no text passes; alive are the others, if
// there are codes.
func (v verdicts) dead(codes []byte) (dead [256]bool, alive []byte) {
	if codes == nil {
		return dead, nil
	}
	alive = append(alive, 0) // texts without a form
	for form, ok := range v.forms {
		if dead[form+1] = ok == fails; ok != fails {
			alive = append(alive, byte(form+1))
		}
	}
	return dead, alive
}

// passing asks all texts that rows share, and gives those that pass.
func (b *block) passing(f *filter, n *node, c *col, j verdicts) []int {
	f.passing = f.passing[:0]
	if n.text != nil && n.text.kind == needleWhole && c.kind == store.KindString {
		return f.equal(n.text.text, c, j)
	}
	for entry := range j.entries {
		if b.passes(f, n, c, entry, j) {
			f.passing = append(f.passing, entry)
		}
	}
	return f.passing
}

// equal adds the texts that rows share and that are this one.
func (f *filter) equal(text string, c *col, j verdicts) []int {
	for entry := range j.entries {
		ok := false
		if form := c.texts.Form(entry); form >= 0 && j.forms[form] != unasked {
			ok = j.forms[form] == passes
		} else {
			f.text = f.text[:0]
			ok = c.texts.Entry(entry, &f.text) == text
		}
		j.entries[entry] = fails
		if ok {
			j.entries[entry] = passes
			f.passing = append(f.passing, entry)
		}
	}
	return f.passing
}

// fewEntries are so few that rows with them are looked for one after the other.
const fewEntries = 8

// findEntries adds the candidates with some of few entries, of which each row
// has one.
func findEntries(entries []byte, passing []int, cand, out bitset) {
	if len(passing) == 0 {
		return
	}
	var passes [256]bool
	for _, entry := range passing {
		passes[entry] = true
	}
	for k, word := range cand {
		if bits.OnesCount64(word) > manyOfWord && k<<6+64 <= len(entries) {
			found := uint64(0)
			for _, entry := range passing {
				found |= equalBytes(entries[k<<6:][:64], byte(entry))
			}
			out[k] |= found & word
			continue
		}
		for ; word != 0; word &= word - 1 {
			if row := k<<6 + bits.TrailingZeros64(word); passes[entries[row]] {
				out.set(row)
			}
		}
	}
}

// manyOfWord are so many candidates of a word of a set that all of its rows are
// asked at once.
const manyOfWord = 16

// equalBytes says which of 64 bytes are b, a bit each: eight bytes at a time, as
// "Bit Twiddling Hacks" finds bytes that are zero.
func equalBytes(list []byte, b byte) (found uint64) {
	const low7, ones = 0x7f7f7f7f7f7f7f7f, 0x0101010101010101
	for i := 0; i < 64; i += 8 {
		x := binary.LittleEndian.Uint64(list[i:]) ^ uint64(b)*ones
		zero := ^((x&low7 + low7) | x | low7) >> 7    // the lowest bit of each byte
		found |= zero * 0x0102040810204080 >> 56 << i // gathers them in the highest byte
	}
	return found
}

// verdicts are what is known of the forms and entries of a column.
type verdicts struct {
	forms   []int8
	ids     [][]byte // of each form: what its only slot has in it where a text passes; nil for what is not known
	widths  []int    // of each form of ids: their bytes, of which the leaf knows those that pass; 0 of others
	entries []int8   // nil when each text has its own
}

// none says that no text passes, whatever it is.
func (v verdicts) none(c *col) bool {
	if v.forms == nil || c.texts.Plain() > 0 {
		return false
	}
	for _, ok := range v.forms {
		if ok != fails {
			return false
		}
	}
	return true
}

// judge begins to ask about a column.
func (f *filter) judge(n *node, c *col) verdicts {
	var v verdicts
	if c.texts.Shared() {
		f.memo = append(f.memo[:0], make([]int8, c.texts.Entries())...)
		v.entries = f.memo
	}
	if n.text != nil && c.kind == store.KindString {
		v.forms = make([]int8, c.texts.Forms())
		for i := range v.forms {
			v.forms[i] = n.text.judge(c.texts, i)
			if v.forms[i] == unasked && n.text.isID {
				v.setID(i, n.text.idIn(c.texts, i))
			}
		}
	}
	if n.oneOf != nil && c.kind == store.KindString {
		v.widths = make([]int, c.texts.Forms())
		for i := range v.widths {
			v.widths[i] = c.texts.IDWidth(i)
		}
	}
	return v
}

func (v *verdicts) setID(form int, id []byte) {
	if id == nil {
		return
	}
	if v.ids == nil {
		v.ids = make([][]byte, len(v.forms))
	}
	v.ids[form] = id
}

func (b *block) passes(f *filter, n *node, c *col, entry int, j verdicts) bool {
	if j.widths != nil {
		if form := c.texts.Form(entry); form >= 0 && j.widths[form] > 0 {
			return n.oneOf[string(c.texts.RawID(entry, j.widths[form]))]
		}
	}
	if j.forms != nil {
		if form := c.texts.Form(entry); form >= 0 {
			switch {
			case j.forms[form] != unasked:
				return j.forms[form] == passes
			case j.ids != nil && j.ids[form] != nil:
				return c.texts.HasID(entry, j.ids[form])
			}
		}
	}
	if j.entries != nil && j.entries[entry] != unasked {
		return j.entries[entry] == passes
	}
	f.text = f.text[:0]
	ok := n.test(b.entry(c, entry, &f.text))
	if j.entries != nil {
		j.entries[entry] = fails
		if ok {
			j.entries[entry] = passes
		}
	}
	return ok
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
