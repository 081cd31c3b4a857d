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
	all    []promql.FPoint
	in     promql.Matrix
	helper promql.EvalNodeHelper
	notes  annotations.Annotations
}

func newStockSlide(f *fragment) *stockSlide {
	return &stockSlide{f: f, in: make(promql.Matrix, 1), helper: promql.EvalNodeHelper{Out: make(promql.Vector, 0, 1)}}
}

func (s *stockSlide) start(metric labels.Labels, all []promql.FPoint) {
	s.in[0].Metric, s.all = metric, all
}

func (s *stockSlide) value(lo, hi int, _, to int64) (float64, bool) {
	s.helper.Ts = to + milliseconds(s.f.sel.OriginalOffset)
	s.in[0].Floats = s.all[lo:hi]
	vec, notes := promql.FunctionCalls[s.f.call.Func.Name](s.f.scalars, s.in, s.f.call.Args, &s.helper)
	if len(notes) > 0 {
		s.notes.Merge(notes)
	}
	s.helper.Out = vec[:0]
	if len(vec) == 0 {
		return 0, false
	}
	return vec[0].F, true
}
