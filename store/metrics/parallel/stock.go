package parallel

import (
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/util/annotations"
)

// stockSlide is the stock engine's own function, called on a part of the
// series' samples, which it must not keep.
type stockSlide struct {
	f      *fragment
	points []promql.FPoint
	in     promql.Matrix
	helper promql.EvalNodeHelper
	notes  annotations.Annotations
}

func newStockSlide(f *fragment) *stockSlide {
	return &stockSlide{f: f, in: make(promql.Matrix, 1), helper: promql.EvalNodeHelper{Out: make(promql.Vector, 0, 1)}}
}

func (s *stockSlide) fill(out []float64, metric labels.Labels, all *samples, w *windows) int {
	s.in[0].Metric, s.points = metric, s.points[:0]
	for i, t := range all.times {
		s.points = append(s.points, promql.FPoint{T: t, F: all.values[i]})
	}
	for step, at := range w.spans {
		out[step] = absent
		if at.lo < at.hi {
			s.in[0].Floats = s.points[at.lo:at.hi]
			out[step] = s.value(w.grid.at(step))
		}
	}
	return 0
}

func (s *stockSlide) value(at int64) float64 {
	s.helper.Ts = at
	vec, notes := promql.FunctionCalls[s.f.call.Func.Name](s.f.scalars, s.in, s.f.call.Args, &s.helper)
	if len(notes) > 0 {
		s.notes.Merge(notes)
	}
	s.helper.Out = vec[:0]
	if len(vec) == 0 {
		return absent
	}
	return vec[0].F
}
