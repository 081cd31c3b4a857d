package events

import (
	"context"
	"iter"
	"sort"

	"tripod/store"
)

// rowSet is a decoded block or a part of a head: rows in order of time.
type rowSet interface {
	len() int
	time(i int) int64
	class(i int) uint8
	event(i int, e *Event, want *wanted) error
}

// snapshot is what the store held at one moment.
type snapshot struct {
	s      *Store
	parts  []*part // held
	heads  []*head
	chunks []*chunkView
}

func (s *Store) snapshot(r store.TimeRange) (*snapshot, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed.Load() {
		return nil, store.ErrClosed
	}
	sn := &snapshot{s: s}
	for _, p := range s.parts {
		if r.Overlaps(p.info.min, p.info.max) {
			p.hold()
			sn.parts = append(sn.parts, p)
		}
	}
	for i := range len(s.frozen) + 1 {
		h := s.head
		if i < len(s.frozen) {
			h = s.frozen[i]
		}
		if h.rows > 0 && r.Overlaps(h.min, h.max) {
			sn.heads = append(sn.heads, h)
		}
		for _, c := range h.chunks {
			if r.Overlaps(c.min, c.max) {
				sn.chunks = append(sn.chunks, c.snapshot())
			}
		}
	}
	return sn, nil
}

func (sn *snapshot) release() {
	for _, p := range sn.parts {
		p.release(sn.s.o.files)
	}
}

// Scan yields matching events in order of time, those of equal time in the
// order of their arrival (newest first: the exact reverse). An event is valid
// only until the next one. A block that cannot be read yields its error once;
// the loop may go on behind it.
func (s *Store) Scan(ctx context.Context, q Query) iter.Seq2[*Event, error] {
	return func(yield func(*Event, error) bool) {
		sn, err := s.snapshot(q.Range)
		if err != nil {
			yield(nil, err)
			return
		}
		defer sn.release()
		sc := &scan{sn: sn, ctx: ctx, r: q.Range, oldest: q.Oldest, f: newFilter(q.Where)}
		sc.start()
		sc.run(yield, q.Limit)
	}
}

// scan merges cursors. ctx is here only while run lasts.
type scan struct {
	sn     *snapshot
	ctx    context.Context
	r      store.TimeRange
	oldest bool
	f      *filter
	heap   []*cursor
	spare  []*block
	steps  int
}

// cursor walks over a chunk, or over the blocks of a part, in the scan's
// direction.
type cursor struct {
	rank    uint64 // breaks ties of time
	part    *part
	rows    rowSet // the current block, nil between blocks
	buf     *block // its memory, if it is of a part
	f       *filter
	entered bool // at is valid for the current block
	at      int  // next row
	blocks  []blockMeta
	indexed bool
	block   int   // next block
	key     int64 // of the current event, or no later in the order than any to come
	exact   bool  // event is there
	event   Event
}

func (sc *scan) start() {
	if sc.f.plan.mask == 0 {
		return
	}
	for _, v := range sc.sn.chunks {
		if v.mask&sc.f.plan.mask != 0 {
			sc.heap = append(sc.heap, &cursor{rank: v.from.seq, rows: v, key: sc.edge(v.min, v.max)})
		}
	}
	for _, p := range sc.sn.parts {
		sc.heap = append(sc.heap, &cursor{rank: p.info.minSeq, part: p, key: sc.edge(p.info.min, p.info.max)})
	}
	for i := len(sc.heap)/2 - 1; i >= 0; i-- {
		sc.down(i)
	}
}

// edge is the bound that comes first.
func (sc *scan) edge(min, max int64) int64 {
	if sc.oldest {
		return min
	}
	return max
}

func (sc *scan) run(yield func(*Event, error) bool, limit int) {
	for n := 0; len(sc.heap) > 0; {
		if sc.steps++; sc.steps&255 == 0 || !sc.heap[0].exact {
			if err := sc.ctx.Err(); err != nil {
				yield(nil, err)
				return
			}
		}
		c := sc.heap[0]
		if c.exact {
			if n++; !yield(&c.event, nil) || n == limit {
				return
			}
		}
		more, err := sc.step(c)
		if err != nil && (!yield(nil, err) || sc.ctx.Err() != nil) {
			return
		}
		if !more {
			sc.drop(c)
			continue
		}
		sc.down(0)
	}
}

func (sc *scan) drop(c *cursor) {
	if c.buf != nil {
		sc.spare = append(sc.spare, c.buf)
	}
	last := len(sc.heap) - 1
	sc.heap[0] = sc.heap[last]
	sc.heap = sc.heap[:last]
	sc.down(0)
}

// step brings a cursor to its next event, or to the bound of its next block;
// false at its end.
func (sc *scan) step(c *cursor) (bool, error) {
	c.exact = false
	if v, ok := c.rows.(*chunkView); ok && !c.entered && !v.may(&sc.f.plan) {
		return false, nil
	}
	if c.rows == nil && c.indexed {
		if err := sc.load(c); err != nil {
			return sc.nextBlock(c), err
		}
	}
	var failed error
	if c.rows != nil {
		ok, err := sc.seek(c)
		if ok || err != nil && sc.ctx.Err() != nil {
			return true, err
		}
		c.rows, failed = nil, err
	}
	if c.part == nil {
		return false, failed
	}
	if !c.indexed {
		if err := sc.index(c); err != nil {
			return false, err
		}
	}
	return sc.nextBlock(c), failed
}

func (sc *scan) index(c *cursor) (err error) {
	if c.blocks, err = c.part.index(sc.sn.s.o.files, sc.sn.s.codecs); err != nil {
		sc.sn.s.damaged(c.part.name, 0, err)
		return err
	}
	c.indexed = true
	if !sc.oldest {
		c.block = len(c.blocks)
	} else {
		c.block = -1
	}
	return nil
}

// nextBlock finds the next block that may hold a match.
func (sc *scan) nextBlock(c *cursor) bool {
	step := -1
	if sc.oldest {
		step = 1
	}
	for c.block += step; c.block >= 0 && c.block < len(c.blocks); c.block += step {
		m := &c.blocks[c.block]
		if sc.r.Overlaps(m.min, m.max) && (partBlock{c.part, m}).may(sc.sn.s, &sc.f.plan) {
			c.key = sc.edge(m.min, m.max)
			return true
		}
	}
	return false
}

func (sc *scan) load(c *cursor) error {
	if c.buf == nil {
		if n := len(sc.spare); n > 0 {
			c.buf, sc.spare = sc.spare[n-1], sc.spare[:n-1]
		} else {
			c.buf = &block{}
		}
	}
	m := &c.blocks[c.block]
	if err := c.buf.open(partBlock{c.part, m}, sc.sn.s.codecs); err != nil {
		sc.sn.s.damaged(c.part.name, m.off, err)
		return err
	}
	c.rows, c.entered = c.buf, false
	return nil
}

// enter goes to the first row of a block that is in range.
func (sc *scan) enter(c *cursor) error {
	if v, ok := c.rows.(*chunkView); ok {
		v.sort()
	}
	if c.f == nil {
		c.f = sc.f.fork()
	}
	from, to := rowsIn(c.rows, sc.r)
	c.entered, c.at = true, from
	if !sc.oldest {
		c.at = to - 1
	}
	return c.f.enter(c.rows, from, to)
}

// rowsIn are the rows of a time range: from..to-1.
func rowsIn(rows rowSet, r store.TimeRange) (from, to int) {
	from = sort.Search(rows.len(), func(i int) bool { return rows.time(i) >= r.From })
	to = sort.Search(rows.len(), func(i int) bool { return rows.time(i) >= r.To })
	return from, max(from, to)
}

// seek goes to the next match of the current block.
func (sc *scan) seek(c *cursor) (bool, error) {
	if !c.entered {
		if err := sc.enter(c); err != nil {
			return false, sc.unreadable(c, err)
		}
	}
	forth := -1
	if sc.oldest {
		forth = 1
	}
	for n := c.rows.len(); c.at >= 0 && c.at < n; {
		t := c.rows.time(c.at)
		if !sc.r.Has(t) {
			break
		}
		if sc.steps++; sc.steps&1023 == 0 && sc.ctx.Err() != nil {
			return false, sc.ctx.Err()
		}
		ok, err := c.f.match(c.rows, c.at, &c.event, true)
		c.at += forth
		if err != nil {
			return false, sc.unreadable(c, err)
		}
		if ok {
			c.key, c.exact = t, true
			return true, nil
		}
	}
	return false, nil
}

// unreadable reports a block of a part.
func (sc *scan) unreadable(c *cursor, err error) error {
	if c.part != nil {
		sc.sn.s.damaged(c.part.name, c.buf.meta.off, err)
	}
	return err
}

// down restores the heap below i.
func (sc *scan) down(i int) {
	for {
		kid := 2*i + 1
		if kid >= len(sc.heap) {
			return
		}
		if kid+1 < len(sc.heap) && sc.before(sc.heap[kid+1], sc.heap[kid]) {
			kid++
		}
		if !sc.before(sc.heap[kid], sc.heap[i]) {
			return
		}
		sc.heap[i], sc.heap[kid] = sc.heap[kid], sc.heap[i]
		i = kid
	}
}

func (sc *scan) before(a, b *cursor) bool {
	if sc.oldest {
		return a.key < b.key || a.key == b.key && a.rank < b.rank
	}
	return a.key > b.key || a.key == b.key && a.rank > b.rank
}
