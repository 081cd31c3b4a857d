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

// Ints are unpacked integers, of which each is put together when it is asked
// for.
type Ints struct {
	n      int
	base   int64
	step   uint64
	planes [8][]byte
	width  int
	all    []int64 // of differences
}

// Len is the number of integers.
func (v *Ints) Len() int { return v.n }

// At is the i-th integer.
func (v *Ints) At(i int) int64 {
	if v.all != nil {
		return v.all[i]
	}
	return v.base + int64(v.plain(i)*v.step)
}

func (v *Ints) plain(i int) (n uint64) {
	for j := range v.width {
		n |= uint64(v.planes[j][i]) << (8 * j)
	}
	return n
}

// Values are all integers, in the memory of to.
func (v *Ints) Values(to []int64) []int64 {
	to = sized(to, v.n)
	switch {
	case v.all != nil:
		copy(to, v.all)
	case v.width == 0:
		for i := range to {
			to[i] = v.base
		}
	case v.width == 1:
		for i, c := range v.planes[0] {
			to[i] = v.base + int64(uint64(c)*v.step)
		}
	default:
		for i := range to {
			to[i] = v.base + int64(v.plain(i)*v.step)
		}
	}
	return to
}

// Ints unpacks n integers.
func (r *Reader) Ints(n int) Ints {
	v := Ints{n: n}
	if n == 0 {
		return v
	}
	switch r.byte() {
	case intsSame:
		v.base = r.varint()
	case intsOffset:
		v.base = r.varint()
		r.planes(&v, n)
	case intsDelta:
		first, step := r.varint(), r.varint()
		var d Ints
		if r.planes(&d, n-1); r.Bad {
			return Ints{n: n}
		}
		v.all = make([]int64, n)
		v.all[0] = first
		for i := 1; i < n; i++ {
			v.all[i] = v.all[i-1] + step + int64(d.plain(i-1)*d.step)
		}
	default:
		r.fail()
	}
	if r.Bad {
		return Ints{n: n}
	}
	return v
}

// planes unpacks unsigned integers.
func (r *Reader) planes(v *Ints, n int) {
	v.n = n
	v.step, v.width = max(r.uvarint(), 1), int(r.byte())
	if v.width > len(v.planes) {
		r.fail()
		v.width = 0
	}
	for j := range v.width {
		v.planes[j] = r.stream(n)
	}
	if r.Bad {
		v.width = 0
	}
}

// In adds to out those of rows whose integer, if it is one from 0 to 7, has its
// bit in mask. Both have a bit for each row.
func (v *Ints) In(mask uint8, rows, out []uint64) {
	has := func(n int64) bool { return uint64(n) < 8 && mask>>uint64(n)&1 == 1 }
	if v.width != 1 || v.all != nil {
		for i, w := range rows {
			for ; w != 0; w &= w - 1 {
				if j := bits.TrailingZeros64(w); has(v.At(i<<6 + j)) {
					out[i] |= 1 << j
				}
			}
		}
		return
	}
	var hit [256]uint64 // by the byte of the plane
	for c := range hit {
		if has(v.base + int64(uint64(c)*v.step)) {
			hit[c] = 1
		}
	}
	plane := v.planes[0]
	for i, w := range rows {
		if w == 0 {
			continue
		}
		got := uint64(0)
		for j, c := range plane[i<<6 : min(i<<6+64, len(plane))] {
			got |= hit[c] << j
		}
		out[i] |= got & w
	}
}

func sized[T any](to []T, n int) []T {
	if cap(to) < n {
		return make([]T, n)
	}
	return to[:n]
}
