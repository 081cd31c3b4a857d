package notify

import (
	"math"
	"slices"
)

// sparkWidth is the number of characters of a chart in text.
const sparkWidth = 32

var sparks = []rune("▁▂▃▄▅▆▇█")

// sparkline draws values as a line of bars from the least to the greatest; what
// is no number leaves a gap. It is empty when there is nothing to see.
func sparkline(values []float64) string {
	values = thinned(values, sparkWidth)
	finite := slices.DeleteFunc(slices.Clone(values), func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) })
	if len(finite) < 2 {
		return ""
	}
	low, high := slices.Min(finite), slices.Max(finite)
	out := make([]rune, len(values))
	for i, v := range values {
		switch {
		case math.IsNaN(v):
			out[i] = ' '
		case high == low:
			out[i] = sparks[len(sparks)/2]
		default:
			at := (v - low) / (high - low) * float64(len(sparks)-1)
			out[i] = sparks[int(math.Round(min(max(at, 0), float64(len(sparks)-1))))]
		}
	}
	return string(out)
}

// thinned keeps the greatest of neighbours, so that a spike stays.
func thinned(values []float64, n int) []float64 {
	if len(values) <= n {
		return values
	}
	out := make([]float64, n)
	for i := range out {
		part := values[i*len(values)/n : (i+1)*len(values)/n]
		out[i] = math.NaN()
		for _, v := range part {
			if math.IsNaN(out[i]) || v > out[i] {
				out[i] = v
			}
		}
	}
	return out
}
