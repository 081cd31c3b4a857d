package events

import "encoding/binary"

// textAgain is the bit of a text's head that says that the batch has the text
// already; the other bits say where, else how long it is.
const textAgain = 1

// minAgain is the length from which a text is looked for.
const minAgain = 3

// batchTexts finds texts that a batch has already: most that come again were
// there a few rows ago.
type batchTexts struct {
	slots  [1 << textSlotBits]textAt // by their marks, the last text of each
	used   bool
	fields []askedTexts
	fresh  []newText // of the row
}

const textSlotBits = 11

// textAt is where a text is among the rows, and one more; 0 when there is none.
type textAt struct{ mark, at uint32 }

// askedTexts is how many texts of a field were looked for, and found.
type askedTexts struct{ asked, found uint16 }

// Of a field whose texts were looked for so often and found less than once in
// againHits, no others are looked for in the batch.
const (
	againTries = 64
	againHits  = 16
)

func (a *askedTexts) seldom() bool { return a.asked >= againTries && a.found < againTries/againHits }

// markOf tells most texts apart that differ, by some of their bytes; n is at
// least minAgain.
func markOf(s string) uint64 {
	text := bytesOf(s)
	n := len(text)
	var a, b uint64
	switch {
	case n >= 8:
		a = binary.LittleEndian.Uint64(text) ^ binary.LittleEndian.Uint64(text[n/2-4:])*0xc2b2ae3d27d4eb4f
		b = binary.LittleEndian.Uint64(text[n-8:])
	case n >= 4:
		a, b = uint64(binary.LittleEndian.Uint32(text)), uint64(binary.LittleEndian.Uint32(text[n-4:]))
	default:
		a = uint64(text[0]) | uint64(text[1])<<8 | uint64(text[n-1])<<16
	}
	h := (a + b*0x9e3779b97f4a7c15 + uint64(n)) * 0xff51afd7ed558ccd
	return (h ^ h>>32) * 0xc4ceb9fe1a85ec53
}

type newText struct {
	mark uint64
	from int // in the row
}

func (w *batchTexts) reset() {
	if w.used {
		clear(w.slots[:])
	}
	w.used, w.fields, w.fresh = false, w.fields[:0], w.fresh[:0]
}

func (w *batchTexts) begin() { w.fresh = w.fresh[:0] }

// append adds a text of field i to a row behind rows.
func (w *batchTexts) append(b []byte, i int, s string, rows []byte) []byte {
	for len(w.fields) <= i {
		w.fields = append(w.fields, askedTexts{})
	}
	field := &w.fields[i]
	if len(s) < minAgain || field.seldom() {
		return appendText(b, s)
	}
	field.asked = min(field.asked+1, againTries)
	mark := markOf(s)
	if was := w.slots[mark>>(64-textSlotBits)]; was.at > 0 && was.mark == uint32(mark) && isTextAt(rows, was.at-1, s) {
		field.found = min(field.found+1, againTries)
		return binary.AppendUvarint(b, uint64(was.at-1)<<1|textAgain)
	}
	w.fresh = append(w.fresh, newText{mark, len(b)})
	return appendText(b, s)
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))<<1), s...)
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
		w.used = true
		w.slots[t.mark>>(64-textSlotBits)] = textAt{uint32(t.mark), uint32(from+t.from) + 1}
	}
}
