package pages

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"

	"tripod/ui/chart"
	"tripod/ui/screens"
)

// maxBuckets are the rows of a heat map; native histograms are made coarser
// until they fit.
const maxBuckets = 40

// bucketsOf is the histogram behind a query of quantiles, all its series added
// up; another query stays as it is.
func bucketsOf(read parser.Parser, expr string) string {
	e, err := parsePromQL(read, expr)
	if err != nil {
		return expr
	}
	call, ok := unwrapParens(e).(*parser.Call)
	if !ok || call.Func.Name != "histogram_quantile" || len(call.Args) != 2 {
		return expr
	}
	return "sum by (le) (" + call.Args[1].String() + ")"
}

// bucket is a row of the map: what lies above lower and not above upper.
type bucket struct{ lower, upper float64 }

// heat is how much is in each bucket at each step.
type heat struct {
	buckets []bucket // in order
	counts  map[bucket][]float64
}

// add counts v more at column i.
func (h *heat) add(b bucket, columns, i int, v float64) {
	if h.counts == nil {
		h.counts = map[bucket][]float64{}
	}
	row := h.counts[b]
	if row == nil {
		row = make([]float64, columns)
		for k := range row {
			row[k] = math.NaN()
		}
		h.counts[b] = row
		h.buckets = append(h.buckets, b)
	}
	if math.IsNaN(row[i]) {
		row[i] = 0
	}
	row[i] += v
}

// heatOf reads classic buckets, series with le whose values count everything
// below it, and native histograms.
func (a *metricsAsk) heatOf(matrix promql.Matrix) heat {
	var h heat
	n := a.columns()
	column := func(t int64) int { return int((t - a.from.UnixMilli()) / a.step.Milliseconds()) }
	for group := range classicGroups(matrix) {
		series := group
		slices.SortFunc(series, func(x, y classic) int { return cmp.Compare(x.le, y.le) })
		below := make([]float64, n)
		lower := math.Inf(-1)
		if series[0].le >= 0 {
			lower = 0
		}
		for _, s := range series {
			for _, pt := range s.points {
				i := column(pt.T)
				if i < 0 || i >= n || math.IsNaN(pt.F) {
					continue
				}
				h.add(bucket{lower, s.le}, n, i, max(pt.F-below[i], 0)) // a scrape between two buckets can make one smaller
				below[i] = max(below[i], pt.F)
			}
			lower = s.le
		}
	}
	schema := fittingSchema(matrix)
	for _, s := range matrix {
		for _, pt := range s.Histograms {
			if i := column(pt.T); i >= 0 && i < n {
				h.addNative(pt.H, schema, n, i)
			}
		}
	}
	slices.SortFunc(h.buckets, func(x, y bucket) int { return cmp.Or(cmp.Compare(x.upper, y.upper), cmp.Compare(x.lower, y.lower)) })
	return h
}

func (h *heat) addNative(fh *histogram.FloatHistogram, schema int32, n, i int) {
	if fh.Schema > schema && fh.Schema <= histogram.ExponentialSchemaMax {
		fh = fh.CopyToSchema(schema)
	}
	for it := fh.AllBucketIterator(); it.Next(); {
		b := it.At()
		h.add(bucket{b.Lower, b.Upper}, n, i, b.Count)
	}
}

// fittingSchema is the finest at which all histograms have few enough buckets.
func fittingSchema(matrix promql.Matrix) int32 {
	schema := int32(histogram.ExponentialSchemaMax)
	for ; schema > histogram.ExponentialSchemaMin; schema-- {
		seen := map[bucket]bool{}
		for _, s := range matrix {
			for _, pt := range s.Histograms {
				fh := pt.H
				if fh.Schema > histogram.ExponentialSchemaMax || fh.Schema < histogram.ExponentialSchemaMin {
					continue // custom buckets cannot be joined
				}
				if fh.Schema > schema {
					fh = fh.CopyToSchema(schema)
				}
				for it := fh.AllBucketIterator(); it.Next() && len(seen) <= maxBuckets; {
					b := it.At()
					seen[bucket{b.Lower, b.Upper}] = true
				}
			}
		}
		if len(seen) <= maxBuckets {
			break
		}
	}
	return schema
}

// classic is one series of a classic histogram.
type classic struct {
	le     float64
	points []promql.FPoint
}

// classicGroups are the series with le, those of one histogram together.
func classicGroups(matrix promql.Matrix) func(yield func([]classic) bool) {
	groups := map[string][]classic{}
	for _, s := range matrix {
		le, err := strconv.ParseFloat(s.Metric.Get(labels.BucketLabel), 64)
		if err != nil || len(s.Floats) == 0 {
			continue
		}
		key := labels.NewBuilder(s.Metric).Del(labels.BucketLabel).Labels().String()
		groups[key] = append(groups[key], classic{le, s.Floats})
	}
	return func(yield func([]classic) bool) {
		for _, g := range groups {
			if !yield(g) {
				return
			}
		}
	}
}

// heatDraw draws the histograms of all queries as one map.
func (p *Pages) heatDraw(ctx context.Context, a *metricsAsk, m *screens.Metrics) {
	var matrix promql.Matrix
	unit := ""
	for i := range a.answers {
		matrix = append(matrix, a.answers[i].matrix...)
		if a.answers[i].asked {
			unit = heatUnit(a.p.o.Alerts.Parser, a.answers[i].expr)
		}
	}
	h := a.heatOf(matrix)
	if len(h.buckets) == 0 {
		if len(matrix) > 0 {
			m.NotHeat = true
		}
		return
	}
	d := &drawing{a: a, unit: unit, m: m}
	d.s = valueScale{top: float64(len(h.buckets))}
	marks := p.flags(ctx, a.st, a.from, a.to, wideChart)
	m.Marks = marks
	m.Heat = &chart.Heat{Step: int64(a.step), Frame: chart.Frame{
		Label:  "Heat map of " + strconv.Itoa(len(h.buckets)) + " buckets over time; the table below has the same numbers",
		Height: metricsHeight, Left: metricsLeft, From: a.from.UnixNano(), To: a.to.UnixNano(), Brush: true, Ticks: 7, Grid: h.grid(unit), Marks: marks,
	}}
	m.Data = screens.MetricsData{From: a.from.Unix(), To: a.to.Unix(), Top: d.s.top, Unit: "", Kind: "heatmap", Step: int64(a.step / time.Second)}
	for t := a.from; !t.After(a.to); t = t.Add(a.step) {
		m.Data.Times = append(m.Data.Times, t.Unix())
		m.Heat.Starts = append(m.Heat.Starts, t.Add(-a.step/2).UnixNano())
	}
	for _, b := range h.buckets {
		counts := h.counts[b]
		m.Heat.Rows = append(m.Heat.Rows, counts)
		m.Data.Series = append(m.Data.Series, screens.MetricsLine{Name: b.words(unit), Values: nullable(counts)})
	}
	for _, b := range slices.Backward(h.buckets) {
		m.Series = append(m.Series, h.row(b, unit))
	}
	found := p.exemplars(ctx, a)
	for i, e := range d.place(found) {
		m.Diamonds[i].Y = h.place(e.value)
	}
}

// heatUnit is the unit of what the buckets bound.
func heatUnit(read parser.Parser, expr string) string {
	switch unitOf(read, "histogram_quantile(0.5, "+expr+")") {
	case "s":
		return "s"
	case "B":
		return "B"
	}
	return ""
}

// row is a bucket's line in the table.
func (h *heat) row(b bucket, unit string) screens.MetricsSeries {
	counts := h.counts[b]
	s := drawn{values: counts, last: math.NaN()}
	for _, v := range slices.Backward(counts) {
		if !math.IsNaN(v) {
			s.last = v
			break
		}
	}
	row := legendRow(&s)
	row.Before, row.Main, row.After, row.Full = "", b.words(unit), "", b.words(unit)
	row.Bucket = true
	return row
}

// words name a bucket by its ends: 5 ms – 10 ms, above 10 s.
func (b bucket) words(unit string) string {
	switch {
	case math.IsInf(b.upper, 1):
		return "above " + tickOf(b.lower, unit)
	case math.IsInf(b.lower, -1):
		return "up to " + tickOf(b.upper, unit)
	}
	return tickOf(b.lower, unit) + " – " + tickOf(b.upper, unit)
}

// grid labels at most nine of the buckets' ends.
func (h *heat) grid(unit string) []chart.YTick {
	n := len(h.buckets)
	by := (n + 7) / 8
	var out []chart.YTick
	for i := 0; i < n; i += by {
		if lower := h.buckets[i].lower; !math.IsInf(lower, 0) {
			out = append(out, chart.YTick{At: float64(i) / float64(n), Text: tickOf(lower, unit)})
		}
	}
	top := tickOf(h.buckets[n-1].upper, unit)
	if math.IsInf(h.buckets[n-1].upper, 1) {
		top = "∞"
	}
	return append(out, chart.YTick{At: 1, Text: top})
}

// place is where a value lies on the map, inside its bucket by its share.
func (h *heat) place(v float64) float64 {
	n := float64(len(h.buckets))
	for i, b := range h.buckets {
		if v > b.upper {
			continue
		}
		in := 0.5
		if !math.IsInf(b.upper, 0) && !math.IsInf(b.lower, 0) && b.upper > b.lower {
			in = min(max((v-b.lower)/(b.upper-b.lower), 0), 1)
		}
		return (float64(i) + in) / n
	}
	return 1
}
