package parallel

import (
	"math"

	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/util/kahansum"
)

// accumulator aggregates rows by group and step. Steps may be added to by
// several goroutines if no two of them add to the same one.
type accumulator interface {
	// add takes a part of a series' row, which begins at a step; absent points
	// are no points.
	add(group, step int, values []float64)
	// result fills a group's row.
	result(group int, out []float64)
}

// accumulators make an accumulator of so many groups and steps. Each takes
// the same floating-point operations in the same order as the stock engine.
var accumulators = map[parser.ItemType]func(groups, steps int) accumulator{
	parser.SUM:    func(g, s int) accumulator { return &sum{newCells(g, s)} },
	parser.AVG:    func(g, s int) accumulator { return &mean{newCells(g, s)} },
	parser.COUNT:  func(g, s int) accumulator { return &count{newCells(g, s)} },
	parser.GROUP:  func(g, s int) accumulator { return &present{newCells(g, s)} },
	parser.MIN:    func(g, s int) accumulator { return &least{newCells(g, s)} },
	parser.MAX:    func(g, s int) accumulator { return &most{newCells(g, s)} },
	parser.STDVAR: func(g, s int) accumulator { return &variance{cells: newCells(g, s)} },
	parser.STDDEV: func(g, s int) accumulator { return &variance{cells: newCells(g, s), root: true} },
}

// cell is one group at one step.
type cell struct {
	value float64
	carry float64 // of Kahan's summation, or the mean of variance
	n     float64 // points; 0 means none
	apart *apart  // nil unless the sum left the range of floats
}

// apart is a mean that is kept as such because its sum would overflow.
type apart struct{ mean float64 }

type cells struct {
	of    []cell
	steps int
}

func newCells(groups, steps int) cells { return cells{make([]cell, groups*steps), steps} }

func (c *cells) from(group, step, n int) []cell { return c.of[group*c.steps+step:][:n] }

// fill writes a group's row; value tells a cell's result.
func (c *cells) fill(group int, out []float64, value func(*cell) float64) {
	row := c.from(group, 0, c.steps)
	for i := range row {
		out[i] = absent
		if row[i].n > 0 {
			out[i] = value(&row[i])
		}
	}
}

type sum struct{ cells }

func (a *sum) add(group, step int, values []float64) {
	row := a.from(group, step, len(values))
	for i, v := range values {
		if isAbsent(v) {
			continue
		}
		if c := &row[i]; c.n == 0 {
			c.value, c.n = v, 1
		} else {
			c.value, c.carry = kahansum.Inc(v, c.value, c.carry)
		}
	}
}

func (a *sum) result(group int, out []float64) {
	a.fill(group, out, func(c *cell) float64 { return c.value + c.carry })
}

type mean struct{ cells }

func (a *mean) add(group, step int, values []float64) {
	row := a.from(group, step, len(values))
	for i, v := range values {
		if !isAbsent(v) {
			row[i].average(v)
		}
	}
}

func (c *cell) average(v float64) {
	c.n++
	if c.n == 1 {
		c.value = v
		return
	}
	if c.apart == nil {
		value, carry := kahansum.Inc(v, c.value, c.carry)
		if !math.IsInf(value, 0) {
			c.value, c.carry = value, carry
			return
		}
		c.apart = &apart{mean: c.value / (c.n - 1)}
		c.carry /= c.n - 1
	}
	q := (c.n - 1) / c.n
	c.apart.mean, c.carry = kahansum.Inc(v/c.n, q*c.apart.mean, q*c.carry)
}

func (a *mean) result(group int, out []float64) {
	a.fill(group, out, (*cell).mean)
}

func (c *cell) mean() float64 {
	if c.apart != nil {
		return c.apart.mean + c.carry
	}
	return c.value/c.n + c.carry/c.n
}

type count struct{ cells }

func (a *count) add(group, step int, values []float64) {
	row := a.from(group, step, len(values))
	for i, v := range values {
		if !isAbsent(v) {
			row[i].n++
		}
	}
}

func (a *count) result(group int, out []float64) {
	a.fill(group, out, func(c *cell) float64 { return c.n })
}

type present struct{ cells }

func (a *present) add(group, step int, values []float64) {
	row := a.from(group, step, len(values))
	for i, v := range values {
		if !isAbsent(v) {
			row[i].n = 1
		}
	}
}

func (a *present) result(group int, out []float64) {
	a.fill(group, out, func(*cell) float64 { return 1 })
}

type least struct{ cells }

func (a *least) add(group, step int, values []float64) {
	row := a.from(group, step, len(values))
	for i, v := range values {
		if isAbsent(v) {
			continue
		}
		if c := &row[i]; c.n == 0 || c.value > v || math.IsNaN(c.value) {
			c.value, c.n = v, 1
		}
	}
}

func (a *least) result(group int, out []float64) {
	a.fill(group, out, func(c *cell) float64 { return c.value })
}

type most struct{ cells }

func (a *most) add(group, step int, values []float64) {
	row := a.from(group, step, len(values))
	for i, v := range values {
		if isAbsent(v) {
			continue
		}
		if c := &row[i]; c.n == 0 || c.value < v || math.IsNaN(c.value) {
			c.value, c.n = v, 1
		}
	}
}

func (a *most) result(group int, out []float64) {
	a.fill(group, out, func(c *cell) float64 { return c.value })
}

// variance is Welford's; root makes it the standard deviation.
type variance struct {
	cells
	root bool
}

func (a *variance) add(group, step int, values []float64) {
	row := a.from(group, step, len(values))
	for i, v := range values {
		if !isAbsent(v) {
			row[i].spread(v)
		}
	}
}

func (c *cell) spread(v float64) {
	c.n++
	if c.n == 1 {
		c.carry = v // the mean
		if math.IsNaN(v) || math.IsInf(v, 0) {
			c.value = math.NaN()
		}
		return
	}
	delta := v - c.carry
	c.carry += delta / c.n
	c.value += delta * (v - c.carry)
}

func (a *variance) result(group int, out []float64) {
	a.fill(group, out, func(c *cell) float64 {
		if a.root {
			return math.Sqrt(c.value / c.n)
		}
		return c.value / c.n
	})
}
