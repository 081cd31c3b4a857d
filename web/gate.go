package web

import (
	"context"
	"fmt"
	"time"

	"tripod/store"
)

// maxWait is how long a request waits for its turn; longer, and the client's
// own retry with its back-off is the better queue.
const maxWait = 2 * time.Second

// Gate lets at most so many requests be read and decoded at a time, so that
// their memory is bounded.
type Gate chan struct{}

// NewGate makes a gate for n requests at a time.
func NewGate(n int) Gate { return make(Gate, n) }

// Enter waits for a turn; the caller calls Leave if there was no error. It
// returns store.ErrOverloaded when no turn came within two seconds.
func (g Gate) Enter(ctx context.Context) error {
	select {
	case g <- struct{}{}:
		return nil
	default:
	}
	t := time.NewTimer(maxWait)
	defer t.Stop()
	select {
	case g <- struct{}{}:
		return nil
	case <-t.C:
		return fmt.Errorf("%d requests are already in work: %w", cap(g), store.ErrOverloaded)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Leave gives the turn back.
func (g Gate) Leave() { <-g }
