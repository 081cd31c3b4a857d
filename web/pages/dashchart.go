package pages

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"tripod/dashboard"
	"tripod/dashboard/frames"
	"tripod/ui/chart"
	"tripod/ui/screens"
)

// series draws a time series: lines, areas, bars or points.
func (d *dashDraw) series(all []shown) screens.DashBody {
	n := len(d.a.times)
	var drawn []shown
	for i := range all {
		s := all[i]
		if s.times == nil {
			continue
		}
		if len(s.Nums) != n || !slices.Equal(s.times, d.a.times) {
			s.Nums = d.regrid(s.times, s.Nums)
		}
		drawn = append(drawn, s)
	}
	if len(drawn) == 0 {
		return screens.DashBody{Empty: "The answer is no series over time; show it as table"}
	}
	var b screens.DashBody
	if len(drawn) > dashSeries {
		b.Notes = append(b.Notes, "Drawn are the "+strconv.Itoa(dashSeries)+" series with the largest last values of "+chart.Count(int64(len(drawn)))+".")
		slices.SortStableFunc(drawn, func(x, y shown) int {
			return -compareNaN(frames.Reduce("lastnotnull", x.Nums), frames.Reduce("lastnotnull", y.Nums))
		})
		drawn = drawn[:dashSeries]
	}
	d.legend(&b, drawn)
	d.data(&b, drawn)
	if d.one.Draw == dashboard.Bars && b.Data.Min >= 0 {
		d.bars(&b, drawn)
		return b
	}
	d.lines(&b, drawn)
	return b
}

func compareNaN(a, b float64) int {
	switch {
	case math.IsNaN(a) && math.IsNaN(b):
		return 0
	case math.IsNaN(a):
		return -1
	case math.IsNaN(b):
		return 1
	}
	return cmp.Compare(a, b)
}

// regrid brings values of other times to the places of the grid.
func (d *dashDraw) regrid(times, values []float64) []float64 {
	out := gaps(len(d.a.times))
	if len(out) == 0 {
		return out
	}
	for i, t := range times {
		at := int((t - d.a.times[0]) / float64(d.a.step.Milliseconds()))
		if at >= 0 && at < len(out) && i < len(values) {
			out[at] = values[i]
		}
	}
	return out
}

// data is what the island draws; stacked series have what is under them added.
func (d *dashDraw) data(b *screens.DashBody, drawn []shown) {
	look := drawn[0].look
	data := &screens.DashData{
		From: d.a.from.Unix(), To: d.a.to.Unix(), Unit: look.unit, Decimals: look.decimals, Draw: string(cmp.Or(d.one.Draw, dashboard.Lines)),
		Stack: d.one.Stack, Step: d.stepSeconds(), Times: d.timesS(), Series: []screens.DashDataLine{},
	}
	lo, hi := 0.0, 0.0
	base := make([]float64, len(d.a.times))
	for i := range drawn {
		s := &drawn[i]
		values := make([]*float64, len(s.Nums))
		for k, v := range s.Nums {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				continue
			}
			values[k] = &s.Nums[k]
			if d.one.Stack {
				base[k] += v
				v = base[k]
			}
			lo, hi = min(lo, v), max(hi, v)
		}
		line := screens.DashDataLine{Name: s.name, Class: s.class(), Values: values}
		if s.look.draw != d.one.Draw {
			line.Draw = string(s.look.draw)
		}
		data.Series = append(data.Series, line)
	}
	data.Min, data.Top = dashAxis(lo, hi, &look)
	b.Data = data
}

// dashAxis are the ends of a y axis: the panel's own, or 0 and a round number.
func dashAxis(lo, hi float64, l *dashLook) (low, top float64) {
	if lo < 0 {
		lines := chart.Nice(lo, max(hi, 0), 4)
		low, top = lines[0], lines[len(lines)-1]
	} else {
		top = axisTop(hi, l.unit)
	}
	if l.min != nil {
		low = *l.min
	}
	if l.max != nil {
		top = *l.max
	}
	if top <= low {
		top = low + 1
	}
	return low, top
}

// dashGrid are the lines of an axis that goes below 0, one of them at 0.
func dashGrid(lo, top float64, unit string) []chart.YTick {
	if lo >= 0 {
		return nil
	}
	var out []chart.YTick
	for _, v := range chart.Nice(lo, top, 4) {
		if at := (v - lo) / (top - lo); at > -0.001 && at < 1.001 {
			out = append(out, chart.YTick{At: at, Text: chart.ValueTick(v, unit)})
		}
	}
	return out
}

// axisTop is a round number; binary bytes are round in their own base, and
// shares that come near to the whole end there.
func axisTop(hi float64, unit string) float64 {
	if hi == 0 && (unit == "%" || unit == "%100") {
		return map[string]float64{"%": 0.05, "%100": 5}[unit] // nothing is no reason to draw the whole
	}
	if unit == "%" && hi > 0.6 && hi < 1.001 {
		return 1
	}
	if unit == "%100" && hi > 60 && hi < 100.1 {
		return 100
	}
	if unit == "KiB" || unit == "KiB/s" {
		scale := 1.0
		for hi/scale >= 1024 {
			scale *= 1024
		}
		return chart.Top(hi/scale) * scale
	}
	return chart.Top(hi)
}

func (d *dashDraw) lines(b *screens.DashBody, drawn []shown) {
	look := drawn[0].look
	lo := b.Data.Min
	legend := 22
	if b.Wide {
		legend = 96
	} else if len(b.Legend) == 0 {
		legend = 0
	}
	f := d.frameOf(d.one.Title+": "+countSeries(len(drawn))+" over time", d.plotHeight(legend), d.left(b.Data, look.unit))
	f.Format = func(v float64) string { return chart.ValueTick(v+lo, look.unit) }
	f.Grid = dashGrid(lo, b.Data.Top, look.unit)
	c := &chart.Lines{Frame: f, Max: b.Data.Top - lo}
	base := make([]float64, len(d.a.times))
	for i := range drawn {
		s := &drawn[i]
		values := make([]float64, len(s.Nums))
		for k, v := range s.Nums {
			switch {
			case math.IsNaN(v) || math.IsInf(v, 0):
				v = math.NaN()
			case d.one.Stack:
				base[k] += v
				v = base[k]
			}
			values[k] = v - lo
		}
		fill := d.one.Draw == dashboard.Area || s.look.draw == dashboard.Area || len(drawn) == 1 && d.one.Draw == "" && lo == 0
		c.Series = append(c.Series, chart.Line{Class: s.class(), Name: s.name, Values: values, Fill: fill})
	}
	slices.Reverse(c.Series) // the first is drawn on top
	b.Lines = c
	if len(drawn) == 1 && d.one.Draw == "" && lo == 0 {
		b.Data.Draw = "area"
	}
}

func (d *dashDraw) bars(b *screens.DashBody, drawn []shown) {
	look := drawn[0].look
	legend := 22
	if len(b.Legend) == 0 {
		legend = 0
	}
	f := d.frameOf(d.one.Title+": bars over time", d.plotHeight(legend), d.left(b.Data, look.unit))
	f.Format = func(v float64) string { return chart.ValueTick(v, look.unit) }
	f.To += int64(d.a.step)
	c := &chart.Bars{Frame: f, Step: d.a.step}
	for _, t := range d.a.times {
		c.Starts = append(c.Starts, int64(t)*1e6)
	}
	for i := range drawn {
		c.Stacks = append(c.Stacks, chart.Stack{Class: drawn[i].class(), Name: drawn[i].name, Values: drawn[i].Nums})
	}
	b.Data.Top = barsTop(c)
	b.Data.To += d.stepSeconds()
	b.Bars = c
}

// barsTop is the top of the drawing, for the island.
func barsTop(c *chart.Bars) float64 {
	most := 0.0
	for i := range c.Starts {
		sum := 0.0
		for _, s := range c.Stacks {
			if i < len(s.Values) && s.Values[i] > 0 {
				sum += s.Values[i]
			}
		}
		most = max(most, sum)
	}
	return chart.Top(most)
}

// left is the room for the labels of the y axis, in px.
func (d *dashDraw) left(data *screens.DashData, unit string) int {
	longest := 0
	for _, s := range [...]float64{0, 0.5, 1} {
		longest = max(longest, len([]rune(chart.ValueTick(data.Min+s*(data.Top-data.Min), unit))))
	}
	return max(26, 10+6*longest)
}

func (d *dashDraw) legend(b *screens.DashBody, drawn []shown) {
	if d.one.Legend == "none" {
		return
	}
	b.Wide = d.one.Legend == "table"
	for i := range drawn {
		s := &drawn[i]
		q := func(how string) chart.Quantity {
			q, _ := s.look.value(frames.Reduce(how, s.Nums))
			return q
		}
		b.Legend = append(b.Legend, screens.DashLegend{Class: s.class(), Name: s.name, Last: q("lastnotnull"), Min: q("min"), Mean: q("mean"), Max: q("max")})
	}
}
