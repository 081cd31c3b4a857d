package frames

import (
	"iter"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

func mapKeys(m map[string]string) iter.Seq[string] { return maps.Keys(m) }

// Reduce brings a field's numbers to one; when there are none NaN, of count 0.
// Gaps are left out, except by first and last, which are the values at the very
// ends.
func Reduce(how string, v []float64) float64 {
	switch how {
	case "first":
		return edge(v, 0)
	case "last":
		return edge(v, len(v)-1)
	}
	have := make([]float64, 0, len(v))
	for _, f := range v {
		if !math.IsNaN(f) {
			have = append(have, f)
		}
	}
	if how == "count" {
		return float64(len(have))
	}
	if len(have) == 0 {
		return math.NaN()
	}
	first, last := have[0], have[len(have)-1]
	switch how {
	case "firstnotnull":
		return first
	case "min":
		return slices.Min(have)
	case "max":
		return slices.Max(have)
	case "sum":
		return sum(have)
	case "mean":
		return sum(have) / float64(len(have))
	case "range":
		return slices.Max(have) - slices.Min(have)
	case "diff":
		return last - first
	case "diffperc":
		return (last - first) / first
	case "delta":
		return increase(have)
	case "distinct":
		slices.Sort(have)
		return float64(len(slices.Compact(have)))
	case "median":
		slices.Sort(have)
		return (have[(len(have)-1)/2] + have[len(have)/2]) / 2
	}
	return last
}

func edge(v []float64, i int) float64 {
	if i < 0 || i >= len(v) {
		return math.NaN()
	}
	return v[i]
}

func sum(v []float64) float64 {
	total := 0.0
	for _, f := range v {
		total += f
	}
	return total
}

// increase adds what a counter grew; after a drop it counts from nothing.
func increase(v []float64) float64 {
	total := 0.0
	for i := 1; i < len(v); i++ {
		if d := v[i] - v[i-1]; d >= 0 {
			total += d
		} else {
			total += v[i]
		}
	}
	return total
}

func parseNumber(s string) (float64, error) { return strconv.ParseFloat(strings.TrimSpace(s), 64) }
