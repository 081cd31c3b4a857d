package metrics_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"tripod/store"
	"tripod/store/metrics"
)

// TestFarRange: the engine panics when it counts steps to the end of time.
func TestFarRange(t *testing.T) {
	s := open(t, t.TempDir(), metrics.Options{})
	far := time.Unix(math.MaxInt64/1000-62135596801, 0)
	for _, r := range [][2]time.Time{{time.Unix(0, 0), far}, {time.Unix(-far.Unix(), 0), time.Unix(0, 0)}} {
		if _, err := s.RangeQuery(t.Context(), nil, "up", r[0], r[1], math.MaxInt64); !errors.Is(err, store.ErrInvalid) {
			t.Errorf("%v: %v, want ErrInvalid", r, err)
		}
	}
}
