package pages

import (
	"context"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"

	"tripod/alerting"
	"tripod/ui"
	"tripod/ui/chart"
	"tripod/ui/screens"
)

const (
	alertPoints = 240 // of a line
	alertLines  = 10
)

// alertChart draws the expression, without its comparison, and the states.
func (p *Pages) alertChart(ctx context.Context, st State, r alerting.Rule) screens.AlertChart {
	out := screens.AlertChart{Expr: exprShown(r.Expr)}
	carry := st.Carry()
	out.Metrics = carry.Href("/graph", "q", r.Expr)
	if p.o.Alerts.Series == nil {
		out.Failed = p.reason(ctx, "alert chart", errNoDoor)
		return out
	}
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	compared, ok := splitComparison(p.o.Alerts.Parser, r.Expr)
	if ok {
		out.Metrics = carry.Href("/graph", "q", compared.plain)
	}
	g := newAlertGrid(st)
	m, err := g.measured(ctx, p.o.Alerts.Series, r.Expr, compared, ok)
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
	unit := ruleUnit(p.o.Alerts.Parser, r.Expr, r.Annotations)
	p.alertLines(&out, st, g, m, unit)
	out.Lines.Marks = p.flags(ctx, &st, g.from, g.to, wideChart*2/3)
	if ok {
		threshold(&out, compared.limit, unit)
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

// measured is what an expression compares; where the conditions beside it never
// hold, it is drawn without them.
func (g alertGrid) measured(ctx context.Context, s AlertSeries, expr string, c comparison, compared bool) (promql.Matrix, error) {
	if !compared {
		return g.ask(ctx, s, expr)
	}
	m, err := g.ask(ctx, s, c.left)
	if err == nil && len(m) == 0 && c.plain != c.left {
		return g.ask(ctx, s, c.plain)
	}
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

func (p *Pages) alertLines(out *screens.AlertChart, st State, g alertGrid, m promql.Matrix, unit string) {
	out.Lines = chart.Lines{Frame: chart.Frame{
		Label: "The rule's expression over time", Height: 200, Left: 40, From: st.Range.From, To: st.Range.To, Brush: true,
	}}
	inUnit(&out.Lines.Frame, unit)
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

// inUnit has the axis say its unit.
func inUnit(f *chart.Frame, unit string) {
	if unit == "" {
		return
	}
	f.Left = 52
	f.Format = func(v float64) string {
		if unit == "%" && v != 0 {
			return limitText(v*100) + " %"
		}
		return tickOf(v, unit)
	}
}

// threshold adds the line that the values are compared with, if the axis,
// which begins at 0, can show it.
func threshold(out *screens.AlertChart, limit float64, unit string) {
	if limit < 0 || math.IsNaN(limit) || math.IsInf(limit, 0) {
		return
	}
	top := limit * 1.25
	if unit == "%" && limit <= 1 {
		top = min(top, 1) // no share is more than the whole
	}
	for _, s := range out.Lines.Series {
		for _, v := range s.Values {
			if !math.IsNaN(v) && !math.IsInf(v, 0) {
				top = max(top, v)
			}
		}
	}
	out.Lines.Max = axisTop(top, unit)
	out.Lines.Series = append(out.Lines.Series, chart.Line{Class: "thr", Name: "threshold", Values: []float64{limit, limit}})
	out.Threshold = &screens.AlertThreshold{Text: "threshold " + limitWords(limit, unit), At: min(limit/out.Lines.Max, 1)}
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
