package events

import (
	"testing"

	"tripod/store"
)

// FuzzLastWords: what is left out because the value before had it must be what
// the value before had added.
func FuzzLastWords(f *testing.F) {
	f.Add(`{"a":1,"Msg":"x y"}`, `{"a":2,"Msg":"x, Y"}`, "x é y", int64(-5))
	f.Add("a b c", "a b", "a b c", int64(0))
	f.Add("", "\xff a", "a aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", int64(1))
	f.Fuzz(func(t *testing.T, a, b, c string, n int64) {
		var got, want keySet
		var w lastWords
		for _, v := range []store.Value{store.String(a), store.String(b), store.Int(n), store.String(c), store.Float(float64(n) / 3),
			store.String(a), store.List(store.String(b), store.Int(n)), store.Bytes([]byte(c)), store.Bool(n > 0), {}, store.String(b)} {
			w.add(&got, appendValue(nil, v))
			addKeys(&want, v)
		}
		all := map[uint64]bool{}
		want.each(func(key uint64) { all[key] = true })
		got.each(func(key uint64) {
			if !all[key] {
				t.Errorf("key %x of no token", key)
			}
			delete(all, key)
		})
		if len(all) > 0 {
			t.Errorf("%d tokens of %q %q %q %d are missing", len(all), a, b, c, n)
		}
	})
}
