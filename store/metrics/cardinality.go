package metrics

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/tsdb/chunks"

	"tripod/store"
)

// maxWide bounds the series of one metric whose labels are compared.
const maxWide = 20_000

// cardinalityAge is how long an answer holds: counting reads every series and
// every chunk of the head, about 1 ms for each 10,000.
const cardinalityAge = 30 * time.Second

// counted is the last answer.
type counted struct {
	mu sync.Mutex
	at time.Time
	c  store.Cardinality
}

// Cardinality counts the head by metric, label and value: at most limit of each.
func (s *Store) Cardinality(ctx context.Context, limit int) (store.Cardinality, error) {
	s.counted.mu.Lock()
	defer s.counted.mu.Unlock()
	if now := s.o.Now(); s.counted.at.IsZero() || now.Sub(s.counted.at) >= cardinalityAge || len(s.counted.c.Metrics) < min(limit, s.counted.c.Names) {
		c, err := s.cardinality(ctx, limit)
		if err != nil {
			return c, err
		}
		s.counted.c, s.counted.at = c, now
	}
	c := s.counted.c
	c.Metrics = c.Metrics[:min(limit, len(c.Metrics))]
	c.Refused = s.births.refused.Load()
	return c, nil
}

func (s *Store) cardinality(ctx context.Context, limit int) (store.Cardinality, error) {
	head := s.db.Head()
	born, all := s.births.lastHour()
	c := store.Cardinality{
		Series: int64(head.NumSeries()), Max: s.births.max, New: all, Since: s.opened,
	}
	if from := s.o.Now().Add(-time.Hour); from.After(c.Since) {
		c.Since = from
	}
	if c.Series == 0 {
		return c, nil
	}
	byName, err := countMetrics(ctx, head)
	if err != nil {
		return c, err
	}
	c.Names = len(byName)
	for name, m := range byName {
		m.Name, m.New = name, born[name]
		c.Metrics = append(c.Metrics, *m)
	}
	slices.SortFunc(c.Metrics, func(x, y store.MetricSeries) int {
		return cmp.Or(cmp.Compare(y.Series, x.Series), cmp.Compare(x.Name, y.Name))
	})
	c.Metrics = c.Metrics[:min(limit, len(c.Metrics))]
	for i := range c.Metrics {
		if err := widest(ctx, head, &c.Metrics[i]); err != nil {
			return c, err
		}
	}
	stats := head.Stats(labels.MetricName, max(100, 4*limit)).IndexPostingStats // more, because names are left out
	bytes := map[string]int64{}
	for _, l := range stats.LabelValueStats {
		bytes[l.Name] = int64(l.Count)
	}
	for _, l := range stats.CardinalityLabelStats {
		if l.Name != labels.MetricName && len(c.Labels) < limit {
			c.Labels = append(c.Labels, store.LabelSeries{Name: l.Name, Values: int64(l.Count), Bytes: bytes[l.Name]})
		}
	}
	for _, p := range stats.LabelValuePairsStats {
		name, value, _ := strings.Cut(p.Name, "=")
		if name != labels.MetricName && len(c.Pairs) < limit {
			c.Pairs = append(c.Pairs, store.PairSeries{Name: name, Value: value, Series: int64(p.Count)})
		}
	}
	return c, nil
}

func countMetrics(ctx context.Context, head *tsdb.Head) (map[string]*store.MetricSeries, error) {
	q, err := tsdb.NewBlockChunkQuerier(head, math.MinInt64, math.MaxInt64)
	if err != nil {
		return nil, err
	}
	defer q.Close()
	out := map[string]*store.MetricSeries{}
	var it chunks.Iterator
	set := q.Select(ctx, false, nil, labels.MustNewMatcher(labels.MatchRegexp, labels.MetricName, ".*"))
	for set.Next() {
		series := set.At()
		name := series.Labels().Get(labels.MetricName)
		m := out[name]
		if m == nil {
			m = &store.MetricSeries{}
			out[name] = m
		}
		m.Series++
		it = series.Iterator(it)
		for it.Next() {
			c := it.At().Chunk
			m.Samples += int64(c.NumSamples())
			m.Bytes += int64(len(c.Bytes()))
		}
		if err := it.Err(); err != nil {
			return nil, err
		}
	}
	return out, set.Err()
}

// widest finds the label of a metric that has most values.
func widest(ctx context.Context, head *tsdb.Head, m *store.MetricSeries) error {
	index, err := head.Index()
	if err != nil {
		return err
	}
	defer index.Close()
	p, err := index.Postings(ctx, labels.MetricName, m.Name)
	if err != nil {
		return err
	}
	values := map[string]map[string]struct{}{}
	var builder labels.ScratchBuilder
	for n := 0; p.Next() && n < maxWide; n++ {
		if err := index.Series(p.At(), &builder, nil); err != nil {
			continue // it has just ended
		}
		builder.Labels().Range(func(l labels.Label) {
			if values[l.Name] == nil {
				values[l.Name] = map[string]struct{}{}
			}
			values[l.Name][l.Value] = struct{}{}
		})
	}
	for name, of := range values {
		if n := len(of); n > 1 && (n > m.Values || n == m.Values && name < m.Label) {
			m.Label, m.Values = name, n
		}
	}
	return p.Err()
}
