package events

import (
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

// TestNumbersAreReadAsTheyAreWritten compares with strconv what a text begins
// with.
func TestNumbersAreReadAsTheyAreWritten(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 7))
	ends := []string{"", ",", "}", "0", ".5", "e3", " x"}
	ints := []int64{0, 1, -1, 10, math.MinInt64, math.MaxInt64, 999999999999999999, -1000000000000000000}
	floats := []float64{0, math.Copysign(0, -1), 1, 0.1, 1e-4, 1e-5, 999999, 1e6, 123456.7, 1e21, math.MaxFloat64, math.SmallestNonzeroFloat64, math.NaN(), math.Inf(-1), 0.30000000000000004, 1.0 / 3}
	for range 20_000 {
		ints = append(ints, r.Int64()>>r.IntN(64)-r.Int64N(3))
		floats = append(floats, float64(r.Int64()>>r.IntN(64))/math.Pow10(r.IntN(18)), float64(r.IntN(1e9))/math.Pow10(r.IntN(7)))
	}
	texts := []string{"", "-", "00", "01", "1.50", "1.", ".5", "0.5", "0.50", "1e6", "18446744073709551615", "99999999999999999999", "-0", "0", "12345678901234567890.5"}
	begins := func(s, text string) int {
		if strings.HasPrefix(s, text) {
			return len(text)
		}
		return -1
	}
	for i, n := range ints {
		text := strconv.FormatInt(n, 10)
		if got := beginsInt(text+ends[i%3], n); got != len(text) {
			t.Fatalf("%d: got %d, want %d", n, got, len(text))
		}
		for _, s := range append(texts, text+ends[i%len(ends)], strconv.FormatInt(ints[r.IntN(len(ints))], 10)) {
			if got := beginsInt(s, n); got >= 0 && got != begins(s, text) {
				t.Fatalf("%q begins with %d: got %d, want %d", s, n, got, begins(s, text))
			}
		}
	}
	told := 0
	for i, f := range floats {
		text := strconv.FormatFloat(f, 'g', -1, 64)
		if got := string(appendFloat(nil, f)); got != text {
			t.Fatalf("got %s, want %s", got, text)
		}
		for _, s := range append(texts, text+ends[i%3], text+ends[i%len(ends)], strconv.FormatFloat(f, 'f', 3, 64), strconv.FormatFloat(floats[r.IntN(len(floats))], 'g', -1, 64)) {
			got, ok := beginsFloat(s, f)
			if ok && got >= 0 && got != begins(s, text) {
				t.Fatalf("%q begins with %s: got %d, want %d", s, text, got, begins(s, text))
			}
			if ok && s == text+ends[i%3] {
				if told++; got < 0 {
					t.Fatalf("%q begins with %s, but got %d", s, text, got)
				}
			}
		}
	}
	if told < len(floats)/8 {
		t.Errorf("only %d of %d floats were told so", told, len(floats))
	}
}
