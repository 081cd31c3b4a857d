package chart

import (
	"math"
	"time"
)

// Top is the top of an axis that starts at 0 and has two equal parts with
// round ticks: 0, 1.5k, 3k.
func Top(max float64) float64 {
	if max <= 0 || math.IsNaN(max) || math.IsInf(max, 0) {
		return 1
	}
	unit := math.Pow(10, math.Floor(math.Log10(max)))
	for _, m := range [...]float64{1, 1.2, 1.6, 2, 3, 4, 5, 6, 8, 10} {
		if max <= m*unit*1.0001 {
			return m * unit
		}
	}
	return 10 * unit
}

// Nice are the lines of an axis with about n parts that holds lo and hi: round
// numbers at equal distances, the first not above lo, the last not below hi.
func Nice(lo, hi float64, n int) []float64 {
	if !(hi > lo) || math.IsInf(hi-lo, 0) {
		return []float64{lo, lo + 0.5, lo + 1}
	}
	raw := (hi - lo) / float64(n)
	unit := math.Pow(10, math.Floor(math.Log10(raw)))
	step := 10 * unit
	for _, m := range [...]float64{1, 2, 2.5, 5} {
		if raw <= m*unit*1.0001 {
			step = m * unit
			break
		}
	}
	first, last := math.Floor(lo/step+1e-9), math.Ceil(hi/step-1e-9)
	var out []float64
	for i := first; i <= last && len(out) <= 2*n+2; i++ {
		out = append(out, i*step)
	}
	return out
}

// Decades are the lines of a logarithmic axis: powers of ten around lo and hi,
// which are above 0, and 2 and 5 times as much between few of them.
func Decades(lo, hi float64) []float64 {
	from, to := math.Floor(math.Log10(lo)+1e-9), math.Ceil(math.Log10(hi)-1e-9)
	if to <= from {
		to = from + 1
	}
	by := math.Ceil((to - from) / 6)
	var out []float64
	for e := from; e <= to; e += by {
		out = append(out, math.Pow(10, e))
		if to-from <= 2 && e < to {
			out = append(out, 2*math.Pow(10, e), 5*math.Pow(10, e))
		}
	}
	if top := math.Pow(10, to); out[len(out)-1] < top*0.999 {
		out = append(out, top)
	}
	return out
}

// grid are the lines of a frame's y axis whose top has a value.
func (f Frame) grid(top float64) []YTick {
	if len(f.Grid) > 0 {
		return f.Grid
	}
	out := make([]YTick, 0, len(thirds))
	for _, s := range thirds {
		out = append(out, YTick{s, f.format(top * s)})
	}
	return out
}

// steps are the distances of time ticks and of buckets.
var steps = [...]time.Duration{
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second, 15 * time.Second, 30 * time.Second,
	time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 15 * time.Minute, 30 * time.Minute,
	time.Hour, 2 * time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour,
	24 * time.Hour, 2 * 24 * time.Hour, 7 * 24 * time.Hour, 14 * 24 * time.Hour, 30 * 24 * time.Hour,
	90 * 24 * time.Hour, 365 * 24 * time.Hour,
}

// Step is the smallest round step that cuts a range into at most n parts.
func Step(width time.Duration, n int) time.Duration {
	for _, s := range steps {
		if width <= s*time.Duration(n) {
			return s
		}
	}
	return steps[len(steps)-1]
}

// TimeTick is a label on a time axis; At is from 0 to 1.
type TimeTick struct {
	At   float64
	Text string
}

// TimeTicks are at most n round times in a range (Unix ns), in UTC.
func TimeTicks(from, to int64, n int) []TimeTick {
	if to <= from {
		return nil
	}
	step := int64(Step(time.Duration(to-from), n))
	var out []TimeTick
	for t := from - mod(from, step) + step; t < to && len(out) <= n; t += step {
		at := float64(t-from) / float64(to-from)
		if at < 0.02 || at > 0.98 {
			continue
		}
		out = append(out, TimeTick{at, tickText(time.Unix(0, t).UTC(), time.Duration(step))})
	}
	return out
}

func tickText(t time.Time, step time.Duration) string {
	switch {
	case step < time.Minute:
		return t.Format("15:04:05")
	case step >= 24*time.Hour || t.Hour() == 0 && t.Minute() == 0:
		return t.Format("2 Jan")
	}
	return t.Format("15:04")
}

func mod(a, b int64) int64 { return ((a % b) + b) % b }
