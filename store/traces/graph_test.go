package traces

import (
	"reflect"
	"testing"
)

// TestCallsOfWholeDigests: those that are added up already are the same.
func TestCallsOfWholeDigests(t *testing.T) {
	d := corpusDigest()
	read := newDigest()
	if err := read.Read(d.AppendTo(nil)); err != nil {
		t.Fatal(err)
	}
	all := minutes{1 << 62, 0}
	for k := range d.edges {
		all.stretch(minutes{k.minute, k.minute})
	}
	sum := func(d *digest, in minutes) map[edgeKey]cell {
		out := map[edgeKey]cell{}
		d.calls(in, func(k edgeKey, c *cell) {
			k.minute = 0
			one := out[k]
			one.merge(c)
			out[k] = one
		})
		return out
	}
	for name, in := range map[string]minutes{"all": all, "more": {0, 1 << 62}, "not the first": {all.first + 1, all.last}, "not the last": {all.first, all.last - 1}, "none": {all.last + 1, all.last + 9}} {
		got, want := sum(read, in), sum(d, in)
		if !reflect.DeepEqual(got, want) || len(want) == 0 != (name == "none") {
			t.Errorf("%s: got %d pairs %v, want %d %v", name, len(got), got, len(want), want)
		}
	}
	before := sum(read, all)
	read.Merge(d)
	if after := sum(read, all); reflect.DeepEqual(after, before) {
		t.Error("a digest that has changed gives its sums of before")
	}
}
