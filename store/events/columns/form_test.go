package columns

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// pieceOf are what random texts are put together from: what is in runs, what is
// beside them, and what no text with a form has.
var pieceOf = []string{"a", "z", "A", "Z", "_", "0", "9", "g", "-", " ", "/", ":", "@", "[", "`", "{", "^", "\x02", "\x7f",
	"abcdef", "0123456789", "deadbeef", "        ", "f47ac10b-58cc-4372-a567-0e02b2c3d479", "F47ac10b-58cc-4372-a567-0e02b2c3d479",
	"deadbeef-1111-2222-3333-4", "deadbeef-1111-2222-3333-444444444444", // a form whose piece a UUID begins with
	"\x00", "\x01", "\x80", "é"}

func randomText(r *rand.Rand, most int) []byte {
	var b strings.Builder
	of := pieceOf[:len(pieceOf)-4]
	if r.IntN(8) == 0 {
		of = pieceOf
	}
	for range r.IntN(most + 1) {
		b.WriteString(of[r.IntN(len(of))])
	}
	return []byte(b.String())
}

// TestRunsByWords are those by bytes.
func TestRunsByWords(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 200_000 {
		text := randomText(r, 12)
		n, digits := 0, false
		for ; n < len(text) && runes[text[n]]&inRun != 0; n++ {
			digits = digits || runes[text[n]] == digit
		}
		if got, has := run(text); got != n || has != digits {
			t.Fatalf("%q: a run of %d, digits %v; want %d, %v", text, got, has, n, digits)
		}
		hex := len(text) >= 8 && strings.Trim(string(text), "0123456789abcdef") == ""
		if LongHex(text) != hex {
			t.Fatalf("%q: hexadecimal %v, want %v", text, !hex, hex)
		}
	}
}

// TestGuessedFormsAreThoseOfSplit puts texts of few forms into a column, among
// them such that begin alike.
func TestGuessedFormsAreThoseOfSplit(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	var f formed
	guessed := 0
	for i := range 200_000 {
		if i%100 == 0 {
			f.reset()
		}
		text := randomText(r, 3)
		if i%20 == 0 {
			text = randomText(r, 200)
		}
		f.key = f.key[:0]
		from := len(f.slots)
		got := f.formOf(text)
		if got > 0 && len(f.key) == 0 {
			guessed++
		}
		key, slots, ok := split(text, nil, nil)
		if ok != (got > 0) || ok && (f.forms[got-1].key != string(key) || !slices.Equal(f.slots[from:], slots)) {
			t.Fatalf("%q: form %d with slots %v, want %q with %v", text, got, f.slots[from:], key, slots)
		}
	}
	if guessed < 1000 {
		t.Errorf("only %d forms were guessed", guessed)
	}
}
