package traceql

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"tripod/store"
)

// Bounds of an answer in numbers.
const (
	maxSteps  = 11_000
	maxSeries = 10_000
	maxCells  = 1 << 20 // of a series and step, or of their bins
	maxPoints = 4 << 20
)

// Series makes the numbers of a query out of spans, which come in any order.
type Series struct {
	m      *Metrics
	step   int64
	every  int64 // from the begin of a step to that of the next
	begin  int64 // of the first step
	n      int
	r      store.TimeRange
	groups map[string]*group
	cells  int
	diff   *difference // of compare
	key    []byte      // room for one
	values []value     // of a span in the fields of by
}

// group is the spans that have the same values in the fields of by.
type group struct {
	labels store.Attrs
	cells  map[int]*cell // by step
}

// cell is a group's spans of one step.
type cell struct {
	count         int64
	sum, min, max float64
	bins          map[int64]*bin
}

// bin holds values that lie close together.
type bin struct {
	count int64
	sum   float64
}

// NewSeries begins an answer. Steps begin at an origin and multiples of every
// from there, or of step where it is 0; without a step, the whole range is one.
func (q *Query) NewSeries(r store.TimeRange, step, every time.Duration, origin int64) (*Series, error) {
	switch {
	case q.Metrics == nil:
		return nil, fmt.Errorf("the query gives spans, not numbers: a metrics function is missing, as in | rate(): %w", store.ErrInvalid)
	case step < 0 || r.To <= r.From || every != 0 && every < step:
		return nil, fmt.Errorf("range of %d ns in steps of %d: %w", r.To-r.From, step, store.ErrInvalid)
	}
	s := &Series{m: q.Metrics, step: int64(step), every: int64(cmp.Or(every, step)), r: r, groups: map[string]*group{}}
	if step == 0 {
		s.step, s.every, s.begin = r.To-r.From, r.To-r.From, r.From
	} else {
		s.begin = origin + floorDiv(r.From-origin, s.every)*s.every
	}
	if r.To-r.From <= 0 || s.begin > r.From || r.To-s.begin <= 0 { // more than 64 bits
		return nil, fmt.Errorf("range from %d to %d: %w", r.From, r.To, store.ErrTooLarge)
	}
	n := uint64(floorDiv(r.To-1-s.begin, s.every)) + 1
	if n > maxSteps {
		return nil, fmt.Errorf("%d steps, at most %d: %w", n, maxSteps, store.ErrTooLarge)
	}
	s.n = int(n)
	if q.Metrics.Compare != nil {
		s.diff = newDifference(s)
	}
	return s, nil
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// Add adds n spans that are like one of a trace, if it starts in the range.
func (s *Series) Add(t *Tree, at int, n int64) error {
	start := t.Spans[at].Start
	if !s.r.Has(start) {
		return nil
	}
	step := int(floorDiv(start-s.begin, s.every))
	if start-s.begin-int64(step)*s.every >= s.step {
		return nil
	}
	if s.diff != nil {
		return s.diff.add(t, at, step, n)
	}
	var v value
	if s.m.Of != nil {
		if v = s.m.Of.value(t, at); !v.isNumber() {
			return nil
		}
	}
	g, err := s.group(t, at)
	if err != nil {
		return err
	}
	c := g.cells[step]
	if c == nil {
		c = &cell{}
		g.cells[step] = c
		s.cells++
	}
	c.add(seconds(v), n)
	s.bin(c, v, n)
	if s.cells > maxCells {
		return fmt.Errorf("more than %d numbers: ask for longer steps or fewer groups: %w", maxCells, store.ErrTooLarge)
	}
	return nil
}

// seconds is a number as an answer has it.
func seconds(v value) float64 {
	if v.kind == kindDuration {
		return float64(v.n) / 1e9
	}
	return v.number()
}

func (c *cell) add(f float64, n int64) {
	if c.count == 0 {
		c.min, c.max = f, f
	}
	c.count += n
	c.sum += f * float64(n)
	c.min, c.max = min(c.min, f), max(c.max, f)
}

func (s *Series) group(t *Tree, at int) (*group, error) {
	s.key, s.values = s.key[:0], s.values[:0]
	for _, f := range s.m.By {
		v := f.value(t, at)
		s.key, s.values = v.appendKey(s.key), append(s.values, v)
	}
	g := s.groups[string(s.key)]
	if g != nil {
		return g, nil
	}
	if len(s.groups) == maxSeries {
		return nil, tooManySeries()
	}
	g = &group{cells: map[int]*cell{}}
	for i, f := range s.m.By {
		g.labels = append(g.labels, store.Attr{Key: f.String(), Value: s.values[i].label()})
	}
	s.groups[string(s.key)] = g
	return g, nil
}

func tooManySeries() error {
	return fmt.Errorf("more than %d series: %w", maxSeries, store.ErrTooLarge)
}

// label is the value as a label, "<nil>" for nothing.
func (v value) label() store.Value {
	if v.kind == kindNil {
		return store.String("<nil>")
	}
	return v.attr()
}

// Answer ends the series.
func (s *Series) Answer() ([]store.SpanSeries, error) {
	var out []store.SpanSeries
	if s.diff != nil {
		if out = s.diff.answer(); len(out) > maxSeries {
			return nil, tooManySeries()
		}
	}
	for _, g := range s.groups {
		list := s.of(g)
		if len(out)+len(list) > maxSeries || (len(out)+len(list))*s.n > maxPoints {
			return nil, tooManySeries()
		}
		out = append(out, list...)
	}
	slices.SortFunc(out, byLabels)
	for _, then := range s.m.Then {
		out = then.apply(out)
	}
	return out, nil
}

func byLabels(a, b store.SpanSeries) int {
	return slices.CompareFunc(a.Labels, b.Labels, func(x, y store.Attr) int {
		if c := cmp.Compare(x.Key, y.Key); c != 0 {
			return c
		}
		if f, ok := x.Value.Number(); ok && x.Value.Kind != store.KindString {
			if g, ok := y.Value.Number(); ok && y.Value.Kind != store.KindString && f != g {
				return cmp.Compare(f, g)
			}
		}
		return cmp.Or(cmp.Compare(x.Value.Kind, y.Value.Kind), cmp.Compare(x.Value.Text(), y.Value.Text()))
	})
}

// of is the series of a group: one, or one for each quantile or bucket.
func (s *Series) of(g *group) []store.SpanSeries {
	labels := g.labels
	switch s.m.Fn {
	case "quantile_over_time":
		var out []store.SpanSeries
		for _, q := range s.m.Quantiles {
			out = append(out, s.series(g, with(labels, "p", q), func(c *cell) float64 { return c.quantile(q) }))
		}
		return out
	case "histogram_over_time":
		return s.histogram(g)
	}
	if len(labels) == 0 {
		labels = store.Attrs{{Key: "__name__", Value: store.String(s.m.Fn)}}
	}
	return []store.SpanSeries{s.series(g, labels, s.number)}
}

func with(labels store.Attrs, key string, f float64) store.Attrs {
	return append(slices.Clip(labels), store.Attr{Key: key, Value: store.Float(f)})
}

func (s *Series) histogram(g *group) (out []store.SpanSeries) {
	keys := map[int64]bool{}
	for _, c := range g.cells {
		for key := range c.bins {
			keys[key] = true
		}
	}
	for key := range keys {
		out = append(out, s.series(g, with(g.labels, "__bucket", bucketOf(key)), func(c *cell) float64 {
			if b := c.bins[key]; b != nil {
				return float64(b.count)
			}
			return 0
		}))
	}
	return out
}

// number is the value of a step with spans.
func (s *Series) number(c *cell) float64 {
	switch s.m.Fn {
	case "rate":
		return float64(c.count) / (float64(s.step) / 1e9)
	case "min_over_time":
		return c.min
	case "max_over_time":
		return c.max
	case "sum_over_time":
		return c.sum
	case "avg_over_time":
		return c.sum / float64(c.count)
	}
	return float64(c.count)
}

// quantile is the value that the share q of all are not greater than.
func (c *cell) quantile(q float64) float64 {
	rank := max(1, int64(math.Ceil(q*float64(c.count))))
	keys := make([]int64, 0, len(c.bins))
	for key := range c.bins {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		b := c.bins[key]
		if rank -= b.count; rank <= 0 {
			return b.sum / float64(b.count)
		}
	}
	return c.max
}

// series has a point for every step where what is counted is spans, and else
// for those that have any.
func (s *Series) series(g *group, labels store.Attrs, number func(*cell) float64) store.SpanSeries {
	out := store.SpanSeries{Labels: labels}
	counts := s.m.Fn == "rate" || s.m.Fn == "count_over_time" || s.m.Fn == "histogram_over_time"
	for i := range s.n {
		c := g.cells[i]
		if c == nil && !counts {
			continue
		}
		p := store.SpanPoint{Time: s.begin + int64(i)*s.every}
		if c != nil {
			p.Value = number(c)
		}
		out.Points = append(out.Points, p)
	}
	return out
}

// apply leaves out points, and then series without any.
func (s SeriesStage) apply(list []store.SpanSeries) []store.SpanSeries {
	keep := func(_ int, p store.SpanPoint) bool { return compare(s.Op, float(p.Value), float(s.N)) }
	if !isComparison(s.Op) {
		keep = s.best(list)
	}
	var out []store.SpanSeries
	for i, series := range list {
		kept := series.Points[:0]
		for _, p := range series.Points {
			if keep(i, p) {
				kept = append(kept, p)
			}
		}
		if series.Points = kept; len(kept) > 0 {
			out = append(out, series)
		}
	}
	return out
}

// best says which points are among the N greatest or least of their time; of
// equal ones those of the first series.
func (s SeriesStage) best(list []store.SpanSeries) func(series int, p store.SpanPoint) bool {
	type place struct {
		series int
		value  float64
	}
	times := map[int64][]place{}
	for i, series := range list {
		for _, p := range series.Points {
			times[p.Time] = append(times[p.Time], place{i, p.Value})
		}
	}
	kept := map[int64]map[int]bool{}
	for at, places := range times {
		slices.SortStableFunc(places, func(a, b place) int {
			if s.Op == "topk" {
				a, b = b, a
				return cmp.Or(cmp.Compare(a.value, b.value), cmp.Compare(b.series, a.series))
			}
			return cmp.Or(cmp.Compare(a.value, b.value), cmp.Compare(a.series, b.series))
		})
		kept[at] = map[int]bool{}
		for _, p := range places[:min(len(places), int(s.N))] {
			kept[at][p.series] = true
		}
	}
	return func(series int, p store.SpanPoint) bool { return kept[p.Time][series] }
}
