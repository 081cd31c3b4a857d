package parallel

import (
	"math"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/util/kahansum"
)

// slide is a function over a window that moves along one series. It takes the
// same floating-point operations in the same order as the stock engine's
// function, but does not look again at samples that it has seen.
type slide interface {
	// start begins a series; all is what it has, in the order of time.
	start(metric labels.Labels, all []promql.FPoint)
	// value is that of all[lo:hi], which is not empty and lies in the time
	// (from, to], in milliseconds; neither lo nor hi ever goes back. False
	// means no point.
	value(lo, hi int, from, to int64) (float64, bool)
}

// slides are made for the functions that dashboards ask most; window is in
// milliseconds. Other functions are the stock engine's own.
var slides = map[string]func(window int64) slide{
	"rate":              func(window int64) slide { return &change{counter: true, seconds: float64(window) / 1000} },
	"increase":          func(int64) slide { return &change{counter: true} },
	"delta":             func(int64) slide { return &change{} },
	"sum_over_time":     func(int64) slide { return &sumOver{} },
	"avg_over_time":     func(int64) slide { return &meanOver{} },
	"count_over_time":   func(int64) slide { return &countOver{} },
	"last_over_time":    func(int64) slide { return &lastOver{} },
	"present_over_time": func(int64) slide { return &presentOver{} },
	"min_over_time":     func(int64) slide { return &extreme{beats: func(v, best float64) bool { return v < best }} },
	"max_over_time":     func(int64) slide { return &extreme{beats: func(v, best float64) bool { return v > best }} },
}

// change is rate, increase and delta: the difference over a window,
// extrapolated to its borders as Prometheus does.
type change struct {
	counter bool
	seconds float64 // of the window; 0 means that no rate is wanted
	all     []promql.FPoint
	resets  []int // of a counter: each sample that is less than the one before
	next    int   // the first reset that may lie in the window
}

func (c *change) start(_ labels.Labels, all []promql.FPoint) {
	c.all, c.resets, c.next = all, c.resets[:0], 0
	if !c.counter {
		return
	}
	for i := 1; i < len(all); i++ {
		if all[i].F < all[i-1].F {
			c.resets = append(c.resets, i)
		}
	}
}

func (c *change) value(lo, hi int, from, to int64) (float64, bool) {
	if hi-lo < 2 {
		return 0, false
	}
	first, last := c.all[lo], c.all[hi-1]
	diff := last.F - first.F
	for c.next < len(c.resets) && c.resets[c.next] <= lo {
		c.next++
	}
	for _, i := range c.resets[c.next:] {
		if i >= hi {
			break
		}
		diff += c.all[i-1].F
	}
	sampled := float64(last.T-first.T) / 1000
	factor := 1.0
	if sampled != 0 {
		before, after := c.borders(diff, first, sampled, sampled/float64(hi-lo-1), float64(first.T-from)/1000, float64(to-last.T)/1000)
		factor = (sampled + before + after) / sampled
	}
	if c.seconds != 0 {
		factor /= c.seconds
	}
	return diff * factor, true
}

// borders are the seconds by which the samples are extrapolated at both ends
// of the window: all of the way if a sample could be missing there by little
// more than chance, else half the time between two samples, and for a counter
// not beyond where it was zero.
func (c *change) borders(diff float64, first promql.FPoint, sampled, between, before, after float64) (float64, float64) {
	threshold := between * 1.1
	if before >= threshold {
		before = between / 2
	}
	if c.counter && diff > 0 && first.F >= 0 {
		if zero := sampled * (first.F / diff); zero < before {
			before = zero
		}
	}
	if after >= threshold {
		after = between / 2
	}
	return before, after
}

type sumOver struct{ all []promql.FPoint }

func (s *sumOver) start(_ labels.Labels, all []promql.FPoint) { s.all = all }

func (s *sumOver) value(lo, hi int, _, _ int64) (float64, bool) {
	var sum, carry float64
	for i := lo; i < hi; i++ {
		sum, carry = kahansum.Inc(s.all[i].F, sum, carry)
	}
	if math.IsInf(sum, 0) {
		return sum, true
	}
	return sum + carry, true
}

type meanOver struct{ all []promql.FPoint }

func (m *meanOver) start(_ labels.Labels, all []promql.FPoint) { m.all = all }

func (m *meanOver) value(lo, hi int, _, _ int64) (float64, bool) {
	sum, carry := m.all[lo].F, 0.0
	for i := lo + 1; i < hi; i++ {
		sum, carry = kahansum.Inc(m.all[i].F, sum, carry)
		if math.IsInf(sum, 0) {
			return m.apart(lo, hi), true
		}
	}
	n := float64(hi - lo)
	return sum/n + carry/n, true
}

// apart is the mean of samples whose sum leaves the range of floats.
func (m *meanOver) apart(lo, hi int) float64 {
	var c cell
	for i := lo; i < hi; i++ {
		c.average(m.all[i].F)
	}
	return c.mean()
}

type countOver struct{}

func (*countOver) start(labels.Labels, []promql.FPoint) {}

func (*countOver) value(lo, hi int, _, _ int64) (float64, bool) { return float64(hi - lo), true }

type presentOver struct{}

func (*presentOver) start(labels.Labels, []promql.FPoint) {}

func (*presentOver) value(int, int, int64, int64) (float64, bool) { return 1, true }

type lastOver struct{ all []promql.FPoint }

func (l *lastOver) start(_ labels.Labels, all []promql.FPoint) { l.all = all }

func (l *lastOver) value(_, hi int, _, _ int64) (float64, bool) { return l.all[hi-1].F, true }

// extreme is the earliest sample of the window that no other beats; NaN only
// if there is nothing else.
type extreme struct {
	beats func(v, best float64) bool
	all   []promql.FPoint
	seen  int
	line  []int // samples that may yet be the best, each beaten by those before it
}

func (e *extreme) start(_ labels.Labels, all []promql.FPoint) {
	e.all, e.seen, e.line = all, 0, e.line[:0]
}

func (e *extreme) value(lo, hi int, _, _ int64) (float64, bool) {
	for e.seen = max(e.seen, lo); e.seen < hi; e.seen++ {
		v := e.all[e.seen].F
		if math.IsNaN(v) {
			continue
		}
		for len(e.line) > 0 && e.beats(v, e.all[e.line[len(e.line)-1]].F) {
			e.line = e.line[:len(e.line)-1]
		}
		e.line = append(e.line, e.seen)
	}
	gone := 0
	for gone < len(e.line) && e.line[gone] < lo {
		gone++
	}
	e.line = append(e.line[:0], e.line[gone:]...)
	if len(e.line) == 0 {
		return math.NaN(), true
	}
	return e.all[e.line[0]].F, true
}
