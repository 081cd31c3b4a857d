package parallel

import "github.com/prometheus/prometheus/util/stats"

// tally counts by step as the stock engine does.
type tally struct {
	window []int64 // samples
	read   []int64 // those of them that the step before had not read
	points []int64 // series that have a point
	shown  []int64 // points that the stock engine reads of the fragment
	widest int     // samples in a window
	peak   int     // samples held at one time, at most
}

func newTally(steps int) tally {
	return tally{window: make([]int64, steps), read: make([]int64, steps), points: make([]int64, steps), shown: make([]int64, steps)}
}

func (t *tally) add(o tally) {
	for i := range o.window {
		t.window[i] += o.window[i]
		t.read[i] += o.read[i]
		t.points[i] += o.points[i]
	}
	t.widest = max(t.widest, o.widest)
}

// some counts the points of a row, and returns how many there are.
func (t *tally) some(row []float64) (n int) {
	for step, v := range row {
		if !isAbsent(v) {
			t.points[step]++
			n++
		}
	}
	return n
}

// latest counts the points of a row of which each is one sample.
func (t *tally) latest(row []float64) (n int) {
	for step, v := range row {
		if !isAbsent(v) {
			t.window[step]++
			t.read[step]++
			t.points[step]++
			n++
		}
	}
	return n
}

// part is the tally of some steps.
func (t *tally) part(lo, hi int) tally {
	return tally{window: t.window[lo:hi], read: t.read[lo:hi], points: t.points[lo:hi], widest: t.widest}
}

// joinTally puts first before the rest, whose first step is the last of first.
func joinTally(steps int, first tally, rest *fragment) tally {
	t := newTally(steps)
	n := len(first.window)
	copy(t.window, first.window)
	copy(t.read, first.read)
	copy(t.points, first.points)
	t.read[0], t.widest = t.window[0], first.widest
	if rest != nil {
		copy(t.window[n:], rest.tally.window[1:])
		copy(t.read[n:], rest.tally.read[1:])
		copy(t.points[n:], rest.tally.points[1:])
		t.widest = max(t.widest, rest.tally.widest)
	}
	t.peak = t.widest
	for _, points := range t.points {
		t.peak += int(points)
	}
	return t
}

func (t *tally) addTo(s *stats.QuerySamples) {
	if s == nil {
		return
	}
	for i := range t.window {
		window, read := t.window[i]-t.shown[i], t.read[i]-t.shown[i]
		s.TotalSamples += window
		s.SamplesRead += read
		if i < len(s.TotalSamplesPerStep) {
			s.TotalSamplesPerStep[i] += window
		}
		if i < len(s.SamplesReadPerStep) {
			s.SamplesReadPerStep[i] += read
		}
	}
	s.UpdatePeak(t.peak)
}
