package metrics

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/timestamp"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"
	"github.com/prometheus/prometheus/util/stats"

	"tripod/store"
)

// InstantQuery parses a query for one moment; opts may be nil.
func (s *Store) InstantQuery(ctx context.Context, opts promql.QueryOpts, expr string, at time.Time) (promql.Query, error) {
	if err := store.BoundQuery(expr); err != nil {
		return nil, err
	}
	engine, over := s.answering(opts, expr)
	q, err := engine.NewInstantQuery(quiet(ctx), over, opts, expr, at)
	if err != nil {
		return nil, err
	}
	return watched{q, s, 0}, nil
}

// RangeQuery parses a query for each step from one moment to another, both
// included; opts may be nil.
func (s *Store) RangeQuery(ctx context.Context, opts promql.QueryOpts, expr string, from, to time.Time, step time.Duration) (promql.Query, error) {
	if err := store.BoundQuery(expr); err != nil {
		return nil, err
	}
	for _, t := range [...]time.Time{from, to} {
		// the engine counts its steps in 64 bits of nanoseconds, and panics
		if !time.Unix(0, t.UnixNano()).Equal(t) {
			return nil, fmt.Errorf("a range with %s: want times from 1678 to 2262: %w", t.UTC().Format(time.RFC3339), store.ErrInvalid)
		}
	}
	engine, over := s.answering(opts, expr)
	q, err := engine.NewRangeQuery(quiet(ctx), over, opts, expr, from, to, step)
	if err != nil {
		return nil, err
	}
	return watched{q, s, to.Sub(from)}, nil
}

// answering is who evaluates an expression, and over what: the stock engine
// where it asks in other languages.
func (s *Store) answering(opts promql.QueryOpts, expr string) (promql.QueryEngine, storage.Queryable) {
	if !s.o.Languages.Mentions(expr) {
		return s.engine, s.db
	}
	e, err := s.parser.ParseExpr(expr)
	if err != nil || !s.o.Languages.Asks(e) {
		return s.engine, s.db // which says what is wrong
	}
	lookback := s.o.Lookback
	if opts != nil && opts.LookbackDelta() > 0 {
		lookback = opts.LookbackDelta()
	}
	return s.stock, s.o.Languages.Over(s.db, lookback)
}

// Instant evaluates expr for one moment: a promql.Vector, promql.Scalar,
// promql.Matrix or promql.String. A query that does not parse is a
// *store.QueryError.
func (s *Store) Instant(ctx context.Context, expr string, at time.Time) (parser.Value, annotations.Annotations, error) {
	q, err := s.InstantQuery(ctx, nil, expr, at)
	if err != nil {
		return nil, nil, queryError(expr, err)
	}
	return result(q.Exec(ctx))
}

// Range evaluates expr for each step from one moment to another, both included.
func (s *Store) Range(ctx context.Context, expr string, from, to time.Time, step time.Duration) (promql.Matrix, annotations.Annotations, error) {
	if step <= 0 || to.Before(from) {
		return nil, nil, fmt.Errorf("range from %s to %s in steps of %s: %w", from, to, step, store.ErrInvalid)
	}
	q, err := s.RangeQuery(ctx, nil, expr, from, to, step)
	if err != nil {
		return nil, nil, queryError(expr, err)
	}
	v, warnings, err := result(q.Exec(ctx))
	if err != nil {
		return nil, warnings, err
	}
	return v.(promql.Matrix), warnings, nil
}

// Measured is Range that also says which samples it touched.
func (s *Store) Measured(ctx context.Context, expr string, from, to time.Time, step time.Duration) (promql.Matrix, annotations.Annotations, *stats.QuerySamples, error) {
	if step <= 0 || to.Before(from) {
		return nil, nil, nil, fmt.Errorf("range from %s to %s in steps of %s: %w", from, to, step, store.ErrInvalid)
	}
	q, err := s.RangeQuery(ctx, nil, expr, from, to, step)
	if err != nil {
		return nil, nil, nil, queryError(expr, err)
	}
	v, warnings, err := result(q.Exec(ctx))
	if err != nil {
		return nil, warnings, nil, err
	}
	var touched *stats.QuerySamples
	if all := q.Stats(); all != nil {
		touched = all.Samples
	}
	return v.(promql.Matrix), warnings, touched, nil
}

// result keeps the value: the query is not closed, which would give the
// points' memory to the next query while the caller still reads them.
func result(res *promql.Result) (parser.Value, annotations.Annotations, error) {
	var timeout promql.ErrQueryTimeout
	var canceled promql.ErrQueryCanceled
	var samples promql.ErrTooManySamples
	switch {
	case res.Err == nil:
		return res.Value, res.Warnings, nil
	case errors.As(res.Err, &timeout):
		return nil, res.Warnings, fmt.Errorf("%w: %w", res.Err, context.DeadlineExceeded)
	case errors.As(res.Err, &canceled):
		return nil, res.Warnings, fmt.Errorf("%w: %w", res.Err, context.Canceled)
	case errors.As(res.Err, &samples):
		return nil, res.Warnings, fmt.Errorf("%w: %w", res.Err, store.ErrTooLarge)
	}
	return nil, res.Warnings, fmt.Errorf("%w: %w", res.Err, store.ErrInvalid)
}

// QueryFunc evaluates a rule's expression; it is a rules.QueryFunc.
func (s *Store) QueryFunc() func(ctx context.Context, expr string, at time.Time) (promql.Vector, error) {
	return func(ctx context.Context, expr string, at time.Time) (promql.Vector, error) {
		v, _, err := s.Instant(ctx, expr, at)
		if err != nil {
			return nil, err
		}
		switch v := v.(type) {
		case promql.Vector:
			return v, nil
		case promql.Scalar:
			return promql.Vector{{T: v.T, F: v.V}}, nil
		}
		return nil, fmt.Errorf("%q is a %s, want a vector or a scalar: %w", expr, v.Type(), store.ErrInvalid)
	}
}

// Exemplars are those of every series that expr selects.
func (s *Store) Exemplars(ctx context.Context, expr string, from, to time.Time) ([]exemplar.QueryResult, error) {
	if err := store.BoundQuery(expr); err != nil {
		return nil, err
	}
	e, err := s.parser.ParseExpr(expr)
	if err != nil {
		return nil, queryError(expr, err)
	}
	selectors := parser.ExtractSelectors(e)
	if len(selectors) == 0 {
		return nil, nil
	}
	q, err := s.db.ExemplarQuerier(ctx)
	if err != nil {
		return nil, err
	}
	return q.Select(timestamp.FromTime(from), timestamp.FromTime(to), selectors...)
}

func queryError(expr string, err error) error {
	var bound *store.QueryError
	if errors.As(err, &bound) {
		return err
	}
	var list parser.ParseErrors
	if !errors.As(err, &list) || len(list) == 0 {
		return fmt.Errorf("%w: %w", err, store.ErrInvalid)
	}
	first := list[0]
	return &store.QueryError{
		Query: expr,
		Pos:   int(first.PositionRange.Start),
		End:   int(first.PositionRange.End),
		Msg:   first.Err.Error(),
	}
}
