package pages

import (
	"context"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"tripod/ui/chart"
	"tripod/ui/screens"
)

// metricsDraw fills the chart, the legend and the exemplars.
func (p *Pages) metricsDraw(ctx context.Context, a *metricsAsk, m *screens.Metrics) {
	if a.view == "heatmap" {
		p.heatDraw(ctx, a, m)
		m.Notes = a.notes
		return
	}
	all := a.series()
	m.Notes = a.notes
	if len(all) == 0 {
		return
	}
	p.colours(all)
	if a.view == "table" {
		m.Table = tableOf(a, all)
		return
	}
	found := p.exemplars(ctx, a)
	d := &drawing{a: a, all: all, unit: commonUnit(all), m: m}
	d.scale(found)
	m.Notes = a.notes
	d.legend(d.place(found), found)
	d.frame(p.flags(ctx, a.st, a.from, a.to, wideChart))
	d.lines()
}

// drawing is one chart in the making.
type drawing struct {
	a     *metricsAsk
	all   []drawn
	unit  string
	m     *screens.Metrics
	s     valueScale
	tops  [][]float64 // where the lines lie: the values, or what they are piled up to
	chart chart.Frame
}

func commonUnit(all []drawn) string {
	if slices.ContainsFunc(all, func(d drawn) bool { return d.unit != all[0].unit }) {
		return ""
	}
	return all[0].unit
}

func (d *drawing) piles() bool { return d.a.view == "stacked" || d.a.view == "bars" }

func (d *drawing) scale(found []measured) {
	for i := range d.all {
		d.tops = append(d.tops, d.all[i].values)
	}
	if d.piles() {
		d.tops = piled(d.tops)
	}
	highest := 0.0
	if d.unit == "s" && len(found) > 0 {
		highest = found[0].value
	}
	if d.a.st.Values.Get("y") == "log" && !d.piles() {
		var ok bool
		if d.s, ok = logScaleOf(d.tops, highest); ok {
			if least, _ := ends(d.tops); least <= 0 {
				d.a.note("A log scale has no place for 0 and below: such values are left out of the chart.")
			}
			return
		}
		d.a.note("A log scale needs values above 0; this one is linear.")
	}
	d.s = linearScaleOf(d.tops, highest, d.unit)
}

func (d *drawing) frame(marks []chart.Mark) {
	d.m.Marks = marks
	d.chart = chart.Frame{
		Label:  "Chart of " + countSeries(len(d.all)) + "; the table below has the same numbers",
		Height: metricsHeight, Left: metricsLeft, From: d.a.from.UnixNano(), To: d.a.to.UnixNano(),
		Brush: true, Ticks: 7, Grid: d.s.grid(d.unit), Marks: marks,
	}
}

// lines are the server's drawing and the numbers from which the island draws
// the same.
func (d *drawing) lines() {
	a, kind := d.a, d.a.view
	if kind == "" {
		kind = "lines"
		if len(d.all) == 1 {
			kind = "area"
		}
	}
	several := len(a.queries) > 1
	d.m.Data = screens.MetricsData{From: a.from.Unix(), To: a.to.Unix(), Min: d.s.lo, Top: d.s.top, Log: d.s.log, Unit: d.unit, Kind: kind, Step: int64(a.step / time.Second)}
	for t := a.from; !t.After(a.to); t = t.Add(a.step) {
		d.m.Data.Times = append(d.m.Data.Times, t.Unix())
	}
	shares := make([][]float64, len(d.all))
	for i := range d.all {
		shares[i] = d.s.shares(d.tops[i])
		s := &d.all[i]
		_, main, _ := seriesText(s.labels)
		d.m.Data.Series = append(d.m.Data.Series, screens.MetricsLine{
			Name: shortName(s.letter, labelSet(s.labels), main, several), Slot: s.slot, Unit: s.unit, Values: nullable(s.values), Exemplars: d.m.Series[i].Seen,
		})
	}
	if kind == "bars" {
		d.m.Bars = d.bars()
		return
	}
	c := &chart.Lines{Max: 1, Frame: d.chart}
	for i := range d.all {
		l := chart.Line{Class: "c" + strconv.Itoa(d.all[i].slot), Name: labelSet(d.all[i].labels), Values: shares[i], Fill: kind != "lines"}
		if kind == "stacked" && i+1 < len(shares) {
			l.Base = shares[i+1]
		}
		c.Series = append(c.Series, l)
	}
	slices.Reverse(c.Series) // the first of the table is drawn on top
	d.m.Chart = c
}

func (d *drawing) bars() *chart.Bars {
	b := &chart.Bars{Frame: d.chart, Step: d.a.step, Max: d.s.top}
	b.Label = "Stacked bars of " + countSeries(len(d.all)) + "; the table below has the same numbers"
	half := int64(d.a.step) / 2 // a bar stands around its moment
	for _, t := range d.m.Data.Times {
		b.Starts = append(b.Starts, t*int64(time.Second)-half)
	}
	for i := range d.all {
		b.Stacks = append(b.Stacks, chart.Stack{Class: "c" + strconv.Itoa(d.all[i].slot), Name: labelSet(d.all[i].labels), Values: d.all[i].values})
	}
	slices.Reverse(b.Stacks) // the last of the table is at the bottom
	return b
}

// legend is a row a series with its numbers, and which of the exemplars are of
// it: of those shown by their places, of those found their number.
func (d *drawing) legend(shown, found []measured) {
	same := sameLabels(d.all)
	for i := range d.all {
		s := &d.all[i]
		row := legendRow(s)
		row.Before, row.Main, row.After = seriesText(labels.NewBuilder(s.labels).Del(same[s.query]...).Labels())
		for k := range shown {
			if shown[k].of(s.labels) {
				row.Seen = append(row.Seen, k)
			}
		}
		n := 0
		for k := range found {
			if found[k].of(s.labels) {
				n++
			}
		}
		if n > 0 {
			row.Exemplars = chart.Count(int64(n))
		}
		d.m.Series = append(d.m.Series, row)
	}
}

// sameLabels are the labels of each query that tell none of its series apart.
func sameLabels(all []drawn) map[int][]string {
	series := map[int]int{}
	type pair struct {
		query       int
		name, value string
	}
	have := map[pair]int{}
	for i := range all {
		q := all[i].query
		series[q]++
		all[i].labels.Range(func(l labels.Label) {
			if l.Name != labels.MetricName {
				have[pair{q, l.Name, l.Value}]++
			}
		})
	}
	out := map[int][]string{}
	for p, n := range have {
		if series[p.query] > 1 && n == series[p.query] {
			out[p.query] = append(out[p.query], p.name)
		}
	}
	return out
}

func legendRow(s *drawn) screens.MetricsSeries {
	before, main, after := seriesText(s.labels)
	least, mean, most := stats64(s.values)
	return screens.MetricsSeries{
		Letter: s.letter, Slot: s.slot, Before: before, Main: main, After: after, Full: before + main + after,
		Values: sparkValues(s.values),
		Last:   quantity(s.last, s.unit), Min: quantity(least, s.unit), Avg: quantity(mean, s.unit), Max: quantity(most, s.unit),
	}
}

// sparkValues are at most 60 of the finite values, from 0 or from the least
// one below it.
func sparkValues(v []float64) []float64 {
	least, _ := ends([][]float64{v})
	least = min(least, 0)
	n := min(len(v), 60)
	out := make([]float64, n)
	for i := range out {
		if out[i] = v[i*len(v)/n] - least; math.IsInf(out[i], 0) {
			out[i] = math.NaN()
		}
	}
	return out
}

// colours gives each line the slot of its service, when services tell all
// lines apart; other lines start at the last slot and count down.
func (p *Pages) colours(all []drawn) {
	seen := map[string]bool{}
	services := true
	for i := range all {
		s := all[i].labels.Get("service_name")
		services = services && s != "" && !seen[s]
		seen[s] = true
	}
	for i := range all {
		all[i].slot = 10 - i%10
		if services {
			all[i].slot = p.o.Slots(all[i].labels.Get("service_name"))
		}
	}
}

// tableOf is every series with its labels in columns and its value at the end
// of the range; labels that are the same for all are left out.
func tableOf(a *metricsAsk, all []drawn) *screens.MetricsTable {
	t := &screens.MetricsTable{At: a.to.Format("15:04:05") + " UTC", Several: len(a.queries) > 1}
	values := map[string]map[string]bool{}
	for i := range all {
		all[i].labels.Range(func(l labels.Label) {
			if values[l.Name] == nil {
				values[l.Name] = map[string]bool{}
			}
			values[l.Name][l.Value] = true
		})
	}
	for name := range values {
		t.Names = append(t.Names, name)
	}
	slices.Sort(t.Names)
	for i := range all {
		s := &all[i]
		least, mean, most := stats64(s.values)
		row := screens.MetricsTableRow{Letter: s.letter, Slot: s.slot, Value: quantity(s.values[len(s.values)-1], s.unit), Exact: exact(s.values[len(s.values)-1]),
			Min: quantity(least, s.unit), Avg: quantity(mean, s.unit), Max: quantity(most, s.unit)}
		for _, name := range t.Names {
			row.Labels = append(row.Labels, s.labels.Get(name))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// exact is a value with all its digits.
func exact(v float64) string {
	if math.IsNaN(v) {
		return chart.Dash
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}
