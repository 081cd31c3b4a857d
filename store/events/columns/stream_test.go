package columns

import (
	"math/rand/v2"
	"testing"
)

// TestCodesThatMaySaveAreTried makes codes of bytes of all distributions, also
// when they are said to save nothing.
func TestCodesThatMaySaveAreTried(t *testing.T) {
	w := newWriter()
	r := rand.New(rand.NewPCG(1, 2))
	saved, spared := 0, 0
	for range 20_000 {
		b := make([]byte, minZip+r.IntN(400)>>r.IntN(4))
		for i, of := 0, 1+r.IntN(256); i < len(b); i++ {
			if b[i] = byte(r.IntN(of)); r.IntN(3) == 0 {
				b[i] = byte(r.ExpFloat64() * 20)
			}
		}
		huff, ok := w.huffman(b)
		switch ok = ok && saves(huff, b); {
		case ok && !mayShrink(b):
			t.Fatalf("%d bytes become %d, but are not tried", len(b), len(huff))
		case ok:
			saved++
		case !mayShrink(b):
			spared++
		}
	}
	if saved < 1000 || spared < 1000 {
		t.Errorf("%d were made smaller, %d need not be tried: want some of both", saved, spared)
	}
}
