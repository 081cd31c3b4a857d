package traceql

import (
	"encoding/binary"
	"math"
	"slices"
)

// scalarFilter keeps a set of which the comparison holds. Numbers about other
// sets than this one put their spans in its place.
func (e *evaluation) scalarFilter(f *ScalarFilter, set Set) Set {
	c := &scalars{evaluation: e, set: set, labels: slices.Clip(set.Labels)}
	l := c.of(f.L)
	r := c.of(f.R)
	if !compare(f.Op, l, r) {
		return Set{}
	}
	if c.piped {
		set.Spans = union([]Set{{Spans: c.spans}, {}})
	}
	set.Labels = c.labels
	return set
}

// scalars computes the numbers of one comparison.
type scalars struct {
	*evaluation
	set    Set
	labels []Label
	piped  bool
	spans  []int // of pipelines in parentheses
}

func (c *scalars) of(s Scalar) value {
	switch s := s.(type) {
	case *ScalarLiteral:
		return s.value
	case *ScalarMinus:
		return negate(c.of(s.X))
	case *ScalarBinary:
		l := c.of(s.L)
		return arithmetic(s.Op, l, c.of(s.R))
	case *ScalarPipeline:
		return c.pipeline(s)
	}
	a := s.(*Aggregate)
	v := c.aggregate(a)
	c.labels = append(c.labels, Label{a.String(), v})
	return v
}

// pipeline is a number about all spans that a pipeline makes of the set.
func (c *scalars) pipeline(s *ScalarPipeline) value {
	spans := union(c.stages(s.Stages, []Set{c.set}))
	c.piped, c.spans = true, append(c.spans, spans...)
	in := &scalars{evaluation: c.evaluation, set: Set{Spans: spans}}
	return in.of(s.X)
}

// aggregate leaves out spans that have no number.
func (c *scalars) aggregate(a *Aggregate) value {
	if a.Fn == "count" {
		return integer(int64(len(c.set.Spans)))
	}
	var sum value
	n := 0
	for _, at := range c.set.Spans {
		v := eval(a.X, c.t, at)
		if !v.isNumber() {
			continue
		}
		n++
		switch {
		case n == 1:
			sum = v
		case a.Fn == "max" && compareOne(">", v, sum), a.Fn == "min" && compareOne("<", v, sum):
			sum = v
		case a.Fn == "sum" || a.Fn == "avg":
			sum = arithmetic("+", sum, v)
		}
	}
	if a.Fn == "avg" {
		return arithmetic("/", sum, integer(int64(n)))
	}
	return sum
}

// appendKey appends what tells a value from all others.
func (v value) appendKey(b []byte) []byte {
	b = append(b, byte(v.kind))
	switch v.kind {
	case kindList:
		b = binary.AppendUvarint(b, uint64(len(v.list)))
		for _, in := range v.list {
			b = in.appendKey(b)
		}
		return b
	case kindText:
		return append(binary.AppendUvarint(b, uint64(len(v.s))), v.s...)
	case kindFloat:
		return binary.BigEndian.AppendUint64(b, math.Float64bits(v.f))
	}
	return binary.AppendVarint(b, v.n)
}
