package events

import (
	"context"
	"runtime"
)

// Bounds of the blocks that one query leaves unpacked, with a limit and without:
// more would only drive out what others want. One without may be about an id,
// which few blocks have.
const (
	maxKept = 64
	fewKept = 8
)

// reading is a block that is read and searched, maybe ahead of its turn.
type reading struct {
	m        *blockMeta
	b        block
	f        *filter
	from, to int // rows in range
	err      error
	done     chan struct{} // nil until it is begun
}

// queue looks for the next n blocks that may hold a match, and says whether
// there are any.
func (sc *scan) queue(c *cursor, n int) bool {
	step := -1
	if sc.oldest {
		step = 1
	}
	for len(c.next) < n && c.block+step >= 0 && c.block+step < len(c.blocks) {
		c.block += step
		m := &c.blocks[c.block]
		pb := partBlock{c.part, m}
		if !sc.r.Overlaps(m.min, m.max) || c.few != nil && !c.few.has(m.no) {
			continue
		}
		if c.known != nil && c.known.block(m) == never {
			continue
		}
		if len(c.pairs) > 0 && !c.part.has(m, c.pairs) {
			sc.reckon.index()
			continue
		}
		sc.reckon.block(stepIndex, pb)
		if pb.may(sc.sn.s, &sc.f.plan) {
			sc.reckon.block(stepFilters, pb)
			c.next = append(c.next, sc.reading(c, m))
		}
	}
	return len(c.next) > 0
}

func (sc *scan) reading(c *cursor, m *blockMeta) *reading {
	var r *reading
	if n := len(sc.spare); n > 0 {
		r, sc.spare = sc.spare[n-1], sc.spare[:n-1]
	} else {
		r = &reading{f: sc.f.fork()}
	}
	r.m, r.err, r.done = m, nil, nil
	r.f.known = c.known
	return r
}

// load takes the next block. A cursor that has ended one already reads ahead,
// since it is likely to want more.
func (sc *scan) load(c *cursor) error {
	if c.ended > 0 {
		n := runtime.GOMAXPROCS(0)
		if sc.f.root != nil { // few rows of a block may match, and the crew is not to wait for them
			n *= 2
		}
		sc.queue(c, n)
		for _, r := range c.next {
			sc.begin(c, r)
		}
	}
	r := c.next[0]
	c.next = c.next[1:]
	c.ended++
	if r.done == nil {
		sc.search(c, r)
	} else {
		<-r.done
	}
	c.now = r
	if r.err != nil {
		if r.err != sc.ctx.Err() { // who asked has left, and the block is well
			sc.sn.s.damaged(c.part.name, r.m.off, r.err)
		}
		sc.leave(c)
		return r.err
	}
	c.rows, c.f, c.at = &r.b, r.f, r.from
	if !sc.oldest {
		c.at = r.to - 1
	}
	return nil
}

// begin searches a block beside the scan.
func (sc *scan) begin(c *cursor, r *reading) {
	if r.done != nil {
		return
	}
	r.done = make(chan struct{})
	sc.ahead.do(func() {
		defer close(r.done)
		if r.err = sc.ctx.Err(); sc.ahead.over.Load() {
			r.err = context.Canceled // nobody wants it any more
		}
		if r.err == nil {
			sc.search(c, r)
		}
	})
}

// search opens a block and finds its hits; of the cursor only what never changes
// is looked at.
func (sc *scan) search(c *cursor, r *reading) {
	pb := partBlock{c.part, r.m}
	if r.err = r.b.open(pb, sc.sn.s.codecs, sc.sn.s.decoded.find(r.m)); r.err != nil {
		return
	}
	if r.from, r.to, r.err = r.b.in(sc.r); r.err == nil {
		r.err = r.f.enter(&r.b, r.from, r.to)
	}
	if r.err == nil && !r.f.hits.empty() {
		r.err = r.b.marks()
	}
	if len(c.pairs) > 0 && r.err == nil {
		sc.sn.s.learn(&r.b, c.pairs)
	}
	if r.b.asked || !r.f.hits.empty() {
		sc.reckon.block(stepZones, pb)
	}
	sc.reckon.bytes(r.b.read)
}

// keep keeps a block unpacked.
func (sc *scan) keep(c *cursor, r *reading) {
	if b := &r.b; sc.keeps > 0 && b.more && r.err == nil && b.err == nil {
		sc.keeps--
		sc.sn.s.decoded.keep(partBlock{c.part, r.m}, b.decoded)
		b.more, b.shared, b.own = false, true, nil
	}
}
