package appliance

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/prometheus/promql"

	"tripod/alerting"
	"tripod/alerting/backtest"
	"tripod/store"
)

// Backtest runs a rule over the stored series, and over the routes, silences
// and time intervals of this moment.
func (a *Appliance) Backtest(ctx context.Context, rule backtest.Rule, from, to time.Time) (*backtest.Report, error) {
	return backtest.Run(ctx, rule, a.backtestOptions(from, to))
}

// BacktestAt does the same at several limits, for the price of little more than one.
func (a *Appliance) BacktestAt(ctx context.Context, rule backtest.Rule, c backtest.Comparison, limits []float64, from, to time.Time) ([]*backtest.Report, error) {
	return backtest.RunAt(ctx, rule, c, limits, a.backtestOptions(from, to))
}

func (a *Appliance) backtestOptions(from, to time.Time) backtest.Options {
	return backtest.Options{
		From: from, To: to, Interval: a.o.EvalInterval, Query: a.rangeOf, Parser: a.metrics.Parser(),
		Config: a.notify.Config(), Silences: a.notify.Silences(),
	}
}

// rangeOf is a query in the words of backtest.
func (a *Appliance) rangeOf(ctx context.Context, expr string, from, to time.Time, step time.Duration) (promql.Matrix, error) {
	m, _, err := a.metrics.Range(ctx, expr, from, to, step)
	var query *store.QueryError
	if errors.As(err, &query) {
		return nil, fmt.Errorf("%w: %w", err, alerting.ErrInvalid)
	}
	return m, err
}
