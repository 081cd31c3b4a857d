package alerting

import "slices"

// Standout are the trace and the log pattern that tell most: a trace that
// fails, or else the slowest, and the pattern that grew most if it did; nil
// when there is none.
func (e *Evidence) Standout() (trace *KeptTrace, pattern *KeptPattern) {
	if len(e.Traces) > 0 {
		trace = &e.Traces[0] // failing ones come first
	}
	if i := slices.IndexFunc(e.Patterns, func(p KeptPattern) bool { return p.Lines > p.Before }); i >= 0 {
		pattern = &e.Patterns[i]
	}
	return trace, pattern
}

// Fault is what the deepest span that failed says, or empty.
func (t *KeptTrace) Fault() string {
	fault, depth := "", -1
	for _, s := range t.Shown {
		if s.Failed && s.Message != "" && s.Depth > depth {
			fault, depth = s.Message, s.Depth
		}
	}
	return fault
}
