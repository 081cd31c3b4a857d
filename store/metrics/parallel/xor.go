package parallel

import (
	"encoding/binary"
	"errors"
	"math"
	"math/bits"
	"slices"

	"github.com/prometheus/prometheus/model/value"
)

var errChunk = errors.New("a chunk ends before its last sample, or holds what no encoder writes")

// samples are of one series, in the order of time.
type samples struct {
	times  []int64 // Unix ms
	values []float64
}

func (s *samples) reset() { s.times, s.values = s.times[:0], s.values[:0] }

func (s *samples) add(t int64, v float64) {
	s.times, s.values = append(s.times, t), append(s.values, v)
}

// xorReader decodes chunks of floats: Gorilla's delta-of-delta times and XORed
// values, as Prometheus writes them (tsdb/docs/format/chunks.md, "XOR chunk
// data").
type xorReader struct {
	// mint and maxt are the time of the samples that are wanted, Unix ms, both
	// included; nobody looks at others, of which a query for one moment would
	// have five times as many
	mint, maxt int64
	// unstale leaves stale markers out
	unstale bool
	// padded is the chunk at hand and zeros, so that eight bytes can be read
	// wherever one sample may end
	padded []byte
}

const xorPadding = 48

// read adds a chunk's samples, whose times ascend, from mint to maxt.
func (x *xorReader) read(to *samples, chunk []byte) error {
	if len(chunk) < 2 {
		return errChunk
	}
	n := int(binary.BigEndian.Uint16(chunk))
	if n == 0 {
		return nil
	}
	chunk = chunk[2:]
	t, size := binary.Varint(chunk)
	if size <= 0 || len(chunk) < size+8 {
		return errChunk
	}
	v := binary.BigEndian.Uint64(chunk[size:])
	if t > x.maxt {
		return nil
	}
	if t >= x.mint && !(x.unstale && v == value.StaleNaN) {
		to.add(t, math.Float64frombits(v))
	}
	if n == 1 {
		return nil
	}
	chunk = chunk[size+8:]
	delta, size := binary.Uvarint(chunk)
	if size <= 0 {
		return errChunk
	}
	x.padded = append(append(x.padded[:0], chunk[size:]...), make([]byte, xorPadding)...)
	return x.append(to, n-1, t, int64(delta), v)
}

// append adds n samples after the one at t whose value has the bits v; the
// first of them comes delta later. It is one long loop so that its variables
// stay in registers: by small methods it takes twice as long. It branches on
// what the bits say: without branches each sample has to wait for the one
// before, which is slower even where the branches cannot be foreseen.
func (x *xorReader) append(to *samples, n int, t, delta int64, v uint64) error {
	var (
		b           = x.padded
		mint, maxt  = x.mint, x.maxt
		unstale     = x.unstale
		at          = len(to.times)
		times       = slices.Grow(to.times, n)[:at+n]
		values      = slices.Grow(to.values, n)[:at+n]
		buf         uint64 // its highest ready bits are to be read next
		ready       uint
		pos         int  // of the next byte to buffer
		size, shift uint // where the value's last change had its bits
		end         = 8 * (len(b) - xorPadding)
	)
	values = values[:len(times)]
	for i := range n {
		buf |= binary.BigEndian.Uint64(b[pos:]) >> ready
		pos, ready = pos+int((63-ready)>>3), ready|56
		switch {
		case i == 0: // the time's difference stands before the bits
		case buf>>63 == 0:
			buf, ready = buf<<1, ready-1
		default:
			ones := uint(bits.LeadingZeros64(^buf | 1<<59)) // at most four are a prefix
			if ones < 4 {
				width := 11 + 3*ones // 14, 17 or 20
				change := int64(buf << (ones + 1) >> (64 - width))
				if change > 1<<(width-1) {
					change -= 1 << width
				}
				delta += change
				buf, ready = buf<<(ones+1+width), ready-(ones+1+width)
				break
			}
			high := buf << 4 >> 32
			buf, ready = buf<<36, ready-36
			buf |= binary.BigEndian.Uint64(b[pos:]) >> ready
			pos, ready = pos+int((63-ready)>>3), ready|56
			delta += int64(high<<32 | buf>>32)
			buf, ready = buf<<32, ready-32
		}
		t += delta
		if buf>>63 == 0 {
			buf, ready = buf<<1, ready-1
		} else {
			if buf>>62 == 2 {
				buf, ready = buf<<2, ready-2
			} else {
				leading := uint(buf << 2 >> 59)
				size = uint(buf << 7 >> 58)
				if size == 0 {
					size = 64
				}
				if leading+size > 64 {
					return errChunk
				}
				shift = 64 - leading - size
				buf, ready = buf<<13, ready-13
			}
			if size > ready {
				buf |= binary.BigEndian.Uint64(b[pos:]) >> ready
				pos, ready = pos+int((63-ready)>>3), ready|56
			}
			if size <= ready {
				v ^= buf >> (64 - size) << shift
				buf, ready = buf<<size, ready-size
			} else {
				high := buf >> 32
				buf, ready = buf<<32, ready-32
				buf |= binary.BigEndian.Uint64(b[pos:]) >> ready
				pos, ready = pos+int((63-ready)>>3), ready|56
				v ^= (high<<(size-32) | buf>>(96-size)) << shift
				buf, ready = buf<<(size-32), ready-(size-32)
			}
		}
		if pos*8-int(ready) > end {
			return errChunk
		}
		if t < mint || v == value.StaleNaN && unstale {
			continue
		}
		if t > maxt {
			break
		}
		times[at], values[at] = t, math.Float64frombits(v)
		at++
	}
	to.times, to.values = times[:at], values[:at]
	return nil
}
