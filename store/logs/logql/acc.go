package logql

import (
	"math"
	"slices"
	"time"
)

// acc gathers the samples of one series in one pane. What the numbers mean is
// up to the function; all of them can be merged with those of the next pane.
type acc struct {
	n           float64 // samples
	a, b, c     float64
	first, last int64 // times of the first and the last sample
	all         []float64
}

// fold is how a range aggregation adds a sample to acc, merges the acc of
// later samples into it, and reads its value.
type fold struct {
	add   func(*acc, float64)
	merge func(a, b *acc)
	value func(a *acc, r *RangeAgg, w window) float64
	sums  bool // the values of two accs can be added: sum(fn) is fn without labels
}

func (f *fold) sample(a *acc, at int64, v float64) {
	if a.n++; a.n == 1 {
		a.first = at
	}
	a.last = at
	f.add(a, v)
}

func (f *fold) join(a, b *acc) {
	if b.n == 0 {
		return
	}
	if a.n == 0 {
		*a = *b
		a.all = slices.Clone(b.all)
		return
	}
	f.merge(a, b)
	a.n += b.n
	a.last = b.last
}

// sumFold adds values up in a.
func sumFold(value func(a *acc, r *RangeAgg, w window) float64) *fold {
	return &fold{
		add:   func(a *acc, v float64) { a.a += v },
		merge: func(a, b *acc) { a.a += b.a },
		value: value, sums: true,
	}
}

func perSecond(a *acc, r *RangeAgg, _ window) float64 { return a.a / r.Range.Seconds() }
func total(a *acc, _ *RangeAgg, _ window) float64     { return a.a }

// pickFold keeps one of the values in a.
func pickFold(pick func(old, new float64) float64) *fold {
	return &fold{
		add: func(a *acc, v float64) {
			if a.n == 1 {
				a.a = v
			}
			a.a = pick(a.a, v)
		},
		merge: func(a, b *acc) { a.a = pick(a.a, b.a) },
		value: total,
	}
}

// spreadFold keeps the mean in a and the sum of squared distances in b.
func spreadFold(value func(a *acc, r *RangeAgg, w window) float64) *fold {
	return &fold{
		add: func(a *acc, v float64) {
			d := v - a.a
			a.a += d / a.n
			a.b += d * (v - a.a)
		},
		merge: func(a, b *acc) {
			d, n := b.a-a.a, a.n+b.n
			a.a += d * b.n / n
			a.b += b.b + d*d*a.n*b.n/n
		},
		value: value,
	}
}

// counterFold keeps the first value in a, the last in b, and what was lost at
// resets in c.
func counterFold() *fold {
	reset := func(a *acc, next float64) {
		if next < a.b {
			a.c += a.b
		}
	}
	return &fold{
		add: func(a *acc, v float64) {
			if a.n == 1 {
				a.a = v
			} else {
				reset(a, v)
			}
			a.b = v
		},
		merge: func(a, b *acc) {
			reset(a, b.a)
			a.b, a.c = b.b, a.c+b.c
		},
		value: counterRate,
	}
}

// counterRate extrapolates the growth to the ends of the window, as Prometheus
// does: by half the distance between samples when an end is far off, and never
// below zero.
func counterRate(a *acc, r *RangeAgg, w window) float64 {
	if a.n < 2 {
		return 0
	}
	growth := a.b - a.a + a.c
	between := time.Duration(a.last - a.first).Seconds()
	if between == 0 {
		return 0
	}
	toStart, toEnd := time.Duration(a.first-w.from).Seconds(), time.Duration(w.to-a.last).Seconds()
	mean := between / (a.n - 1)
	if growth > 0 && a.a >= 0 {
		toStart = min(toStart, between*a.a/growth)
	}
	covered := between
	for _, gap := range []float64{toStart, toEnd} {
		if gap < mean*1.1 {
			covered += gap
		} else {
			covered += mean / 2
		}
	}
	return growth * covered / between / r.Range.Seconds()
}

// quantileFold keeps all values.
func quantileFold() *fold {
	return &fold{
		add:   func(a *acc, v float64) { a.all = append(a.all, v) },
		merge: func(a, b *acc) { a.all = append(a.all, b.all...) },
		value: func(a *acc, r *RangeAgg, _ window) float64 {
			slices.Sort(a.all)
			return quantile(r.Param, a.all)
		},
	}
}

// quantile interpolates between the sorted values around the rank.
func quantile(q float64, v []float64) float64 {
	switch {
	case len(v) == 0 || math.IsNaN(q):
		return math.NaN()
	case q < 0:
		return math.Inf(-1)
	case q > 1:
		return math.Inf(1)
	}
	rank := q * float64(len(v)-1)
	lower := math.Floor(rank)
	upper := min(lower+1, float64(len(v)-1))
	weight := rank - lower
	return v[int(lower)]*(1-weight) + v[int(upper)]*weight
}

// foldOf is the fold of a function.
func foldOf(fn string) *fold {
	switch fn {
	case "rate", "bytes_rate":
		return sumFold(perSecond)
	case "avg_over_time":
		f := sumFold(func(a *acc, _ *RangeAgg, _ window) float64 { return a.a / a.n })
		f.sums = false
		return f
	case "max_over_time":
		return pickFold(larger)
	case "min_over_time":
		return pickFold(smaller)
	case "first_over_time":
		return pickFold(func(old, _ float64) float64 { return old })
	case "last_over_time":
		return pickFold(func(_, now float64) float64 { return now })
	case "stdvar_over_time":
		return spreadFold(func(a *acc, _ *RangeAgg, _ window) float64 { return a.b / a.n })
	case "stddev_over_time":
		return spreadFold(func(a *acc, _ *RangeAgg, _ window) float64 { return math.Sqrt(a.b / a.n) })
	case "rate_counter":
		return counterFold()
	case "quantile_over_time":
		return quantileFold()
	}
	return sumFold(total) // count_over_time, bytes_over_time, sum_over_time
}

// larger and smaller prefer numbers to NaN.
func larger(a, b float64) float64 {
	if b > a || math.IsNaN(a) {
		return b
	}
	return a
}

func smaller(a, b float64) float64 {
	if b < a || math.IsNaN(a) {
		return b
	}
	return a
}
