package columns

import "strings"

// A form is what texts have in common: pieces, with a slot between each two.
// A slot is a run of letters, digits and "_" that has a digit, or a whole UUID.
// Only texts of ASCII have forms, so a word without a digit stands in a piece
// or nowhere.
type form struct {
	pieces []string // one more than slots
	kinds  []byte   // of slots: markRun or markUUID
}

// In the key of a form each slot is one of these bytes, which no text with a
// form has.
const (
	markRun  = 0
	markUUID = 1
)

const (
	maxForms    = 250 // of a list
	maxSlots    = 24  // of a form
	maxFormText = 4096
)

// Part is where a slot's text lies in a text.
type Part struct{ From, To uint32 }

// split appends the key of a text's form, and the slots; false when it has
// none or has no slots.
func split(text []byte, key []byte, slots []Part) (_ []byte, _ []Part, ok bool) {
	if len(text) > maxFormText {
		return key, slots, false
	}
	first, copied := len(slots), 0 // so much of the text is in the key
	for i := 0; i < len(text); {
		class := runes[text[i]]
		if class == other {
			i++
			continue
		}
		if class == bad {
			return key, slots, false
		}
		from, mark := i, byte(markRun)
		if i+36 <= len(text) && isUUID(text[i:i+36]) && (i+36 == len(text) || runes[text[i+36]] == other) {
			mark = markUUID
			i += 36
		} else {
			all := class
			for i++; i < len(text) && runes[text[i]]&inRun != 0; i++ {
				all |= runes[text[i]]
			}
			if all != digit {
				continue
			}
		}
		key = append(append(key, text[copied:from]...), mark)
		slots = append(slots, Part{uint32(from), uint32(i)})
		copied = i
	}
	key = append(key, text[copied:]...)
	n := len(slots) - first
	return key, slots, n > 0 && n <= maxSlots
}

// What a byte is in a text that is split.
const (
	other  = 0
	letter = 1
	digit  = 3 // also a run that has one, all taken together
	inRun  = 1
	bad    = 4
)

var runes = func() (t [256]byte) {
	for c := range 256 {
		switch {
		case c >= 0x80 || c <= markUUID:
			t[c] = bad
		case c >= '0' && c <= '9':
			t[c] = digit
		case c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_':
			t[c] = letter
		}
	}
	return t
}()

// hexOf is a lower-case hexadecimal digit's value and 1.
var hexOf = func() (t [256]byte) {
	for i, c := range "0123456789abcdef" {
		t[c] = byte(i) + 1
	}
	return t
}()

func isUUID(b []byte) bool {
	if b[8] != '-' || b[13] != '-' || b[18] != '-' || b[23] != '-' {
		return false
	}
	for i, c := range b {
		if hexOf[c] == 0 && (c != '-' || i != 8 && i != 13 && i != 18 && i != 23) {
			return false
		}
	}
	return true
}

// formOf reads a key.
func formOf(key string) form {
	var f form
	for {
		i := strings.IndexAny(key, "\x00\x01")
		if i < 0 {
			f.pieces = append(f.pieces, key)
			return f
		}
		f.pieces, f.kinds = append(f.pieces, key[:i]), append(f.kinds, key[i])
		key = key[i+1:]
	}
}
