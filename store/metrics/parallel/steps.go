package parallel

import (
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
)

// latest fills out with the last sample at each step that is not older than
// the lookback, and returns how many there are.
func (w *worker) latest(out []float64) int {
	g, offset := w.f.grid, milliseconds(w.f.sel.OriginalOffset)
	next, n := 0, 0
	for step := range out {
		at := g.at(step) - offset
		for next < len(w.samples) && w.samples[next].T <= at {
			next++
		}
		out[step] = absent
		if next == 0 {
			continue
		}
		s := w.samples[next-1]
		if s.T <= at-w.f.lookback || value.IsStaleNaN(s.F) {
			continue
		}
		out[step] = s.F
		w.tally.window[step]++
		w.tally.read[step]++
		w.tally.points[step]++
		n++
	}
	return n
}

// overTime fills out with the function's value of the window (from, to] that
// ends at each step, and returns how many there are.
func (w *worker) overTime(s storage.ChunkSeries, out []float64) int {
	g, offset := w.f.grid, milliseconds(w.f.sel.OriginalOffset)
	lo, hi, n := 0, 0, 0
	w.fn.start(s.Labels(), w.samples)
	for step := range out {
		to := g.at(step) - offset
		from, before := to-w.f.window, hi
		for hi < len(w.samples) && w.samples[hi].T <= to {
			hi++
		}
		for lo < hi && w.samples[lo].T <= from {
			lo++
		}
		out[step] = absent
		if lo == hi {
			continue
		}
		w.tally.window[step] += int64(hi - lo)
		w.tally.read[step] += int64(hi - max(lo, before))
		w.tally.widest = max(w.tally.widest, hi-lo)
		if v, ok := w.fn.value(lo, hi, from, to); ok {
			out[step] = v
			w.tally.points[step]++
			n++
		}
	}
	return n
}
