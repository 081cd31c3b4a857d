package logs_test

import (
	"slices"
	"testing"

	"tripod/store"
	"tripod/store/logs"
)

// TestLabelsThatBeginWithADigit are listed, and found, as the lines have them.
func TestLabelsThatBeginWithADigit(t *testing.T) {
	s, err := logs.Open(t.TempDir(), logs.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	rec := store.Record{Time: 10, Body: store.String("x"), Resource: &store.Resource{Attrs: store.Attrs{{Key: "2nd.zone", Value: store.String("b")}}}}
	if err := s.Append(t.Context(), []store.Record{rec}); err != nil {
		t.Fatal(err)
	}
	all := store.TimeRange{To: 100}
	if names, err := s.LabelNames(t.Context(), all); err != nil || !slices.Contains(names, "_2nd_zone") || slices.Contains(names, "2nd_zone") {
		t.Errorf("got %q, %v", names, err)
	}
	for _, name := range []string{"_2nd_zone", "2nd.zone"} {
		if values, err := s.LabelValues(t.Context(), name, all); err != nil || !slices.Equal(values, []string{"b"}) {
			t.Errorf("%s: got %q, %v", name, values, err)
		}
	}
	n := 0
	for _, err := range s.Search(t.Context(), store.LogQuery{Text: "_2nd_zone:b", Range: all}) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	if n != 1 {
		t.Errorf("finds %d lines", n)
	}
	if has, err := s.HasStreamLabel(t.Context(), "_2nd_zone", all); err != nil || !has {
		t.Errorf("got %v, %v", has, err)
	}
}
