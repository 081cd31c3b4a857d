package promwrite

import (
	"github.com/prometheus/prometheus/model/histogram"
	"google.golang.org/protobuf/encoding/protowire"
)

// wireHistogram is a native histogram of remote-write 1 or 2, which write the
// same fields. Which of its two forms is meant shows by the count's type.
type wireHistogram struct {
	t, start           int64 // Unix ms; start is 0 when it is not known
	float              bool
	countInt, zeroInt  uint64
	countF, zeroF      float64
	sum, zeroThreshold float64
	schema             int32
	reset              histogram.CounterResetHint
	spans              [2][]histogram.Span // negative, positive
	deltas             [2][]int64
	counts             [2][]float64
	custom             []float64
}

// readHistogram reads a start time (field 17) only where there is one.
func readHistogram(b []byte, starts bool) (h wireHistogram, err error) {
	m := message{b: b}
	for num, typ, ok := m.next(); ok; num, typ, ok = m.next() {
		if num == 17 && starts {
			h.start = int64(m.varint(typ))
			continue
		}
		h.field(&m, num, typ)
	}
	return h, m.err
}

func (h *wireHistogram) field(m *message, num protowire.Number, typ protowire.Type) {
	side := 0
	if num >= 11 {
		side = 1
	}
	switch num {
	case 1:
		h.countInt = m.varint(typ)
	case 2:
		h.countF, h.float = m.double(typ), true
	case 3:
		h.sum = m.double(typ)
	case 4:
		h.schema = int32(protowire.DecodeZigZag(m.varint(typ)))
	case 5:
		h.zeroThreshold = m.double(typ)
	case 6:
		h.zeroInt = m.varint(typ)
	case 7:
		h.zeroF = m.double(typ)
	case 8, 11:
		h.spans[side] = append(h.spans[side], readSpan(m, typ))
	case 9, 12:
		m.varints(typ, func(v uint64) { h.deltas[side] = append(h.deltas[side], protowire.DecodeZigZag(v)) })
	case 10, 13:
		h.counts[side] = m.doubles(typ, h.counts[side])
	case 14:
		h.reset = resetHint(m.varint(typ))
	case 15:
		h.t = int64(m.varint(typ))
	case 16:
		h.custom = m.doubles(typ, h.custom)
	default:
		m.skip(num, typ)
	}
}

func resetHint(v uint64) histogram.CounterResetHint {
	switch v {
	case 1:
		return histogram.CounterReset
	case 2:
		return histogram.NotCounterReset
	case 3:
		return histogram.GaugeType
	}
	return histogram.UnknownCounterReset
}

func readSpan(m *message, typ protowire.Type) (s histogram.Span) {
	in := message{b: m.bytes(typ)}
	for num, typ, ok := in.next(); ok; num, typ, ok = in.next() {
		switch num {
		case 1:
			s.Offset = int32(protowire.DecodeZigZag(in.varint(typ)))
		case 2:
			s.Length = uint32(in.varint(typ))
		default:
			in.skip(num, typ)
		}
	}
	if in.err != nil {
		m.err = in.err
	}
	return s
}

// value is one or the other: a histogram of whole counts, or of floats.
func (h *wireHistogram) value() (*histogram.Histogram, *histogram.FloatHistogram) {
	if h.float {
		return nil, &histogram.FloatHistogram{
			CounterResetHint: h.reset, Schema: h.schema, ZeroThreshold: h.zeroThreshold, ZeroCount: h.zeroF, Count: h.countF, Sum: h.sum,
			NegativeSpans: h.spans[0], NegativeBuckets: h.counts[0], PositiveSpans: h.spans[1], PositiveBuckets: h.counts[1], CustomValues: h.custom,
		}
	}
	return &histogram.Histogram{
		CounterResetHint: h.reset, Schema: h.schema, ZeroThreshold: h.zeroThreshold, ZeroCount: h.zeroInt, Count: h.countInt, Sum: h.sum,
		NegativeSpans: h.spans[0], NegativeBuckets: h.deltas[0], PositiveSpans: h.spans[1], PositiveBuckets: h.deltas[1], CustomValues: h.custom,
	}, nil
}
