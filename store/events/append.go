package events

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"tripod/store"
)

// commit is one batch that waits for the journal.
type commit struct {
	frames []frame
	events []Event // those in frames
	bytes  int64
	rows   int
	err    error
	done   chan struct{}
}

// Append returns when the batch is in the journal, and on the disk if Sync is
// "batch"; then Scan finds it. The events are not kept. store.ErrOverloaded and
// store.ErrFull mean that nothing of the batch was kept; a *store.PartialError
// that all but the refused events were. After a context error the batch may
// have been kept.
func (s *Store) Append(ctx context.Context, ev []Event) error {
	if s.closed.Load() {
		return store.ErrClosed
	}
	c, refused := s.encode(ev)
	if c.rows > 0 {
		if err := s.enqueue(c); err != nil {
			return err
		}
		if err := s.await(ctx, c); err != nil {
			return err
		}
		s.accepted.Add(int64(c.rows))
	}
	if refused != nil {
		s.rejected.Add(int64(refused.Rejected))
		return refused
	}
	return nil
}

// encode makes frames of the events that can be kept.
func (s *Store) encode(ev []Event) (*commit, *store.PartialError) {
	w := batchWriters.Get().(*batchWriter)
	defer batchWriters.Put(w)
	w.reset(&s.lines)
	c := &commit{events: ev, done: make(chan struct{})}
	var refused *store.PartialError
	for i := range ev {
		if err := w.add(&ev[i]); err != nil {
			if refused == nil {
				refused = &store.PartialError{Reason: err.Error()}
				c.events = slices.Clone(ev[:i])
			}
			refused.Rejected++
			continue
		}
		if refused != nil {
			c.events = append(c.events, ev[i])
			c.events[len(c.events)-1].Alike = false // the one before may be refused
		}
		if w.full() {
			c.add(w.frame())
			w.reset(&s.lines)
		}
	}
	if len(w.at) > 0 {
		c.add(w.frame())
	}
	return c, refused
}

func (c *commit) add(f frame) {
	c.frames = append(c.frames, f)
	c.rows += len(f.batch.rows)
	c.bytes += int64(len(f.batch.data) + headRowBytes*len(f.batch.rows))
}

// enqueue bounds what waits to two heads' worth. What a replay would not take is
// not acknowledged.
func (s *Store) enqueue(c *commit) error {
	for i := range c.frames {
		if n := len(c.frames[i].batch.data); n > maxFrame {
			return fmt.Errorf("journal frame of %d bytes, at most %d: %w", n, maxFrame, store.ErrTooLarge)
		}
	}
	s.queueMu.Lock()
	defer s.queueMu.Unlock()
	if s.queued > 0 && s.queued+c.bytes > 2*s.o.HeadBytes {
		return fmt.Errorf("%d bytes wait for the journal: %w", s.queued, store.ErrOverloaded)
	}
	s.queue = append(s.queue, c)
	s.queued += c.bytes
	return nil
}

// await returns when the commit is done. Whoever gets the turn commits for all
// who wait, so that one write and one sync serve many.
func (s *Store) await(ctx context.Context, c *commit) error {
	for {
		select {
		case <-c.done:
			return c.err
		case s.turn <- struct{}{}:
			s.commitGroup(s.takeGroup())
			<-s.turn
		case <-ctx.Done():
			if s.withdraw(c) {
				return ctx.Err()
			}
			<-c.done
			return c.err
		}
	}
}

// withdraw takes a commit out of the queue, if it is still there.
func (s *Store) withdraw(c *commit) bool {
	s.queueMu.Lock()
	defer s.queueMu.Unlock()
	i := slices.Index(s.queue, c)
	if i < 0 {
		return false
	}
	s.queue = slices.Delete(s.queue, i, i+1)
	s.queued -= c.bytes
	return true
}

// takeGroup takes the first of the queue and what fits with it into a quarter
// of a head.
func (s *Store) takeGroup() []*commit {
	s.queueMu.Lock()
	defer s.queueMu.Unlock()
	n, size := 0, int64(0)
	for n < len(s.queue) && (n == 0 || size+s.queue[n].bytes <= s.o.HeadBytes/4) {
		size += s.queue[n].bytes
		n++
	}
	group := slices.Clone(s.queue[:n])
	s.queue = slices.Delete(s.queue, 0, n)
	s.queued -= size
	return group
}

// commitGroup writes a group to the journal and shows it in the head; the
// caller holds the turn.
func (s *Store) commitGroup(group []*commit) {
	if len(group) == 0 {
		return
	}
	err := s.makeRoom()
	if err == nil {
		err = s.writeGroup(group)
	}
	s.tellFull(err)
	for _, c := range group {
		c.err = err
		close(c.done)
	}
}

// fullFor is how long a disk counts as full behind the last write that found it
// so: on one that is nearly full small batches go on to fit now and then.
const fullFor = 10 * time.Second

// tellFull tells when a full disk begins to refuse what is to be written, and
// when that is over; the caller holds the turn.
func (s *Store) tellFull(err error) {
	full, was := errors.Is(err, store.ErrFull), !s.fullAt.IsZero()
	switch {
	case full:
		s.fullAt = s.o.Now()
	case err != nil || !was || s.o.Now().Sub(s.fullAt) < fullFor:
		return
	default:
		s.fullAt = time.Time{}
	}
	if full != was && s.o.Events.Full != nil {
		s.o.Events.Full(full)
	}
}

// makeRoom replaces a full head, if the one before it is flushed.
func (s *Store) makeRoom() error {
	if s.closed.Load() {
		return store.ErrClosed
	}
	if s.head.bytes < s.o.HeadBytes {
		return nil
	}
	s.wantFlush()
	s.mu.RLock()
	waiting := len(s.frozen)
	s.mu.RUnlock()
	if waiting == 0 {
		return s.rotate()
	}
	if s.noRoom.Load() {
		return fmt.Errorf("both heads wait to be flushed: %w", store.ErrFull)
	}
	return fmt.Errorf("both heads are full: %w", store.ErrOverloaded)
}

func (s *Store) wantFlush() {
	select {
	case s.flushWanted <- struct{}{}:
	default:
	}
}

// rotate freezes the head and starts a generation; the caller holds the turn.
func (s *Store) rotate() error {
	j, err := createJournal(s.o.files, s.dir, s.head.journal.gen+1)
	if err != nil {
		return asFull(fmt.Errorf("new journal: %w", err))
	}
	h := s.newHead()
	h.setJournal(j)
	s.mu.Lock()
	s.frozen = append(s.frozen[:len(s.frozen):len(s.frozen)], s.head)
	s.head = h
	s.mu.Unlock()
	s.wantFlush()
	return nil
}

// maxPooled bounds a buffer that is kept.
const maxPooled = 4 << 20

func (s *Store) writeGroup(group []*commit) error {
	h := s.head
	buf := s.groupBuf[:0]
	seq := s.nextSeq
	for _, c := range group {
		for i := range c.frames {
			c.frames[i].seq = seq
			seq += uint64(len(c.frames[i].batch.rows))
			buf = appendFrame(buf, &c.frames[i])
		}
	}
	if s.groupBuf = buf; cap(buf) > maxPooled {
		s.groupBuf = nil
	}
	before := h.journal.size
	if err := h.journal.append(buf); err != nil {
		return asFull(err)
	}
	s.nextSeq = seq // also when the sync fails: a frame that stays is not doubled
	if s.o.Sync == "batch" {
		if err := s.sync(h.journal); err != nil {
			return errors.Join(asFull(err), h.journal.cut(before))
		}
	}
	h.journalBytes.Store(h.journal.size)
	s.show(h, group)
	return nil
}

// show adds a group to the head, where queries find it.
func (s *Store) show(h *head, group []*commit) {
	now := s.o.Now()
	for _, c := range group {
		h.digests.add(c.events)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range group {
		for i := range c.frames {
			h.add(&c.frames[i], now)
		}
	}
}
