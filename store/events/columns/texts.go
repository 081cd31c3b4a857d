package columns

import "unsafe"

// Texts are the texts of a column, unpacked as far as need be.
type Texts struct {
	n       int
	same    string
	isSame  bool
	codes   []uint32 // an entry for each text; nil when each has its own
	entries int

	plain list // of entries without a form
	forms []textForm
	of    []byte   // the form of each entry and 1; nil when all have the first
	rank  []uint32 // of each entry among those of its form
}

type textForm struct {
	form
	slots []slot
}

// Texts unpacks n texts.
func (r *Reader) Texts(n int) *Texts {
	t := &Texts{n: n}
	if n == 0 {
		return t
	}
	switch r.byte() {
	case textsSame:
		t.same, t.isSame, t.entries = r.text(), true, 1
	case textsCodes:
		r.list(t, int(r.byte())+1)
		t.codes = make([]uint32, n)
		for i, c := range r.stream(n) {
			if t.codes[i] = uint32(c); int(c) >= t.entries {
				r.fail()
				return t
			}
		}
	case textsAges:
		r.list(t, r.count(n))
		t.codes = make([]uint32, n)
		ages := make([]int64, n)
		r.planes(ages)
		seen := int64(0)
		for i, age := range ages {
			if age < 0 || age > seen {
				r.fail()
				return t
			}
			t.codes[i] = uint32(seen - age)
			if age == 0 {
				seen++
			}
		}
		if seen > int64(t.entries) {
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
	sizes := r.Ints(n, nil)
	l.ends = make([]uint32, n)
	end := int64(0)
	for i, size := range sizes {
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
	}
}

// Len is the number of texts.
func (t *Texts) Len() int { return t.n }

// Entries is the number of texts that differ, or were not compared.
func (t *Texts) Entries() int { return t.entries }

// Shared says whether texts share entries.
func (t *Texts) Shared() bool { return t.codes != nil || t.isSame }

// Code is the entry of a text.
func (t *Texts) Code(i int) int {
	switch {
	case t.isSame:
		return 0
	case t.codes != nil:
		return int(t.codes[i])
	}
	return i
}

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
