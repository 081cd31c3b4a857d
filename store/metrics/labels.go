package metrics

import (
	"context"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/timestamp"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"

	"time"
)

// Series are the label sets that any of the selectors (`up{job="api"}`)
// selects in a time range, sorted; limit 0 means all.
func (s *Store) Series(ctx context.Context, selectors []string, from, to time.Time, limit int) ([]labels.Labels, error) {
	sets, err := s.parser.ParseMetricSelectors(selectors)
	if err != nil {
		return nil, queryError(selectors[0], err)
	}
	mint, maxt := timestamp.FromTime(from), timestamp.FromTime(to)
	q, err := s.db.Querier(mint, maxt)
	if err != nil {
		return nil, err
	}
	defer q.Close()
	hints := &storage.SelectHints{Start: mint, End: maxt, Func: "series", Limit: limit}
	var found []storage.SeriesSet
	for _, m := range sets {
		found = append(found, q.Select(ctx, true, hints, m...))
	}
	var out []labels.Labels
	set := storage.NewMergeSeriesSet(found, limit, storage.ChainedSeriesMerge)
	for set.Next() && (limit == 0 || len(out) < limit) {
		out = append(out, set.At().Labels())
	}
	return out, set.Err()
}

// LabelNames are the names in use in a time range, sorted.
func (s *Store) LabelNames(ctx context.Context, from, to time.Time) ([]string, error) {
	return s.names(from, to, func(q storage.Querier) ([]string, annotations.Annotations, error) {
		return q.LabelNames(ctx, nil)
	})
}

// LabelValues are the values of one label in a time range, sorted; of
// `__name__` they are the names of all metrics.
func (s *Store) LabelValues(ctx context.Context, name string, from, to time.Time) ([]string, error) {
	return s.names(from, to, func(q storage.Querier) ([]string, annotations.Annotations, error) {
		return q.LabelValues(ctx, name, nil)
	})
}

func (s *Store) names(from, to time.Time, ask func(storage.Querier) ([]string, annotations.Annotations, error)) ([]string, error) {
	q, err := s.db.Querier(timestamp.FromTime(from), timestamp.FromTime(to))
	if err != nil {
		return nil, err
	}
	defer q.Close()
	out, _, err := ask(q)
	return out, err
}
