package appliance

import (
	"math/bits"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tripod/store"
)

// spanMetrics counts spans by operation and calls between services, under the
// names of Grafana Tempo's metrics generator, by which Grafana draws its map of
// services (traces_spanmetrics_*, traces_service_graph_*). It counts what is
// kept, whether or not the spans stay.
type spanMetrics struct {
	mu    sync.Mutex
	spans map[spanKey]*timed
	calls map[callKey]*timed

	callsTotal, latency       *prometheus.Desc
	requests, failed, seconds *prometheus.Desc
	clientSeconds             *prometheus.Desc
}

type spanKey struct {
	service, name string
	kind          store.SpanKind
	status        store.StatusCode
}

type callKey struct {
	caller, callee string
	kind           store.DependencyKind
}

// Bounds on the series; what is beyond is counted under the name "other".
const (
	maxSpanKeys = 1000
	maxCallKeys = 1000
	otherName   = "other"
)

// timeBounds are those of Tempo's span metrics, in seconds.
var timeBounds = [...]float64{0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.128, 0.256, 0.512, 1.024, 2.048, 4.096, 8.192, 16.384}

// exemplarAge is how long a bucket's exemplar is not replaced.
const exemplarAge = 5 * time.Second

// timed is a histogram with an exemplar for each bucket.
type timed struct {
	count, failed uint64
	sum           float64 // seconds
	buckets       [len(timeBounds) + 1]uint64
	exemplars     [len(timeBounds) + 1]spanExemplar
}

type spanExemplar struct {
	trace store.TraceID
	value float64 // seconds
	at    int64   // Unix ns
}

func newSpanMetrics() *spanMetrics {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, nil)
	}
	span := []string{"service", "span_name", "span_kind", "status_code"}
	edge := []string{"client", "server", "connection_type"}
	return &spanMetrics{
		spans: map[spanKey]*timed{}, calls: map[callKey]*timed{},
		callsTotal:    desc("traces_spanmetrics_calls_total", "Spans kept.", span...),
		latency:       desc("traces_spanmetrics_latency", "Durations of spans, in seconds.", span...),
		requests:      desc("traces_service_graph_request_total", "Calls from one service to another.", edge...),
		failed:        desc("traces_service_graph_request_failed_total", "Calls from one service to another whose span has the status error.", edge...),
		seconds:       desc("traces_service_graph_request_server_seconds", "Durations of calls by the span of the server.", edge...),
		clientSeconds: desc("traces_service_graph_request_client_seconds", "Durations of calls of databases, by the span of the client.", edge...),
	}
}

// Count takes spans and calls that are kept.
func (m *spanMetrics) Count(spans []store.Span, calls []store.Call) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range spans {
		s := &spans[i]
		m.span(s).add(s.Duration(), s.Status == store.StatusError, s.TraceID, s.End)
	}
	for i := range calls {
		c := &calls[i]
		m.call(c).add(c.Took, c.Fails, c.Trace, c.Start+c.Took)
	}
}

func (m *spanMetrics) span(s *store.Span) *timed {
	k := spanKey{s.Service, s.Name, s.Kind, s.Status}
	if t := m.spans[k]; t != nil {
		return t
	}
	k.service, k.name = label(k.service), label(k.name)
	return under(m.spans, k, maxSpanKeys, spanKey{otherName, otherName, store.SpanUnspecified, s.Status})
}

func (m *spanMetrics) call(c *store.Call) *timed {
	k := callKey{c.Caller, c.Callee, c.Kind}
	if t := m.calls[k]; t != nil {
		return t
	}
	k.caller, k.callee = label(k.caller), label(k.callee)
	return under(m.calls, k, maxCallKeys, callKey{otherName, otherName, store.DependencyCall})
}

// under finds or makes what counts under a key, or under another one when there
// are too many.
func under[K comparable](all map[K]*timed, k K, most int, other K) *timed {
	if all[k] == nil && len(all) >= most {
		k = other
	}
	t := all[k]
	if t == nil {
		t = &timed{}
		all[k] = t
	}
	return t
}

// label is a copy that may be a label's value: a request's memory does not last,
// and one byte that is no UTF-8 would spoil the whole exposition.
func label(s string) string { return strings.Clone(strings.ToValidUTF8(s, "\uFFFD")) }

func (t *timed) add(took int64, fails bool, trace store.TraceID, at int64) {
	seconds := float64(took) / 1e9
	t.count++
	t.sum += seconds
	if fails {
		t.failed++
	}
	i := bucketOf(took)
	t.buckets[i]++
	if e := &t.exemplars[i]; at-e.at >= int64(exemplarAge) {
		*e = spanExemplar{trace, seconds, at}
	}
}

// bucketOf is the first of timeBounds, each twice the one before, that a duration
// in ns is not above.
func bucketOf(took int64) int {
	const first = 2e6
	return min(bits.Len64(uint64(max(took-1, 0)/first)), len(timeBounds))
}

// Describe sends nothing: which series there are comes with the spans.
func (m *spanMetrics) Describe(chan<- *prometheus.Desc) {}

// Collect sends what is counted so far.
func (m *spanMetrics) Collect(ch chan<- prometheus.Metric) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for k, t := range m.spans {
		labels := []string{k.service, k.name, "SPAN_KIND_" + spanKindNames[min(int(k.kind), len(spanKindNames)-1)], "STATUS_CODE_" + statusNames[min(int(k.status), len(statusNames)-1)]}
		ch <- prometheus.MustNewConstMetric(m.callsTotal, prometheus.CounterValue, float64(t.count), labels...)
		ch <- t.histogram(m.latency, labels)
	}
	for k, t := range m.calls {
		labels := []string{k.caller, k.callee, connections[k.kind]}
		if k.caller == "" {
			labels[0] = "user" // as Tempo calls whoever sends no spans
		}
		ch <- prometheus.MustNewConstMetric(m.requests, prometheus.CounterValue, float64(t.count), labels...)
		ch <- prometheus.MustNewConstMetric(m.failed, prometheus.CounterValue, float64(t.failed), labels...)
		seconds := m.seconds
		if k.kind == store.DependencyDatabase {
			seconds = m.clientSeconds
		}
		ch <- t.histogram(seconds, labels)
	}
}

var (
	spanKindNames = [...]string{"UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"}
	statusNames   = [...]string{"UNSET", "OK", "ERROR"}
	connections   = [...]string{store.DependencyCall: "", store.DependencyQueue: "messaging_system", store.DependencyDatabase: "database"}
)

func (t *timed) histogram(desc *prometheus.Desc, labels []string) prometheus.Metric {
	buckets := make(map[float64]uint64, len(timeBounds))
	n := uint64(0)
	for i, bound := range timeBounds {
		n += t.buckets[i]
		buckets[bound] = n
	}
	h := prometheus.MustNewConstHistogram(desc, t.count, t.sum, buckets, labels...)
	var exemplars []prometheus.Exemplar
	for _, e := range t.exemplars {
		if e.at > 0 {
			exemplars = append(exemplars, prometheus.Exemplar{
				Value: e.value, Labels: prometheus.Labels{"trace_id": e.trace.String()}, Timestamp: time.Unix(0, e.at),
			})
		}
	}
	if len(exemplars) == 0 {
		return h
	}
	// the last exemplar of a bucket is the one that it shows, the newest should be
	slices.SortStableFunc(exemplars, func(a, b prometheus.Exemplar) int { return a.Timestamp.Compare(b.Timestamp) })
	if with, err := prometheus.NewMetricWithExemplars(h, exemplars...); err == nil {
		return with
	}
	return h
}
