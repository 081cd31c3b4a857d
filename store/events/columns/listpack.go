package columns

// How a list is packed.
const (
	listPlain = 0
	listForms = 1
)

// lists is memory for lists.
type lists struct {
	all  []*list
	used int
}

func (s *lists) reset() { s.used = 0 }

func (s *lists) take(n int) []*list {
	for len(s.all) < s.used+n {
		s.all = append(s.all, &list{})
	}
	out := s.all[s.used : s.used+n]
	s.used += n
	for _, l := range out {
		l.reset()
	}
	return out
}

// list packs texts by their forms, if most have one that others have too. They
// are those of the entries in codes, nil for each entry once.
func (w *Writer) list(l *list, t *TextBuilder, codes []uint32) {
	if w.ids(l) {
		return
	}
	t.split(t.entries.len())
	of := t.formed.of
	if codes != nil {
		w.of = w.of[:0]
		for _, c := range codes {
			w.of = append(w.of, of[c])
		}
		of = w.of
	}
	if kept := t.formed.choose(of); kept > 0 {
		w.Out = append(w.Out, listForms)
		w.forms(l, &t.formed, of, kept)
		return
	}
	w.Out = append(w.Out, listPlain)
	w.plain(l)
}

// choose gives codes to the forms that texts are kept by, and says how many
// these are.
func (f *formed) choose(of []entryForm) (kept int) {
	for i := range f.forms {
		f.forms[i].uses, f.forms[i].code = 0, 0
	}
	for _, e := range of {
		if e.form > 0 {
			f.forms[e.form-1].uses++
		}
	}
	for i := range f.forms {
		if u := &f.forms[i]; kept < maxForms && (u.uses > 1 || u.uses == len(of)) {
			kept++
			u.code = kept
		}
	}
	return kept
}

func (w *Writer) forms(l *list, f *formed, of []entryForm, kept int) {
	w.uvarint(uint64(kept))
	fills := make([][]*list, kept+1)
	w.codes = sized(w.codes[:0], l.len())
	codes := w.codes
	clear(codes)
	w.lists.reset()
	rest := w.lists.take(1)[0]
	forms := make([]form, kept+1)
	for i := range f.forms {
		if u := &f.forms[i]; u.code > 0 {
			forms[u.code] = formOf(u.key)
			fills[u.code] = w.lists.take(len(forms[u.code].kinds))
			w.text(u.key)
		}
	}
	for i, e := range of {
		text := l.at(i)
		if e.form == 0 || f.forms[e.form-1].code == 0 {
			rest.add(text)
			continue
		}
		code := f.forms[e.form-1].code
		codes[i] = byte(code)
		for j, fill := range fills[code] {
			at := f.slots[int(e.slots)+j]
			fill.add(text[at.From:at.To])
		}
	}
	w.uvarint(uint64(rest.len()))
	if kept > 1 || rest.len() > 0 {
		w.symbols(codes)
	}
	w.plain(rest)
	for c := 1; c <= kept; c++ {
		for j := range fills[c] {
			w.slot(forms[c].kinds[j], fills[c][j])
		}
	}
}
