package columns

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

var codec, _ = NewCodec()

func newWriter() *Writer         { return &Writer{Codec: codec} }
func newReader(b []byte) *Reader { return &Reader{In: b, Codec: codec} }

// texts of many kinds; each list is of one kind, or of all.
var textKinds = map[string]func(r *rand.Rand) string{
	"constant": func(*rand.Rand) string { return "request completed" },
	"few":      func(r *rand.Rand) string { return []string{"GET", "POST", "", "DELETE"}[r.IntN(4)] },
	"trace id": func(r *rand.Rand) string { return fmt.Sprintf("%016x%016x", r.Uint64(), r.Uint64()) },
	"uuid": func(r *rand.Rand) string {
		return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", r.Uint32(), r.IntN(1<<16), r.IntN(1<<12), r.IntN(1<<16), r.Uint64N(1<<48))
	},
	"user": func(r *rand.Rand) string { return fmt.Sprintf("u_%d", r.IntN(2000)) },
	"message": func(r *rand.Rand) string {
		return fmt.Sprintf("took %d ms for %03d rows of req-%08x", r.IntN(9000), r.IntN(1000), r.Uint32())
	},
	"address": func(r *rand.Rand) string { return fmt.Sprintf("10.0.%d.%d:80", r.IntN(3), r.IntN(256)) },
	"free": func(r *rand.Rand) string {
		b := make([]byte, r.IntN(40))
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		return string(b)
	},
	"odd": func(r *rand.Rand) string {
		return []string{"", "0", "00", "1-", "\x00", "a1\x01", "Übung 7", "7ms", "07ms", "é7", "abcdef12", "ABCDEF12", "-1", "99999999999999999999", "x1y", "x12y", "1.5e9"}[r.IntN(17)]
	},
	"again": func(r *rand.Rand) string { return fmt.Sprintf("%032x", r.IntN(700)) },
}

func someTexts(r *rand.Rand, kind string, n int) []string {
	var kinds []string
	for k := range textKinds {
		kinds = append(kinds, k)
	}
	slices.Sort(kinds)
	out := make([]string, n)
	for i := range out {
		k := kind
		if k == "" {
			k = kinds[r.IntN(len(kinds))]
		}
		out[i] = textKinds[k](r)
	}
	return out
}

func packTexts(texts []string) []byte {
	var t TextBuilder
	for _, s := range texts {
		t.Add([]byte(s))
	}
	w := newWriter()
	w.Texts(&t)
	return w.Out
}

func TestTextsComeBack(t *testing.T) {
	check := func(kind string, seed uint64, n int) {
		t.Helper()
		want := someTexts(rand.New(rand.NewPCG(seed, 1)), kind, n)
		b := packTexts(want)
		r := newReader(b)
		got := r.Texts(n)
		if r.Bad || len(r.In) > 0 {
			t.Fatalf("%q × %d: bad %v, %d bytes left", kind, n, r.Bad, len(r.In))
		}
		var buf []byte
		for i, s := range want {
			if g := got.At(i, &buf); g != s {
				t.Fatalf("%q × %d: text %d is %q, want %q", kind, n, i, g, s)
			}
		}
	}
	for _, n := range []int{0, 1, 2, 3, 17, 300, 5000} {
		for kind := range textKinds {
			check(kind, uint64(n), n)
		}
		for seed := range uint64(20) {
			check("", seed, n)
		}
	}
}

// TestTextsAreSmall holds bytes for each text of a kind to what its
// information takes and a little.
func TestTextsAreSmall(t *testing.T) {
	const n = 4096
	for kind, most := range map[string]float64{"constant": 0.02, "few": 0.3, "trace id": 16.1, "uuid": 16.1, "user": 1.5, "message": 8, "address": 1.4, "again": 2.9} {
		got := float64(len(packTexts(someTexts(rand.New(rand.NewPCG(3, 3)), kind, n)))) / n
		if got > most {
			t.Errorf("%s: %.2f bytes each, want at most %.2f", kind, got, most)
		}
	}
	// five lines of each of many requests that mix
	r := rand.New(rand.NewPCG(4, 4))
	var ids []string
	for i := range n {
		if i < 20 || r.IntN(5) == 0 {
			ids = append(ids, textKinds["uuid"](r))
		} else {
			ids = append(ids, ids[len(ids)-1-r.IntN(20)])
		}
	}
	if got := float64(len(packTexts(ids))) / n; got > 4.2 {
		t.Errorf("ids of requests: %.2f bytes each", got)
	}
}

func TestIntsComeBack(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	lists := [][]int64{{}, {5}, {math.MinInt64, math.MaxInt64}, {math.MaxInt64, math.MinInt64, 0}, {7, 7, 7}, {0, 1000, 2000, 3000}, {-1, 0, 1, -1}}
	for range 200 {
		v := make([]int64, 1+r.IntN(600))
		base, spread, step := r.Int64()-1<<62, r.Int64N(1<<r.IntN(62)+1)+1, int64(1+r.IntN(3))*1000
		sum := base
		for i := range v {
			if sum += r.Int64N(spread) * step; len(lists)%2 == 0 {
				v[i] = sum
			} else {
				v[i] = base + r.Int64N(spread)*step
			}
		}
		lists = append(lists, v)
	}
	for _, v := range lists {
		w := newWriter()
		w.Ints(slices.Clone(v))
		rd := newReader(w.Out)
		ints := rd.Ints(len(v))
		got := ints.Values(nil)
		for i := range got {
			if got[i] != ints.At(i) {
				t.Fatalf("value %d is %d or %d", i, got[i], ints.At(i))
			}
		}
		if rd.Bad || len(rd.In) > 0 || !slices.Equal(got, v) {
			t.Fatalf("got %v, want %v (bad %v, %d left)", got[:min(9, len(got))], v[:min(9, len(v))], rd.Bad, len(rd.In))
		}
	}
	w := newWriter()
	v := make([]int64, 4096)
	for i := range v {
		v[i] = 1772409300000000000 + int64(i)*86e6 + r.Int64N(40)*1e6
	}
	if w.Ints(v); len(w.Out) > 4096*5/4 {
		t.Errorf("times in whole ms take %d bytes", len(w.Out))
	}
}

// TestIntsIn asks columns of each encoding which rows have one of some numbers.
func TestIntsIn(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for round := range 400 {
		v := make([]int64, 1+r.IntN(300))
		base, spread, step := r.Int64N(12)-4, 1+r.Int64N(9), []int64{1, 2, 300}[round%3]
		for i := range v {
			if v[i] = base + r.Int64N(spread)*step; round%4 == 1 && i > 0 { // rising: kept as differences
				v[i] = v[i-1] + r.Int64N(2)
			}
		}
		w := newWriter()
		w.Ints(slices.Clone(v))
		ints := newReader(w.Out).Ints(len(v))
		mask := uint8(r.Uint32())
		rows, out, want := make([]uint64, (len(v)+63)/64), make([]uint64, (len(v)+63)/64), make([]uint64, (len(v)+63)/64)
		for i, n := range v {
			if r.IntN(4) == 0 {
				out[i>>6] |= 1 << (i & 63) // what is there stays
				want[i>>6] |= 1 << (i & 63)
			}
			if r.IntN(5) > round%5 {
				continue
			}
			rows[i>>6] |= 1 << (i & 63)
			if n >= 0 && n < 8 && mask>>n&1 == 1 {
				want[i>>6] |= 1 << (i & 63)
			}
		}
		if ints.In(mask, rows, out); !slices.Equal(out, want) {
			t.Fatalf("of %v rows %b with %b: %b, want %b", v, rows, mask, out, want)
		}
	}
}

func TestFloatsComeBack(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	lists := [][]float64{{}, {1.5}, {math.NaN(), 1}, {math.Copysign(0, -1), 0}, {math.Inf(1)}, {1e300, 1e-300}, {0.1, 0.25, 38.12}, {1 << 53, 1}, {0.1 + 0.2}}
	for range 50 {
		v := make([]float64, 1+r.IntN(500))
		for i := range v {
			if v[i] = float64(r.IntN(100_000)) / 1000; len(lists)%5 == 0 {
				v[i] = r.NormFloat64()
			}
		}
		lists = append(lists, v)
	}
	for _, v := range lists {
		w := newWriter()
		w.Floats(v)
		rd := newReader(w.Out)
		floats, got := rd.Floats(len(v)), []float64{}
		for i := range v {
			got = append(got, floats.At(i))
		}
		if rd.Bad || len(rd.In) > 0 || !slices.EqualFunc(got, v, func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) }) {
			t.Fatalf("got %v, want %v", got[:min(9, len(got))], v[:min(9, len(v))])
		}
	}
}

// FuzzTexts: whatever texts are, they come back.
func FuzzTexts(f *testing.F) {
	f.Add("took 5 ms|took 7 ms|took 07 ms", uint16(3))
	f.Add("4bf92f35-77b3-4da6-a3ce-929d0e0e4736|u_1|u_2", uint16(9))
	f.Fuzz(func(t *testing.T, joined string, times uint16) {
		var want []string
		for i := range int(times)%600 + 1 {
			for _, s := range strings.Split(joined, "|") {
				if i%7 == 6 {
					s = fmt.Sprint(s, i)
				}
				want = append(want, s)
			}
			if len(want) > 3000 {
				break
			}
		}
		r := newReader(packTexts(want))
		got := r.Texts(len(want))
		if r.Bad {
			t.Fatal("bad")
		}
		var buf []byte
		for i, s := range want {
			if g := got.At(i, &buf); g != s {
				t.Fatalf("text %d is %q, want %q", i, g, s)
			}
		}
	})
}

// FuzzReader: no bytes make the reader panic.
func FuzzReader(f *testing.F) {
	r := rand.New(rand.NewPCG(1, 1))
	for kind := range textKinds {
		f.Add(packTexts(someTexts(r, kind, 300)), uint16(300))
	}
	f.Add(packTexts(someTexts(r, "", 3000)), uint16(3000))
	f.Fuzz(func(t *testing.T, b []byte, n uint16) {
		rd := newReader(bytes.Clone(b))
		if got := rd.Texts(int(n)); !rd.Bad {
			var buf []byte
			for i := range got.Len() {
				got.At(i, &buf)
				buf = buf[:0]
			}
		}
		ints, floats := newReader(b).Ints(int(n)), newReader(b).Floats(int(n))
		for i := range int(n) {
			ints.At(i)
			floats.At(i)
		}
	})
}

func BenchmarkTexts(b *testing.B) {
	for _, kind := range []string{"few", "trace id", "user", "message"} {
		texts := someTexts(rand.New(rand.NewPCG(1, 1)), kind, 4096)
		b.Run("pack "+kind, func(b *testing.B) {
			var t TextBuilder
			w := newWriter()
			for b.Loop() {
				t.Reset()
				for _, s := range texts {
					t.Add([]byte(s))
				}
				w.Out = w.Out[:0]
				w.Texts(&t)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/4096, "ns/text")
		})
		packed := packTexts(texts)
		b.Run("unpack "+kind, func(b *testing.B) {
			for b.Loop() {
				newReader(packed).Texts(4096)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/4096, "ns/text")
		})
	}
}
