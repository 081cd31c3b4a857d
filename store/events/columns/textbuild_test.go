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

// TestSplit: a text whose form was there has parts alone to be learnt, unless
// every text is another.
func TestSplit(t *testing.T) {
	split := func(b *TextBuilder, text string) (parts []string, known bool) {
		entry, _ := b.Add([]byte(text))
		list, known := b.Split(entry)
		for _, p := range list {
			parts = append(parts, text[p.From:p.To])
		}
		return parts, known
	}
	word := func(i int) string { return fmt.Sprintf("%c%c", 'a'+i/26, 'a'+i%26) }
	var b TextBuilder
	split(&b, "job 1 done")
	const id = "6f1f8b32-46a4-4f7b-a7ae-0123456789ab"
	for text, want := range map[string]string{"job 17 done": "[17] true", "job a_1 done": "[a_1] true", "job one done": "[] false", "job 1 done\x80": "[] false", "id " + id: "[" + id + "] false"} {
		if parts, known := split(&b, text); fmt.Sprint(parts, known) != want {
			t.Errorf("%s: got %q %v, want %s", text, parts, known, want)
		}
	}
	for i := range splitTexts {
		split(&b, "same 1"+fmt.Sprint(i))
	}
	for i := range manyForms + 10 {
		split(&b, word(i)+" 1")
	}
	if parts, known := split(&b, "job 5 done"); len(parts) != 1 || !known {
		t.Errorf("got %q %v behind many forms, want one part", parts, known)
	}
	b.Reset()
	for i := range splitTexts {
		split(&b, word(i%700)+fmt.Sprintf(" %d", i))
	}
	if parts, known := split(&b, "aa 5"); parts != nil || known {
		t.Errorf("got %q %v of a column of which every text is another", parts, known)
	}
	b.Reset()
	split(&b, "job 1 done")
	if parts, known := split(&b, "job 2 done"); len(parts) != 1 || !known {
		t.Errorf("got %q %v after a reset, want one part", parts, known)
	}
}

// A text that was seldom seen again and then is again and again must not bring
// the table back, which knows nothing of the entries since.
func TestSeldomSeenAgainStaysSo(t *testing.T) {
	var b TextBuilder
	var want []string
	add := func(text string) uint32 {
		want = append(want, text)
		entry, _ := b.Add([]byte(text))
		return entry
	}
	for i := range 2 * tryValues {
		add(fmt.Sprint("only once ", i))
	}
	last := add("the last")
	for range tryValues {
		want = append(want, "the last")
		b.Again(last)
	}
	for i := range 20 * tryValues {
		add(fmt.Sprint("later ", i%(3*tryValues)))
	}
	for i, text := range want {
		if got := string(b.entries.at(int(b.codes[i]))); got != text {
			t.Fatalf("text %d is %q, want %q", i, got, text)
		}
	}
}
