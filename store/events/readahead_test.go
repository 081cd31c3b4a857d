package events

import (
	"context"
	"math"
	"sync/atomic"
	"testing"

	"tripod/store"
)

// leaving is a context that ends while it is asked for the n-th time.
type leaving struct {
	context.Context
	left atomic.Int64
}

func (l *leaving) Err() error {
	if l.left.Add(-1) < 0 {
		return context.Canceled
	}
	return nil
}

// TestLeavingIsNoDamage: blocks that are not read because nobody waits for them
// any more are not reported as broken.
func TestLeavingIsNoDamage(t *testing.T) {
	s := openTest(t, t.TempDir(), Options{MaxBlockRows: 5, Events: Events{Damaged: func(file string, off int64, err error) {
		t.Errorf("%s at %d: %v", file, off, err)
	}}})
	if err := s.Append(t.Context(), numbered(0, 500)); err != nil {
		t.Fatal(err)
	}
	flush(t, s)
	for n := range int64(100) {
		ctx := &leaving{Context: t.Context()}
		ctx.left.Store(n)
		for _, err := range s.Scan(ctx, Query{Range: store.TimeRange{From: math.MinInt64, To: math.MaxInt64}, Oldest: true}) {
			if err != nil {
				break
			}
		}
	}
}
