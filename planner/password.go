package planner

import (
	"context"
	"fmt"
	"sync"

	"golang.org/x/crypto/bcrypt"
)

// maxHashing is how many passwords are worked on at once: each takes a core for
// about 60 ms, and signing in must not starve everything else.
const maxHashing = 2

type hasher struct {
	cost  int
	turns chan struct{}
	// decoy is compared with when there is no such user, so that an answer takes
	// as long and addresses cannot be probed by the clock.
	decoy func() []byte
}

func newHasher(cost int) *hasher {
	if cost == 0 {
		cost = bcrypt.DefaultCost
	}
	return &hasher{
		cost:  cost,
		turns: make(chan struct{}, maxHashing),
		decoy: sync.OnceValue(func() []byte {
			b, err := bcrypt.GenerateFromPassword([]byte("nobody has this one"), cost)
			if err != nil {
				panic("planner: " + err.Error()) // the cost is our own constant
			}
			return b
		}),
	}
}

func (h *hasher) enter(ctx context.Context) (leave func(), err error) {
	select {
	case h.turns <- struct{}{}:
		return func() { <-h.turns }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	leave, err := h.enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	b, err := bcrypt.GenerateFromPassword([]byte(password), h.cost)
	if err != nil {
		return "", fmt.Errorf("hash a password: %w", err)
	}
	return string(b), nil
}

// matches compares with the decoy when hash is "".
func (h *hasher) matches(ctx context.Context, hash, password string) (bool, error) {
	leave, err := h.enter(ctx)
	if err != nil {
		return false, err
	}
	defer leave()
	if hash == "" {
		bcrypt.CompareHashAndPassword(h.decoy(), []byte(password))
		return false, nil
	}
	return bcrypt.CompareHashAndPassword([]byte(hash), []byte(password)) == nil, nil
}
