package events

import (
	"math"
	"math/bits"
	"slices"
	"strings"

	"tripod/store"
	"tripod/store/events/termindex"
)

// Pairs are what the index of a part knows together, so that what asks for both
// of a pair reads the blocks that have a row with both: "this operation, when
// it failed" or "when it took a second". Each text of the fields named by Texts
// is paired with the classes of its rows in a block, and with the magnitude of
// the greatest whole number that stands in the field Number (none when empty)
// beside it.
type Pairs struct {
	Texts  []string
	Number string
}

// A pair is the value of a field that no event has: a text, and behind a zero
// byte a class or the magnitude of a number. An empty value says that the index
// has all pairs of a block, which one that was made for other Pairs has not.
//
// The mark stands twice: behind one, indexes have values that miss some of the
// rows of a text that a column has twice.
func pairField(text, number string) string { return text + pairMark + pairMark + number }

// pairMark is in no name of a field of which the index has values.
const pairMark = "\x01"

func pair(text string, what byte) string { return text + "\x00" + string([]byte{what}) }

// magnitude numbers quarters of powers of two; all that is not positive is 0.
func magnitude(n int64) byte {
	if n < 4 {
		return byte(max(n, 0))
	}
	length := bits.Len64(uint64(n))
	return byte((length-2)<<2) | byte(n>>(length-3))&3
}

// upTo are the numbers where none is of a greater magnitude.
func upTo(m byte) zone {
	most := int64(m)
	if m >= 4 {
		shift := int(m>>2) - 1
		most = int64(5+m&3)<<shift - 1
	}
	return zone{store.Int(math.MinInt64), store.Int(most)}
}

// of is what an index notes of a block; nothing of a field that may have two
// texts in a row, or too many.
func (p Pairs) of(b *block) (out []string) {
	for _, field := range p.Texts {
		texts, ok := b.onlyColumn(field, store.KindString)
		if !ok || texts != nil && (texts.lines != nil || texts.texts.Entries() > maxTermValues) {
			continue
		}
		numbers, whole := b.onlyColumn(p.Number, store.KindInt)
		beside := b.beside(texts, numbers)
		name := pairField(field, "")
		out = append(out, termindex.Term(name, ""))
		for text, with := range beside {
			for class := range byte(Classes) {
				if with.classes>>class&1 == 1 {
					out = append(out, termindex.Term(name, pair(text, class)))
				}
			}
		}
		if p.Number == "" || !whole {
			continue
		}
		name = pairField(field, p.Number)
		out = append(out, termindex.Term(name, ""))
		for text, with := range beside {
			if with.number {
				out = append(out, termindex.Term(name, pair(text, magnitude(with.greatest))))
			}
		}
	}
	return out
}

// besideText is what stands beside a text in the rows that have it.
type besideText struct {
	classes  uint32 // a bit each
	number   bool
	greatest int64
}

func (b *block) beside(texts, numbers *col) map[string]besideText {
	if texts == nil {
		return nil
	}
	list := make([]besideText, texts.texts.Entries())
	for row := range b.meta.rows {
		i := texts.at(row)
		if i < 0 {
			continue
		}
		with := besideText{classes: 1 << b.class(row)}
		if numbers != nil && numbers.at(row) >= 0 {
			with.number, with.greatest = true, numbers.ints.At(numbers.at(row))
		}
		list[texts.texts.Code(i)].add(with)
	}
	out, buf := make(map[string]besideText, len(list)), []byte(nil)
	for entry, with := range list {
		text := strings.Clone(texts.texts.Entry(entry, &buf))
		with.add(out[text]) // a column may have a text several times
		out[text] = with
	}
	return out
}

func (t *besideText) add(other besideText) {
	t.classes |= other.classes
	if other.number && (!t.number || other.greatest > t.greatest) {
		t.number, t.greatest = true, other.greatest
	}
}

// onlyColumn is the column of a name, read; nil when the block has none, false
// when it has several, or one of another kind.
func (b *block) onlyColumn(name string, kind store.Kind) (*col, bool) {
	c, ok := b.only(name, kind)
	if !ok || c != nil && !b.load(c) {
		return nil, false
	}
	if c != nil {
		b.index(c)
	}
	return c, b.marks() == nil
}

// pairs are the blocks that may have a row with a text and what else is asked
// of the row; true when the index does not say.
func (n *narrower) pairs(x Equal, besides []Expr) (out bitset, all bool) {
	all = true
	if !slices.Contains(n.s.o.Pairs.Texts, x.Field) {
		return nil, true
	}
	for _, y := range besides {
		var blocks bitset
		unknown := true
		switch y := y.(type) {
		case ClassIn:
			blocks, unknown = n.paired(x, "", func(class byte) bool { return class < Classes && y>>class&1 == 1 })
		case Measured:
			if n.s.onlyNumber(n.part, y.Named) {
				blocks, unknown = n.paired(x, n.s.o.Pairs.Number, func(m byte) bool { return y.may(upTo(m)) })
			}
		case Compare:
			if y.Field == n.s.o.Pairs.Number {
				blocks, unknown = n.paired(x, y.Field, func(m byte) bool { return y.may(upTo(m)) })
			}
		}
		out, all = both(out, all, blocks, unknown)
	}
	return out, all
}

// onlyNumber says that of a part's fields only the paired number is named.
func (s *Store) onlyNumber(p *part, named func(string) bool) bool {
	number := s.o.Pairs.Number
	return number != "" && named != nil && !p.others && named(number) &&
		!slices.ContainsFunc(p.names, func(name string) bool { return name != number && named(name) })
}

// paired are the blocks that have a text beside something that is ok, and those
// of which the index does not have the pairs.
func (n *narrower) paired(x Equal, number string, ok func(what byte) bool) (bitset, bool) {
	field, prefix := pairField(x.Field, number), x.Text+"\x00"
	known, err := n.x.Value(field, "")
	if err == nil {
		var found []uint32
		found, err = n.x.MatchValues(n.ctx, field, prefix, func(value string) bool {
			return len(value) == len(prefix)+1 && ok(value[len(prefix)])
		})
		if err == nil {
			out := sizedBits(nil, n.blocks)
			out.fill(0, n.blocks)
			out.andNot(n.set(known))
			out.or(n.set(found))
			return out, false
		}
	}
	n.err = err
	return nil, true
}
