package logs

import (
	"fmt"
	"sync"
	"sync/atomic"

	"tripod/store"
	"tripod/store/events"
)

// Bounds of followers.
const (
	maxFollowers = 64
	followBuffer = 1024 // records that wait for one follower
)

// Follower is handed matching records as they are kept, in the order of their
// batches. One that is too slow loses records, and is told how many.
type Follower struct {
	Records <-chan store.Record

	records chan store.Record
	where   events.Expr
	dropped atomic.Int64
	from    *followers
}

// Dropped is the number of records lost since it was last asked.
func (f *Follower) Dropped() int64 { return f.dropped.Swap(0) }

// Close ends the following; Records is not closed.
func (f *Follower) Close() { f.from.remove(f) }

// followers are handed what Append keeps.
type followers struct {
	any atomic.Bool // whether there are some
	mu  sync.RWMutex
	all map[*Follower]bool
}

// Follow begins to follow what a query matches; store.ErrOverloaded when 64
// others do. The follower must be closed.
func (s *Store) Follow(n Node) (*Follower, error) {
	records := make(chan store.Record, followBuffer)
	f := &Follower{Records: records, records: records, where: Where(n), from: &s.followers}
	return f, s.followers.add(f)
}

func (fs *followers) add(f *Follower) error {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if len(fs.all) >= maxFollowers {
		return fmt.Errorf("%d tails at a time: %w", maxFollowers, store.ErrOverloaded)
	}
	if fs.all == nil {
		fs.all = map[*Follower]bool{}
	}
	fs.all[f] = true
	fs.any.Store(true)
	return nil
}

func (fs *followers) remove(f *Follower) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	delete(fs.all, f)
	fs.any.Store(len(fs.all) > 0)
}

// tell hands out a batch that was kept. It never waits for a follower.
func (fs *followers) tell(batch []events.Event) {
	if !fs.any.Load() {
		return
	}
	fs.mu.RLock()
	defer fs.mu.RUnlock()
	for f := range fs.all {
		var d decoder
		for i := range batch {
			if f.where.Match(&batch[i]) {
				f.offer(d.record(&batch[i]))
			}
		}
	}
}

func (f *Follower) offer(r store.Record) {
	select {
	case f.records <- r:
	default:
		f.dropped.Add(1)
	}
}
