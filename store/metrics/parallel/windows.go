package parallel

import "slices"

// windows are where the window (from, to] of each step lies in samples of the
// same times. Series that were scraped together have the same times, so they
// are found once for all of them.
type windows struct {
	grid   grid
	offset int64   // of the selector, in milliseconds
	length int64   // of a window, in milliseconds
	times  []int64 // of the samples
	spans  []span  // by step
	longer [3]int  // steps whose window has at least so many samples
	widest int     // samples in a window

	extended bool   // whether spans have their stretch
	rows     [3]int // series of which a window of so many samples makes a point
	single   bool   // of a window only one sample is read
}

// span is the samples [lo, hi) of one window.
type span struct {
	lo, hi int32
	// stretch is what Prometheus multiplies the difference of the first and the
	// last sample with, of a series that was never near zero
	stretch float64
}

// end is the last moment of a step's window.
func (w *windows) end(step int) int64 { return w.grid.at(step) - w.offset }

// lay finds the windows over samples of these times.
func (w *windows) lay(times []int64) {
	w.times = append(w.times[:0], times...)
	w.longer, w.widest, w.rows, w.extended = [3]int{}, 0, [3]int{}, false
	lo, hi := 0, 0
	for step := range w.spans {
		to := w.end(step)
		for hi < len(times) && times[hi] <= to {
			hi++
		}
		for from := to - w.length; lo < hi && times[lo] <= from; {
			lo++
		}
		w.spans[step] = span{lo: int32(lo), hi: int32(hi)}
		n := hi - lo
		w.widest = max(w.widest, n)
		w.longer[min(n, 2)]++
	}
	w.longer[1] += w.longer[2]
	w.longer[0] += w.longer[1]
}

// extend gives spans their stretch: for a rate in so many seconds, or an
// increase when these are 0.
func (w *windows) extend(seconds float64) {
	if w.extended {
		return
	}
	w.extended = true
	for step := range w.spans {
		s := &w.spans[step]
		if s.hi-s.lo >= 2 {
			s.stretch = w.borders(step).stretch(seconds)
		}
	}
}

// borders are how far a window's samples are from its ends.
func (w *windows) borders(step int) borders {
	s := w.spans[step]
	first, last, to := w.times[s.lo], w.times[s.hi-1], w.end(step)
	sampled := float64(last-first) / 1000
	b := borders{sampled: sampled, before: float64(first-to+w.length) / 1000, after: float64(to-last) / 1000}
	b.limit(sampled / float64(s.hi-s.lo-1))
	return b
}

// count moves to t what the series in rows have read.
func (w *windows) count(t *tally) {
	series := int64(w.rows[0] + w.rows[1] + w.rows[2])
	if series == 0 {
		return
	}
	before := int32(0)
	for step, s := range w.spans {
		n, fresh := s.hi-s.lo, s.hi-max(s.lo, before)
		before = s.hi
		if w.single {
			n, fresh = min(n, 1), min(n, 1)
		}
		t.window[step] += series * int64(n)
		t.read[step] += series * int64(fresh)
		if n >= 1 {
			t.points[step] += int64(w.rows[1])
		}
		if n >= 2 {
			t.points[step] += int64(w.rows[2])
		}
	}
	w.rows = [3]int{}
}

// layouts are the windows of the last few different times.
type layouts struct {
	f    *fragment
	last []*windows // the latest first
}

func (l *layouts) new() *windows {
	w := &windows{grid: l.f.grid, offset: milliseconds(l.f.sel.OriginalOffset), length: l.f.window, spans: make([]span, l.f.grid.steps)}
	if l.f.call == nil {
		w.length, w.single = l.f.lookback, true
	}
	return w
}

func (l *layouts) count(t *tally) {
	for _, w := range l.last {
		w.count(t)
	}
}

// mostLayouts bounds what one worker keeps: targets of a job are often asked
// in turn.
const mostLayouts = 16

// of finds or lays the windows over samples of these times; what one had
// counted that is laid anew goes to t.
func (l *layouts) of(times []int64, t *tally) *windows {
	for i, w := range l.last {
		if sameTimes(w.times, times) {
			if i > 0 {
				copy(l.last[1:], l.last[:i])
				l.last[0] = w
			}
			return w
		}
	}
	if len(l.last) < mostLayouts {
		l.last = append(l.last, l.new())
	}
	w := l.last[len(l.last)-1]
	copy(l.last[1:], l.last)
	l.last[0] = w
	w.count(t)
	w.lay(times)
	return w
}

// sameTimes looks at the ends first, where those of different targets differ.
func sameTimes(a, b []int64) bool {
	n := len(a)
	if n != len(b) {
		return false
	}
	return n == 0 || a[0] == b[0] && a[n-1] == b[n-1] && slices.Equal(a, b)
}
