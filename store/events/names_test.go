package events

import (
	"slices"
	"testing"

	"tripod/store"
)

func TestNamesOfHeadAndParts(t *testing.T) {
	s := openTest(t, t.TempDir(), Options{MaxBlockRows: 4})
	add := func(at int64, names ...string) {
		e := Event{Time: at}
		for _, n := range names {
			e.Fields = append(e.Fields, Field{n, store.Int(1)})
		}
		if err := s.Append(t.Context(), []Event{e}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range mergeRun {
		add(testDay+int64(i), "old", "msg")
		flush(t, s)
	}
	mergeAll(t, s)
	add(testDay+100, "part", "msg")
	flush(t, s)
	add(testDay+200, "head")
	for _, c := range []struct {
		r    store.TimeRange
		want []string
	}{
		{everything, []string{"head", "msg", "old", "part"}},
		{store.TimeRange{From: testDay + 50, To: testDay + 150}, []string{"msg", "part"}},
		{store.TimeRange{From: 1, To: 2}, nil},
	} {
		got, more, err := s.Names(t.Context(), c.r)
		if err != nil || more || !slices.Equal(got, c.want) {
			t.Errorf("%+v: %q %v %v, want %q", c.r, got, more, err, c.want)
		}
	}
}
