package events

import (
	"context"
	"testing"
	"time"
)

// Rows that are alike are given out once a block.
func TestFoldGivesFewEvents(t *testing.T) {
	s := filled(t, 5000) // in 10 blocks, of 3 classes
	for name, c := range map[string]struct {
		fields []string
		most   int
	}{"nothing": {[]string{}, 10 * 3}, "ids of four each": {[]string{"id"}, 5000}} {
		calls, sum := 0, int64(0)
		err := s.Fold(context.Background(), Query{Range: everything, Fields: c.fields}, time.Hour*24*365*100, func(_ *Event, n int64) error {
			calls++
			sum += n
			return nil
		})
		if err != nil || sum != 5000 || calls > c.most {
			t.Errorf("%s: %d calls for %d events, at most %d: %v", name, calls, sum, c.most, err)
		}
	}
}
