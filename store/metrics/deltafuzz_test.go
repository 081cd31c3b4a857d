package metrics

import (
	"math"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// strange are deltas that no sender should send.
func strange() pmetric.Metrics {
	md := pmetric.NewMetrics()
	ms := md.ResourceMetrics().AppendEmpty().ScopeMetrics().AppendEmpty().Metrics()
	e := ms.AppendEmpty().SetEmptyExponentialHistogram()
	e.SetAggregationTemporality(pmetric.AggregationTemporalityDelta)
	h := ms.AppendEmpty().SetEmptyHistogram()
	h.SetAggregationTemporality(pmetric.AggregationTemporalityDelta)
	n := ms.AppendEmpty().SetEmptySum()
	for i, offset := range []int32{math.MinInt32, math.MaxInt32, 5} {
		p := e.DataPoints().AppendEmpty()
		p.SetTimestamp(pcommon.Timestamp(i + 1))
		p.SetScale(20 - int32(i)*24)
		p.SetSum(1)
		p.Positive().SetOffset(offset)
		p.Positive().BucketCounts().FromRaw([]uint64{0, 1, 0, 2, 0})
		q := h.DataPoints().AppendEmpty()
		q.SetTimestamp(pcommon.Timestamp(i + 1))
		q.ExplicitBounds().FromRaw([]float64{1, math.NaN()})
		q.BucketCounts().FromRaw(make([]uint64, 2+i))
		n.DataPoints().AppendEmpty().SetDoubleValue(math.Inf(1))
	}
	return md
}

// FuzzDeltas adds up what no sender should send: nothing breaks, everything is
// cumulative or told of, and what is kept is bounded and counted.
func FuzzDeltas(f *testing.F) {
	b, err := new(pmetric.ProtoMarshaler).MarshalMetrics(strange())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		md, err := new(pmetric.ProtoUnmarshaler).UnmarshalMetrics(b)
		if err != nil {
			return
		}
		var d deltas
		points, refused := md.DataPointCount(), 0
		touched := d.cumulate(md, time.Unix(1, 0), func(string, error) { refused++ })
		if md.DataPointCount()+refused != points || hasDeltas(md) {
			t.Fatalf("%d of %d points, %d refused", md.DataPointCount(), points, refused)
		}
		bytes := 0
		for _, s := range d.streams {
			bytes += s.size()
			if len(s.exp.positive.counts) > maxExponents || len(s.exp.negative.counts) > maxExponents {
				t.Fatalf("%d buckets", len(s.exp.positive.counts))
			}
		}
		if bytes != d.bytes {
			t.Fatalf("%d bytes, counted as %d", bytes, d.bytes)
		}
		if d.drop(touched); len(d.streams) != 0 && refused == 0 {
			t.Fatalf("%d streams are left", len(d.streams))
		}
	})
}
