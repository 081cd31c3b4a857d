package logql

import (
	"fmt"
	"math"
	"slices"

	"tripod/store"
)

// binary computes both sides, and then series by series.
func (ev *evaluation) binary(b *Binary) (vector, error) {
	l, err := ev.eval(b.L)
	if err != nil {
		return vector{}, err
	}
	r, err := ev.eval(b.R)
	if err != nil {
		return vector{}, err
	}
	switch {
	case isSetOp(b.Op):
		if l.scalar != nil || r.scalar != nil {
			return vector{}, ev.fail(b.Pos, b.End, fmt.Sprintf("%q needs vectors on both sides", b.Op), "")
		}
		return ev.setOp(b, l, r), nil
	case l.scalar != nil && r.scalar != nil:
		out := make([]float64, ev.steps)
		for i := range out {
			out[i], _ = compute(b.Op, l.scalar[i], r.scalar[i], true)
		}
		return vector{scalar: out}, nil
	case l.scalar != nil:
		return ev.withScalar(b, r, l.scalar, true)
	case r.scalar != nil:
		return ev.withScalar(b, l, r.scalar, false)
	}
	return ev.matched(b, l, r)
}

// compute is one value of an operation; a comparison without bool keeps the
// left value, or none.
func compute(op string, a, b float64, asBool bool) (float64, bool) {
	switch op {
	case "+":
		return a + b, true
	case "-":
		return a - b, true
	case "*":
		return a * b, true
	case "/":
		return a / b, true
	case "%":
		return math.Mod(a, b), true
	case "^":
		return math.Pow(a, b), true
	}
	holds := compare(op, a, b)
	if asBool {
		return float64(boolInt(holds)), true
	}
	return a, holds
}

// withScalar computes each series with a number; a comparison keeps the
// series' own values.
func (ev *evaluation) withScalar(b *Binary, x vector, scalar []float64, left bool) (vector, error) {
	out := vector{ordered: x.ordered}
	for _, s := range x.series {
		made, err := ev.newSeries(s.labels)
		if err != nil {
			return vector{}, err
		}
		for i, ok := range s.has {
			if !ok {
				continue
			}
			v, w := s.values[i], scalar[i]
			if left {
				v, w = w, v
			}
			made.values[i], made.has[i] = compute(b.Op, v, w, b.Bool)
			if isComparison(b.Op) && !b.Bool {
				made.values[i] = s.values[i]
			}
		}
		out.series = append(out.series, made)
	}
	return out, nil
}

// signature is equal for series that belong together.
func (m *Matching) signature(l store.LogLabels) string { return labelsKey(m.labels(l)) }

func (m *Matching) labels(l store.LogLabels) store.LogLabels {
	if m == nil {
		return l
	}
	return filtered(l, m.Labels, m.On)
}

// setOp is and, or, unless: whole values of one side, step by step.
func (ev *evaluation) setOp(b *Binary, l, r vector) vector {
	inRight, inLeft := ev.presence(b.Match, r), ev.presence(b.Match, l)
	var out vector
	if b.Op == "or" {
		out.series = append(out.series, l.series...)
		for _, s := range r.series {
			there := inLeft[b.Match.signature(s.labels)]
			out.series = append(out.series, s.where(func(i int) bool { return there == nil || !there[i] }))
		}
		return mergeEqual(out)
	}
	for _, s := range l.series {
		there := inRight[b.Match.signature(s.labels)]
		out.series = append(out.series, s.where(func(i int) bool { return (there != nil && there[i]) == (b.Op == "and") }))
	}
	return out
}

// presence says at which steps some series has a signature.
func (ev *evaluation) presence(m *Matching, x vector) map[string][]bool {
	out := map[string][]bool{}
	for _, s := range x.series {
		key := m.signature(s.labels)
		if out[key] == nil {
			out[key] = make([]bool, ev.steps)
		}
		for i, ok := range s.has {
			out[key][i] = out[key][i] || ok
		}
	}
	return out
}

// where keeps some steps.
func (s *series) where(keep func(i int) bool) *series {
	out := &series{labels: s.labels, values: s.values, has: slices.Clone(s.has)}
	for i := range out.has {
		out.has[i] = out.has[i] && keep(i)
	}
	return out
}

// mergeEqual joins series of equal labels, which have values at different steps.
func mergeEqual(v vector) vector {
	byKey := map[string]*series{}
	var out vector
	for _, s := range v.series {
		first := byKey[labelsKey(s.labels)]
		if first == nil {
			s = &series{labels: s.labels, values: slices.Clone(s.values), has: slices.Clone(s.has)}
			byKey[labelsKey(s.labels)] = s
			out.series = append(out.series, s)
			continue
		}
		for i, ok := range s.has {
			if ok && !first.has[i] {
				first.values[i], first.has[i] = s.values[i], true
			}
		}
	}
	return out
}

// matched computes pairs of series: one with one or, by group_left and
// group_right, many with one.
func (ev *evaluation) matched(b *Binary, l, r vector) (vector, error) {
	many, one, swapped := l, r, false
	if b.Match != nil && b.Match.Group == "group_right" {
		many, one, swapped = r, l, true
	}
	single := b.Match == nil || b.Match.Group == ""
	byKey := map[string][]*series{}
	for _, s := range one.series {
		key := b.Match.signature(s.labels)
		byKey[key] = append(byKey[key], s)
	}
	p := pairing{ev: ev, b: b, swapped: swapped, single: single, taken: map[string]*series{}}
	for _, m := range many.series {
		p.once = make([]bool, ev.steps)
		for _, o := range byKey[b.Match.signature(m.labels)] {
			if err := p.pair(m, o); err != nil {
				return vector{}, err
			}
		}
	}
	return p.out, nil
}

// pairing collects the results of matched.
type pairing struct {
	ev              *evaluation
	b               *Binary
	swapped, single bool
	taken           map[string]*series // by the labels of the result
	once            []bool             // steps at which the series of the many side was paired
	out             vector
}

func (p *pairing) pair(m, o *series) error {
	labels := p.labels(m, o)
	key := labelsKey(labels)
	s := p.taken[key]
	if s == nil {
		var err error
		if s, err = p.ev.newSeries(labels); err != nil {
			return err
		}
		p.taken[key] = s
		p.out.series = append(p.out.series, s)
		s.made = make([]bool, p.ev.steps)
	}
	for i := range s.values {
		if !m.has[i] || !o.has[i] {
			continue
		}
		if s.made[i] || p.once[i] {
			return p.ev.fail(p.b.Pos, p.b.End, "several series match one another: labels "+labelsText(labels), "match on more labels, or use group_left or group_right")
		}
		s.made[i], p.once[i] = true, true
		a, c := m.values[i], o.values[i]
		if p.swapped {
			a, c = c, a
		}
		s.values[i], s.has[i] = compute(p.b.Op, a, c, p.b.Bool)
	}
	return nil
}

// labels are those of the result of a pair.
func (p *pairing) labels(m, o *series) store.LogLabels {
	if p.single {
		return p.b.Match.labels(m.labels)
	}
	out := m.labels
	for _, name := range p.b.Match.Include {
		out = withLabel(out, name, o.labels.Get(name))
	}
	return out
}
