package store

import (
	"encoding/binary"
	"slices"
)

// Kinship finds the parents of the spans of a trace among them.
type Kinship struct {
	Twins bool // some spans have the same id

	span  func(i int) *Span
	ids   []uint64
	first map[uint64]int32 // by id; nil for few spans
	next  []int32          // with the same id, 0 for none; nil without twins
	last  map[uint64]int32 // by id that several have
}

// fewSpans are so few that a look through them takes less than a map.
const fewSpans = 24

// maxTwins bounds how many spans of one id are looked at.
const maxTwins = 16

// NewKinship takes so many spans, which stay as they are.
func NewKinship(n int, span func(i int) *Span) *Kinship {
	k := &Kinship{span: span, ids: make([]uint64, n)}
	for i := range n {
		k.ids[i] = idNumber(span(i).SpanID)
	}
	if n > fewSpans {
		k.first = make(map[uint64]int32, n)
	}
	for i, id := range k.ids {
		if first := k.find(id, i); first >= 0 {
			k.twin(id, first, i)
		} else if k.first != nil {
			k.first[id] = int32(i)
		}
	}
	return k
}

func idNumber(id SpanID) uint64 { return binary.LittleEndian.Uint64(id[:]) }

// find is the first span of an id among the first n, or -1.
func (k *Kinship) find(id uint64, n int) int {
	if k.first == nil {
		return slices.Index(k.ids[:n], id)
	}
	if i, ok := k.first[id]; ok {
		return int(i)
	}
	return -1
}

// twin notes that a span has the id of an earlier one.
func (k *Kinship) twin(id uint64, first, i int) {
	if k.next == nil {
		k.Twins, k.next, k.last = true, make([]int32, len(k.ids)), map[uint64]int32{}
	}
	at := first
	if last, ok := k.last[id]; ok {
		at = int(last)
	}
	k.next[at], k.last[id] = int32(i), int32(i)
}

// Has says whether a span of this id is there.
func (k *Kinship) Has(id SpanID) bool { return k.find(idNumber(id), len(k.ids)) >= 0 }

// Parent is the place of a span's parent, or -1. Of several spans with its id it
// is that of the same service, else the first. By Zipkin's way a server has the
// id of the client that called it, which then is its parent.
func (k *Kinship) Parent(i int) int {
	s := k.span(i)
	if k.Twins && s.SharesID() {
		if client := k.among(s.SpanID, func(c *Span) bool { return c.Kind == SpanClient }); client >= 0 {
			return client
		}
	}
	if s.ParentID.IsZero() {
		return -1
	}
	if k.Twins {
		if same := k.among(s.ParentID, func(p *Span) bool { return p.Service == s.Service }); same >= 0 {
			return same
		}
	}
	return k.find(idNumber(s.ParentID), len(k.ids))
}

// among is the first span of an id that fits, or -1.
func (k *Kinship) among(id SpanID, fits func(*Span) bool) int {
	at := k.find(idNumber(id), len(k.ids))
	for n := 0; at >= 0 && n < maxTwins; n++ {
		if fits(k.span(at)) {
			return at
		}
		if at = int(k.next[at]); at == 0 {
			break
		}
	}
	return -1
}

// Depths are how many ancestors each span has; a circle ends where it began.
func (k *Kinship) Depths() []int {
	const onWay = -1
	depths := make([]int, len(k.ids)) // one more until the end: 0 is unknown
	var path []int
	for i := range depths {
		path = path[:0]
		at := i
		for at >= 0 && depths[at] == 0 {
			depths[at] = onWay
			path = append(path, at)
			at = k.Parent(at)
		}
		depth := 0
		if at >= 0 {
			depth = max(0, depths[at])
		}
		for _, p := range slices.Backward(path) {
			depth++
			depths[p] = depth
		}
	}
	for i := range depths {
		depths[i]--
	}
	return depths
}
