package events

import (
	"math/bits"
	"strings"

	"tripod/store"
)

// mayBeIn says no when no row of a batch matches: the texts that it asks for
// are looked for in the batch's bytes, where all of them stand as they are.
func (n *node) mayBeIn(b *batch) bool {
	switch n.op {
	case opAnd:
		for _, k := range n.kids {
			if !k.mayBeIn(b) {
				return false
			}
		}
	case opOr:
		for _, k := range n.kids {
			if k.mayBeIn(b) {
				return true
			}
		}
		return false
	case opLeaf:
		return n.text == nil || !n.text.alone || b.mayHave(n.text)
	}
	return true
}

// rowAsk looks for needles in the bytes of a row, whose batch has all its texts
// as they are.
type rowAsk struct {
	batch *batch
	row   batchRow
	last  string // that was looked for, if any was
	found bool
}

// mayBe says no when the row does not match.
func (a *rowAsk) mayBe(n *node) bool {
	switch n.op {
	case opAnd:
		for _, k := range n.kids {
			if !a.mayBe(k) {
				return false
			}
		}
	case opOr:
		for _, k := range n.kids {
			if a.mayBe(k) {
				return true
			}
		}
		return false
	case opLeaf:
		if n.text == nil || !n.text.alone || n.text.fold {
			return true
		}
		if a.last != n.text.text {
			a.last, a.found = n.text.text, a.batch.rowHas(a.row, n.text.text)
		}
		return a.found
	}
	return true
}

// rowHas says whether some text of a row has a text in it, or may.
func (b *batch) rowHas(row batchRow, want string) bool {
	r, shape := b.read(row)
	if r.bad {
		return true
	}
	for _, f := range b.shapes[shape] {
		switch f.kind {
		case byte(store.KindString):
			if text, _ := r.text(); strings.Contains(view(text), want) {
				return true
			}
		case kindLine:
			l := r.batchLine(b.templates)
			if r.bad || l.template.has(want) || l.own > 0 && l.ownHas(want) {
				return true
			}
		default:
			r.valueOf(f.kind)
		}
	}
	return r.bad
}

// has says whether what lines share has a text in one piece.
func (t *template) has(text string) bool {
	if strings.Contains(t.first, text) {
		return true
	}
	for i := range t.slots {
		if strings.Contains(t.slots[i].after, text) {
			return true
		}
	}
	return false
}

// ownHas says whether a text of the line's own has a text in it.
func (l batchLine) ownHas(text string) bool {
	for range bits.OnesCount64(l.own) {
		if strings.Contains(l.texts.string(), text) {
			return true
		}
	}
	return false
}

// standsAlone says that a value that passes is a text, which has the needle in
// it, or a line of which one value is, or what its template says in one piece.
func (n *needle) standsAlone() bool {
	return n.unparted() && !n.within(intChars) && !n.within(floatChars) && !n.within(boolChars)
}

// otherCases are the letters that fold to letters of ASCII without being such.
var otherCases = []string{"\u212a", "\u0130"} // k, i

// mayHave says no when no value of the batch has the needle, which stands alone.
func (b *batch) mayHave(n *needle) bool {
	if !b.allTexts() {
		return true
	}
	data := view(b.data)
	switch {
	case !n.fold:
		return strings.Contains(data, n.text)
	case !isASCII(n.text):
		return true
	}
	for _, c := range otherCases {
		if strings.Contains(data, c) {
			return true
		}
	}
	return foldIndexASCII(data, n.text, 0) >= 0
}

// allTexts says that texts stand as they are in all values but numbers and
// truths, and that the values of lines stand apart.
func (b *batch) allTexts() bool {
	for _, shape := range b.shapes {
		for _, f := range shape {
			if f.kind > byte(store.KindBool) && f.kind != kindLine {
				return false
			}
		}
	}
	for _, t := range b.templates {
		if !t.parted() {
			return false
		}
	}
	return true
}
