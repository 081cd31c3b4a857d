package pages

import (
	"context"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/parser/posrange"

	"tripod/alerting"
	"tripod/ui"
	"tripod/ui/chart"
	"tripod/ui/screens"
)

const (
	alertPoints = 240 // of a line
	alertLines  = 10
)

// comparison is an expression that is compared with a number.
type comparison struct {
	left  string
	op    parser.ItemType
	limit float64
	place posrange.PositionRange // of the number, as it is written
	bool  bool                   // it gives 0 or 1, and so always something
}

// splitComparison takes an expression apart if it is such a comparison.
func splitComparison(read parser.Parser, expr string) (comparison, bool) {
	e, err := parsePromQL(read, expr)
	if err != nil {
		return comparison{}, false
	}
	b, ok := unwrapParens(e).(*parser.BinaryExpr)
	if !ok || !b.Op.IsComparisonOperator() {
		return comparison{}, false
	}
	if n, ok := literal(b.RHS); ok {
		return comparison{unwrapParens(b.LHS).String(), b.Op, n, unwrapParens(b.RHS).PositionRange(), b.ReturnBool}, true
	}
	if n, ok := literal(b.LHS); ok {
		return comparison{unwrapParens(b.RHS).String(), mirror(b.Op), n, unwrapParens(b.LHS).PositionRange(), b.ReturnBool}, true
	}
	return comparison{}, false
}

func unwrapParens(e parser.Expr) parser.Expr {
	for {
		p, ok := e.(*parser.ParenExpr)
		if !ok {
			return e
		}
		e = p.Expr
	}
}

func literal(e parser.Expr) (float64, bool) {
	switch n := unwrapParens(e).(type) {
	case *parser.NumberLiteral:
		return n.Val, true
	case *parser.UnaryExpr:
		v, ok := literal(n.Expr)
		if n.Op == parser.SUB {
			v = -v
		}
		return v, ok
	}
	return 0, false
}

// mirror is the operator when its sides change places.
func mirror(op parser.ItemType) parser.ItemType {
	switch op {
	case parser.GTR:
		return parser.LSS
	case parser.LSS:
		return parser.GTR
	case parser.GTE:
		return parser.LTE
	case parser.LTE:
		return parser.GTE
	}
	return op
}

// quiet says within what the rule does not fire.
func (c comparison) quiet() string {
	n := chart.Number(c.limit)
	switch c.op {
	case parser.GTR:
		return "not above " + n
	case parser.GTE:
		return "below " + n
	case parser.LSS:
		return "not below " + n
	case parser.LTE:
		return "above " + n
	case parser.EQLC:
		return "not " + n
	}
	return "always " + n
}

// alertChart draws the expression, without its comparison, and the states.
func (p *Pages) alertChart(ctx context.Context, st State, r alerting.Rule) screens.AlertChart {
	out := screens.AlertChart{Expr: r.Expr}
	carry := st.Carry()
	out.Metrics = carry.Href("/graph", "q", r.Expr)
	if p.o.Alerts.Series == nil {
		out.Failed = p.reason(ctx, "alert chart", errNoDoor)
		return out
	}
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	compared, ok := splitComparison(p.o.Alerts.Parser, r.Expr)
	expr := r.Expr
	if ok {
		expr = compared.left
		out.Metrics = carry.Href("/graph", "q", expr)
	}
	g := newAlertGrid(st)
	m, err := g.ask(ctx, p.o.Alerts.Series, expr)
	if err != nil {
		out.Failed = p.reason(ctx, "alert chart", err)
		return out
	}
	states, err := g.ask(ctx, p.o.Alerts.Series, `sum by (alertstate) (ALERTS{alertname=`+strconv.Quote(r.Name)+`})`)
	if err != nil {
		states = nil // the chart says enough without its strip
	}
	if len(m) == 0 && len(states) == 0 {
		out.None = "No data in this time range"
		return out
	}
	p.alertLines(&out, st, g, m)
	out.Lines.Marks = p.flags(ctx, &st, g.from, g.to, wideChart*2/3)
	if ok {
		threshold(&out, compared)
	}
	if r.Kind == alerting.Alerting {
		g.stateStrip(&out, g.states(m, states), r)
	}
	return out
}

// alertGrid are the times at which a chart has values.
type alertGrid struct {
	from, to time.Time
	step     time.Duration
	n        int
}

func newAlertGrid(st State) alertGrid {
	g := alertGrid{from: time.Unix(0, st.Range.From), step: max(st.Width()/alertPoints, time.Second).Truncate(time.Millisecond)}
	g.n = int(st.Width()/g.step) + 1
	g.to = g.from.Add(time.Duration(g.n-1) * g.step)
	return g
}

func (g alertGrid) ask(ctx context.Context, s AlertSeries, expr string) (promql.Matrix, error) {
	m, _, err := s.Range(ctx, expr, g.from, g.to, g.step)
	return m, err
}

// values puts a series on the grid; NaN is a gap.
func (g alertGrid) values(s promql.Series) []float64 {
	out := make([]float64, g.n)
	for i := range out {
		out[i] = math.NaN()
	}
	for _, f := range s.Floats {
		if i := int((f.T - g.from.UnixMilli() + g.step.Milliseconds()/2) / g.step.Milliseconds()); i >= 0 && i < g.n && f.T >= g.from.UnixMilli() {
			out[i] = f.F
		}
	}
	return out
}

func (p *Pages) alertLines(out *screens.AlertChart, st State, g alertGrid, m promql.Matrix) {
	out.Lines = chart.Lines{Frame: chart.Frame{
		Label: "The rule's expression over time", Height: 200, Left: 40, From: st.Range.From, To: st.Range.To, Brush: true,
	}}
	for i, s := range m {
		if i == alertLines {
			out.Hint = chart.Count(int64(len(m)-i)) + " more series"
			break
		}
		line := chart.Line{Name: seriesName(s.Metric), Class: "c" + strconv.Itoa(10-i%10), Values: g.values(s), Fill: len(m) == 1}
		if service := alerting.ServiceOf(s.Metric.Map()); service != "" {
			line.Class = "c" + strconv.Itoa(p.o.Slots(service))
		}
		out.Lines.Series = append(out.Lines.Series, line)
		if line.Name != "" {
			out.Legend = append(out.Legend, ui.LegendItem{Class: line.Class, Text: line.Name})
		}
	}
}

// seriesName is short: the value of a lone label, or all of them.
func seriesName(l labels.Labels) string {
	var parts []string
	l.Range(func(l labels.Label) {
		if l.Name != labels.MetricName {
			parts = append(parts, l.Name+"="+l.Value)
		}
	})
	if len(parts) == 1 {
		_, value, _ := strings.Cut(parts[0], "=")
		return value
	}
	return strings.Join(parts, ", ")
}

// threshold adds the line that the values are compared with, if the axis,
// which begins at 0, can show it.
func threshold(out *screens.AlertChart, c comparison) {
	if c.limit < 0 || math.IsNaN(c.limit) || math.IsInf(c.limit, 0) {
		return
	}
	top := c.limit * 1.25
	for _, s := range out.Lines.Series {
		for _, v := range s.Values {
			if !math.IsNaN(v) && !math.IsInf(v, 0) {
				top = max(top, v)
			}
		}
	}
	out.Lines.Max = chart.Top(top)
	out.Lines.Series = append(out.Lines.Series, chart.Line{Class: "thr", Name: "threshold", Values: []float64{c.limit, c.limit}})
	out.Threshold = &screens.AlertThreshold{
		Text: "threshold " + chart.Number(c.limit), At: min(c.limit/out.Lines.Max, 1),
	}
}

// states says for each time what the rule was: "" means that nothing is known.
func (g alertGrid) states(values, alerts promql.Matrix) []string {
	out := make([]string, g.n)
	mark := func(s promql.Series, state string) {
		for i, v := range g.values(s) {
			if !math.IsNaN(v) {
				out[i] = state
			}
		}
	}
	for _, s := range values {
		mark(s, "ok")
	}
	for _, state := range [...]string{"pending", "firing"} { // the worse wins
		for _, s := range alerts {
			if s.Metric.Get("alertstate") == state {
				mark(s, state)
			}
		}
	}
	return out
}

// stateStrip draws runs of equal states as a strip, and those that are not
// quiet as shades of the chart.
func (g alertGrid) stateStrip(out *screens.AlertChart, states []string, r alerting.Rule) {
	for i := 0; i < len(states); {
		j := i
		for j < len(states) && states[j] == states[i] {
			j++
		}
		span := screens.AlertSpan{State: states[i], Width: float64(j-i) / float64(len(states))}
		out.Strip = append(out.Strip, span)
		band := screens.AlertBand{From: float64(i) / float64(len(states)), Width: span.Width}
		switch states[i] {
		case "pending":
			band.Kind = "warn"
			if r.For > 0 && band.Width > 0.06 {
				band.Text = "for " + chart.Long(r.For)
			}
			out.Bands = append(out.Bands, band)
		case "firing":
			band.Kind = "err"
			if i > 0 && band.Width > 0.14 {
				band.Text = "firing since " + g.from.Add(time.Duration(i)*g.step).UTC().Format("15:04")
			}
			out.Bands = append(out.Bands, band)
		}
		i = j
	}
}
