package events

import (
	"math"
	"testing"

	"tripod/store"
)

// FuzzColumnKeys: what is left out because the values before had it must be
// what the values before had added.
func FuzzColumnKeys(f *testing.F) {
	f.Add(`{"a":1,"Msg":"x y"}`, `{"a":2,"Msg":"x, Y"}`, "x é y", int64(-5))
	f.Add("a b c", "a b", "a b c", int64(0))
	f.Add("job 1 of A2 done", "job 17 of B3b done", "job 5 of 5 done", int64(7))
	f.Add("id 6f1f8b32-46a4-4f7b-a7ae-0123456789ab", "id 00000000-46a4-4f7b-a7ae-0123456789ab!", "id x6f1f8b32-46a4-4f7b-a7ae-0123456789ab", int64(7))
	f.Add("", "\xff a", "a aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1", int64(1))
	f.Fuzz(func(t *testing.T, a, b, c string, n int64) {
		var got, want keySet
		cols := map[store.Kind]*colBuilder{}
		for i, v := range []store.Value{store.String(a), store.String(b), store.Int(n), store.String(c), store.Float(float64(n) / 3), store.Float(float64(n) * 1e300), store.Float(math.Inf(-1)), store.Float(math.NaN()),
			store.String(a), store.List(store.String(b), store.Int(n)), store.Bytes([]byte(c)), store.Bool(n > 0), {}, store.String(b + " 1"), store.String(b + " 2")} {
			col := cols[v.Kind]
			if col == nil {
				col = &colBuilder{}
				col.reset(0, v.Kind)
				cols[v.Kind] = col
			}
			if v.Kind == store.KindString && i%2 == 0 {
				col.batchText(1, i, []byte(v.Str()), &got)
			} else {
				col.add(appendValue(nil, v), &got)
			}
			addKeys(&want, v)
			if set := col.charset(); v.Kind == store.KindString && set != (charset{}) {
				for at := range len(v.Str()) {
					if !charsetOf(v.Str()[at]).meets(set) {
						t.Errorf("%q is not among the characters of %q", v.Str()[at], v.Str())
					}
				}
			}
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
