package metrics

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/cespare/xxhash/v2"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/pmetric"
)

// What is kept between deltas is bounded: a stream that is silent for
// deltaIdle begins anew, and beyond maxDelta bytes new ones are refused.
const (
	deltaIdle = time.Hour
	maxDelta  = 64 << 20
)

var (
	errDeltaOrder = errors.New("its delta is not newer than the one before")
	errDeltaRoom  = errors.New("there are too many streams of deltas to add up")
	errDeltaWide  = errors.New("its exponential buckets lie too far apart")
	errNoTemporal = errors.New("it has no aggregation temporality")
)

// deltas adds up points of delta temporality, which Prometheus does not know,
// into cumulative ones. A stream is a resource, a scope, a metric and the
// attributes of a point.
type deltas struct {
	mu      sync.Mutex
	streams map[uint64]*stream
	bytes   int
	swept   time.Time
}

// stream is one sum as it stands; histograms have buckets of one of two kinds.
type stream struct {
	start, last pcommon.Timestamp
	seen        time.Time
	value       float64 // of a sum
	count       uint64
	sum         float64
	hasSum      bool
	bounds      []float64
	buckets     []uint64
	exp         exponents
}

func (s *stream) size() int {
	return 200 + 8*(len(s.bounds)+len(s.buckets)+len(s.exp.positive.counts)+len(s.exp.negative.counts))
}

// cumulate turns every delta of a request into what it adds up to, and takes
// out the points that it refuses, each of which is told. touched are the
// streams that have grown: when the request is not stored they must be
// forgotten, so that the sender's next try does not count twice.
func (d *deltas) cumulate(md pmetric.Metrics, now time.Time, refuse func(metric string, err error)) (touched []uint64) {
	if !hasDeltas(md) {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.streams == nil {
		d.streams = map[uint64]*stream{}
	}
	d.sweep(now)
	w := deltaWalk{d: d, now: now, refuse: refuse}
	for _, rm := range md.ResourceMetrics().All() {
		w.key = appendAttrs(w.key[:0], rm.Resource().Attributes())
		resource := len(w.key)
		for _, sm := range rm.ScopeMetrics().All() {
			w.key = appendString(appendString(w.key[:resource], sm.Scope().Name()), sm.Scope().Version())
			w.key = appendAttrs(w.key, sm.Scope().Attributes())
			scope := len(w.key)
			for _, m := range sm.Metrics().All() {
				w.key = appendString(appendString(append(w.key[:scope], byte(m.Type())), m.Name()), m.Unit())
				w.metric(m)
			}
		}
	}
	return w.touched
}

// hasDeltas looks without a lock: most senders have none.
func hasDeltas(md pmetric.Metrics) bool {
	for _, rm := range md.ResourceMetrics().All() {
		for _, sm := range rm.ScopeMetrics().All() {
			for _, m := range sm.Metrics().All() {
				if t, has := temporality(m); has && t != pmetric.AggregationTemporalityCumulative {
					return true
				}
			}
		}
	}
	return false
}

func temporality(m pmetric.Metric) (t pmetric.AggregationTemporality, has bool) {
	switch m.Type() {
	case pmetric.MetricTypeSum:
		return m.Sum().AggregationTemporality(), true
	case pmetric.MetricTypeHistogram:
		return m.Histogram().AggregationTemporality(), true
	case pmetric.MetricTypeExponentialHistogram:
		return m.ExponentialHistogram().AggregationTemporality(), true
	}
	return 0, false
}

// deltaWalk is one request's way through its metrics.
type deltaWalk struct {
	d       *deltas
	now     time.Time
	refuse  func(metric string, err error)
	key     []byte // up to the metric; points are appended and cut off
	touched []uint64
}

func (w *deltaWalk) metric(m pmetric.Metric) {
	t, has := temporality(m)
	if !has || t == pmetric.AggregationTemporalityCumulative {
		return
	}
	const cumulative = pmetric.AggregationTemporalityCumulative
	switch m.Type() {
	case pmetric.MetricTypeSum:
		m.Sum().DataPoints().RemoveIf(func(p pmetric.NumberDataPoint) bool {
			return w.point(m, t, p, func(s *stream) error { return s.addNumber(p) })
		})
		m.Sum().SetAggregationTemporality(cumulative)
	case pmetric.MetricTypeHistogram:
		m.Histogram().DataPoints().RemoveIf(func(p pmetric.HistogramDataPoint) bool {
			return w.point(m, t, p, func(s *stream) error { return s.addHistogram(p) })
		})
		m.Histogram().SetAggregationTemporality(cumulative)
	case pmetric.MetricTypeExponentialHistogram:
		m.ExponentialHistogram().DataPoints().RemoveIf(func(p pmetric.ExponentialHistogramDataPoint) bool {
			return w.point(m, t, p, func(s *stream) error { return s.addExponential(p) })
		})
		m.ExponentialHistogram().SetAggregationTemporality(cumulative)
	}
}

// dataPoint is what the three kinds have in common.
type dataPoint interface {
	Attributes() pcommon.Map
	Timestamp() pcommon.Timestamp
	StartTimestamp() pcommon.Timestamp
	SetStartTimestamp(pcommon.Timestamp)
	Flags() pmetric.DataPointFlags
}

// point adds one and says whether it is refused.
func (w *deltaWalk) point(m pmetric.Metric, t pmetric.AggregationTemporality, p dataPoint, add func(*stream) error) (refused bool) {
	if t != pmetric.AggregationTemporalityDelta {
		w.refuse(m.Name(), errNoTemporal)
		return true
	}
	mark := len(w.key)
	w.key = appendAttrs(w.key, p.Attributes())
	id := xxhash.Sum64(w.key)
	w.key = w.key[:mark]
	if p.Flags().NoRecordedValue() {
		w.d.forget(id)
		return false
	}
	s := w.d.streams[id]
	switch {
	case s == nil && w.d.bytes >= maxDelta:
		w.refuse(m.Name(), errDeltaRoom)
		return true
	case s == nil:
		s = &stream{start: p.StartTimestamp()}
	case p.Timestamp() <= s.last:
		w.refuse(m.Name(), errDeltaOrder)
		return true
	default:
		w.d.bytes -= s.size()
	}
	err := add(s)
	if err != nil {
		delete(w.d.streams, id)
		w.refuse(m.Name(), err)
		return true
	}
	s.last, s.seen = p.Timestamp(), w.now
	w.d.streams[id] = s
	w.d.bytes += s.size()
	w.touched = append(w.touched, id)
	p.SetStartTimestamp(s.start)
	return false
}

// forget ends streams; what comes next begins anew, which queries see as a
// restart of the counter.
func (d *deltas) forget(ids ...uint64) {
	for _, id := range ids {
		if s := d.streams[id]; s != nil {
			d.bytes -= s.size()
			delete(d.streams, id)
		}
	}
}

func (d *deltas) drop(ids []uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.forget(ids...)
}

func (d *deltas) sweep(now time.Time) {
	if now.Sub(d.swept) < time.Minute {
		return
	}
	d.swept = now
	for id, s := range d.streams {
		if now.Sub(s.seen) > deltaIdle {
			d.forget(id)
		}
	}
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// appendAttrs writes attributes in the order of their names.
func appendAttrs(b []byte, m pcommon.Map) []byte {
	names := make([]string, 0, m.Len())
	for k := range m.All() {
		names = append(names, k)
	}
	slices.Sort(names)
	b = binary.AppendUvarint(b, uint64(len(names)))
	for _, k := range names {
		v, _ := m.Get(k)
		b = appendString(append(appendString(b, k), byte(v.Type())), v.AsString())
	}
	return b
}

func (s *stream) addNumber(p pmetric.NumberDataPoint) error {
	if p.ValueType() == pmetric.NumberDataPointValueTypeInt {
		s.value += float64(p.IntValue())
	} else {
		s.value += p.DoubleValue()
	}
	p.SetDoubleValue(s.value)
	return nil
}

func (s *stream) addHistogram(p pmetric.HistogramDataPoint) error {
	counts := p.BucketCounts().AsRaw()
	bounds := p.ExplicitBounds().AsRaw()
	if len(counts) > 0 && len(counts) != len(bounds)+1 {
		return fmt.Errorf("it has %d buckets for %d bounds", len(counts), len(bounds))
	}
	if !slices.Equal(bounds, s.bounds) || len(counts) != len(s.buckets) { // other buckets begin anew
		*s = stream{start: p.StartTimestamp(), bounds: bounds, buckets: make([]uint64, len(counts))}
	}
	for i, n := range counts {
		s.buckets[i] += n
	}
	s.total(p.Count(), p.Sum(), p.HasSum())
	p.BucketCounts().FromRaw(s.buckets)
	p.SetCount(s.count)
	if s.hasSum {
		p.SetSum(s.sum)
	} else {
		p.RemoveSum()
	}
	p.RemoveMin() // of the last interval only
	p.RemoveMax()
	return nil
}

// total adds count and sum; a sum that one delta lacks is not known any more.
func (s *stream) total(count uint64, sum float64, has bool) {
	s.hasSum = has && (s.hasSum || s.last == 0)
	s.count += count
	s.sum += sum
}
