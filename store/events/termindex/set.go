package termindex

import (
	"encoding/binary"
	"math/bits"
)

// set is a set of numbers below 64·len.
type set []uint64

func newSet(n int) set { return make(set, (n+63)/64) }

func (s set) add(n uint32) { s[n/64] |= 1 << (n % 64) }
func (s set) or(other set) {
	for i, w := range other {
		s[i] |= w
	}
}

func (s set) len() (n int) {
	for _, w := range s {
		n += bits.OnesCount64(w)
	}
	return n
}

// numbers lists the members, least first.
func (s set) numbers() []uint32 {
	out := make([]uint32, 0, s.len())
	for i, w := range s {
		for ; w != 0; w &= w - 1 {
			out = append(out, uint32(i*64+bits.TrailingZeros64(w)))
		}
	}
	return out
}

// appendTo writes the set as runs: uvarint n and n pairs of uvarint, how many
// numbers are left out before the run and how many are in it.
func (s set) appendTo(b []byte) []byte {
	var runs [][2]int
	next := 0 // first number behind the last run
	for _, n := range s.numbers() {
		if n := int(n); len(runs) > 0 && n == next {
			runs[len(runs)-1][1]++
		} else {
			runs = append(runs, [2]int{n - next, 1})
		}
		next = int(n) + 1
	}
	b = binary.AppendUvarint(b, uint64(len(runs)))
	for _, r := range runs {
		b = binary.AppendUvarint(binary.AppendUvarint(b, uint64(r[0])), uint64(r[1]))
	}
	return b
}

// set reads a set of numbers below n into an empty one.
func (r *reader) set(s set, n int) set {
	next := 0
	for range r.count() {
		next += r.below(n - next)
		end := next + r.below(n-next+1)
		for ; next < end; next++ {
			s.add(uint32(next))
		}
	}
	return s
}
