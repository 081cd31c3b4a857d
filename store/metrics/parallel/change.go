package parallel

import "github.com/prometheus/prometheus/model/labels"

// change is rate, increase and delta: the difference over a window,
// extrapolated to its borders as Prometheus does.
type change struct {
	counter bool
	seconds float64 // of the window; 0 means that no rate is wanted
	resets  []int32 // of a counter: each sample that is less than the one before
}

func (c *change) fill(out []float64, _ labels.Labels, s *samples, w *windows) int {
	w.extend(c.seconds)
	c.findResets(s.values)
	next := 0 // the first reset that may lie in a window
	for step := range w.spans {
		at := &w.spans[step]
		if at.hi-at.lo < 2 {
			out[step] = absent
			continue
		}
		first := s.values[at.lo]
		diff := s.values[at.hi-1] - first
		for next < len(c.resets) && c.resets[next] <= at.lo {
			next++
		}
		for _, i := range c.resets[next:] {
			if i >= at.hi {
				break
			}
			diff += s.values[i-1]
		}
		stretch := at.stretch
		if c.counter && diff > 0 && first >= 0 && (first < diff || at.hi-at.lo < 3) {
			b := w.borders(step)
			b.notBelowZero(first, diff)
			stretch = b.stretch(c.seconds)
		}
		out[step] = diff * stretch
	}
	return 2
}

func (c *change) findResets(values []float64) {
	c.resets = c.resets[:0]
	if !c.counter {
		return
	}
	for i := 1; i < len(values); i++ {
		if values[i] < values[i-1] {
			c.resets = append(c.resets, int32(i))
		}
	}
}

// borders are the seconds that a window's samples span, and by which they are
// extrapolated to its ends.
type borders struct{ sampled, before, after float64 }

// limit extrapolates all of the way if a sample could be missing there by
// little more than chance, else half the time between two samples.
func (b *borders) limit(between float64) {
	threshold := between * 1.1
	if b.before >= threshold {
		b.before = between / 2
	}
	if b.after >= threshold {
		b.after = between / 2
	}
}

// notBelowZero does not extrapolate a counter beyond where it was zero. Of one
// that began with at least what it grew by, over three samples or more, that
// is further away than limit goes.
func (b *borders) notBelowZero(first, diff float64) {
	if zero := b.sampled * (first / diff); zero < b.before {
		b.before = zero
	}
}

// stretch is the factor of a difference; a rate is in so many seconds.
func (b borders) stretch(seconds float64) float64 {
	factor := 1.0
	if b.sampled != 0 {
		factor = (b.sampled + b.before + b.after) / b.sampled
	}
	if seconds != 0 {
		factor /= seconds
	}
	return factor
}
