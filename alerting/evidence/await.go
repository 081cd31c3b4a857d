package evidence

import (
	"context"

	bolt "go.etcd.io/bbolt"

	"tripod/alerting"
)

// maxAhead is how many alerts may wait for theirs when somebody still waits for
// one: it is gathered one after the other, and in a storm nobody is held up.
const maxAhead = 4

// Await gives evidence once it was gathered, or what there is of it when ctx
// ends or many others wait for theirs, which is its head.
func (k *Keeper) Await(ctx context.Context, id string) (alerting.Evidence, error) {
	for {
		more := k.next() // taken before it is read, or its end could be missed
		e, err := k.Evidence(context.WithoutCancel(ctx), id)
		if err != nil || !e.GatheredAt.IsZero() || k.crowded() {
			return e, err
		}
		select {
		case <-more:
		case <-ctx.Done():
			return e, nil
		}
	}
}

// next closes when the evidence of another alert is there.
func (k *Keeper) next() <-chan struct{} {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.more == nil {
		k.more = make(chan struct{})
	}
	return k.more
}

// tellMore wakes those who wait.
func (k *Keeper) tellMore() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.more != nil {
		close(k.more)
		k.more = nil
	}
}

func (k *Keeper) crowded() bool {
	waiting := 0
	k.bolt.View(func(tx *bolt.Tx) error {
		c := tx.Bucket(bucketQueue).Cursor()
		for key, _ := c.First(); key != nil && waiting <= maxAhead; key, _ = c.Next() {
			waiting++
		}
		return nil
	})
	return waiting > maxAhead
}
