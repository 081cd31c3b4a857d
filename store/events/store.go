package events

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"tripod/store"
)

// Store is one engine in one folder.
type Store struct {
	dir    string
	o      Options
	codecs *codecs

	// turn is held by the writer of the journal, who alone adds to the head
	// and replaces it.
	turn     chan struct{}
	nextSeq  uint64
	groupBuf []byte

	lines    lineMemory
	builders sync.Pool // *blockBuilder, of parts that are done

	queueMu sync.Mutex
	queue   []*commit
	queued  int64 // bytes

	// commits is held by whoever changes the set of parts; before mu.
	commits  sync.Mutex
	manifest *manifest
	nextPart uint64

	mu     sync.RWMutex
	head   *head
	frozen []*head // full, oldest first
	parts  []*part // by minSeq

	flushWanted chan struct{}
	noRoom      atomic.Bool // the last flush found the disk full
	fullAt      time.Time   // when an Append found it so last, zero when that is over; whoever has the turn
	badSync     atomic.Bool // the journal could not be synced
	closed      atomic.Bool

	indexes            indexes
	decoded            decodedBlocks
	filterBytes        atomic.Int64 // of parts, in memory
	learnedBytes       atomic.Int64 // likewise
	accepted, rejected atomic.Int64
}

// Close makes the journal durable and frees the files; the head is not
// flushed, but replayed by the next Open. Run has ended before.
func (s *Store) Close() error {
	if s.closed.Swap(true) {
		return nil
	}
	s.turn <- struct{}{}
	defer func() { <-s.turn }()
	s.commits.Lock()
	defer s.commits.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, h := range append(s.frozen, s.head) {
		errs = append(errs, h.journal.sync(), h.journal.f.Close())
	}
	errs = append(errs, s.manifest.f.Close())
	s.indexes.closeAll()
	s.codecs.close()
	return errors.Join(errs...)
}

// Usage is what the store holds.
func (s *Store) Usage() store.Usage {
	u := store.Usage{Accepted: s.accepted.Load(), Rejected: s.rejected.Load()}
	first := true
	span := func(rows int, min64, max64 int64) {
		if rows == 0 {
			return
		}
		u.Items += int64(rows)
		if first || min64 < u.Oldest {
			u.Oldest = min64
		}
		if first || max64 > u.Newest {
			u.Newest = max64
		}
		first = false
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	for _, p := range s.parts {
		u.Bytes += p.info.size
		span(p.info.rows, p.info.min, p.info.max)
	}
	for _, h := range append(s.frozen[:len(s.frozen):len(s.frozen)], s.head) {
		u.Bytes += h.journalBytes.Load()
		span(h.rows, h.min, h.max)
	}
	return u
}

// asFull marks an error that a full disk made.
func asFull(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return errors.Join(store.ErrFull, err)
	}
	return err
}

func (s *Store) lockTurn(ctx context.Context) error {
	select {
	case s.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
