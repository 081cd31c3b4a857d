package events

import (
	"context"
	"sync"
	"time"
)

const (
	syncEvery  = time.Second
	retryAfter = time.Second // a flush that failed
	tidyEvery  = 10 * time.Second
)

// Run flushes, syncs, merges and drops until its context ends; a head that is
// not flushed by then stays in the journal.
func (s *Store) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	flushed := make(chan struct{}, 1)
	wg.Go(func() { every(ctx, syncEvery, nil, s.syncAll) })
	wg.Go(func() { s.flushLoop(ctx, flushed) })
	wg.Go(func() { every(ctx, tidyEvery, flushed, func() { s.tidy(ctx) }) })
	wg.Wait()
	return nil
}

// every does it once in d, and when it is asked to.
func every(ctx context.Context, d time.Duration, asked <-chan struct{}, do func()) {
	t := time.NewTicker(d)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		case <-asked:
		}
		do()
	}
}

func (s *Store) failed(what string, err error) {
	if s.o.Events.Failed != nil {
		s.o.Events.Failed(what, err)
	}
}

// syncAll makes durable what was written since the last time.
func (s *Store) syncAll() {
	s.mu.RLock()
	heads := append(s.frozen[:len(s.frozen):len(s.frozen)], s.head)
	s.mu.RUnlock()
	for _, h := range heads {
		if err := s.sync(h.journal); err != nil {
			s.failed("sync", err)
		}
	}
}

// sync reports how long it took. After a failure the kernel may have forgotten
// what it could not write, so the head is soon flushed into parts instead.
func (s *Store) sync(j *journal) error {
	if !j.dirty.Load() {
		return nil
	}
	start := time.Now()
	if err := j.sync(); err != nil {
		s.badSync.Store(true)
		return err
	}
	if s.o.Events.JournalSynced != nil {
		s.o.Events.JournalSynced(time.Since(start))
	}
	return nil
}

// flushLoop flushes heads that are full or old, and tells of it.
func (s *Store) flushLoop(ctx context.Context, flushed chan<- struct{}) {
	t := time.NewTicker(retryAfter)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.flushWanted:
		case <-t.C:
			s.rotateOld(ctx)
		}
		for ctx.Err() == nil {
			more, err := s.flushOne()
			if err != nil {
				s.failed("flush", err)
			}
			if !more || err != nil {
				break
			}
			select {
			case flushed <- struct{}{}:
			default:
			}
		}
	}
}

// rotateOld freezes a head that has been filling for HeadAge, or whose journal
// cannot be trusted.
func (s *Store) rotateOld(ctx context.Context) {
	s.mu.RLock()
	h, waiting := s.head, len(s.frozen)
	old := h.rows > 0 && s.o.Now().Sub(h.born) >= s.o.HeadAge
	s.mu.RUnlock()
	if waiting > 0 || h.rows == 0 || !old && !s.badSync.Load() {
		return
	}
	if s.lockTurn(ctx) != nil {
		return
	}
	defer func() { <-s.turn }()
	if s.head != h || s.closed.Load() {
		return
	}
	if err := s.rotate(); err != nil {
		s.failed("rotate", err)
		return
	}
	s.badSync.Store(false)
}

// tidy thins or drops what is too old or too much, and merges small parts.
func (s *Store) tidy(ctx context.Context) {
	if err := s.retain(ctx); err != nil {
		s.failed("retention", err)
	}
	s.all(ctx, "merge", s.mergeOne)
	s.all(ctx, "seal", s.sealOne)
}

// all does one after the other until there is no more to do, or it fails.
func (s *Store) all(ctx context.Context, what string, one func(context.Context) (bool, error)) {
	for more := true; more && ctx.Err() == nil; {
		var err error
		if more, err = one(ctx); err != nil {
			if ctx.Err() == nil {
				s.failed(what, err)
			}
			return
		}
	}
}
