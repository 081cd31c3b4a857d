package web

import (
	"context"
	"errors"
	"maps"
	"slices"

	"tripod/store"
)

// Reasons why what was sent is not kept; they are labels of counters. What is
// Overloaded or DiskFull may be sent again, and its sender is told so.
const (
	TooLarge   = "too_large"  // longer, or more, than is taken
	Invalid    = "invalid"    // cannot be read, or has no place here
	Refused    = "refused"    // by the engine, for good
	Overloaded = "overloaded" // now
	DiskFull   = "disk_full"
	Left       = "left"   // its sender did not wait for the answer
	Failed     = "failed" // we did
)

// Reason is that of an error which concerns a whole request or batch.
func Reason(err error) string {
	var partial *store.PartialError
	switch {
	case errors.As(err, &partial):
		return Refused
	case errors.Is(err, store.ErrTooLarge):
		return TooLarge
	case errors.Is(err, store.ErrInvalid):
		return Invalid
	case errors.Is(err, store.ErrOverloaded):
		return Overloaded
	case errors.Is(err, store.ErrFull):
		return DiskFull
	case errors.Is(err, context.Canceled):
		return Left
	}
	return Failed
}

// Refusals count what a request loses for good, by reason.
type Refusals struct {
	N   int
	Why string // more about the first
	by  map[string]int
}

// Add counts n more.
func (r *Refusals) Add(reason string, n int, why string) {
	if r.N == 0 {
		r.Why = why
	}
	r.N += n
	if r.by == nil {
		r.by = map[string]int{}
	}
	r.by[reason] += n
}

// Join counts others as well.
func (r *Refusals) Join(others Refusals) {
	others.Tell(r.Add)
}

// Tell calls to once a reason, in their order.
func (r *Refusals) Tell(to func(reason string, n int, why string)) {
	for _, reason := range slices.Sorted(maps.Keys(r.by)) {
		to(reason, r.by[reason], r.Why)
	}
}
