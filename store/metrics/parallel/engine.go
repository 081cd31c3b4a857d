package parallel

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/stats"
)

// Stock is Prometheus's engine.
type Stock interface {
	NewInstantQuery(ctx context.Context, q storage.Queryable, opts promql.QueryOpts, expr string, at time.Time) (promql.Query, error)
	NewRangeQuery(ctx context.Context, q storage.Queryable, opts promql.QueryOpts, expr string, from, to time.Time, step time.Duration) (promql.Query, error)
	// NewTestQuery runs anything within the engine's bounds of time and of
	// queries at once.
	NewTestQuery(func(context.Context) error) promql.Query
}

// Options of an Engine; zero means default.
type Options struct {
	MaxSamples int // the stock engine's own bound; required
	Workers    int // series read at once; default GOMAXPROCS
	// Changes of the data, if they are always the same; nil means that nothing
	// is kept from one query for the next.
	Changes Changes
}

// Engine is a Stock that is faster where it can be: over a Queryable that is
// a storage.ChunkQueryable too.
type Engine struct {
	stock Stock
	o     Options
	cache *cache // nil keeps nothing
}

// New puts an engine before stock.
func New(stock Stock, o Options) *Engine {
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	return &Engine{stock: stock, o: o, cache: newCache(o.Changes)}
}

// NewInstantQuery parses a query for one moment.
func (e *Engine) NewInstantQuery(ctx context.Context, q storage.Queryable, opts promql.QueryOpts, expr string, at time.Time) (promql.Query, error) {
	return e.query(q, func(q storage.Queryable) (promql.Query, error) {
		return e.stock.NewInstantQuery(ctx, q, opts, expr, at)
	})
}

// NewRangeQuery parses a query for each step from one moment to another.
func (e *Engine) NewRangeQuery(ctx context.Context, q storage.Queryable, opts promql.QueryOpts, expr string, from, to time.Time, step time.Duration) (promql.Query, error) {
	return e.query(q, func(q storage.Queryable) (promql.Query, error) {
		return e.stock.NewRangeQuery(ctx, q, opts, expr, from, to, step)
	})
}

// query cuts fragments out of a new query's tree: in their place stand
// selectors, and what these select is what the fragments evaluate to.
func (e *Engine) query(data storage.Queryable, stock func(storage.Queryable) (promql.Query, error)) (promql.Query, error) {
	chunks, ok := data.(storage.ChunkQueryable)
	if !ok {
		return stock(data)
	}
	in := &source{data: data, chunks: chunks, cache: e.cache, o: e.o}
	q, err := stock(in)
	if err != nil {
		return nil, err
	}
	stmt, ok := q.Statement().(*parser.EvalStmt)
	if !ok {
		return q, nil
	}
	on, ok := gridOf(stmt)
	if !ok {
		return q, nil
	}
	c := cutter{grid: on, lookback: stmt.LookbackDelta}
	stmt.Expr = c.cut(stmt.Expr)
	if len(c.fragments) == 0 {
		return q, nil
	}
	in.fragments = c.fragments
	again := func() (promql.Query, error) { return stock(data) }
	if root, ok := stmt.Expr.(*parser.VectorSelector); ok {
		return newWhole(e, q, in, in.placeholder(root.LabelMatchers), again), nil
	}
	return &query{Query: q, in: in, stock: again}, nil
}

// errDeclined is a fragment's answer when only the stock engine can tell what
// the result is: native histograms, a bound that may be passed.
var errDeclined = errors.New("left to the stock engine")

// query is asked anew of the stock engine when a fragment declines.
type query struct {
	promql.Query
	in    *source
	stock func() (promql.Query, error)
}

// Exec answers as the stock engine does.
func (q *query) Exec(ctx context.Context) *promql.Result {
	res := q.Query.Exec(ctx)
	if errors.Is(res.Err, errDeclined) {
		return q.again(ctx)
	}
	res.Err = stockError(res.Err)
	samples := q.Query.Stats().Samples
	if res.Err == nil && q.in.mayPass(samples.PeakSamples) {
		return q.again(ctx)
	}
	q.in.count(samples)
	return res
}

// stockError says that a query was given up as the stock engine does.
func stockError(err error) error {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return promql.ErrQueryTimeout("expression evaluation")
	case errors.Is(err, context.Canceled):
		return promql.ErrQueryCanceled("expression evaluation")
	}
	return err
}

// mayPass tells whether the stock engine might refuse: it would hold what the
// fragments held on top of what it held itself, though not all at one time.
func (s *source) mayPass(peak int) bool {
	for _, f := range s.fragments {
		peak += f.tally.peak
	}
	return peak > s.o.MaxSamples
}

func (q *query) again(ctx context.Context) *promql.Result {
	stock, err := q.stock()
	if err != nil {
		return &promql.Result{Err: fmt.Errorf("parse again: %w", err)}
	}
	q.Query.Close()
	q.Query, q.in = stock, &source{}
	return stock.Exec(ctx)
}

// count makes the statistics those of the whole query: the samples behind the
// fragments instead of the fragments' own points, which the stock engine read.
func (s *source) count(samples *stats.QuerySamples) {
	for _, f := range s.fragments {
		f.tally.addTo(samples)
	}
}
