package pages

import (
	"math"

	"tripod/ui/chart"
)

// valueScale places values on the y axis of the chart.
type valueScale struct {
	lo, top float64
	log     bool
	lines   []float64
}

// linearScaleOf holds all values: from 0, or below where some are, to a round number
// above them. An exemplar may lie above the lines, up to three times as high;
// the few that lie higher must not flatten all lines.
func linearScaleOf(lists [][]float64, highest float64, unit string) valueScale {
	least, most := ends(lists)
	least, most = min(least, 0), max(most, 0)
	most = max(most, min(highest, 3*most))
	lines := chart.Nice(least, most, 5)
	if unit == "s" && most > 120 {
		lines = niceSeconds(least, most)
	}
	return valueScale{lo: lines[0], top: lines[len(lines)-1], lines: lines}
}

// logScaleOf holds the values above 0; without any there is no such scale.
func logScaleOf(lists [][]float64, highest float64) (valueScale, bool) {
	least, most := math.Inf(1), 0.0
	for _, l := range lists {
		for _, v := range l {
			if v > 0 && !math.IsInf(v, 0) {
				least, most = min(least, v), max(most, v)
			}
		}
	}
	if most == 0 {
		return valueScale{}, false
	}
	lines := chart.Decades(least, max(most, min(highest, 10*most)))
	return valueScale{lo: lines[0], top: lines[len(lines)-1], log: true, lines: lines}, true
}

// niceSeconds has lines at whole minutes, hours or days.
func niceSeconds(lo, hi float64) []float64 {
	for _, step := range [...]float64{60, 120, 300, 600, 1800, 3600, 2 * 3600, 6 * 3600, 12 * 3600, 86400, 7 * 86400, 30 * 86400} {
		if (hi-lo)/step > 6 {
			continue
		}
		var out []float64
		for v := math.Floor(lo/step) * step; len(out) == 0 || out[len(out)-1] < hi; v += step {
			out = append(out, v)
		}
		return out
	}
	return chart.Nice(lo, hi, 5)
}

// ends are the least and greatest finite values, 0 when there are none.
func ends(lists [][]float64) (least, most float64) {
	some := false
	for _, l := range lists {
		for _, v := range l {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				continue
			}
			if !some {
				least, most, some = v, v, true
			}
			least, most = min(least, v), max(most, v)
		}
	}
	return least, most
}

// share is where a value lies, 0 at the bottom and 1 at the top; what the
// scale has no place for is NaN, a gap.
func (s valueScale) share(v float64) float64 {
	lo, top := s.lo, s.top
	if math.IsNaN(v) || math.IsInf(v, 0) || s.log && v <= 0 {
		return math.NaN()
	}
	if s.log {
		v, lo, top = math.Log10(v), math.Log10(lo), math.Log10(top)
	}
	return (v - lo) / (top - lo)
}

func (s valueScale) shares(v []float64) []float64 {
	out := make([]float64, len(v))
	for i := range v {
		out[i] = s.share(v[i])
	}
	return out
}

func (s valueScale) grid(unit string) []chart.YTick {
	out := make([]chart.YTick, len(s.lines))
	for i, v := range s.lines {
		out[i] = chart.YTick{At: s.share(v), Text: tickOf(v, unit)}
	}
	return out
}

// piled adds the lists up from the last to the first, which lies on top; a gap
// of a list stays one and adds nothing to those above.
func piled(lists [][]float64) [][]float64 {
	out := make([][]float64, len(lists))
	var sum []float64
	for k := len(lists) - 1; k >= 0; k-- {
		if sum == nil {
			sum = make([]float64, len(lists[k]))
		}
		out[k] = make([]float64, len(lists[k]))
		for i, v := range lists[k] {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				out[k][i] = math.NaN()
				continue
			}
			sum[i] += v
			out[k][i] = sum[i]
		}
	}
	return out
}
