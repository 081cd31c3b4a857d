package events

import (
	"cmp"
	"context"
	"testing"
	"time"
)

// Rows that are alike are given out once a block, or once a chunk of a head.
func TestFoldGivesFewEvents(t *testing.T) {
	parts := filled(t, 5000) // in 10 blocks, of 3 classes
	head := openTest(t, t.TempDir(), Options{})
	for e, err := range parts.Scan(t.Context(), Query{Range: everything, Oldest: true}) {
		if err = cmp.Or(err, head.Append(t.Context(), []Event{*e})); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		s      *Store
		fields []string
		most   int
	}{
		"nothing":                    {parts, []string{}, 10 * 3},
		"ids of four each":           {parts, []string{"id"}, 5000},
		"nothing of a head":          {head, []string{}, (5000/chunkRows + 1) * 3},
		"ids of four each of a head": {head, []string{"id"}, 5000},
	} {
		calls, sum := 0, int64(0)
		err := c.s.Fold(context.Background(), Query{Range: everything, Fields: c.fields}, time.Hour*24*365*100, func(e *Event, n int64) error {
			calls++
			sum += n
			if len(e.Fields) != len(c.fields) {
				t.Errorf("%s: fields %v, want %q", name, e.Fields, c.fields)
			}
			return nil
		})
		if err != nil || sum != 5000 || calls > c.most {
			t.Errorf("%s: %d calls for %d events, at most %d: %v", name, calls, sum, c.most, err)
		}
	}
}
