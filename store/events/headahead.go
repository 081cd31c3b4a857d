package events

import (
	"cmp"
	"runtime"
	"slices"
)

// chunkSearch is a chunk of a head that is searched ahead of its turn.
type chunkSearch struct {
	may  bool // the chunk's filter says so
	hits bitset
	err  error
	done chan struct{}
}

// orderChunks notes the chunks' cursors in the order in which they come up.
func (sc *scan) orderChunks() {
	for _, c := range sc.heap {
		if c.part == nil {
			sc.chunks = append(sc.chunks, c)
		}
	}
	slices.SortFunc(sc.chunks, func(a, b *cursor) int {
		if sc.oldest {
			a, b = b, a
		}
		return cmp.Or(cmp.Compare(b.key, a.key), cmp.Compare(b.rank, a.rank))
	})
}

// beginChunk goes to the first row of a chunk that has come up; false when none
// of its rows matches.
func (sc *scan) beginChunk(c *cursor, v *chunkView) (may bool, err error) {
	c.begun = true
	if err := sc.searchAhead(c); err != nil {
		return false, err
	}
	if c.search != nil {
		may = c.search.may
	} else if may = v.may(&sc.f.plan); may {
		sc.enter(c, v)
	}
	if !may {
		sc.chunksEnded++
		return false, nil
	}
	sc.reckon.rows(stepFilters, 1, len(v.rows))
	sc.reckon.rows(stepZones, 1, len(v.rows))
	return true, nil
}

// searchAhead waits for the hits of a chunk that comes up, and lets some that
// come next be searched meanwhile. It does so only once a chunk has ended: who
// finds enough in the first one wants no others, and it is searched row by row.
// Functions of the caller are called from one goroutine only.
func (sc *scan) searchAhead(c *cursor) error {
	sc.chunks = sc.chunks[slices.Index(sc.chunks, c):]
	if sc.chunksEnded == 0 || sc.f.root == nil || sc.f.root.custom || sc.f.classesOnly() {
		return nil
	}
	for _, next := range sc.chunks[:min(runtime.GOMAXPROCS(0), len(sc.chunks))] {
		if next.search == nil {
			next.search = &chunkSearch{done: make(chan struct{})}
			sc.ahead.do(func() { sc.searchChunk(next) })
		}
	}
	<-c.search.done
	return c.search.err
}

// searchChunk finds the rows of a chunk that match.
func (sc *scan) searchChunk(c *cursor) {
	s, v := c.search, c.rows.(*chunkView)
	defer close(s.done)
	if sc.ahead.over.Load() {
		return // nobody wants it any more
	}
	s.hits = sizedBits(nil, v.len())
	if s.may = v.may(&sc.f.plan); !s.may {
		return
	}
	from, to := sc.enter(c, v)
	var e Event
	for i := from; i < to; i++ {
		if i&255 == 0 && sc.ctx.Err() != nil {
			s.err = sc.ctx.Err()
			return
		}
		ok, err := c.f.match(v, i, &e, false)
		if err != nil {
			s.err = err
			return
		}
		if ok {
			s.hits.set(i)
		}
	}
}
