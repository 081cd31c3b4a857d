package events

import (
	"context"
	"iter"
	"sort"

	"tripod/store"
)

// rowSet is a block or a part of a head: rows in order of time.
type rowSet interface {
	len() int
	time(i int) int64
	class(i int) uint8
	event(i int, e *Event, want *wanted) error
	in(r store.TimeRange) (from, to int, err error) // rows of a time range
	marks() error                                   // makes time and class ready
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
				sn.chunks = append(sn.chunks, c.snapshot(h))
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
// only until the next one. A block that cannot be read yields its error once,
// a store.ErrUnread; the loop may go on behind it.
func (s *Store) Scan(ctx context.Context, q Query) iter.Seq2[*Event, error] {
	return func(yield func(*Event, error) bool) {
		sn, err := s.snapshot(q.Range)
		if err != nil {
			yield(nil, err)
			return
		}
		defer sn.release()
		sn.only(q.May)
		sn.scan(ctx, &q, yield)
	}
}

func (sn *snapshot) scan(ctx context.Context, q *Query, yield func(*Event, error) bool) {
	where := sharpen(q.Where)
	sc := &scan{sn: sn, ctx: ctx, r: q.Range, oldest: q.Oldest, f: newFilter(where), where: where, reckon: sn.reckon(ctx, q)}
	sc.keeps = fewKept
	if q.Limit > 0 {
		sc.keeps = maxKept
	}
	if q.Fields != nil || q.Named != nil || q.Picked != nil {
		sc.f.want = &wanted{q.Fields, q.Named, q.Picked}
	}
	defer sc.reckon.end(q.Where)
	defer sc.end()
	sc.start()
	sc.run(yield, q.Limit)
}

// scan merges cursors. ctx is here only while run lasts.
type scan struct {
	sn     *snapshot
	ctx    context.Context
	r      store.TimeRange
	oldest bool
	f      *filter
	where  Expr
	heap   []*cursor
	spare  []*reading
	ahead  crew
	steps  int
	keeps  int // blocks that may yet stay unpacked
	reckon *reckoning

	chunks      []*cursor // of heads, those that come up later
	chunksEnded int
}

// cursor walks over a chunk, or over the blocks of a part, in the scan's
// direction.
type cursor struct {
	rank    uint64 // breaks ties of time
	part    *part
	rows    rowSet // the current block, nil between blocks
	now     *reading
	f       *filter
	begun   bool // of a chunk: it came up
	at      int  // next row
	blocks  []blockMeta
	indexed bool
	block   int          // that was looked at last
	few     bitset       // blocks that the index leaves, nil for all
	pairs   []pairAsk    // of a part without an index
	known   *decider     // nil when there is no predicate
	next    []*reading   // blocks that may hold a match, in order
	ended   int          // blocks that were read
	search  *chunkSearch // of a chunk, nil until it is searched ahead
	key     int64        // of the current event, or no later in the order than any to come
	exact   bool         // event is there
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
	sc.orderChunks()
	sc.order()
}

func (sc *scan) order() {
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
			sc.reckon.rows(stepRows, 0, 1)
			if n++; !yield(&c.event, nil) || n == limit {
				return
			}
		}
		more, err := sc.step(c)
		if err != nil && sc.ctx.Err() == nil {
			err = unread(err)
		}
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
	sc.leave(c)
	last := len(sc.heap) - 1
	sc.heap[0] = sc.heap[last]
	sc.heap = sc.heap[:last]
	sc.down(0)
}

// leave gives the memory of a cursor's block back.
func (sc *scan) leave(c *cursor) {
	if c.now != nil {
		sc.keep(c, c.now)
		sc.spare = append(sc.spare, c.now)
	}
	c.rows, c.now = nil, nil
}

// end waits for what is being read ahead, and keeps it and the current blocks.
func (sc *scan) end() {
	sc.ahead.end()
	for _, c := range sc.heap {
		for _, r := range c.next {
			if r.done != nil {
				sc.keep(c, r)
			}
		}
		sc.leave(c)
	}
}

// step brings a cursor to its next event, or to the bound of its next block;
// false at its end.
func (sc *scan) step(c *cursor) (bool, error) {
	c.exact = false
	if v, ok := c.rows.(*chunkView); ok && !c.begun {
		if may, err := sc.beginChunk(c, v); err != nil || !may {
			return false, err
		}
	}
	var failed error
	if c.rows == nil && len(c.next) > 0 {
		if failed = sc.load(c); failed != nil && sc.ctx.Err() != nil {
			return true, failed
		}
	}
	if c.rows != nil {
		ok, err := sc.seek(c)
		if ok || err != nil && sc.ctx.Err() != nil {
			return true, err
		}
		failed = err
		sc.leave(c)
	}
	if c.part == nil {
		sc.chunksEnded++
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
	if sc.f.root != nil {
		c.known = decide(sc.f.root, c.part)
	}
	if blocks, all := sc.sn.s.narrowed(sc.ctx, c.part, sc.where); !all {
		sc.reckon.index()
		c.few = blocks
	} else if !c.part.sealed.Load() {
		c.pairs = sc.sn.s.pairAsks(c.part, sc.where)
	}
	if !sc.oldest {
		c.block = len(c.blocks)
	} else {
		c.block = -1
	}
	return nil
}

// nextBlock goes to the bound of the next block that may hold a match.
func (sc *scan) nextBlock(c *cursor) bool {
	if !sc.queue(c, 1) {
		return false
	}
	c.key = sc.edge(c.next[0].m.min, c.next[0].m.max)
	return true
}

// enter goes to the first row of a chunk that is in range, of those from..to-1.
func (sc *scan) enter(c *cursor, v *chunkView) (from, to int) {
	v.sort()
	if c.f == nil {
		c.f = sc.f.fork()
	}
	from, to = rowsIn(v, sc.r)
	c.at = from
	if !sc.oldest {
		c.at = to - 1
	}
	c.f.enter(v, from, to) // which reads nothing
	return from, to
}

// rowsIn are the rows of a time range: from..to-1.
func rowsIn(rows rowSet, r store.TimeRange) (from, to int) {
	from = sort.Search(rows.len(), func(i int) bool { return rows.time(i) >= r.From })
	to = sort.Search(rows.len(), func(i int) bool { return rows.time(i) >= r.To })
	return from, max(from, to)
}

// seek goes to the next match of the current block.
func (sc *scan) seek(c *cursor) (bool, error) {
	forth := -1
	if sc.oldest {
		forth = 1
	}
	hits := c.hits()
	if hits != nil && hits.empty() {
		return false, nil
	}
	for n := c.rows.len(); c.at >= 0 && c.at < n; {
		if hits != nil {
			if c.at = hits.after(c.at, sc.oldest); c.at < 0 || c.at >= n {
				break
			}
		}
		t := c.rows.time(c.at)
		if !sc.r.Has(t) {
			break
		}
		if sc.steps++; sc.steps&1023 == 0 && sc.ctx.Err() != nil {
			return false, sc.ctx.Err()
		}
		before := c.read()
		ok, err := c.f.match(c.rows, c.at, &c.event, true)
		sc.reckon.bytes(c.read() - before)
		c.at += forth
		if err != nil {
			if c.part != nil {
				sc.sn.s.damaged(c.part.name, c.now.m.off, err)
			}
			return false, err
		}
		if ok {
			c.key, c.exact = t, true
			return true, nil
		}
	}
	return false, nil
}

// hits are the rows that match, or may: those of a block, or of a chunk that was
// searched ahead; nil when they are not known.
func (c *cursor) hits() bitset {
	switch {
	case c.f.block != nil:
		return c.f.hits
	case c.search != nil:
		return c.search.hits
	}
	return nil
}

// read is how many bytes of the current block were read.
func (c *cursor) read() int64 {
	if c.now == nil {
		return 0
	}
	return c.now.b.read
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
