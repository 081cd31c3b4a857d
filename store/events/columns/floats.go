package columns

import (
	"encoding/binary"
	"math"
)

// maxPlaces bounds the decimal places of floats that are packed as integers.
const maxPlaces = 9

var pow10 = [maxPlaces + 1]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9}

// Floats packs floats, bit by bit: decimals of few places as integers, any
// others as they stand.
func (w *Writer) Floats(v []float64) {
	places := 0
	for _, f := range v {
		for places <= maxPlaces && !decimal(f, places) {
			places++
		}
		if places > maxPlaces {
			break
		}
	}
	if places > maxPlaces || len(v) == 0 {
		w.Out = append(w.Out, maxPlaces+1)
		raw := make([]byte, 0, 8*len(v))
		for _, f := range v {
			raw = binary.LittleEndian.AppendUint64(raw, math.Float64bits(f))
		}
		w.stream(raw)
		return
	}
	n := make([]int64, len(v))
	for i, f := range v {
		n[i] = int64(math.Round(f * pow10[places]))
	}
	w.Out = append(w.Out, byte(places))
	w.Ints(n)
}

// decimal says whether a float of so many places comes back from an integer.
func decimal(f float64, places int) bool {
	m := math.Round(f * pow10[places])
	return math.Abs(m) < 1<<53 && math.Float64bits(float64(int64(m))/pow10[places]) == math.Float64bits(f)
}

// Floats unpacks n floats into the memory of to.
func (r *Reader) Floats(n int, to []float64) []float64 {
	to = sized(to, n)
	places := r.byte()
	if places > maxPlaces {
		raw := r.stream(8 * n)
		if r.Bad {
			return to
		}
		for i := range to {
			to[i] = math.Float64frombits(binary.LittleEndian.Uint64(raw[8*i:]))
		}
		return to
	}
	for i, m := range r.Ints(n, nil) {
		to[i] = float64(m) / pow10[places]
	}
	return to
}
