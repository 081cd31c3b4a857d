package events

import (
	"cmp"
	"context"
	"fmt"
	"hash/crc32"
	"math"
	"slices"

	"tripod/store"
)

// merger writes the blocks of parts into one part. ctx is here only while run
// lasts.
type merger struct {
	s     *Store
	w     *partWriter
	ctx   context.Context
	whole bool // blocks may be taken over as they are
	spare []*reading
	buf   []byte
}

// mergeBlock is a block of a held part.
type mergeBlock struct {
	partBlock
	rank uint64 // of its part: breaks ties of time
	no   int    // in its part
}

// run takes over blocks that stand alone in their time as they are; only those
// that overlap, or are small, are read and written anew.
func (m *merger) run(parts []*part) error {
	blocks, err := m.blocks(parts)
	for len(blocks) > 0 && err == nil {
		n := together(blocks)
		if n == 1 && m.whole && m.large(blocks[0].m) {
			err = m.copy(blocks[0].partBlock)
		} else {
			err = m.rewrite(blocks[:n])
		}
		blocks = blocks[n:]
	}
	return err
}

// blocks are all blocks in the order in which they begin.
func (m *merger) blocks(parts []*part) (all []mergeBlock, err error) {
	for _, p := range parts {
		metas, err := p.index(m.s.o.files, m.s.codecs)
		if err != nil {
			m.s.damaged(p.name, 0, err)
			return nil, err
		}
		for i := range metas {
			all = append(all, mergeBlock{partBlock{p, &metas[i]}, p.info.minSeq, i})
		}
	}
	slices.SortFunc(all, func(a, b mergeBlock) int {
		return cmp.Or(cmp.Compare(a.m.min, b.m.min), cmp.Compare(a.rank, b.rank), cmp.Compare(a.no, b.no))
	})
	return all, nil
}

// together is how many of the first blocks must be merged row by row, because
// one after the other they would not be in order.
func together(blocks []mergeBlock) int {
	last, rank := blocks[0].m.max, blocks[0].rank // the greatest rank that reaches last
	for n := 1; n < len(blocks); n++ {
		b := &blocks[n]
		if b.m.min > last || b.m.min == last && b.rank >= rank {
			return n
		}
		switch {
		case b.m.max > last:
			last, rank = b.m.max, b.rank
		case b.m.max == last:
			rank = max(rank, b.rank)
		}
	}
	return len(blocks)
}

// large says that a block is not worth filling up.
func (m *merger) large(b *blockMeta) bool {
	return b.rows >= m.w.blockRows/2 || b.chunks >= maxBlockRaw/8
}

// copy takes over a block as it is, if its sums are right.
func (m *merger) copy(pb partBlock) error {
	if err := m.ctx.Err(); err != nil {
		return err
	}
	b := pb.m
	m.buf = slices.Grow(m.buf[:0], b.bytes())[:b.bytes()]
	_, err := pb.p.f.ReadAt(m.buf, b.off)
	if err == nil {
		err = m.s.checkBlock(b, m.buf)
	}
	if err != nil {
		err = fmt.Errorf("%s: block at %d: %w", pb.p.name, b.off, err)
		m.s.damaged(pb.p.name, b.off, err)
		return err
	}
	return m.w.take(pb, m.buf)
}

// rewrite merges blocks row by row.
func (m *merger) rewrite(blocks []mergeBlock) (err error) {
	sc := &scan{sn: &snapshot{s: m.s}, ctx: m.ctx, oldest: true, f: newFilter(nil), spare: m.spare,
		r: store.TimeRange{From: math.MinInt64, To: math.MaxInt64}}
	cursors := map[*part]*cursor{}
	for _, b := range blocks {
		c := cursors[b.p]
		if c == nil {
			c = &cursor{rank: b.rank, part: b.p, indexed: true, block: -1}
			cursors[b.p] = c
			sc.heap = append(sc.heap, c)
		}
		c.blocks = append(c.blocks, *b.m)
	}
	defer sc.ahead.end()
	for _, c := range sc.heap {
		sc.nextBlock(c)
	}
	sc.order()
	sc.run(func(e *Event, scanErr error) bool {
		if err = scanErr; err == nil {
			err = m.w.add(e)
		}
		return err == nil
	}, 0)
	m.spare = sc.spare
	return err
}

// mergeDigests gives the writer the sum of the parts' digests, so that it need
// not see their events; false when it must.
func (s *Store) mergeDigests(w *partWriter, run []*part) bool {
	if w.digest == nil {
		return true
	}
	sum, ok := s.o.NewDigest().(interface{ Merge(Digest) })
	if !ok {
		return false
	}
	for _, p := range run {
		d, err := p.summary(s.o.files, s.codecs, s.o.NewDigest)
		if err != nil {
			return false // made anew from the events
		}
		sum.Merge(d)
	}
	w.digest, w.digested = sum.(Digest), true
	return true
}

// checkBlock checks every sum of a block.
func (s *Store) checkBlock(m *blockMeta, b []byte) error {
	raw, err := s.codecs.unpack(nil, b[m.chunks:][:m.head.size], m.head)
	if err != nil {
		return err
	}
	head, err := readHead(raw, m.rows, m.chunks)
	if err != nil {
		return err
	}
	extents := []extent{head.times, head.classes, head.shapeOf}
	for i := range head.cols {
		extents = append(extents, head.cols[i].chunk)
	}
	for _, c := range extents {
		if crc32.Checksum(b[c.off:c.off+c.size], castagnoli) != c.sum {
			return fmt.Errorf("checksum at %d: %w", c.off, errCorrupt)
		}
	}
	if m.filter > 0 {
		_, err = readFilter(b[m.chunks+m.head.size:])
	}
	return err
}
