package logs

import (
	"cmp"
	"slices"
	"strings"

	"tripod/store"
)

// tally counts values, which may lie in memory that is used again: a number
// behind a pointer, because assigning to a key that is there already would put
// the new text in its place.
type tally map[string]*int64

// add counts n of a value if it is known, or if another may be told apart; it says
// whether it was counted, and whether it is new.
func (t tally) add(value string, n int64, room bool) (counted, isNew bool) {
	if have := t[value]; have != nil {
		*have += n
		return true, false
	}
	if room {
		t[strings.Clone(value)] = &n
	}
	return room, room
}

// of is how often a value was counted.
func (t tally) of(value string) int64 {
	if n := t[value]; n != nil {
		return *n
	}
	return 0
}

// commonest are the values in order of their number, at most so many.
func (t tally) commonest(most int) []store.FacetValue {
	out := make([]store.FacetValue, 0, len(t))
	for v, n := range t {
		out = append(out, store.FacetValue{Value: v, Count: *n})
	}
	slices.SortFunc(out, func(a, b store.FacetValue) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Value, b.Value))
	})
	return out[:min(len(out), max(most, 0))]
}
