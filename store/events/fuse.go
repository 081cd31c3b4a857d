package events

import (
	"encoding/binary"
	"hash/crc32"
	"math/bits"

	"github.com/FastFilter/xorfilter"
)

// A block's filter is a binary fuse filter of eight bits (Graf and Lemire,
// 2022) over the keys of its tokens and names: 9 bits a key, and one answer in
// 256 is a false yes. It never gives a false no.

// filterBits is a filter in memory.
type filterBits = xorfilter.BinaryFuse[uint8]

// filterMaker builds filters in memory that is used again.
type filterMaker struct {
	b    xorfilter.BinaryFuseBuilder
	keys []uint64
}

// append writes a filter of the keys: seed, segment length and count,
// fingerprints, and a CRC of all that; nothing when there are no keys.
func (m *filterMaker) append(b []byte, keys *keySet) []byte {
	if keys.n == 0 {
		return b
	}
	m.keys = m.keys[:0]
	keys.each(func(key uint64) { m.keys = append(m.keys, key) })
	f, err := xorfilter.BuildBinaryFuse[uint8](&m.b, m.keys)
	if err != nil {
		return b // after a hundred seeds: the block has no filter, which rules nothing out
	}
	at := len(b)
	b = binary.LittleEndian.AppendUint64(b, f.Seed)
	b = append(b, byte(bits.TrailingZeros32(f.SegmentLength)))
	b = binary.LittleEndian.AppendUint32(b, f.SegmentCount)
	b = append(b, f.Fingerprints...)
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b[at:], castagnoli))
}

const filterHead = 8 + 1 + 4

// readFilter takes over b.
func readFilter(b []byte) (*filterBits, error) {
	if len(b) < filterHead+4 {
		return nil, errCorrupt
	}
	end := len(b) - 4
	if crc32.Checksum(b[:end], castagnoli) != binary.LittleEndian.Uint32(b[end:]) {
		return nil, errCorrupt
	}
	f := &filterBits{Seed: binary.LittleEndian.Uint64(b), Fingerprints: b[filterHead:end]}
	segments := uint64(binary.LittleEndian.Uint32(b[9:]))
	if b[8] > 18 || segments == 0 || (segments+2)<<b[8] != uint64(len(f.Fingerprints)) {
		return nil, errCorrupt
	}
	f.SegmentLength = 1 << b[8]
	f.SegmentLengthMask = f.SegmentLength - 1
	f.SegmentCount = uint32(segments)
	f.SegmentCountLength = f.SegmentCount * f.SegmentLength
	return f, nil
}

// keySet is a set of hashes.
type keySet struct {
	slots []uint64 // a power of two; 0 is free
	n     int
}

func (s *keySet) add(key uint64) {
	if key == 0 {
		key = 1
	}
	if 4*s.n >= 3*len(s.slots) {
		s.grow()
	}
	mask := uint64(len(s.slots) - 1)
	for i := key & mask; ; i = (i + 1) & mask {
		switch s.slots[i] {
		case key:
			return
		case 0:
			s.slots[i] = key
			s.n++
			return
		}
	}
}

func (s *keySet) grow() {
	old := s.slots
	s.slots, s.n = make([]uint64, max(1024, 2*len(old))), 0
	for _, key := range old {
		if key != 0 {
			s.add(key)
		}
	}
}

func (s *keySet) each(do func(uint64)) {
	for _, key := range s.slots {
		if key != 0 {
			do(key)
		}
	}
}

func (s *keySet) reset() {
	clear(s.slots)
	s.n = 0
}
