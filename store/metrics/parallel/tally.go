package parallel

import "github.com/prometheus/prometheus/util/stats"

// tally counts samples by step as the stock engine does: all of a window, and
// those of them that the step before had not read.
type tally struct {
	window, read []int64
	shown        []int64 // points that the stock engine reads of the fragment
	peak         int
}

func newTally(steps int) tally {
	return tally{window: make([]int64, steps), read: make([]int64, steps), shown: make([]int64, steps)}
}

func (t *tally) add(o tally) {
	for i := range o.window {
		t.window[i] += o.window[i]
		t.read[i] += o.read[i]
	}
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
