package pages

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"

	"tripod/store"
	"tripod/ui"
	"tripod/ui/chart"
)

const (
	maxSeries  = 200 // lines of one chart and rows of its table
	linePoints = 300 // of one line
	barPoints  = 90
	heatPoints = 120
	maxNotes   = 4
)

// metricsAsk is what the screen was asked, and what came of it.
type metricsAsk struct {
	p        *Pages
	st       *State
	queries  metricQueries
	given    bool // by the address
	hidden   int  // bits of letters
	view     string
	step     time.Duration
	window   time.Duration // for $__rate
	from, to time.Time     // on the grid of step
	answers  []metricAnswer
	notes    []string
}

// metricAnswer is one query, evaluated.
type metricAnswer struct {
	expr    string // formulas put in, $__rate filled in, limited to the scope
	limited bool   // by the scope
	hidden  bool
	problem *ui.QueryProblem
	asked   bool // and answered
	unit    string
	matrix  promql.Matrix
	total   int   // series
	touched int64 // samples
	took    time.Duration
}

// drawn is a series with where it came from.
type drawn struct {
	letter string
	query  int
	unit   string
	labels labels.Labels
	values []float64 // NaN is a gap
	slot   int
	last   float64 // NaN when it has none
}

func (p *Pages) metricsAsk(st *State) *metricsAsk {
	a := &metricsAsk{p: p, st: st, queries: queriesOf(st), hidden: hiddenOf(st.Values.Get("hide"))}
	if a.given = len(a.queries) > 0; !a.given {
		a.queries = metricQueries{firstQuery}
	}
	for _, v := range metricViews {
		if v.name == st.View {
			a.view = v.name
		}
	}
	points := linePoints
	switch a.view {
	case "bars":
		points = barPoints
	case "heatmap":
		points = heatPoints
	}
	a.step = max(st.Step(points), metricsStep)
	a.window = rateWindow(a.step, p.o.Scrape)
	a.from, a.to = gridOf(st.Range, a.step)
	a.answers = make([]metricAnswer, len(a.queries))
	for i := range a.answers {
		a.resolve(i)
	}
	return a
}

// resolve makes what is asked of what was typed.
func (a *metricsAsk) resolve(i int) {
	an := &a.answers[i]
	an.hidden = a.hidden>>i&1 == 1
	if strings.TrimSpace(a.queries[i]) == "" {
		return
	}
	whole, problem := a.queries.whole(a.p.o.Alerts.Parser, i)
	if problem != nil {
		an.problem = queryProblem(a.queries[i], problem)
		return
	}
	an.expr, an.limited = inScope(a.p.o.Alerts.Parser, expandRate(whole, a.window), a.st.Services)
	an.unit = unitOf(a.p.o.Alerts.Parser, an.expr)
	if a.view == "heatmap" {
		an.expr = bucketsOf(a.p.o.Alerts.Parser, an.expr)
		an.unit = ""
	}
}

// run evaluates every query that is shown.
func (a *metricsAsk) run(ctx context.Context) {
	for i := range a.answers {
		an := &a.answers[i]
		if an.expr == "" || an.hidden || an.problem != nil {
			continue
		}
		began := time.Now()
		matrix, warnings, touched, err := a.p.o.Metrics.Measured(ctx, an.expr, a.from, a.to, a.step)
		an.took = time.Since(began)
		if err != nil {
			an.problem = a.failed(ctx, i, err)
			continue
		}
		an.asked, an.matrix, an.total = true, matrix, len(matrix)
		if touched != nil {
			an.touched = touched.TotalSamples
		}
		for _, w := range warnings.AsErrors() {
			a.note(letterOf(i) + ": " + cut(w.Error(), 300))
		}
	}
}

func (a *metricsAsk) note(s string) {
	if len(a.notes) < maxNotes && !slices.Contains(a.notes, s) {
		a.notes = append(a.notes, s)
	}
}

// failed is an error in the words of the query as it was typed: places in what
// was asked mean nothing there.
func (a *metricsAsk) failed(ctx context.Context, i int, err error) *ui.QueryProblem {
	typed := a.queries[i]
	var qe *store.QueryError
	if errors.As(err, &qe) {
		if a.answers[i].expr == typed {
			return queryProblem(typed, qe)
		}
		return &ui.QueryProblem{Text: sentence(qe.Msg) + ".", Hint: "Asked was " + cut(a.answers[i].expr, 300)}
	}
	return &ui.QueryProblem{Text: a.p.reason(ctx, "metrics query", err)}
}

// receipt says what an answer took.
func (an *metricAnswer) receipt() string {
	if !an.asked {
		return ""
	}
	took := chart.Duration(max(an.took, time.Microsecond).Round(time.Microsecond)).String()
	return fmt.Sprintf("%s, %s touched, %s", countSeries(an.total), counted64(an.touched, "sample"), took)
}

func counted64(n int64, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return chart.Count(n) + " " + word + "s"
}

// total is the number of series of all answers.
func (a *metricsAsk) total() (n int) {
	for i := range a.answers {
		n += a.answers[i].total
	}
	return n
}

// series puts the points of all answers on the grid, the series with the
// largest last values first. Of too many the rest is left out and told.
func (a *metricsAsk) series() []drawn {
	type found struct {
		query int
		of    *promql.Series
		last  float64
	}
	all := make([]found, 0, a.total())
	for i := range a.answers {
		for k := range a.answers[i].matrix {
			s := &a.answers[i].matrix[k]
			all = append(all, found{i, s, lastOf(s)})
		}
	}
	slices.SortStableFunc(all, func(x, y found) int {
		return cmp.Or(compareLast(y.last, x.last), cmp.Compare(x.query, y.query), labels.Compare(x.of.Metric, y.of.Metric))
	})
	if len(all) > maxSeries {
		a.note(fmt.Sprintf("Drawn are the %d series with the largest last values of %s; the export has all. An aggregation or topk() shows less at once.", maxSeries, chart.Count(int64(len(all)))))
		all = all[:maxSeries]
	}
	out := make([]drawn, len(all))
	for i, f := range all {
		out[i] = drawn{letter: letterOf(f.query), query: f.query, unit: a.answers[f.query].unit, labels: f.of.Metric, values: a.points(f.of), last: f.last}
	}
	return out
}

// points are a series' values at each step, NaN where it has none.
func (a *metricsAsk) points(s *promql.Series) []float64 {
	n := a.columns()
	out := make([]float64, n)
	for i := range out {
		out[i] = math.NaN()
	}
	put := func(t int64, v float64) {
		if i := int((t - a.from.UnixMilli()) / a.step.Milliseconds()); i >= 0 && i < n {
			out[i] = v
		}
	}
	for _, pt := range s.Floats {
		put(pt.T, pt.F)
	}
	for _, pt := range s.Histograms {
		put(pt.T, meanOf(pt))
	}
	return out
}

func (a *metricsAsk) columns() int { return int(a.to.Sub(a.from)/a.step) + 1 }

// meanOf is what a line can show of a histogram.
func meanOf(pt promql.HPoint) float64 {
	if pt.H.Count == 0 {
		return math.NaN()
	}
	return pt.H.Sum / pt.H.Count
}

// lastOf is the last value that is a number.
func lastOf(s *promql.Series) float64 {
	for _, pt := range slices.Backward(s.Floats) {
		if !math.IsNaN(pt.F) {
			return pt.F
		}
	}
	for _, pt := range slices.Backward(s.Histograms) {
		if v := meanOf(pt); !math.IsNaN(v) {
			return v
		}
	}
	return math.NaN()
}

// compareLast has series without a value at the low end.
func compareLast(x, y float64) int {
	switch {
	case math.IsNaN(x) && math.IsNaN(y), x == y:
		return 0
	case math.IsNaN(x) || x < y:
		return -1
	}
	return 1
}
