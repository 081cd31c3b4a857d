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

// Floats are unpacked floats.
type Floats struct {
	raw   []byte
	ints  Ints
	scale float64
}

// At is the i-th float.
func (v *Floats) At(i int) float64 {
	if v.raw != nil {
		return math.Float64frombits(binary.LittleEndian.Uint64(v.raw[8*i:]))
	}
	return float64(v.ints.At(i)) / v.scale
}

// Floats unpacks n floats.
func (r *Reader) Floats(n int) Floats {
	places := r.byte()
	if places > maxPlaces {
		if raw := r.stream(8 * n); len(raw) > 0 {
			return Floats{raw: raw}
		}
		return Floats{scale: 1, ints: Ints{n: n}}
	}
	return Floats{ints: r.Ints(n), scale: pow10[places]}
}
