package parallel

import (
	"math"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/util/kahansum"
)

// slide is a function over a window that moves along one series. It takes the
// same floating-point operations in the same order as the stock engine's
// function.
type slide interface {
	// fill gives out[step] the value of the step's window; absent when it has
	// none. A window of so many samples has a value, and no shorter one; 0 means
	// that it depends on the samples.
	fill(out []float64, metric labels.Labels, s *samples, w *windows) (least int)
}

// slides are made for the functions that dashboards ask most. Other functions
// are the stock engine's own.
var slides = map[string]func(window time.Duration) slide{
	"rate":              func(window time.Duration) slide { return &change{counter: true, seconds: window.Seconds()} },
	"increase":          func(time.Duration) slide { return &change{counter: true} },
	"delta":             func(time.Duration) slide { return &change{} },
	"sum_over_time":     func(time.Duration) slide { return each(sumOver) },
	"avg_over_time":     func(time.Duration) slide { return each(meanOver) },
	"count_over_time":   func(time.Duration) slide { return each(func(v []float64) float64 { return float64(len(v)) }) },
	"last_over_time":    func(time.Duration) slide { return each(func(v []float64) float64 { return v[len(v)-1] }) },
	"present_over_time": func(time.Duration) slide { return each(func([]float64) float64 { return 1 }) },
	"min_over_time":     func(time.Duration) slide { return &extreme{beats: func(v, best float64) bool { return v < best }} },
	"max_over_time":     func(time.Duration) slide { return &extreme{beats: func(v, best float64) bool { return v > best }} },
}

// each is a function of a window's values, of which there is at least one.
type each func(values []float64) float64

func (of each) fill(out []float64, _ labels.Labels, s *samples, w *windows) int {
	for step, at := range w.spans {
		out[step] = absent
		if at.lo < at.hi {
			out[step] = of(s.values[at.lo:at.hi])
		}
	}
	return 1
}

func sumOver(values []float64) float64 {
	var sum, carry float64
	for _, v := range values {
		sum, carry = kahansum.Inc(v, sum, carry)
	}
	if math.IsInf(sum, 0) {
		return sum
	}
	return sum + carry
}

func meanOver(values []float64) float64 {
	sum, carry := values[0], 0.0
	for _, v := range values[1:] {
		sum, carry = kahansum.Inc(v, sum, carry)
		if math.IsInf(sum, 0) {
			return meanApart(values)
		}
	}
	n := float64(len(values))
	return sum/n + carry/n
}

// meanApart is the mean of samples whose sum leaves the range of floats.
func meanApart(values []float64) float64 {
	var c cell
	for _, v := range values {
		c.average(v)
	}
	return c.mean()
}

// extreme is the earliest sample of the window that no other beats; NaN only
// if there is nothing else.
type extreme struct {
	beats func(v, best float64) bool
	line  []int32 // samples that may yet be the best, each beaten by those before it
}

func (e *extreme) fill(out []float64, _ labels.Labels, s *samples, w *windows) int {
	line, seen := e.line[:0], int32(0)
	for step, at := range w.spans {
		out[step] = absent
		if at.lo == at.hi {
			continue
		}
		for seen = max(seen, at.lo); seen < at.hi; seen++ {
			v := s.values[seen]
			if math.IsNaN(v) {
				continue
			}
			for len(line) > 0 && e.beats(v, s.values[line[len(line)-1]]) {
				line = line[:len(line)-1]
			}
			line = append(line, seen)
		}
		gone := 0
		for gone < len(line) && line[gone] < at.lo {
			gone++
		}
		if gone > 0 {
			line = append(line[:0], line[gone:]...)
		}
		out[step] = math.NaN()
		if len(line) > 0 {
			out[step] = s.values[line[0]]
		}
	}
	e.line = line
	return 1
}

// latest is the last sample of a window that is as long as the lookback,
// unless it is a stale marker, which reads as absent.
type latest struct{}

func (latest) fill(out []float64, _ labels.Labels, s *samples, w *windows) int {
	least := 1
	for step, at := range w.spans {
		out[step] = absent
		if at.lo < at.hi {
			out[step] = s.values[at.hi-1]
			if isAbsent(out[step]) {
				least = 0
			}
		}
	}
	return least
}
