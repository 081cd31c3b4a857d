package columns

import "unsafe"

// Texts are the texts of a column, unpacked as far as need be.
type Texts struct {
	n       int
	same    string
	isSame  bool
	few     []byte   // an entry for each text, of at most 256
	codes   []uint32 // the same for more; both nil when each text has its own
	entries int

	plain list // of entries without a form
	forms []textForm
	of    []byte   // the form of each entry and 1; nil when all have the first
	rank  []uint32 // of each entry among those of its form
}

type textForm struct {
	form
	slots []slot
	chars [2]uint64 // of ASCII that its texts may have
}

// Texts unpacks n texts.
func (r *Reader) Texts(n int) *Texts {
	t := r.texts(n)
	if r.Bad {
		return &Texts{n: n, isSame: true, entries: 1}
	}
	return t
}

func (r *Reader) texts(n int) *Texts {
	t := &Texts{n: n}
	if n == 0 {
		return t
	}
	switch r.byte() {
	case textsSame:
		t.same, t.isSame, t.entries = r.text(), true, 1
	case textsCodes:
		r.list(t, int(r.byte())+1)
		t.few = r.stream(n)
		for _, c := range t.few {
			if int(c) >= t.entries {
				r.fail()
				break
			}
		}
	case textsAges:
		r.list(t, r.count(n))
		t.codes = make([]uint32, n)
		var ages Ints
		r.planes(&ages, n)
		seen := uint64(0)
		for i := range n {
			age := ages.plain(i) * ages.step
			if age > seen {
				r.fail()
				break
			}
			t.codes[i] = uint32(seen - age)
			if age == 0 {
				seen++
			}
		}
		if seen > uint64(t.entries) {
			r.fail()
		}
	case textsList:
		r.list(t, n)
	default:
		r.fail()
	}
	return t
}

func (r *Reader) list(t *Texts, n int) {
	t.entries = n
	switch r.byte() {
	case listPlain:
		t.plain = r.plain(n)
	case listForms:
		r.forms(t, n)
	default:
		r.fail()
	}
}

func (r *Reader) plain(n int) list {
	l := list{}
	if n == 0 {
		return l
	}
	sizes := r.Ints(n)
	l.ends = make([]uint32, n)
	end := int64(0)
	for i := range n {
		size := sizes.At(i)
		if end += size; size < 0 || end > maxStream {
			r.fail()
			return list{}
		}
		l.ends[i] = uint32(end)
	}
	if l.data = r.stream(int(end)); r.Bad {
		return list{}
	}
	return l
}

func (r *Reader) forms(t *Texts, n int) {
	kept := r.count(maxForms)
	t.forms = make([]textForm, kept)
	for i := range t.forms {
		if t.forms[i].form = formOf(r.text()); len(t.forms[i].kinds) > maxSlots {
			r.fail()
		}
	}
	rest := r.count(n)
	uses := make([]int, kept+1)
	if kept > 1 || rest > 0 {
		t.of = r.stream(n)
		t.rank = make([]uint32, n)
		for i, c := range t.of {
			if int(c) > kept {
				r.fail()
				return
			}
			t.rank[i] = uint32(uses[c])
			uses[c]++
		}
	} else {
		uses[1%(kept+1)] = n
	}
	if r.Bad || uses[0] != rest || kept == 0 {
		r.fail()
		return
	}
	t.plain = r.plain(rest)
	for i := range t.forms {
		f := &t.forms[i]
		f.slots = make([]slot, len(f.kinds))
		for j := range f.slots {
			f.slots[j] = r.slot(uses[i+1])
		}
		f.note()
	}
}

// note gathers the characters that the form's texts may have.
func (f *textForm) note() {
	add := func(text string) {
		for i := range len(text) {
			f.chars[text[i]>>6&1] |= 1 << (text[i] & 63)
		}
	}
	for _, p := range f.pieces {
		add(p)
	}
	for j := range f.slots {
		s := &f.slots[j]
		switch s.core {
		case slotHex:
			add("0123456789abcdef")
		case slotUUID:
			add("0123456789abcdef-")
		case slotText:
			add("0123456789_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
		default:
			add("0123456789")
		}
		add(s.before)
		add(s.behind)
	}
}

// Len is the number of texts.
func (t *Texts) Len() int { return t.n }

// Entries is the number of texts that differ, or were not compared.
func (t *Texts) Entries() int { return t.entries }

// Shared says whether texts share entries.
func (t *Texts) Shared() bool { return t.codes != nil || t.few != nil || t.isSame }

// Code is the entry of a text.
func (t *Texts) Code(i int) int {
	switch {
	case t.isSame:
		return 0
	case t.few != nil:
		return int(t.few[i])
	case t.codes != nil:
		return int(t.codes[i])
	}
	return i
}

// EntryBytes are the entries of all texts, when each is a byte; else nil.
func (t *Texts) EntryBytes() []byte { return t.few }

// At is a text; one that must be put together is appended to buf.
func (t *Texts) At(i int, buf *[]byte) string { return t.Entry(t.Code(i), buf) }

// Entry is an entry's text; one that must be put together is appended to buf.
func (t *Texts) Entry(e int, buf *[]byte) string {
	if t.isSame {
		return t.same
	}
	f, at := t.form(e)
	if f < 0 {
		return view(t.plain.at(at))
	}
	from := len(*buf)
	*buf = t.forms[f].append(*buf, at)
	return view((*buf)[from:len(*buf):len(*buf)])
}

// form is the form of an entry, or -1, and its place among those of that form.
func (t *Texts) form(e int) (form, at int) {
	switch {
	case t.forms == nil:
		return -1, e
	case t.of == nil:
		return 0, e
	}
	return int(t.of[e]) - 1, int(t.rank[e])
}

func (f *textForm) append(b []byte, at int) []byte {
	b = append(b, f.pieces[0]...)
	for j := range f.slots {
		b = append(f.slots[j].append(b, at), f.pieces[j+1]...)
	}
	return b
}

// view is b as a string without a copy: b must not change while it is used.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// Pieces visits all that is text in the texts: those that differ, or, of those
// kept by a form, what the form's texts share. What it leaves out are runs of
// ASCII letters, digits and "_" that have a digit, and UUIDs; each stands
// alone between other bytes.
func (t *Texts) Pieces(do func(text string)) {
	if t.isSame {
		do(t.same)
		return
	}
	for i := range t.plain.len() {
		do(view(t.plain.at(i)))
	}
	for i := range t.forms {
		for _, p := range t.forms[i].pieces {
			do(p)
		}
	}
}

// Plain is the number of entries that are kept as they stand.
func (t *Texts) Plain() int {
	if t.isSame {
		return 1
	}
	return t.plain.len()
}

// Forms is the number of forms that entries have.
func (t *Texts) Forms() int { return len(t.forms) }

// Form is the form of an entry, or -1 when it is kept as it stands.
func (t *Texts) Form(entry int) int {
	if t.isSame {
		return -1
	}
	f, _ := t.form(entry)
	return f
}

// FormCodes is a byte for each entry: its form and 1, or 0; nil when all have
// the same form, or none.
func (t *Texts) FormCodes() []byte { return t.of }

// FormPieces is what the texts of a form share, in front of, between and
// behind its slots: bytes of ASCII. A run of letters, digits and "_" with a
// digit never lies in a piece, nor does one begin or end there.
func (t *Texts) FormPieces(f int) []string { return t.forms[f].pieces }

// Slots is the number of slots of a form.
func (t *Texts) Slots(f int) int { return len(t.forms[f].slots) }

// SlotHas says whether the text that fills a slot may have all bytes of a run
// of letters, digits and "_", one behind the other, whatever their case.
func (t *Texts) SlotHas(f, slot int, run string) bool {
	s := &t.forms[f].slots[slot]
	most := 0
	digits := digit
	switch s.core {
	case slotNumber:
		most = maxDigits
	case slotPadded:
		most = s.width
	case slotHex:
		most, digits = 2*s.width, 0
	case slotUUID:
		most, digits = 12, 0
	default:
		return true
	}
	if len(run) > most+len(s.before)+len(s.behind) {
		return false
	}
	for i := range len(run) {
		c := run[i]
		fits := hexOf[c|0x20] > 0 // "_" is no upper case of a digit
		if digits == digit {
			fits = runes[c] == digit
		}
		if !fits && !hasByte(s.before, c) && !hasByte(s.behind, c) {
			return false
		}
	}
	return true
}

// SlotIsUUID says whether UUIDs fill a slot.
func (t *Texts) SlotIsUUID(f, slot int) bool { return t.forms[f].slots[slot].core == slotUUID }

// ID is what HasID asks about: the bytes of a UUID or of lower-case hexadecimal
// digits, when just such ids fill the only slot of a form, of that length; else
// nil.
func (t *Texts) ID(f int, text string) (id []byte) {
	form := &t.forms[f]
	if len(form.slots) != 1 {
		return nil
	}
	switch s := &form.slots[0]; {
	case s.core == slotUUID && isUUIDLong([]byte(text)):
		return appendUUID(nil, []byte(text))
	case s.core == slotHex && s.before == "" && s.behind == "" && len(text) == 2*s.width && len(text) > 0:
		if id, ok := appendID(nil, []byte(text)); ok {
			return id
		}
	}
	return nil
}

// HasID says whether an id fills the only slot of an entry's form, of which ID
// gave it.
func (t *Texts) HasID(entry int, id []byte) bool {
	f, at := t.form(entry)
	return string(t.forms[f].slots[0].raw[at*len(id):][:len(id)]) == string(id)
}

// IDWidth is the length in bytes of the ids that the texts of a form are, each
// in lower-case hexadecimal digits and nothing else; 0 when they are not.
func (t *Texts) IDWidth(f int) int {
	form := &t.forms[f]
	if len(form.slots) != 1 || form.pieces[0]+form.pieces[1] != "" {
		return 0
	}
	if s := &form.slots[0]; s.core == slotHex && s.before == "" && s.behind == "" {
		return s.width
	}
	return 0
}

// RawID are the bytes of an entry's id, of whose form IDWidth told the width.
func (t *Texts) RawID(entry, width int) []byte {
	f, at := t.form(entry)
	return t.forms[f].slots[0].raw[at*width:][:width]
}

// FormChars are the characters of ASCII that the texts of a form may have, a
// bit each.
func (t *Texts) FormChars(f int) [2]uint64 { return t.forms[f].chars }

func hasByte(s string, c byte) bool {
	for i := range len(s) {
		if s[i]|0x20 == c|0x20 {
			return true
		}
	}
	return false
}
