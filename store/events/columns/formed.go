package columns

import (
	"encoding/binary"
	"strings"
)

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
	slots []Part   // of all entries, one behind the other
	marks []uint32 // where those of all forms are in their keys
	key   []byte
	ended bool // no others are split

	lately [1 << beginningBits][8]uint16 // by the beginning of texts, the last forms of such, the latest first
}

const beginningBits = 6

// entryForm is an entry's form, counted from 1, 0 for none, and where its slots
// begin.
type entryForm struct{ form, slots uint32 }

type formUse struct {
	key    string
	slots  int
	marks  int  // of it, where they begin among all
	first  int  // entry
	uses   int  // of texts that are packed
	code   int  // from 1; 0 for one that is not kept
	unsure bool // a text that fits its pieces may have another form: a UUID may begin in one
}

func (f *formed) len() int { return len(f.of) }

func (f *formed) reset() {
	clear(f.byKey)
	clear(f.forms)
	f.forms, f.of, f.slots, f.marks, f.ended = f.forms[:0], f.of[:0], f.slots[:0], f.marks[:0], false
	clear(f.lately[:])
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
		e.form = f.formOf(text)
		if e.form == 0 {
			f.slots = f.slots[:e.slots]
		}
	}
	f.of = append(f.of, e)
	f.ended = f.ended || len(f.of) == splitTexts && len(f.forms) > manyForms
}

// formOf is the form of a text, 0 for none; its slots are appended. Mostly it is
// that of one of the last texts that began like this one, which is soon told.
func (f *formed) formOf(text []byte) (form uint32) {
	lately := &f.lately[beginning(text)]
	from := len(f.slots)
	for i, guess := range lately {
		if guess == 0 {
			break
		}
		if f.fits(&f.forms[guess-1], text) {
			copy(lately[1:], lately[:i])
			lately[0] = guess
			return uint32(guess)
		}
		f.slots = f.slots[:from]
	}
	if len(f.forms) == 1 && f.fits(&f.forms[0], text) {
		return 1
	}
	f.slots = f.slots[:from]
	var ok bool
	if f.key, f.slots, ok = split(text, f.key[:0], f.slots); !ok {
		return 0
	}
	if form = f.find(); form > 0 {
		copy(lately[1:], lately[:])
		lately[0] = uint16(form)
	}
	return form
}

// fits appends the slots of a text of a form; false, after some of them maybe,
// when it has another. It says the same as split, because the pieces of a form
// begin and end where a run or UUID does, and no UUID begins within a piece.
func (f *formed) fits(u *formUse, text []byte) bool {
	if u.unsure || len(text) > maxFormText {
		return false
	}
	at, from := uint32(0), uint32(0) // in the text and in the key
	for _, mark := range f.marks[u.marks:][:u.slots] {
		piece := u.key[from:mark]
		if rest := text[at:]; len(rest) < len(piece) || string(rest[:len(piece)]) != piece {
			return false
		}
		at += mark - from
		n := slotOf(text[at:], u.key[mark])
		if n == 0 {
			return false
		}
		f.slots = append(f.slots, Part{at, at + n})
		at += n
		from = mark + 1
	}
	return string(text[at:]) == u.key[from:]
}

// slotOf is how long the slot of a kind is that a text begins with, 0 when it
// begins with none.
func slotOf(text []byte, kind byte) uint32 {
	uuid := len(text) >= uuidLen && isUUID(text[:uuidLen]) && (len(text) == uuidLen || runes[text[uuidLen]] == other)
	if uuid || kind == markUUID {
		if uuid && kind == markUUID {
			return uuidLen
		}
		return 0
	}
	n, digits := run(text)
	if !digits {
		return 0
	}
	return uint32(n)
}

// beginning is a number that texts have in common that begin alike: with the same
// eight bytes, and behind them eight of which the digits are not told apart.
func beginning(text []byte) uint64 {
	w := uint64(0)
	switch {
	case len(text) >= 16:
		w = binary.LittleEndian.Uint64(text) ^ binary.LittleEndian.Uint64(text[8:])&(0xf0*ones)*0xc2b2ae3d27d4eb4f
	case len(text) >= 8:
		w = binary.LittleEndian.Uint64(text)
	case len(text) >= 4:
		w = uint64(binary.LittleEndian.Uint32(text))
	}
	return w * 0x9e3779b97f4a7c15 >> (64 - beginningBits)
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
	u := formUse{key: key, marks: len(f.marks), first: len(f.of), unsure: mayBeginUUID(key)}
	for i := range len(key) {
		if key[i] <= markUUID {
			f.marks = append(f.marks, uint32(i))
		}
	}
	u.slots = len(f.marks) - u.marks
	f.forms = append(f.forms, u)
	form = uint32(len(f.forms))
	f.byKey[key] = form
	return form
}

// mayBeginUUID says whether a piece of a form has what a UUID may begin with: a
// run of eight letters from a to f, and "-". Whether a text has one there depends
// on what is in its slots.
func mayBeginUUID(key string) bool {
	for i := 8; i < len(key); i++ {
		if key[i] == '-' && isHexWord(key[i-8:i]) && (i == 8 || runes[key[i-9]]&inRun == 0) {
			return true
		}
	}
	return false
}

func isHexWord(s string) bool { return strings.Trim(s, "abcdef") == "" }

// parts are those of an entry; known says that its form is an earlier entry's.
func (f *formed) parts(entry int) (parts []Part, known bool) {
	e := f.of[entry]
	if e.form == 0 {
		return nil, false
	}
	u := &f.forms[e.form-1]
	return f.slots[e.slots:][:u.slots], u.first < entry
}
