package asked

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/timestamp"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"
)

// Over stands before a store of samples, and answers the selectors of the
// languages itself. The lookback is that of the query.
func (l Languages) Over(next storage.Queryable, lookback time.Duration) storage.Queryable {
	return queryable{l, next, lookback}
}

type queryable struct {
	languages Languages
	next      storage.Queryable
	lookback  time.Duration
}

func (q queryable) Querier(mint, maxt int64) (storage.Querier, error) {
	next, err := q.next.Querier(mint, maxt)
	return querier{next, q}, err
}

type querier struct {
	storage.Querier
	q queryable
}

// Select asks in the language of a selector. The engine's hints begin just
// behind the lookback of the first moment (promql.getTimeRangesForSelector).
func (q querier) Select(ctx context.Context, sorted bool, hints *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	if hints == nil || q.q.languages.named(matchers) == "" {
		return q.Querier.Select(ctx, sorted, hints, matchers...)
	}
	name, ask, err := q.q.languages.read(matchers)
	if err != nil {
		return storage.ErrSeriesSet(err)
	}
	from, to, step := hints.Start+q.q.lookback.Milliseconds()-1, hints.End, max(hints.Step, 1)
	to = from + (to-from)/step*step
	ask.From, ask.To, ask.Step = timestamp.Time(from), timestamp.Time(to), time.Duration(step)*time.Millisecond
	m, err := q.q.languages[name].Ask(ctx, ask)
	if err != nil {
		return storage.ErrSeriesSet(err)
	}
	set := &seriesSet{}
	for _, s := range m {
		set.list = append(set.list, promql.NewStorageSeries(promql.Series{Metric: s.Metric, Floats: ending(s.Floats, to, step)}))
	}
	slices.SortFunc(set.list, func(a, b storage.Series) int { return labels.Compare(a.Labels(), b.Labels()) })
	return set
}

// ending ends a series with a stale marker wherever it has no value at the next
// step, so that no value counts for longer than its moment.
func ending(points []promql.FPoint, to, step int64) []promql.FPoint {
	out := make([]promql.FPoint, 0, len(points)+1)
	for i, p := range points {
		out = append(out, p)
		if next := p.T + step; next <= to && (i+1 == len(points) || points[i+1].T > next) {
			out = append(out, promql.FPoint{T: next, F: math.Float64frombits(value.StaleNaN)})
		}
	}
	return out
}

type seriesSet struct {
	list []storage.Series
	at   int
}

func (s *seriesSet) Next() bool {
	s.at++
	return s.at <= len(s.list)
}

func (s *seriesSet) At() storage.Series                { return s.list[s.at-1] }
func (s *seriesSet) Err() error                        { return nil }
func (s *seriesSet) Warnings() annotations.Annotations { return nil }
