package events

import (
	"slices"
	"sync/atomic"
	"time"

	"tripod/store"
)

// head holds the newest events in memory. It grows under Store.mu, and what a
// snapshot has seen of it never changes.
type head struct {
	journal        *journal
	journalBytes   atomic.Int64
	bytes          int64
	rows           int
	min, max       int64 // time
	minSeq, maxSeq uint64
	born           time.Time // when its first event came
	chunks         []*chunk

	digests headDigests
}

// chunk is up to chunkRows rows in order of arrival.
type chunk struct {
	seq      uint64 // of the first row
	rows     []headRow
	batches  []*batch
	min, max int64
	mask     uint8
	sorted   atomic.Pointer[[]headRow]  // once the chunk is full
	filter   atomic.Pointer[filterBits] // as in a part; once it is full and was asked for
}

// chunkRows is small enough to search a chunk without a filter in half a ms.
const chunkRows = 1024

type headRow struct {
	batchRow
	batch uint32 // of chunk.batches
}

const headRowBytes = 32 // and what else a row costs beside its encoding

func (h *head) setJournal(j *journal) {
	h.journal = j
	h.journalBytes.Store(j.size)
}

// add takes over a frame's batch.
func (h *head) add(f *frame, now time.Time) {
	rows := f.batch.rows
	if len(rows) == 0 {
		return
	}
	if h.rows == 0 {
		h.born, h.minSeq = now, f.seq
		h.min, h.max = rows[0].time, rows[0].time
	}
	h.maxSeq = f.seq + uint64(len(rows)) - 1
	h.rows += len(rows)
	h.bytes += int64(len(f.batch.data) + len(rows)*headRowBytes)
	for seq := f.seq; len(rows) > 0; {
		c := h.open(seq)
		n := min(len(rows), chunkRows-len(c.rows))
		c.add(f.batch, rows[:n])
		h.min, h.max = min(h.min, c.min), max(h.max, c.max)
		rows, seq = rows[n:], seq+uint64(n)
	}
	f.batch.rows = nil // the chunks have them
}

func (h *head) open(seq uint64) *chunk {
	if n := len(h.chunks); n > 0 && len(h.chunks[n-1].rows) < chunkRows {
		return h.chunks[n-1]
	}
	c := &chunk{seq: seq}
	h.chunks = append(h.chunks, c)
	return c
}

func (c *chunk) add(b *batch, rows []batchRow) {
	if len(c.rows) == 0 {
		c.min, c.max = rows[0].time, rows[0].time
	}
	id := uint32(len(c.batches))
	c.batches = append(c.batches, b)
	if c.rows == nil {
		c.rows = make([]headRow, 0, chunkRows)
	}
	for _, r := range rows {
		c.rows = append(c.rows, headRow{r, id})
		c.min, c.max = min(c.min, r.time), max(c.max, r.time)
		c.mask |= 1 << r.class
	}
}

// snapshot is the chunk of a head as it is now; call it under Store.mu.
func (c *chunk) snapshot(h *head) *chunkView {
	return &chunkView{head: h, from: c, rows: c.rows, batches: c.batches, min: c.min, max: c.max, mask: c.mask}
}

// chunkView is a chunk at one moment, a block to scan.
type chunkView struct {
	head     *head
	from     *chunk
	rows     []headRow
	batches  []*batch
	min, max int64
	mask     uint8
	inOrder  bool
	buf      []byte // of lines of the event that was given last
}

func byTime(a, b headRow) int { return compareTime(a.time, b.time) }

// sort brings the rows into order of time, those of equal time by arrival.
func (v *chunkView) sort() {
	if v.inOrder {
		return
	}
	v.inOrder = true
	if slices.IsSortedFunc(v.rows, byTime) {
		return
	}
	if p := v.from.sorted.Load(); p != nil && len(v.rows) == chunkRows {
		v.rows = *p
		return
	}
	rows := slices.Clone(v.rows)
	slices.SortStableFunc(rows, byTime)
	if v.rows = rows; len(rows) == chunkRows {
		v.from.sorted.Store(&rows)
	}
}

// may asks the filter of a full chunk, which the first question makes.
func (v *chunkView) may(p *plan) bool {
	if v.mask&p.mask == 0 {
		return false
	}
	if len(v.rows) < chunkRows || p.trivial() {
		return true
	}
	f := v.from.filter.Load()
	if f == nil {
		if f = v.makeFilter(); f == nil {
			return true
		}
		v.from.filter.Store(f)
	}
	return p.may(func(k planKey) bool { return f.Contains(k.hash) })
}

func (v *chunkView) makeFilter() *filterBits {
	var keys keySet
	for _, b := range v.batches {
		b.addKeys(&keys)
	}
	for _, r := range v.rows {
		v.batches[r.batch].addRowKeys(r.batchRow, &keys)
	}
	var m filterMaker
	f, err := readFilter(m.append(nil, &keys))
	if err != nil {
		return nil // no keys
	}
	return f
}

func (v *chunkView) len() int          { return len(v.rows) }
func (v *chunkView) time(i int) int64  { return v.rows[i].time }
func (v *chunkView) class(i int) uint8 { return v.rows[i].class }
func (v *chunkView) event(i int, e *Event, want *wanted) error {
	return v.batches[v.rows[i].batch].some(v.rows[i].batchRow, e, &v.buf, want)
}

func (v *chunkView) in(r store.TimeRange) (from, to int, err error) {
	from, to = rowsIn(v, r)
	return from, to, nil
}

func (v *chunkView) marks() error { return nil }
