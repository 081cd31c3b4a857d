package events

import "math/bits"

// bitset says yes or no for each row of a block.
type bitset []uint64

// sizedBits gives a cleared set for n rows in the memory of b.
func sizedBits(b bitset, n int) bitset {
	words := (n + 63) / 64
	if cap(b) < words {
		return make(bitset, words)
	}
	b = b[:words]
	clear(b)
	return b
}

func (b bitset) has(i int) bool { return b[i>>6]>>(i&63)&1 == 1 }
func (b bitset) set(i int)      { b[i>>6] |= 1 << (i & 63) }

// fill says yes to the rows from..to-1.
func (b bitset) fill(from, to int) {
	for i := from; i < to && i&63 != 0; i++ {
		b.set(i)
	}
	for from = min(to, (from+63)&^63); from+64 <= to; from += 64 {
		b[from>>6] = ^uint64(0)
	}
	for ; from < to; from++ {
		b.set(from)
	}
}

func (b bitset) empty() bool {
	for _, w := range b {
		if w != 0 {
			return false
		}
	}
	return true
}

// count is how many rows say yes.
func (b bitset) count() (n int) {
	for _, w := range b {
		n += bits.OnesCount64(w)
	}
	return n
}

// each visits the rows that say yes, in order, until do says no.
func (b bitset) each(do func(row int) bool) {
	for i, w := range b {
		for ; w != 0; w &= w - 1 {
			if !do(i<<6 + bits.TrailingZeros64(w)) {
				return
			}
		}
	}
}

// after is the first row from i on that says yes, in the one or the other
// direction; outside the set when there is none.
func (b bitset) after(i int, forth bool) int {
	if forth {
		return b.next(i)
	}
	return b.last(i)
}

// next is the first row from i on that says yes, len(b)*64 when there is none.
func (b bitset) next(i int) int {
	for k := i >> 6; k < len(b); k++ {
		w := b[k]
		if k == i>>6 {
			w &= ^uint64(0) << (i & 63)
		}
		if w != 0 {
			return k<<6 + bits.TrailingZeros64(w)
		}
	}
	return len(b) << 6
}

// last is the last row up to i that says yes, -1 when there is none.
func (b bitset) last(i int) int {
	for k := i >> 6; k >= 0; k-- {
		w := b[k]
		if k == i>>6 {
			w &= ^uint64(0) >> (63 - i&63)
		}
		if w != 0 {
			return k<<6 + 63 - bits.LeadingZeros64(w)
		}
	}
	return -1
}

// and keeps what c has, too, and says that nothing is left.
func (b bitset) and(c bitset) (none bool) {
	left := uint64(0)
	for i := range b {
		b[i] &= c[i]
		left |= b[i]
	}
	return left == 0
}

func (b bitset) or(c bitset) {
	for i := range b {
		b[i] |= c[i]
	}
}

func (b bitset) andNot(c bitset) {
	for i := range b {
		b[i] &^= c[i]
	}
}
