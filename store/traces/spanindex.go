package traces

import (
	"encoding/binary"
	"slices"

	"tripod/store"
)

// fewIndexed are so few spans that a look through them takes less than a map.
const fewIndexed = 24

// spanIndex finds spans of a trace by their ids.
type spanIndex struct {
	ids   []uint64
	at    map[uint64]int // where each id is first; nil for few
	twice bool           // some id is there again
}

func newSpanIndex(n int) *spanIndex {
	x := &spanIndex{ids: make([]uint64, 0, n)}
	if n > fewIndexed {
		x.at = make(map[uint64]int, n)
	}
	return x
}

// add takes the ids of spans in their order.
func (x *spanIndex) add(id store.SpanID) {
	if x.first(id) >= 0 {
		x.twice = true
	} else if x.at != nil {
		x.at[idNumber(id)] = len(x.ids)
	}
	x.ids = append(x.ids, idNumber(id))
}

// first is the place of the first span of an id, or -1.
func (x *spanIndex) first(id store.SpanID) int {
	if x.at == nil {
		return slices.Index(x.ids, idNumber(id))
	}
	if i, ok := x.at[idNumber(id)]; ok {
		return i
	}
	return -1
}

func idNumber(id store.SpanID) uint64 { return binary.LittleEndian.Uint64(id[:]) }
