package columns

// Split takes the text of an entry apart that was added last: Parts of it are
// runs of letters, digits and "_" that have a digit, and whole UUIDs; the rest is
// its form. It says whether a text of the form was split before, and only the
// parts are new. The parts are valid until the next call.
func (t *TextBuilder) Split(entry uint32) (parts []Part, known bool) {
	t.split(int(entry) + 1)
	return t.formed.parts(int(entry))
}

// split takes the first n entries apart, unless that was done.
func (t *TextBuilder) split(n int) {
	for i := t.formed.len(); i < n; i++ {
		t.formed.split(t.entries.at(i))
	}
}

// formed is how the entries of a column are formed.
type formed struct {
	byKey map[string]uint32
	forms []formUse
	of    []entryForm
	slots []Part // of all entries, one behind the other
	key   []byte
	ended bool // no others are split
}

// entryForm is an entry's form, counted from 1, 0 for none, and where its slots
// begin.
type entryForm struct{ form, slots uint32 }

type formUse struct {
	key   string
	slots int
	first int // entry
	uses  int // of texts that are packed
	code  int // from 1; 0 for one that is not kept
}

func (f *formed) len() int { return len(f.of) }

func (f *formed) reset() {
	clear(f.byKey)
	clear(f.forms)
	f.forms, f.of, f.slots, f.ended = f.forms[:0], f.of[:0], f.slots[:0], false
}

const (
	// maxTriedForms bounds what is kept in mind of a column with many forms.
	maxTriedForms = 1024
	// When so many texts have more than manyForms forms no others are split: every
	// text is another.
	splitTexts = 1000
	manyForms  = 600
)

// split takes the text of the next entry apart.
func (f *formed) split(text []byte) {
	e := entryForm{slots: uint32(len(f.slots))}
	if !f.ended {
		var ok bool
		if f.key, f.slots, ok = split(text, f.key[:0], f.slots); ok {
			e.form = f.find()
		}
		if e.form == 0 {
			f.slots = f.slots[:e.slots]
		}
	}
	f.of = append(f.of, e)
	f.ended = f.ended || len(f.of) == splitTexts && len(f.forms) > manyForms
}

// find is the form of the key, 0 when there are too many.
func (f *formed) find() uint32 {
	if n := len(f.of); n > 0 {
		if last := f.of[n-1].form; last > 0 && f.forms[last-1].key == string(f.key) {
			return last
		}
	}
	form, ok := f.byKey[string(f.key)]
	if ok || len(f.forms) == maxTriedForms {
		return form
	}
	if f.byKey == nil {
		f.byKey = map[string]uint32{}
	}
	key := string(f.key)
	f.forms = append(f.forms, formUse{key: key, slots: countMarks(f.key), first: len(f.of)})
	form = uint32(len(f.forms))
	f.byKey[key] = form
	return form
}

// parts are those of an entry; known says that its form is an earlier entry's.
func (f *formed) parts(entry int) (parts []Part, known bool) {
	e := f.of[entry]
	if e.form == 0 {
		return nil, false
	}
	u := &f.forms[e.form-1]
	return f.slots[e.slots:][:u.slots], u.first < entry
}

func countMarks(key []byte) (n int) {
	for _, c := range key {
		if c <= markUUID {
			n++
		}
	}
	return n
}
