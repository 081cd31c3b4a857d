package columns

import "math/bits"

// How integers are packed.
const (
	intsSame   = 0 // all alike
	intsOffset = 1 // value = base + step·n
	intsDelta  = 2 // value = the one before + base + step·n; the first stands by itself
)

// Ints packs integers: those of a series of like differences as differences,
// others as offsets from the least; divided by what divides them all; the
// least significant bytes of all, then the next bytes, as streams.
func (w *Writer) Ints(v []int64) {
	if len(v) == 0 {
		return
	}
	least, most := v[0], v[0]
	var leastStep, mostStep int64
	for i, x := range v[1:] {
		least, most = min(least, x), max(most, x)
		d := x - v[i] // may wrap: then its range is large, and it is not chosen or wraps back
		if i == 0 {
			leastStep, mostStep = d, d
		}
		leastStep, mostStep = min(leastStep, d), max(mostStep, d)
	}
	if least == most {
		w.Out = append(w.Out, intsSame)
		w.varint(least)
		return
	}
	rest := w.ints[:0]
	if uint64(mostStep-leastStep) < uint64(most-least)/2 {
		for i, x := range v[1:] {
			rest = append(rest, x-v[i]-leastStep)
		}
		w.Out = append(w.Out, intsDelta)
		w.varint(v[0])
		w.varint(leastStep)
	} else {
		for _, x := range v {
			rest = append(rest, x-least)
		}
		w.Out = append(w.Out, intsOffset)
		w.varint(least)
	}
	w.ints = rest
	w.planes(rest)
}

// planes packs unsigned integers.
func (w *Writer) planes(v []int64) {
	var all, step uint64
	for _, x := range v {
		all |= uint64(x)
		if step != 1 {
			step = gcd(step, uint64(x))
		}
	}
	if step > 1 {
		all = 0
		for i := range v {
			v[i] = int64(uint64(v[i]) / step)
			all |= uint64(v[i])
		}
	}
	width := (bits.Len64(all) + 7) / 8
	w.uvarint(step)
	w.Out = append(w.Out, byte(width))
	for shift := 0; shift < 8*width; shift += 8 {
		plane := w.raw[:0]
		for _, x := range v {
			plane = append(plane, byte(uint64(x)>>shift))
		}
		w.raw = plane
		w.symbols(plane)
	}
}

func gcd(a, b uint64) uint64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// Ints unpacks n integers into the memory of to.
func (r *Reader) Ints(n int, to []int64) []int64 {
	to = sized(to, n)
	if n == 0 {
		return to
	}
	switch r.byte() {
	case intsSame:
		v := r.varint()
		for i := range to {
			to[i] = v
		}
	case intsOffset:
		base := r.varint()
		r.planes(to)
		for i := range to {
			to[i] += base
		}
	case intsDelta:
		to[0] = r.varint()
		step := r.varint()
		r.planes(to[1:])
		for i := 1; i < n; i++ {
			to[i] += to[i-1] + step
		}
	default:
		r.fail()
	}
	return to
}

func (r *Reader) planes(to []int64) {
	step, width := r.uvarint(), int(r.byte())
	if width > 8 {
		r.fail()
	}
	clear(to)
	for shift := 0; shift < 8*width && !r.Bad; shift += 8 {
		for i, c := range r.stream(len(to)) {
			to[i] |= int64(uint64(c) << shift)
		}
	}
	if step > 1 {
		for i := range to {
			to[i] = int64(uint64(to[i]) * step)
		}
	}
}

func sized[T any](to []T, n int) []T {
	if cap(to) < n {
		return make([]T, n)
	}
	return to[:n]
}
