package traces

import (
	"encoding/binary"
	"iter"
	"math/bits"
	"slices"

	"tripod/store"
)

// seen says which traces a digest may have spans of: exactly in a head, and by
// Bloom filters in what was read (B. Bloom, "Space/time trade-offs in hash
// coding with allowable errors", 1970). With 24 bits and 8 probes for a trace,
// one in 60,000 others is taken for a trace that is there.
type seen struct {
	lately  *[latelySeen][2 * len(store.TraceID{})]byte // texts of traces, one of which the next span mostly has; nil until there are some
	hashes  map[uint64]struct{}
	filters [][]byte // of parts that were merged
}

const (
	seenBytes  = 3 // for a trace
	seenProbes = 8
)

// maxSeen bounds the traces of a head that are known; a span that comes to
// another one later than the joiner remembers does not find its caller.
const maxSeen = 1 << 20

// seenHash is at most once in 2⁶⁴ the same for two random ids (the finalizer of
// SplitMix64, G. Steele et al., 2014).
func seenHash(id store.TraceID) uint64 {
	h := binary.LittleEndian.Uint64(id[:8])*0x9e3779b97f4a7c15 ^ binary.LittleEndian.Uint64(id[8:])
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}

// latelySeen is how many traces are known without a look at all: a request has
// the spans of each service of a trace apart.
const latelySeen = 128

func (s *seen) add(id string) {
	if len(s.hashes) == maxSeen || len(id) != len(s.lately[0]) {
		return
	}
	if s.hashes == nil {
		s.hashes, s.lately = map[uint64]struct{}{}, &[latelySeen][2 * len(store.TraceID{})]byte{}
	}
	late := &s.lately[binary.LittleEndian.Uint64([]byte(id[len(id)-8:]))*0x9e3779b97f4a7c15>>57%latelySeen]
	if string(late[:]) == id {
		return
	}
	copy(late[:], id)
	if trace, err := store.ParseTraceID(id); err == nil {
		s.hashes[seenHash(trace)] = struct{}{}
	}
}

func (s *seen) has(h uint64) bool {
	if _, ok := s.hashes[h]; ok {
		return true
	}
	return slices.ContainsFunc(s.filters, func(f []byte) bool { return filterHas(f, h) })
}

func (s *seen) hasAny(hashes iter.Seq[uint64]) bool {
	for h := range hashes {
		if s.has(h) {
			return true
		}
	}
	return false
}

func (s *seen) merge(other *seen) {
	s.filters = append(s.filters, other.filters...)
	if len(other.hashes) > 0 {
		s.filters = append(s.filters, other.filter())
	}
}

// filter is one of the hashes.
func (s *seen) filter() []byte {
	f := make([]byte, seenBytes*len(s.hashes))
	for h := range s.hashes {
		for p := range uint64(seenProbes) {
			at := probe(f, h, p)
			f[at/8] |= 1 << (at % 8)
		}
	}
	return f
}

func filterHas(f []byte, h uint64) bool {
	for p := range uint64(seenProbes) {
		if at := probe(f, h, p); f[at/8]&(1<<(at%8)) == 0 {
			return false
		}
	}
	return true
}

// probe is the number of a bit of a filter, which is not empty.
func probe(f []byte, h, p uint64) uint64 {
	h += p * (bits.RotateLeft64(h, 32) | 1)
	at, _ := bits.Mul64(h, uint64(len(f))*8)
	return at
}

func (s *seen) appendTo(b []byte) []byte {
	filters := s.filters
	if len(s.hashes) > 0 {
		filters = append(filters[:len(filters):len(filters)], s.filter())
	}
	b = binary.AppendUvarint(b, uint64(len(filters)))
	for _, f := range filters {
		b = binary.AppendUvarint(b, uint64(len(f)))
		b = append(b, f...)
	}
	return b
}

func (r *reader) seen() (s seen) {
	for range r.count(len(r.b)) {
		f := []byte(r.text())
		if len(f) == 0 {
			r.bad = true
			return seen{}
		}
		s.filters = append(s.filters, f)
	}
	return s
}
