package parallel

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sort"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/util/stats"
)

// whole is a query that is one fragment. The stock engine only keeps its
// bounds; it need not read what the fragment evaluates to.
type whole struct {
	promql.Query // the expression's text and tree; executed only if the fragment declines
	run          promql.Query
	f            *fragment
	r            result
	instant      bool
	stock        func() (promql.Query, error)
}

func newWhole(e *Engine, q promql.Query, in *source, f *fragment, stock func() (promql.Query, error)) *whole {
	w := &whole{Query: q, f: f, stock: stock, instant: q.Statement().(*parser.EvalStmt).Interval == 0}
	w.run = e.stock.NewTestQuery(func(ctx context.Context) error {
		mint, maxt := f.reach()
		data, err := in.chunks.ChunkQuerier(mint, maxt)
		if err != nil {
			return err
		}
		defer data.Close()
		w.r, err = in.cache.eval(ctx, f, data, in.o)
		if err != nil && !errors.Is(err, errDeclined) {
			return fmt.Errorf("expanding series: %w", err) // the stock engine's words
		}
		return err
	})
	samples := w.run.Stats().Samples
	samples.EnablePerStepStats = q.Stats().Samples.EnablePerStepStats
	samples.InitStepTracking(f.grid.start, f.grid.end(), f.grid.interval)
	return w
}

// Exec answers as the stock engine does.
func (w *whole) Exec(ctx context.Context) *promql.Result {
	res := w.run.Exec(ctx)
	if errors.Is(res.Err, errDeclined) {
		return w.again(ctx)
	}
	if res.Err != nil {
		return &promql.Result{Err: stockError(res.Err), Warnings: w.r.notes}
	}
	clear(w.f.tally.shown) // nobody reads points of the fragment
	w.f.tally.addTo(w.run.Stats().Samples)
	return &promql.Result{Value: w.value(), Warnings: w.r.notes}
}

func (w *whole) again(ctx context.Context) *promql.Result {
	stock, err := w.stock()
	if err != nil {
		return &promql.Result{Err: fmt.Errorf("parse again: %w", err)}
	}
	w.Query, w.run = stock, stock
	return stock.Exec(ctx)
}

func (w *whole) value() parser.Value {
	if w.instant {
		out := make(promql.Vector, len(w.r.rows))
		for i, s := range w.r.rows {
			out[i] = promql.Sample{Metric: s.Metric, T: s.Floats[0].T, F: s.Floats[0].F}
		}
		return out
	}
	out := make(promql.Matrix, len(w.r.rows))
	for i, s := range w.r.rows {
		out[i] = promql.Series{Metric: s.Metric, Floats: slices.DeleteFunc(s.Floats, func(p promql.FPoint) bool { return isAbsent(p.F) })}
	}
	sort.Sort(out)
	return out
}

// Stats are those of what was executed.
func (w *whole) Stats() *stats.Statistics { return w.run.Stats() }

// Cancel ends Exec.
func (w *whole) Cancel() { w.run.Cancel() }

// Close gives back what only the stock engine keeps.
func (w *whole) Close() { w.run.Close() }
