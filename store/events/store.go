package events

import (
	"context"
	"iter"
	"time"

	"tripod/store"
)

// Store is one engine in one folder.
type Store struct {
	dir string
	o   Options
}

// Open takes over a folder, made if need be, and replays its journal. What
// cannot be read is reported through Options.Events.Damaged and left out.
func Open(dir string, o Options) (*Store, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	o.setDefaults()
	return &Store{dir: dir, o: o}, nil
}

// Run flushes, syncs, merges and drops until its context ends.
func (s *Store) Run(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

// Close makes the journal durable and frees the files; the head is not
// flushed, but replayed by the next Open.
func (s *Store) Close() error { return nil }

// Append returns when the batch is in the journal, and on the disk if Sync is
// "batch"; then Scan finds it. The events are not kept. store.ErrOverloaded and
// store.ErrFull mean that nothing of the batch was kept; a *store.PartialError
// that all but the refused events were.
func (s *Store) Append(ctx context.Context, ev []Event) error { return store.ErrClosed }

// Scan yields matching events in order of time, those of equal time in the
// order of their arrival (newest first: the exact reverse). An event is valid
// only until the next one. A block that cannot be read yields its error once;
// the loop may go on behind it.
func (s *Store) Scan(ctx context.Context, q Query) iter.Seq2[*Event, error] {
	return func(yield func(*Event, error) bool) { yield(nil, store.ErrClosed) }
}

// Count counts matching events by step and class: every step of the range,
// zeros included, with starts that are multiples of step. Limit and Oldest mean
// nothing to it. Without a predicate, or with ClassIn alone, no row is read.
func (s *Store) Count(ctx context.Context, q Query, step time.Duration) ([]Bucket, error) {
	return nil, store.ErrClosed
}

// Digests shows the digest of every head and part that overlaps the range. A
// digest must not be kept or changed, and is whole: it may speak of events
// outside the range as well.
func (s *Store) Digests(ctx context.Context, r store.TimeRange, show func(Digest)) error {
	return store.ErrClosed
}

// Usage is what the store holds.
func (s *Store) Usage() store.Usage { return store.Usage{} }
