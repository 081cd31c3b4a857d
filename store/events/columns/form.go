package columns

import (
	"encoding/binary"
	"math/bits"
	"strings"
)

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
		if i+uuidLen <= len(text) && isUUID(text[i:i+uuidLen]) && (i+uuidLen == len(text) || runes[text[i+uuidLen]] == other) {
			mark = markUUID
			i += uuidLen
		} else {
			n, digits := run(text[i:])
			if i += n; !digits {
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

// run is how long the run of letters, digits and "_" is that a text begins with,
// and whether it has a digit.
func run(text []byte) (n int, digits bool) {
	for ; n+8 <= len(text); n += 8 {
		word, digit := runMarks(binary.LittleEndian.Uint64(text[n:]))
		if word == highBits {
			digits = digits || digit != 0
			continue
		}
		end := bits.TrailingZeros64(word^highBits) &^ 7
		return n + end/8, digits || digit<<(64-end) != 0
	}
	for ; n < len(text) && runes[text[n]]&inRun != 0; n++ {
		digits = digits || runes[text[n]] == digit
	}
	return n, digits
}

const (
	ones     = 0x0101010101010101
	highBits = 0x8080808080808080
)

// runMarks sets the high bit of each of the eight bytes of w that is in a run,
// and of each that is a digit.
func runMarks(w uint64) (run, digit uint64) {
	low := w &^ highBits
	digit = between(low, '0', '9')
	letter := between(low|0x20*ones, 'a', 'z')
	other := (low ^ '_'*ones + 0x7f*ones) & highBits
	return (digit | letter | (other ^ highBits)) &^ w, digit &^ w
}

// between sets the high bit of each byte of w, all less than 0x80, that is one
// of from to to.
func between(w, from, to uint64) uint64 {
	return (w + (0x80-from)*ones) &^ (w + (0x7f-to)*ones) & highBits
}

// LongHex says whether a text is eight lower-case hexadecimal digits or more.
func LongHex(text []byte) bool {
	if len(text) < 8 {
		return false
	}
	for i := 0; ; i += 8 {
		i = min(i, len(text)-8)
		w := binary.LittleEndian.Uint64(text[i:])
		low := w &^ highBits
		if (between(low, '0', '9')|between(low, 'a', 'f'))&^w != highBits {
			return false
		}
		if i+8 == len(text) {
			return true
		}
	}
}

// What a byte is in a text that is split.
const (
	other  = 0
	letter = 1
	digit  = 3
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

const uuidLen = 36

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
