package traceql

import "math"

// bin puts a value into its bin, where the function needs them.
func (s *Series) bin(c *cell, v value, n int64) {
	var key int64
	switch s.m.Fn {
	case "quantile_over_time":
		key = closeTo(seconds(v))
	case "histogram_over_time":
		key = powerAbove(v)
	default:
		return
	}
	b := c.bins[key]
	if b == nil {
		b = &bin{}
		if c.bins == nil {
			c.bins = map[int64]*bin{}
		}
		c.bins[key] = b
		s.cells++
	}
	b.count += n
	b.sum += seconds(v) * float64(n)
}

// closeTo is the same for numbers that are less than a 128th apart, and grows
// with them.
func closeTo(f float64) int64 {
	const dropped = 52 - 7 // bits of the fraction
	n := int64(math.Float64bits(f))
	if n < 0 {
		n = math.MinInt64 - n
	}
	return n >> dropped
}

// powerAbove is the bucket of a histogram: the number of the least power of two
// that is not less than the value, in ns for durations, and in the lowest bit
// whether it is one.
func powerAbove(v value) int64 {
	f, unit := v.number(), int64(0)
	if v.kind == kindDuration {
		unit = 1
	}
	if !(f > 0) {
		return math.MinInt32<<1 | unit
	}
	frac, exp := math.Frexp(f)
	if frac == 0.5 {
		exp--
	}
	return int64(exp)<<1 | unit
}

// bucketOf is the upper bound that a number of powerAbove means.
func bucketOf(key int64) float64 {
	exp := key >> 1
	switch {
	case exp == math.MinInt32:
		return 0
	case key&1 == 1:
		return math.Ldexp(1, int(exp)) / 1e9
	}
	return math.Ldexp(1, int(exp))
}
