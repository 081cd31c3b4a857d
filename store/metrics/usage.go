package metrics

import (
	"context"
	"math"
	"sync"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunks"

	"tripod/store"
)

// Usage reads the sizes of the files: call it for a screen, not for a sample.
func (s *Store) Usage() store.Usage {
	head := s.db.Head()
	u := store.Usage{
		Series:   int64(head.NumSeries()),
		Bytes:    head.Size(),
		Accepted: s.accepted.Load(),
		Rejected: s.rejected.Load(),
	}
	oldest, newest := head.MinTime(), head.MaxTime()
	if oldest == math.MaxInt64 { // an empty head
		oldest, newest = math.MaxInt64, math.MinInt64
	}
	for _, b := range s.db.Blocks() {
		m := b.Meta()
		u.Items += int64(m.Stats.NumSamples)
		u.Bytes += b.Size()
		oldest, newest = min(oldest, m.MinTime), max(newest, m.MaxTime)
	}
	u.Items += s.head.count(s.db.Head(), s.o.Now())
	if newest >= oldest {
		u.Oldest = oldest * int64(time.Millisecond)
		u.Newest = newest * int64(time.Millisecond)
	}
	return u
}

// headCount is the number of samples in the head, which tsdb does not keep: it
// is counted from the chunks, about 1 ms for each 10,000 chunks, and at most
// twice a minute.
type headCount struct {
	mu      sync.Mutex
	at      time.Time
	samples int64
}

func (c *headCount) count(h *tsdb.Head, now time.Time) int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.at.IsZero() && now.Sub(c.at) < 30*time.Second {
		return c.samples
	}
	if n, err := countSamples(h); err == nil {
		c.at, c.samples = now, n
	}
	return c.samples
}

func countSamples(h *tsdb.Head) (int64, error) {
	if h.NumSeries() == 0 {
		return 0, nil
	}
	q, err := tsdb.NewBlockChunkQuerier(h, math.MinInt64, math.MaxInt64)
	if err != nil {
		return 0, err
	}
	defer q.Close()
	var n int64
	var it chunks.Iterator
	all := labels.MustNewMatcher(labels.MatchRegexp, labels.MetricName, ".*")
	set := q.Select(context.Background(), false, nil, all)
	for set.Next() {
		it = set.At().Iterator(it)
		for it.Next() {
			n += int64(it.At().Chunk.NumSamples())
		}
		if err := it.Err(); err != nil {
			return 0, err
		}
	}
	return n, set.Err()
}
