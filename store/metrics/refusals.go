package metrics

import (
	"errors"
	"maps"
	"sync"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/storage"
)

// reasonOf names what an error of Append refuses a sample for.
func reasonOf(err error) string {
	var h histogram.Error
	switch {
	case errors.Is(err, ErrTooManySeries):
		return "too_many_series"
	case errors.Is(err, errDeltaRoom):
		return "too_many_deltas"
	case errors.Is(err, errDeltaOrder):
		return "delta_order"
	case errors.Is(err, errAhead):
		return "too_far_ahead"
	case errors.Is(err, storage.ErrTooOldSample), errors.Is(err, storage.ErrOutOfBounds):
		return "too_old"
	case errors.Is(err, storage.ErrOutOfOrderSample):
		return "out_of_order"
	case errors.Is(err, storage.ErrDuplicateSampleForTimestamp):
		return "duplicate"
	case errors.As(err, &h):
		return "bad_histogram"
	}
	return "other"
}

// refusals counts refused samples by reason, since start.
type refusals struct {
	mu sync.Mutex
	n  map[string]int64
}

func (r *refusals) add(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.n == nil {
		r.n = map[string]int64{}
	}
	r.n[reasonOf(err)]++
}

// Refusals are the samples refused since start, by reason: too_many_series,
// too_far_ahead, too_old, out_of_order, duplicate, bad_histogram,
// too_many_deltas, delta_order, other.
func (s *Store) Refusals() map[string]int64 {
	s.refusals.mu.Lock()
	defer s.refusals.mu.Unlock()
	return maps.Clone(s.refusals.n)
}

// Full says that there are as many series as there may be: samples of further
// ones are refused.
func (s *Store) Full() bool { return s.births.max > 0 && s.births.live.Load() >= s.births.max }

// Born is how many series were made since start.
func (s *Store) Born() int64 { return s.births.born.Load() }
