package columns

import (
	"fmt"
	"testing"
)

// TestTextsAddedAgainAreCounted: what is copied for an entry that comes again
// must be known, since blocks are ended by their size.
func TestTextsAddedAgainAreCounted(t *testing.T) {
	var b TextBuilder
	first, _ := b.Add([]byte("the text that comes again"))
	for i := range 2 * tryValues {
		if b.Add([]byte(fmt.Sprint(i))); i == 10 && b.Again(first) != 0 {
			t.Error("a text was copied while texts are looked for")
		}
	}
	before := b.Bytes()
	if size := b.Again(first); size != len("the text that comes again") || b.Bytes()-before != size+4 {
		t.Errorf("got %d bytes, and %d more in all, want the text copied", size, b.Bytes()-before)
	}
	last := uint32(b.Entries() - 1)
	if size := b.Again(last); size != 0 {
		t.Errorf("%d bytes were copied for the text of the value before", size)
	}
	if got := string(b.Entry(int(last))); got != "the text that comes again" || b.Len() != 2*tryValues+4 {
		t.Errorf("got %d texts, the last %q", b.Len(), got)
	}
}
