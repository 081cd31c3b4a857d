package pages

import (
	"cmp"
	"context"
	"slices"
	"time"

	"tripod/alerting/backtest"
	"tripod/store"
	"tripod/ui/chart"
	"tripod/ui/screens"
)

const (
	testParts  = 168 // of the strip
	testBands  = 60  // shades of a chart; more are one with their neighbour
	testNarrow = 0.004
	testRoom   = 0.1 // of the plot, for the words of a shade
)

// testChart draws what a rule measured over the time of its test, with what it
// would have been.
func (p *Pages) testChart(ctx context.Context, st State, rule backtest.Rule, report *backtest.Report, limit float64, unit string) screens.AlertChart {
	out := screens.AlertChart{Strip: testStrip(report)}
	c, compared := splitComparison(p.o.Alerts.Parser, rule.Expr)
	if p.o.Alerts.Series == nil {
		return out
	}
	st.Range = store.Between(report.From, report.To)
	g := newAlertGrid(st)
	m, err := g.measured(ctx, p.o.Alerts.Series, rule.Expr, c, compared)
	if err != nil {
		out.Failed = p.reason(ctx, "back-test chart", err)
		return out
	}
	if len(m) == 0 {
		out.None = "No data in this time"
		return out
	}
	p.alertLines(&out, st, g, m, unit)
	out.Lines.Label, out.Lines.Height, out.Legend = "The rule's expression over the time of the test", 90, nil
	if compared {
		threshold(&out, limit, unit)
	}
	out.Bands = testBandsOf(report)
	return out
}

// testBandsOf are the times in which something fired, each with its length
// where there is room for it.
func testBandsOf(r *backtest.Report) (out []screens.AlertBand) {
	type span struct{ from, to time.Time }
	var all []span
	for _, a := range r.Alerts {
		for _, e := range a.Episodes {
			to := e.ResolvedAt
			if to.IsZero() {
				to = r.To
			}
			all = append(all, span{e.FiredAt, to})
		}
	}
	slices.SortFunc(all, func(a, b span) int { return cmp.Or(a.from.Compare(b.from), a.to.Compare(b.to)) })
	whole := max(r.To.Sub(r.From).Seconds(), 1)
	share := func(d time.Duration) float64 { return d.Seconds() / whole }
	near := time.Duration(testNarrow * whole * float64(time.Second))
	var joined []span
	for _, s := range all {
		if n := len(joined); n > 0 && (!s.from.After(joined[n-1].to) || n >= testBands && s.from.Sub(joined[n-1].to) < 10*near) {
			joined[n-1].to = later(joined[n-1].to, s.to)
			continue
		}
		joined = append(joined, s)
	}
	free := 0.0 // up to where words stand
	for _, s := range joined {
		b := screens.AlertBand{Kind: "err", From: share(s.from.Sub(r.From))}
		b.Width = min(max(share(s.to.Sub(s.from)), testNarrow), 1-b.From)
		b.Left = b.From > 1-testRoom
		if start := b.From; start >= free && !(b.Left && start-testRoom < free) {
			b.Text = chart.Age(s.to.Sub(s.from))
			free = start + testRoom
		}
		out = append(out, b)
	}
	return out
}

// testStrip joins equal parts.
func testStrip(r *backtest.Report) []screens.AlertSpan {
	var out []screens.AlertSpan
	for _, fired := range r.Strip(testParts) {
		state := "ok"
		if fired {
			state = "firing"
		}
		if n := len(out); n > 0 && out[n-1].State == state {
			out[n-1].Width += 1.0 / testParts
		} else {
			out = append(out, screens.AlertSpan{State: state, Width: 1.0 / testParts})
		}
	}
	return out
}
