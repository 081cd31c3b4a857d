package traces

import (
	"reflect"
	"testing"
)

// TestCallsOfWholeDigests: those that are added up already are the same.
func TestCallsOfWholeDigests(t *testing.T) {
	d := corpusDigest()
	all := minutes{1 << 62, 0}
	for k := range d.edges {
		all.stretch(minutes{k.minute, k.minute})
	}
	sum := func(in minutes, each func(show func(edgeKey, *cell))) map[edgeKey]cell {
		out := map[edgeKey]cell{}
		each(func(k edgeKey, c *cell) {
			if in.first <= k.minute && k.minute <= in.last {
				k.minute = 0
				one := out[k]
				one.merge(c)
				out[k] = one
			}
		})
		return out
	}
	asked := func(in minutes) map[edgeKey]cell {
		return sum(minutes{0, 1 << 62}, func(show func(edgeKey, *cell)) { d.calls(in, show) })
	}
	for name, in := range map[string]minutes{"all": all, "more": {0, 1 << 62}, "not the first": {all.first + 1, all.last}, "not the last": {all.first, all.last - 1}, "none": {all.last + 1, all.last + 9}} {
		want := sum(in, func(show func(edgeKey, *cell)) {
			for k, c := range d.edges {
				show(k, c)
			}
		})
		got := asked(in)
		if !reflect.DeepEqual(got, want) || len(want) == 0 != (name == "none") {
			t.Errorf("%s: got %d pairs %v, want %d %v", name, len(got), got, len(want), want)
		}
	}
	before := asked(all)
	d.Merge(corpusDigest())
	if reflect.DeepEqual(asked(all), before) {
		t.Error("a digest that has changed gives its sums of before")
	}
}
