package parallel

import (
	"context"
	"errors"
	"io"
	"strconv"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"
)

// source is what the stock engine reads: fragments where a placeholder is
// selected, else the data itself.
type source struct {
	data      storage.Queryable
	chunks    storage.ChunkQueryable // the same
	cache     *cache
	o         Options
	fragments []*fragment
}

// Querier fits storage.Queryable.
func (s *source) Querier(mint, maxt int64) (storage.Querier, error) {
	if len(s.fragments) == 0 {
		return s.data.Querier(mint, maxt)
	}
	return &querier{in: s, mint: mint, maxt: maxt}, nil
}

// querier opens the data only when more than fragments is selected.
type querier struct {
	in         *source
	mint, maxt int64
	rest       storage.Querier // what is no fragment; nil until asked for
	opened     []io.Closer
}

func (q *querier) Select(ctx context.Context, sorted bool, hints *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	if f := q.in.placeholder(matchers); f != nil {
		mint, maxt := f.reach()
		chunks, err := q.in.chunks.ChunkQuerier(mint, maxt)
		if err != nil {
			return storage.ErrSeriesSet(err)
		}
		q.opened = append(q.opened, chunks)
		return &resultSet{eval: func() (result, error) { return q.in.cache.eval(ctx, f, chunks, q.in.o) }}
	}
	data, err := q.data()
	if err != nil {
		return storage.ErrSeriesSet(err)
	}
	return data.Select(ctx, sorted, hints, matchers...)
}

func (s *source) placeholder(matchers []*labels.Matcher) *fragment {
	if len(matchers) != 1 || matchers[0].Name != placeholder {
		return nil
	}
	n, err := strconv.Atoi(matchers[0].Value)
	if err != nil || n >= len(s.fragments) {
		return nil
	}
	return s.fragments[n]
}

func (q *querier) data() (storage.Querier, error) {
	if q.rest != nil {
		return q.rest, nil
	}
	data, err := q.in.data.Querier(q.mint, q.maxt)
	if err == nil {
		q.rest, q.opened = data, append(q.opened, data)
	}
	return data, err
}

func (q *querier) LabelValues(ctx context.Context, name string, hints *storage.LabelHints, matchers ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	data, err := q.data()
	if err != nil {
		return nil, nil, err
	}
	return data.LabelValues(ctx, name, hints, matchers...)
}

func (q *querier) LabelNames(ctx context.Context, hints *storage.LabelHints, matchers ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	data, err := q.data()
	if err != nil {
		return nil, nil, err
	}
	return data.LabelNames(ctx, hints, matchers...)
}

func (q *querier) Close() error {
	var errs []error
	for _, data := range q.opened {
		errs = append(errs, data.Close())
	}
	q.opened = nil
	return errors.Join(errs...)
}
