package appliance

import (
	"context"
	"errors"
	"math"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"tripod/store"
	"tripod/web"
	"tripod/web/pages"
)

// meter counts what came in through one protocol.
type meter struct {
	accepted, rejected atomic.Int64
	fault              atomic.Pointer[string] // reason of the last rejection
	rate               atomic.Uint64          // items/s over the last rateEvery, as bits of a float

	mu sync.Mutex
	by map[tally]int64
}

// tally is what a meter tells apart; without a reason it was accepted.
type tally struct{ signal, reason string }

func (m *meter) add(signal, reason string, n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.by == nil {
		m.by = map[tally]int64{}
	}
	m.by[tally{signal, reason}] += int64(n)
}

func (m *meter) accept(signal string, n int) {
	m.accepted.Add(int64(n))
	m.add(signal, "", n)
}

// refuse counts items that are refused outside of an answer of an engine, or
// requests and connections as one, where nobody knows what is in them.
func (m *meter) refuse(signal, reason string, n int, why string) {
	m.rejected.Add(int64(n))
	m.fault.Store(&why)
	m.add(signal, reason, n)
}

// refuseLogs is refuse for protocols that carry nothing else.
func (m *meter) refuseLogs(reason string, n int, why string) { m.refuse("logs", reason, n, why) }

// refuseSpans is refuse for protocols that carry nothing else.
func (m *meter) refuseSpans(reason string, n int, why string) { m.refuse("traces", reason, n, why) }

// count takes the answer of an engine to n items. Those that were refused one
// by one are told by the wire, through refuse, together with its own refusals.
func (m *meter) count(signal string, n int, err error) {
	var partial *store.PartialError
	switch {
	case err == nil:
		m.accept(signal, n)
	case errors.As(err, &partial):
		m.accept(signal, n-min(partial.Rejected, n))
	default:
		m.refuse(signal, web.Reason(err), n, err.Error())
	}
}

// took takes what a remote-write request came to.
func (m *meter) took(kept, refused int, err error) {
	var partial *store.PartialError
	if err == nil || errors.As(err, &partial) {
		m.accept("metrics", kept)
	}
	if err != nil {
		m.refuse("metrics", web.Reason(err), refused, err.Error())
	}
}

func (m *meter) receiver(protocol, addr, takes string) pages.Receiver {
	r := pages.Receiver{Protocol: protocol, Addr: addr, Takes: takes, Accepted: m.accepted.Load(), Rejected: m.rejected.Load(), Rate: math.Float64frombits(m.rate.Load())}
	if f := m.fault.Load(); f != nil {
		r.Error = *f
	}
	return r
}

// meters are the protocols that take data in.
type meters struct{ otlpGRPC, otlpHTTP, loki, write, jsonLines, bulk, zipkin, syslogUDP, syslogTCP, syslogTLS, logFiles meter }

func (m *meters) all() []*meter {
	return []*meter{&m.otlpGRPC, &m.otlpHTTP, &m.loki, &m.write, &m.jsonLines, &m.bulk, &m.zipkin, &m.syslogUDP, &m.syslogTCP, &m.syslogTLS, &m.logFiles}
}

// meterNames are the labels of all, in their order.
var meterNames = [...]string{"otlp_grpc", "otlp_http", "loki", "remote_write", "json_lines", "elasticsearch", "zipkin", "syslog_udp", "syslog_tcp", "syslog_tls", "log_files"}

var (
	inputAccepted = prometheus.NewDesc("tripod_input_accepted_total", "Log lines, spans and samples that were kept.", []string{"input", "signal"}, nil)
	inputRejected = prometheus.NewDesc("tripod_input_rejected_total", "Log lines, spans, samples and exemplars that were not kept, and requests and connections of which nobody knows what they held. For overloaded and disk_full their senders were told to come again.", []string{"input", "signal", "reason"}, nil)
)

// Describe and Collect show all meters on /metrics.
func (m *meters) Describe(to chan<- *prometheus.Desc) {
	to <- inputAccepted
	to <- inputRejected
}

func (m *meters) Collect(to chan<- prometheus.Metric) {
	for i, one := range m.all() {
		one.mu.Lock()
		for t, n := range one.by {
			if t.reason == "" {
				to <- prometheus.MustNewConstMetric(inputAccepted, prometheus.CounterValue, float64(n), meterNames[i], t.signal)
			} else {
				to <- prometheus.MustNewConstMetric(inputRejected, prometheus.CounterValue, float64(n), meterNames[i], t.signal, t.reason)
			}
		}
		one.mu.Unlock()
	}
}

// meteredLogs, meteredSpans and meteredMetrics stand at the doors of the wires.
type meteredLogs struct {
	to interface {
		Append(context.Context, []store.Record) error
	}
	m *meter
}

func (d meteredLogs) Append(ctx context.Context, recs []store.Record) error {
	err := d.to.Append(ctx, recs)
	d.m.count("logs", len(recs), err)
	return err
}

// patientLogs stand where what the engine cannot take now is tried again, and
// told of when that is given up.
type patientLogs meteredLogs

func (d patientLogs) Append(ctx context.Context, recs []store.Record) error {
	err := d.to.Append(ctx, recs)
	if partial := (*store.PartialError)(nil); err == nil || errors.As(err, &partial) {
		d.m.count("logs", len(recs), err)
	}
	return err
}

type meteredSpans struct {
	to interface {
		Append(context.Context, []store.Span) error
	}
	m *meter
}

func (d meteredSpans) Append(ctx context.Context, spans []store.Span) error {
	err := d.to.Append(ctx, spans)
	d.m.count("traces", len(spans), err)
	return err
}

type meteredMetrics struct {
	to interface {
		WriteOTLP(context.Context, pmetric.Metrics) error
	}
	m *meter
}

func (d meteredMetrics) WriteOTLP(ctx context.Context, md pmetric.Metrics) error {
	points := md.DataPointCount()
	err := d.to.WriteOTLP(ctx, md)
	d.m.count("metrics", points, err)
	return err
}
