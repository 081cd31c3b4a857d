package traces

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"time"
)

// hist counts durations in bins of an eighth of a power of two, so a quantile
// read out of it is at most one sixteenth off.
type hist []bin

type bin struct {
	no uint16
	n  uint32
}

const (
	binBits = 3
	maxBin  = 64 << binBits
)

func binOf(d int64) uint16 {
	if d < 1<<binBits {
		return uint16(max(d, 0))
	}
	shift := bits.Len64(uint64(d)) - 1 - binBits
	return uint16((shift+1)<<binBits) + uint16(d>>shift)&(1<<binBits-1)
}

// binStart is the least duration of a bin.
func binStart(no uint16) int64 {
	if no < 1<<binBits {
		return int64(no)
	}
	shift := no>>binBits - 1
	return (1<<binBits + int64(no&(1<<binBits-1))) << shift
}

func (h *hist) add(no uint16, n uint32) { h.addFrom(0, no, n) }

// addFrom adds to a bin that is not in front of from, and says where it is.
// Written out: it is most of what an hour of a hundred services costs.
func (h *hist) addFrom(from int, no uint16, n uint32) int {
	i, end := from, len(*h)
	for i < end {
		if mid := int(uint(i+end) / 2); (*h)[mid].no < no {
			i = mid + 1
		} else {
			end = mid
		}
	}
	if i < len(*h) && (*h)[i].no == no {
		(*h)[i].n += n
	} else {
		*h = slices.Insert(*h, i, bin{no, n})
	}
	return i
}

func (h *hist) merge(g hist) {
	if len(*h) == 0 {
		*h = slices.Clone(g)
		return
	}
	at := 0
	for _, b := range g {
		at = h.addFrom(at, b.no, b.n)
	}
}

// quantile interpolates within a bin; 0 when there is nothing.
func (h hist) quantile(q float64) time.Duration {
	var total uint64
	for _, b := range h {
		total += uint64(b.n)
	}
	rank := q * float64(total)
	for _, b := range h {
		if rank <= float64(b.n) && b.n > 0 {
			from, to := binStart(b.no), binStart(b.no+1)
			return time.Duration(float64(from) + float64(to-from)*rank/float64(b.n))
		}
		rank -= float64(b.n)
	}
	return 0
}

func (h hist) appendTo(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(len(h)))
	for _, x := range h {
		b = binary.AppendUvarint(b, uint64(x.no))
		b = binary.AppendUvarint(b, uint64(x.n))
	}
	return b
}
