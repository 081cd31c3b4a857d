package store

import (
	"encoding/hex"
	"math/rand/v2"
	"testing"
)

func TestHex(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		var id TraceID
		for i := range id {
			id[i] = byte(r.Uint32())
		}
		want := hex.EncodeToString(id[:])
		if got := string(id.AppendHex(nil)); got != want {
			t.Fatalf("%x written as %s", id, got)
		}
		text := []byte(want)
		for i := range text {
			if r.IntN(4) == 0 && text[i] >= 'a' {
				text[i] -= 'a' - 'A'
			}
		}
		var got TraceID
		if !hexBytes(got[:], string(text)) || got != id {
			t.Fatalf("%s read as %x", text, got)
		}
		at, c := r.IntN(len(text)), byte(r.Uint32())
		text[at] = c
		_, err := hex.DecodeString(string(text))
		if ok := hexBytes(got[:], string(text)); ok != (err == nil) {
			t.Fatalf("%q read: %v", text, ok)
		}
	}
}
