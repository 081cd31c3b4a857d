package columns

import (
	"bytes"
	"hash/maphash"
)

// list is texts, one behind the other.
type list struct {
	data []byte
	ends []uint32
}

func (l *list) len() int { return len(l.ends) }

func (l *list) at(i int) []byte {
	from := uint32(0)
	if i > 0 {
		from = l.ends[i-1]
	}
	return l.data[from:l.ends[i]:l.ends[i]]
}

func (l *list) add(b []byte) {
	l.data = append(l.data, b...)
	l.ends = append(l.ends, uint32(len(l.data)))
}

func (l *list) reset() { l.data, l.ends = l.data[:0], l.ends[:0] }

// A column whose values are seldom seen again is not asked whether they were:
// after tryValues values, fewer than one in tryHits.
const (
	tryValues = 256
	tryHits   = 16
)

// TextBuilder gathers the texts of a column; each text that is known already
// is kept once.
type TextBuilder struct {
	entries list
	codes   []uint32 // an entry for each text
	table   []uint32 // by hash: an entry and 1
	hashes  []uint32 // of entries in the table
	known   int      // entries in the table
	tries   int
	hits    int
	loose   bool   // further entries are not in the table, see seldom
	formed  formed // of as many entries as were split
}

var seed = maphash.MakeSeed()

// Reset forgets all but the memory.
func (t *TextBuilder) Reset() {
	t.entries.reset()
	t.codes = t.codes[:0]
	clear(t.table)
	t.hashes = t.hashes[:0]
	t.known, t.tries, t.hits, t.loose = 0, 0, 0, false
	t.formed.reset()
}

// Len is the number of texts.
func (t *TextBuilder) Len() int { return len(t.codes) }

// Bytes is about what the texts take.
func (t *TextBuilder) Bytes() int { return len(t.entries.data) + 4*len(t.codes) }

// Entries are the texts that differ, or were not compared.
func (t *TextBuilder) Entries() int { return t.entries.len() }

// Entry is one of them, valid until the next Add.
func (t *TextBuilder) Entry(i int) []byte { return t.entries.at(i) }

// Again adds the text of an entry again, and says how many bytes were copied for
// it: none unless the column's values are seldom seen again.
func (t *TextBuilder) Again(entry uint32) (size int) {
	if n := len(t.codes); t.codes[n-1] != entry && t.seldom() {
		text := t.entries.at(int(entry))
		t.append(text)
		return len(text)
	}
	t.tries++
	t.hits++
	t.codes = append(t.codes, entry)
	return 0
}

// seldom says that the values are seldom seen again. From then on that is so for
// good: the table finds an entry by its number, and has none behind one that is
// not in it.
func (t *TextBuilder) seldom() bool {
	t.loose = t.loose || t.tries >= tryValues && t.hits*tryHits < t.tries
	return t.loose
}

// Add adds a text, and says which entry it is, and whether it may be one that
// was not there.
func (t *TextBuilder) Add(b []byte) (entry uint32, fresh bool) {
	if n := len(t.codes); n > 0 && bytes.Equal(t.entries.at(int(t.codes[n-1])), b) {
		entry = t.codes[n-1]
		t.codes = append(t.codes, entry)
		return entry, false
	}
	if t.seldom() {
		return t.append(b), true
	}
	t.tries++
	if 4*t.known >= 3*len(t.table) {
		t.grow()
	}
	hash := uint32(maphash.Bytes(seed, b))
	mask := uint32(len(t.table) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		code := t.table[i]
		if code == 0 {
			t.table[i] = uint32(t.entries.len() + 1)
			t.hashes = append(t.hashes, hash)
			t.known++
			return t.append(b), true
		}
		if t.hashes[code-1] == hash && bytes.Equal(t.entries.at(int(code-1)), b) {
			t.hits++
			t.codes = append(t.codes, code-1)
			return code - 1, false
		}
	}
}

func (t *TextBuilder) append(b []byte) (entry uint32) {
	entry = uint32(t.entries.len())
	t.codes = append(t.codes, entry)
	t.entries.add(b)
	return entry
}

func (t *TextBuilder) grow() {
	t.table = make([]uint32, max(64, 2*len(t.table)))
	mask := uint32(len(t.table) - 1)
	for code, hash := range t.hashes {
		i := hash & mask
		for t.table[i] != 0 {
			i = (i + 1) & mask
		}
		t.table[i] = uint32(code + 1)
	}
}

// How texts are packed.
const (
	textsSame  = 0
	textsCodes = 1 // a list, and a byte for each text
	textsAges  = 2 // a list, and how many entries ago each text was new, 0 for a new one
	textsList  = 3
)

// Texts packs the texts.
func (w *Writer) Texts(t *TextBuilder) {
	n, entries := len(t.codes), t.entries.len()
	switch {
	case n == 0:
	case entries == 1:
		w.Out = append(w.Out, textsSame)
		w.text(string(t.entries.at(0)))
	case entries == n:
		w.Out = append(w.Out, textsList)
		w.list(&t.entries, t, nil)
	case entries <= 256:
		w.Out = append(w.Out, textsCodes, byte(entries-1))
		w.list(&t.entries, t, nil)
		codes := w.raw[:0]
		for _, c := range t.codes {
			codes = append(codes, byte(c))
		}
		w.raw = codes
		w.symbols(codes)
	case (n-entries)*tryHits < n:
		w.all(t)
	default:
		w.ages(t)
	}
}

// ages packs texts of which some come again; all of them, when that is less.
func (w *Writer) ages(t *TextBuilder) {
	n, entries := len(t.codes), t.entries.len()
	start := len(w.Out)
	w.Out = append(w.Out, textsAges)
	w.uvarint(uint64(entries))
	w.list(&t.entries, t, nil)
	size := len(w.Out) - start
	ages, seen := w.ints[:0], int64(0)
	for _, c := range t.codes {
		if int64(c) == seen {
			ages = append(ages, 0)
			seen++
		} else {
			ages = append(ages, seen-int64(c))
		}
	}
	w.ints = ages
	w.planes(ages)
	if len(w.Out)-start <= size*n/entries {
		return
	}
	w.Out = w.Out[:start]
	w.all(t)
}

// all packs each text for itself.
func (w *Writer) all(t *TextBuilder) {
	w.every.reset()
	for _, c := range t.codes {
		w.every.add(t.entries.at(int(c)))
	}
	w.Out = append(w.Out, textsList)
	w.list(&w.every, t, t.codes)
}

// plain packs a list as it stands.
func (w *Writer) plain(l *list) {
	if l.len() == 0 {
		return
	}
	w.numbers = w.numbers[:0]
	for i := range l.len() {
		w.numbers = append(w.numbers, int64(len(l.at(i))))
	}
	w.Ints(w.numbers)
	w.stream(l.data)
}
