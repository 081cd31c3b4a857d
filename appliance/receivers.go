package appliance

import (
	"context"
	"errors"
	"math"
	"sync/atomic"

	"go.opentelemetry.io/collector/pdata/pmetric"

	"tripod/store"
	"tripod/web/pages"
)

// meter counts what came in through one protocol.
type meter struct {
	accepted, rejected atomic.Int64
	fault              atomic.Pointer[string] // reason of the last rejection
	rate               atomic.Uint64          // items/s over the last rateEvery, as bits of a float
}

// count takes the answer of an engine to n items. Those that were refused one
// by one are told by the wire, through refuse, together with its own refusals.
func (m *meter) count(n int, err error) {
	var partial *store.PartialError
	switch {
	case err == nil:
		m.accepted.Add(int64(n))
	case errors.As(err, &partial):
		m.accepted.Add(int64(n - min(partial.Rejected, n)))
	default:
		m.refuse(n, err.Error())
	}
}

// took takes what a remote-write request came to.
func (m *meter) took(kept, refused int, err error) {
	var partial *store.PartialError
	if err == nil || errors.As(err, &partial) {
		m.accepted.Add(int64(kept))
	}
	if err != nil {
		m.refuse(refused, err.Error())
	}
}

// refuse counts items that were refused outside of an answer.
func (m *meter) refuse(n int, reason string) {
	m.rejected.Add(int64(n))
	m.fault.Store(&reason)
}

func (m *meter) refuseSignal(_ string, n int, reason string) { m.refuse(n, reason) }

func (m *meter) receiver(protocol, addr, takes string) pages.Receiver {
	r := pages.Receiver{Protocol: protocol, Addr: addr, Takes: takes, Accepted: m.accepted.Load(), Rejected: m.rejected.Load(), Rate: math.Float64frombits(m.rate.Load())}
	if f := m.fault.Load(); f != nil {
		r.Error = *f
	}
	return r
}

// meters are the protocols that take data in.
type meters struct{ otlpGRPC, otlpHTTP, loki, write, jsonLines, bulk, syslogUDP, syslogTCP, syslogTLS, logFiles meter }

func (m *meters) all() []*meter {
	return []*meter{&m.otlpGRPC, &m.otlpHTTP, &m.loki, &m.write, &m.jsonLines, &m.bulk, &m.syslogUDP, &m.syslogTCP, &m.syslogTLS, &m.logFiles}
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
	d.m.count(len(recs), err)
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
	d.m.count(len(spans), err)
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
	d.m.count(points, err)
	return err
}
