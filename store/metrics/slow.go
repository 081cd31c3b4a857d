package metrics

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/prometheus/promql"

	"tripod/store"
)

// Of the last hour, this many of the queries that took longest are remembered;
// one that is asked again stands there once.
const (
	maxSlow  = 20
	slowAge  = time.Hour
	slowFrom = 10 * time.Millisecond
	slowText = 2 << 10 // bytes
)

type slow struct {
	mu   sync.Mutex
	list []store.SlowQuery // longest first
}

func (s *slow) add(q store.SlowQuery) {
	if q.Took < slowFrom {
		return
	}
	q.Text = q.Text[:min(len(q.Text), slowText)]
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = slices.DeleteFunc(s.list, func(old store.SlowQuery) bool {
		return q.At.Sub(old.At) > slowAge || old.Text == q.Text && old.Took <= q.Took
	})
	if slices.ContainsFunc(s.list, func(old store.SlowQuery) bool { return old.Text == q.Text }) {
		return
	}
	s.list = append(s.list, q)
	slices.SortStableFunc(s.list, func(x, y store.SlowQuery) int { return cmp.Compare(y.Took, x.Took) })
	s.list = s.list[:min(maxSlow, len(s.list))]
}

// SlowQueries are those of the last hour that took longest, longest first.
func (s *Store) SlowQueries() []store.SlowQuery {
	s.slow.mu.Lock()
	defer s.slow.mu.Unlock()
	now := s.o.Now()
	return slices.DeleteFunc(slices.Clone(s.slow.list), func(q store.SlowQuery) bool { return now.Sub(q.At) > slowAge })
}

// watched is a query that leaves no spans, and is remembered when it took long.
type watched struct {
	promql.Query
	s    *Store
	over time.Duration
}

func (q watched) Exec(ctx context.Context) *promql.Result {
	begin := q.s.o.Now()
	res := q.Query.Exec(quiet(ctx))
	seen := store.SlowQuery{Text: q.String(), At: begin, Took: q.s.o.Now().Sub(begin), Range: q.over}
	if st := q.Stats(); st != nil && st.Samples != nil {
		seen.Samples = st.Samples.TotalSamples
	}
	if res.Err != nil {
		seen.Failed = res.Err.Error()
	}
	q.s.slow.add(seen)
	return res
}
