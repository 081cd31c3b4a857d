package events

import (
	"encoding/binary"
	"hash/maphash"
)

// textAgain is the bit of a text's head that says that the batch has the text
// already; the other bits say where, else how long it is.
const textAgain = 1

// minAgain is the length from which a text is looked for.
const minAgain = 3

const minTexts = 256 // of the table

// batchTexts finds texts that a batch has already.
type batchTexts struct {
	table  []textAt // by hash, a power of two
	n      int
	recent []recentAt // of the fields of the row before
	fresh  []newText  // of the row
}

// textAt is where a text is among the rows, and one more; 0 when it is free.
type textAt struct{ hash, at uint32 }

// recentAt is where a text is, and one more; 0 when there is none.
type recentAt struct {
	at, mark uint32
	asked    uint16 // texts of the field that were looked for
	found    uint16 // of them
}

// Of a field whose texts were looked for so often and found less than once in
// againHits, no others are looked for in the batch.
const (
	againTries = 64
	againHits  = 16
)

func (r *recentAt) seldom() bool { return r.asked >= againTries && r.found < againTries/againHits }

// markOf tells most texts apart that differ, without a look at where they are.
func markOf(s string) uint32 { return uint32(len(s))<<8 | uint32(s[len(s)-1]) }

type newText struct {
	hash, mark uint32
	from       int // in the row
	field      int
}

// reset makes the table smaller, step by step, when batches are: it is cleared
// for each of them.
func (w *batchTexts) reset() {
	clear(w.table)
	if len(w.table) > minTexts && 8*w.n < len(w.table) {
		w.table = w.table[:len(w.table)/2]
	}
	w.n, w.recent, w.fresh = 0, w.recent[:0], w.fresh[:0]
}

func (w *batchTexts) begin() { w.fresh = w.fresh[:0] }

var textSeed = maphash.MakeSeed()

// append adds a text of field i to a row behind rows.
func (w *batchTexts) append(b []byte, i int, s string, rows []byte) []byte {
	for len(w.recent) <= i {
		w.recent = append(w.recent, recentAt{})
	}
	if len(s) < minAgain {
		return appendText(b, s)
	}
	mark, was := markOf(s), &w.recent[i]
	if was.mark == mark && was.at > 0 && isTextAt(rows, was.at-1, s) {
		return binary.AppendUvarint(b, uint64(was.at-1)<<1|textAgain)
	}
	if was.seldom() {
		return appendText(b, s)
	}
	was.asked = min(was.asked+1, againTries)
	hash := uint32(maphash.String(textSeed, s))
	if at := w.find(hash, s, rows); at > 0 {
		was.at, was.mark, was.found = at, mark, was.found+1
		return binary.AppendUvarint(b, uint64(at-1)<<1|textAgain)
	}
	w.fresh = append(w.fresh, newText{hash, mark, len(b), i})
	return appendText(b, s)
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))<<1), s...)
}

// find is where a text is, and one more; 0 when it is not there.
func (w *batchTexts) find(hash uint32, s string, rows []byte) uint32 {
	if len(w.table) == 0 {
		return 0
	}
	mask := uint32(len(w.table) - 1)
	for i := hash & mask; w.table[i].at > 0; i = (i + 1) & mask {
		if t := w.table[i]; t.hash == hash && isTextAt(rows, t.at-1, s) {
			return t.at
		}
	}
	return 0
}

// isTextAt says whether the text that is written there is s.
func isTextAt(rows []byte, at uint32, s string) bool {
	r := reader{b: rows[at:]}
	n := int(r.uvarint() >> 1)
	return n == len(s) && string(r.b[:n]) == s
}

// end notes the texts of the row, which has been put at a place among the rows.
func (w *batchTexts) end(from int) {
	for _, t := range w.fresh {
		at := uint32(from+t.from) + 1
		r := &w.recent[t.field]
		r.at, r.mark = at, t.mark
		w.insert(textAt{t.hash, at})
	}
}

func (w *batchTexts) insert(t textAt) {
	if 4*w.n >= 3*len(w.table) {
		old := w.table
		w.table, w.n = make([]textAt, max(minTexts, 2*len(old))), 0
		for _, t := range old {
			if t.at > 0 {
				w.insert(t)
			}
		}
	}
	mask := uint32(len(w.table) - 1)
	i := t.hash & mask
	for w.table[i].at > 0 {
		i = (i + 1) & mask
	}
	w.table[i] = t
	w.n++
}
