package pages

import (
	"maps"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"tripod/alerting"
	"tripod/ui"
	"tripod/ui/chart"
	"tripod/ui/screens"
)

// chart draws the expression as it was, with the threshold, the time for which
// its condition held, and what changed.
func (v *evidenceView) chart() screens.AlertChart {
	x := v.Expression
	if x == nil {
		return screens.AlertChart{None: "No rule of this appliance made the alert, so there is no expression to draw"}
	}
	out := screens.AlertChart{Expr: x.Expr, Metrics: ui.Carry{}.Between(msText(v.FiredAt.Add(-time.Hour).UnixNano()), msText(v.FiredAt.Add(time.Hour).UnixNano())).Href("/graph", "q", x.Expr)}
	if len(x.Lines) == 0 {
		out.None = "The expression had no value in the hour before"
		return out
	}
	if x.More > 0 {
		out.Hint = chart.Count(int64(x.More)) + " more series were not kept"
	}
	to := x.From.Add(time.Duration(len(x.Lines[0].Values)-1) * x.Step)
	skip := emptyBefore(x)
	from := x.From.Add(time.Duration(skip) * x.Step)
	out.Lines = chart.Lines{Frame: chart.Frame{
		Label: "The rule's expression before it fired", Height: 200, Left: 40, From: from.UnixNano(), To: to.UnixNano(), Marks: v.marks(from),
	}}
	inUnit(&out.Lines.Frame, v.unit())
	for i, l := range x.Lines {
		line := chart.Line{Name: plotName(l.Labels), Class: "c" + strconv.Itoa(10-i%10), Values: plain(l.Values[skip:]), Fill: l.Own && len(x.Lines) == 1}
		if service := alerting.ServiceOf(l.Labels); service != "" {
			line.Class = "c" + strconv.Itoa(v.p.o.Slots(service))
		}
		switch {
		case l.Limit:
			line.Class, line.Name = "thr", "threshold"
		case !l.Own && len(x.Lines) > 1:
			line.Dash = true
		}
		out.Lines.Series = append(out.Lines.Series, line)
		if line.Name != "" {
			out.Legend = append(out.Legend, ui.LegendItem{Class: line.Class, Text: line.Name})
		}
	}
	if x.Threshold != nil {
		threshold(&out, float64(*x.Threshold), v.unit())
	}
	if width := to.Sub(from); x.For > 0 && width > 0 {
		held := min(float64(x.For)/float64(width), 1)
		band := screens.AlertBand{Kind: "warn", From: 1 - held, Width: held}
		if held > 0.06 {
			band.Text = "for " + chart.Long(x.For)
		}
		out.Bands = []screens.AlertBand{band}
	}
	return out
}

// shortChart is the least time that a chart shows.
const shortChart = 10 * time.Minute

// emptyBefore is how many steps a chart can leave out at its beginning, where
// no series has a value.
func emptyBefore(x *alerting.Plot) int {
	most := len(x.Lines[0].Values) - 1 - int(shortChart/x.Step)
	for i := range most {
		for _, l := range x.Lines {
			if i < len(l.Values) && !math.IsNaN(float64(l.Values[i])) {
				return i
			}
		}
	}
	return max(most, 0)
}

func (v *evidenceView) marks(from time.Time) []chart.Mark {
	shown := slices.DeleteFunc(slices.Clone(v.Changes), func(c alerting.Change) bool { return c.Time.Before(from) })
	out := marksOf(shown, func(c *alerting.Change) string { return v.changeLink(c) })
	thin(out, from, v.FiredAt, wideChart)
	return out
}

// changeLink is where a change can be seen, at that time.
func (v *evidenceView) changeLink(c *alerting.Change) string {
	st := v.st
	st.Problems, st.Values = nil, url.Values{"from": {msText(v.FiredAt.Add(-time.Hour).UnixNano())}, "to": {msText(v.FiredAt.UnixNano())}}
	return flagLink(&st, c)
}

func plotName(labels map[string]string) string {
	var s string
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		if len(labels) == 1 {
			return labels[name]
		}
		if s != "" {
			s += ", "
		}
		s += name + "=" + labels[name]
	}
	return s
}

func plain(values []alerting.Value) []float64 {
	out := make([]float64, len(values))
	for i, v := range values {
		if out[i] = float64(v); math.IsInf(out[i], 0) {
			out[i] = math.NaN()
		}
	}
	return out
}

// unit is what the values count, as far as texts and metrics say. The texts are
// filled in already: a share is what they say a hundred times as much of.
func (v *evidenceView) unit() string {
	if v.Expression == nil {
		return ""
	}
	number, percent := strings.CutSuffix(v.Value, "%")
	said, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if was := v.last(); percent && err == nil && math.Abs(said-was*100) < math.Abs(said-was) {
		return "%"
	}
	return ruleUnit(v.p.o.Alerts.Parser, v.Expression.Expr, nil)
}

// last is the value of the alert's own series when it fired, or NaN.
func (v *evidenceView) last() float64 {
	for _, l := range v.Expression.Lines {
		if l.Own && len(l.Values) > 0 {
			return float64(l.Values[len(l.Values)-1])
		}
	}
	return math.NaN()
}
