package backtest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"

	"tripod/alerting"
	"tripod/alerting/config"
	"tripod/store"
)

// Query evaluates PromQL at each step from one moment to another, both
// included; store.ErrTooLarge when that is too much at one time.
type Query func(ctx context.Context, expr string, from, to time.Time, step time.Duration) (promql.Matrix, error)

// Options of Run; the zero value of a field means its default.
type Options struct {
	From, To time.Time      // of evaluations, both included; required
	Interval time.Duration  // of a rule that names none; default 15 s
	Query    Query          // required
	Parser   parser.Parser  // of expressions; stock PromQL when nil
	Config   *config.Config // routes, inhibitions and intervals; nil tells nobody
	Silences []alerting.Silence
	Zone     *time.Location // of the night; default UTC
}

// maxEvaluations is a year of one every 15 seconds.
const maxEvaluations = 366 * 24 * 60 * 4

// pieceSteps is how many evaluations are asked for at one time: of a thousand
// series a million and a half points.
const pieceSteps = 1440

// Report is what a rule would have done.
type Report struct {
	Rule        Rule
	From, To    time.Time
	Evaluations int
	Alerts      []Alert  // that fired
	Notices     []Notice // in order of time
	Held        []Held   // in order of time
}

// Run tests one rule. It reads the range piece by piece, so that its memory
// depends on how much fires, not on how long the range is.
func Run(ctx context.Context, rule Rule, o Options) (*Report, error) {
	reports, err := run(ctx, rule, []Rule{rule}, func(answer promql.Matrix) []promql.Matrix { return []promql.Matrix{answer} }, o)
	if err != nil {
		return nil, err
	}
	return reports[0], nil
}

// run asks one expression and tests rules on what split makes of the answer
// for each.
func run(ctx context.Context, asked Rule, rules []Rule, split func(promql.Matrix) []promql.Matrix, o Options) ([]*Report, error) {
	step, err := o.validate(&asked)
	if err != nil {
		return nil, err
	}
	steps := int(o.To.Sub(o.From)/step) + 1
	machines := make([]*machine, len(rules))
	for i := range rules {
		machines[i] = newMachine(&rules[i], step)
	}
	err = o.pieces(ctx, asked.Name, asked.Expr, asked.Offset, step, func(answer promql.Matrix, from, to time.Time) error {
		for i, part := range split(answer) {
			if err := machines[i].piece(part, from, to); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := make([]*Report, len(rules))
	for i, m := range machines {
		r := &Report{Rule: rules[i], From: o.From, To: o.From.Add(time.Duration(steps-1) * step), Evaluations: steps, Alerts: m.finish()}
		out[i] = r
	}
	others, err := o.others(ctx, out, step)
	if err != nil {
		return nil, err
	}
	for _, r := range out {
		if err := r.tell(o, others); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// pieces asks an expression for the range, offset before it, piece by piece and
// smaller ones where these are too large; what names it in errors.
func (o *Options) pieces(ctx context.Context, what, expr string, offset, step time.Duration, take func(answer promql.Matrix, from, to time.Time) error) error {
	steps, size := int(o.To.Sub(o.From)/step)+1, pieceSteps
	for n := 0; n < steps; {
		last := min(n+size, steps) - 1
		from, to := o.From.Add(time.Duration(n)*step), o.From.Add(time.Duration(last)*step)
		answer, err := o.Query(ctx, expr, from.Add(-offset), to.Add(-offset), step)
		if errors.Is(err, store.ErrTooLarge) && size > 1 {
			size /= 2
			continue
		}
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		shift(answer, offset)
		if err := take(answer, from, to); err != nil {
			return err
		}
		n = last + 1
	}
	return nil
}

func (o *Options) validate(rule *Rule) (step time.Duration, err error) {
	if err := rule.check(o.Parser); err != nil {
		return 0, err
	}
	step = rule.Interval
	if step <= 0 {
		step = o.Interval
	}
	if step <= 0 {
		step = 15 * time.Second
	}
	if step%time.Millisecond != 0 {
		return 0, fmt.Errorf("%s: an interval of %s is no whole number of milliseconds: %w", rule.Name, step, alerting.ErrInvalid)
	}
	o.From, o.To = o.From.Truncate(time.Millisecond), o.To.Truncate(time.Millisecond)
	switch n := o.To.Sub(o.From) / step; {
	case o.To.Before(o.From):
		return 0, fmt.Errorf("a test from %s to %s: %w", o.From, o.To, alerting.ErrInvalid)
	case n >= maxEvaluations:
		return 0, fmt.Errorf("%d evaluations each %s, at most %d: %w", n+1, step, maxEvaluations, alerting.ErrInvalid)
	}
	return step, nil
}

// shift puts samples at the time of the evaluation that asked for them.
func shift(answer promql.Matrix, by time.Duration) {
	if by == 0 {
		return
	}
	for _, s := range answer {
		for i := range s.Floats {
			s.Floats[i].T += by.Milliseconds()
		}
	}
}

// Firing is how long alerts fired, each by itself and all together.
func (r *Report) Firing() (total time.Duration) {
	for _, a := range r.Alerts {
		for _, e := range a.Episodes {
			total += e.end(r.To).Sub(e.FiredAt)
		}
	}
	return total
}

// Fired counts the episodes.
func (r *Report) Fired() (n int) {
	for _, a := range r.Alerts {
		n += len(a.Episodes)
	}
	return n
}

func (e *Episode) end(to time.Time) time.Time {
	if e.ResolvedAt.IsZero() {
		return to
	}
	return e.ResolvedAt
}

// Strip tells for each of n equal parts of the range whether anything fired in it.
func (r *Report) Strip(n int) []bool {
	out := make([]bool, n)
	width := r.To.Sub(r.From)/time.Duration(n) + 1
	for _, a := range r.Alerts {
		for _, e := range a.Episodes {
			for i := int(e.FiredAt.Sub(r.From) / width); i <= min(int(e.end(r.To).Sub(r.From)/width), n-1); i++ {
				out[i] = true
			}
		}
	}
	return out
}
