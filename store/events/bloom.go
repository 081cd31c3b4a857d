package events

import (
	"encoding/binary"
	"hash/crc32"
	"math/bits"
)

// A filter is lines of 64 bytes: 480 bits and their CRC32C, so that one read
// of one line answers and checks itself. At lineKeys keys a line (10 bits a
// key) about one answer in fifty is a false yes.
const (
	lineBytes = 64
	lineBits  = 480
	lineKeys  = 48
	probes    = 6
)

// lineOf is the line of a key among n.
func lineOf(key uint64, n int) int {
	hi, _ := bits.Mul64(key, uint64(n))
	return int(hi)
}

// lineBit is the place of a key's i-th bit in its line.
func lineBit(key uint64, i int) int {
	h := (key ^ key>>29) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>32) * 0x94d049bb133111eb
	return int((h>>(10*i)&1023)*lineBits) >> 10
}

func appendFilter(b []byte, keys *keySet) []byte {
	n := (keys.n + lineKeys - 1) / lineKeys
	at := len(b)
	b = append(b, make([]byte, n*lineBytes)...)
	lines := b[at:]
	keys.each(func(key uint64) {
		line := lines[lineOf(key, n)*lineBytes:]
		for i := range probes {
			bit := lineBit(key, i)
			line[bit>>3] |= 1 << (bit & 7)
		}
	})
	for ; len(lines) > 0; lines = lines[lineBytes:] {
		binary.LittleEndian.PutUint32(lines[lineBits/8:], crc32.Checksum(lines[:lineBits/8], castagnoli))
	}
	return b
}

// lineHas says whether a key may be in its line; a broken line says yes.
func lineHas(line []byte, key uint64) (may, sound bool) {
	if binary.LittleEndian.Uint32(line[lineBits/8:]) != crc32.Checksum(line[:lineBits/8], castagnoli) {
		return true, false
	}
	for i := range probes {
		bit := lineBit(key, i)
		if line[bit>>3]>>(bit&7)&1 == 0 {
			return false, true
		}
	}
	return true, true
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
