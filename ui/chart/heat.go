package chart

import (
	"math"
	"strconv"
)

// heatLevels are the colours of the ramp that hold something; the ground is
// none of them.
const heatLevels = 6

// Heat is a map of cells over time.
type Heat struct {
	Frame
	Starts []int64     // Unix ns of every column
	Step   int64       // ns, their width
	Rows   [][]float64 // from the bottom; how much is in each column, NaN for nothing known
}

// paths are one path a level of the ramp. The levels follow the root of what
// is in a cell, or a few full cells would make all others look empty.
func (h Heat) paths() []string {
	most := 0.0
	for _, r := range h.Rows {
		most = max(most, peak(r))
	}
	out := make([]pathData, heatLevels)
	height := float64(h.Height) / float64(max(len(h.Rows), 1))
	for i, r := range h.Rows {
		y := float64(h.Height) - float64(i+1)*height
		for k, v := range r {
			if !(v > 0) || math.IsInf(v, 0) || k >= len(h.Starts) {
				continue
			}
			x, end := wide*h.x(h.Starts[k]), wide*h.x(h.Starts[k]+h.Step)
			if end <= x {
				continue
			}
			p := &out[heatLevel(v, most)]
			p.cmd('M', x, y)
			p.cmd('h', end-x)
			p.cmd('v', height)
			p.cmd('h', x-end)
			p.cmd('z')
		}
	}
	all := make([]string, heatLevels)
	for i := range out {
		all[i] = string(out[i])
	}
	return all
}

// heatLevel is from 0 to heatLevels-1.
func heatLevel(v, most float64) int {
	return min(int(math.Sqrt(v/most)*heatLevels), heatLevels-1)
}

func heatClass(level int) string { return "heat h" + strconv.Itoa(level+1) }
