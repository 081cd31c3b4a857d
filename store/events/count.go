package events

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"

	"tripod/store"
)

// maxBuckets bounds the answer of Count.
const maxBuckets = 100_000

// Count counts matching events by step and class: every step of the range,
// zeros included, which begin at q.Origin and multiples of step from there.
// Limit and Oldest mean nothing to it. What the class and Options.CountBy
// decide is counted without reading a row. A block that cannot be read is a
// store.ErrUnread beside the counts of all others.
func (s *Store) Count(ctx context.Context, q Query, step time.Duration) ([]Bucket, error) {
	n, err := bucketCount(q.Range, q.Origin, int64(step))
	if err != nil || n == 0 {
		return nil, err
	}
	sn, err := s.snapshot(q.Range)
	if err != nil {
		return nil, err
	}
	defer sn.release()
	where := sharpen(q.Where)
	ct := &counter{sn: sn, r: q.Range, grid: grid{q.Origin, int64(step)}, f: newFilter(where), where: where, reckon: sn.reckon(ctx, &q)}
	defer ct.reckon.end(where)
	ct.total = newTally(q.Range, ct.grid, n)
	if ct.f.plan.mask != 0 {
		err = ct.run(ctx)
	}
	return ct.total.buckets, err
}

// grid cuts time into pieces of a length.
type grid struct{ origin, length int64 }

// of is the number of the step that a time lies in.
func (s grid) of(at int64) int64 { return floorDiv(at-s.origin, s.length) }

// wholeMinutes says that no step ends inside a minute, but for the first ns of
// one.
func (s grid) wholeMinutes() bool {
	after := s.origin - floorDiv(s.origin, minute)*minute
	return after <= 1 && s.length%minute == 0
}

func bucketCount(r store.TimeRange, origin, step int64) (int, error) {
	if step <= 0 {
		return 0, fmt.Errorf("step %d: %w", step, store.ErrInvalid)
	}
	if r.To <= r.From {
		return 0, nil
	}
	if last := r.To - 1; last-origin < 0 != (last < origin) || r.From-origin < 0 != (r.From < origin) {
		return 0, fmt.Errorf("steps from %d to %d: %w", origin, last, store.ErrTooLarge)
	}
	n := uint64(floorDiv(r.To-1-origin, step)) - uint64(floorDiv(r.From-origin, step)) + 1
	if n > maxBuckets {
		return 0, fmt.Errorf("%d steps, at most %d: %w", n, maxBuckets, store.ErrTooLarge)
	}
	return int(n), nil
}

// tally is the counts of one goroutine.
type tally struct {
	grid
	first   int64 // the number of the first step
	buckets []Bucket
}

func newTally(r store.TimeRange, s grid, n int) *tally {
	t := &tally{grid: s, first: s.of(r.From), buckets: make([]Bucket, n)}
	for i := range t.buckets {
		t.buckets[i].Start = s.origin + (t.first+int64(i))*s.length
	}
	return t
}

func (t *tally) add(at int64, class uint8, n int64) {
	t.buckets[t.of(at)-t.first].Counts[class] += n
}

type counter struct {
	sn     *snapshot
	r      store.TimeRange
	grid   grid
	f      *filter
	where  Expr
	total  *tally
	reckon *reckoning
	do     func(*Event, int64) error // of Fold, or else nil
	to     Tallier                   // of Tally, or else nil

	mu      sync.Mutex
	err     error // the first
	refused error // of do
}

func (ct *counter) fail(err error) {
	ct.mu.Lock()
	defer ct.mu.Unlock()
	if ct.err == nil {
		ct.err = unread(err)
	}
}

// run gives the blocks out to a goroutine per processor.
func (ct *counter) run(ctx context.Context) error {
	work := make(chan func(*countWorker))
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		w := &countWorker{ct: ct, f: ct.f.fork(), tally: newTally(ct.r, ct.grid, len(ct.total.buckets))}
		wg.Go(func() {
			for do := range work {
				do(w)
			}
			ct.merge(w)
		})
	}
	ct.feed(ctx, work)
	close(work)
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return err
	}
	return cmp.Or(ct.refused, ct.err)
}

// over says that the caller wants no more.
func (ct *counter) over() bool {
	ct.mu.Lock()
	defer ct.mu.Unlock()
	return ct.refused != nil
}

func (ct *counter) merge(w *countWorker) {
	t := w.tally
	ct.mu.Lock()
	defer ct.mu.Unlock()
	for i := range t.buckets {
		for c, n := range t.buckets[i].Counts {
			ct.total.buckets[i].Counts[c] += n
		}
	}
}

func (ct *counter) feed(ctx context.Context, work chan<- func(*countWorker)) {
	send := func(do func(*countWorker)) bool {
		select {
		case work <- do:
			return !ct.over()
		case <-ctx.Done():
			return false
		}
	}
	for _, v := range ct.sn.chunks {
		if v.mask&ct.f.plan.mask != 0 && !send(func(w *countWorker) { w.chunk(v) }) {
			return
		}
	}
	for _, p := range ct.sn.parts {
		blocks, err := p.index(ct.sn.s.o.files, ct.sn.s.codecs)
		if err != nil {
			ct.sn.s.damaged(p.name, 0, err)
			ct.fail(err)
			continue
		}
		if !ct.part(ctx, p, blocks, send) {
			return
		}
	}
}

// part counts blocks from the index and gives the others out, if that is not
// refused.
func (ct *counter) part(ctx context.Context, p *part, blocks []blockMeta, send func(func(*countWorker)) bool) bool {
	known := decide(ct.f.root, p)
	var few bitset
	asked, all := false, true
	for i := range blocks {
		m := &blocks[i]
		if !ct.r.Overlaps(m.min, m.max) || m.mask&ct.f.plan.mask == 0 || known.block(m) == never || ct.header(known, m) {
			continue
		}
		if !asked && ct.f.root != nil {
			if few, all = ct.sn.s.narrowed(ctx, p, ct.where); !all {
				ct.reckon.index()
			}
		}
		if asked = true; !all && !few.has(i) {
			continue
		}
		ct.reckon.block(stepIndex, partBlock{p, m})
		if !send(func(w *countWorker) { w.block(known, partBlock{p, m}) }) {
			return false
		}
	}
	return true
}

// header counts from the index, where that is exact.
func (ct *counter) header(known *decider, m *blockMeta) bool {
	inside := ct.r.Has(m.min) && ct.r.Has(m.max)
	if !inside || ct.do != nil || ct.to != nil {
		return false
	}
	if whole := ct.grid.of(m.min) == ct.grid.of(m.max); !whole && !ct.grid.wholeMinutes() {
		return false
	}
	for i := range m.counts {
		if known.count(&m.counts[i]) == unknown {
			return false
		}
	}
	ct.reckon.block(stepHeaders, partBlock{known.part, m})
	ct.mu.Lock()
	defer ct.mu.Unlock()
	for i := range m.counts {
		if c := &m.counts[i]; known.count(c) == always {
			ct.total.add(max(c.within(), m.min), c.class, int64(c.rows))
			ct.reckon.rows(stepRows, 0, int(c.rows))
		}
	}
	return true
}

type countWorker struct {
	ct      *counter
	f       *filter
	tally   *tally
	folder  folder
	chunks  chunkFolder
	counted blockTally
	b       block
	e       Event
}

func (w *countWorker) block(known *decider, pb partBlock) {
	sn := w.ct.sn
	w.f.known = known
	if !pb.may(sn.s, &w.f.plan) {
		return
	}
	w.ct.reckon.block(stepFilters, pb)
	err := w.b.open(pb, sn.s.codecs, sn.s.decoded.find(pb.m))
	if err == nil {
		err = w.rows(&w.b)
	}
	w.ct.reckon.bytes(w.b.read)
	if w.b.asked || !w.f.hits.empty() {
		w.ct.reckon.block(stepZones, pb)
	}
	if err != nil {
		sn.s.damaged(pb.p.name, pb.m.off, err)
		w.ct.fail(err)
	}
}

func (w *countWorker) chunk(v *chunkView) {
	if !v.may(&w.f.plan) {
		return
	}
	w.ct.reckon.rows(stepFilters, 1, len(v.rows))
	w.ct.reckon.rows(stepZones, 1, len(v.rows))
	v.sort()
	if err := w.rows(v); err != nil {
		w.ct.fail(err)
	}
}

func (w *countWorker) rows(rows rowSet) error {
	from, to, err := rows.in(w.ct.r)
	if err == nil {
		err = w.f.enter(rows, from, to)
	}
	if err == nil && (w.f.block == nil || !w.f.hits.empty()) {
		err = rows.marks()
	}
	if err != nil || w.f.block != nil && w.f.hits.empty() {
		return err
	}
	switch v, chunk := rows.(*chunkView); {
	case w.ct.to != nil && chunk:
		return w.tallyChunk(v, from, to)
	case w.ct.to != nil:
		return w.tallyBlock(rows.(*block), from, to)
	case w.ct.do != nil:
		return w.fold(rows, from, to)
	}
	found := 0
	defer func() { w.ct.reckon.rows(stepRows, 0, found) }()
	for i := from; i < to; i++ {
		ok, err := w.f.match(rows, i, &w.e, false)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		found++
		w.tally.add(rows.time(i), rows.class(i), 1)
	}
	return nil
}
