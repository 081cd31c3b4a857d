package otlp

import (
	"math"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
)

var (
	traceID = pcommon.TraceID{0x4b, 0xf9, 0x2f, 0x35, 0x77, 0xb3, 0x4d, 0xa6, 0xa3, 0xce, 0x92, 0x9d, 0x0e, 0x0e, 0x47, 0x36}
	spanID  = pcommon.SpanID{0, 0xf0, 0x67, 0xaa, 0x0b, 0xa9, 0x02, 0xb7}
)

// fill sets attributes of every kind, some of them nested.
func fill(m pcommon.Map) {
	m.PutStr("http.request.method", "GET")
	m.PutStr("empty", "")
	m.PutInt("http.response.status_code", 200)
	m.PutInt("min", math.MinInt64)
	m.PutDouble("ratio", math.NaN())
	m.PutBool("cached", false)
	m.PutEmptyBytes("raw").FromRaw([]byte{0, 0xff})
	m.PutEmpty("nothing")
	m.PutEmptyMap("no.members")
	in := m.PutEmptyMap("user")
	in.PutStr("id", "u-7")
	list := in.PutEmptySlice("roles")
	list.AppendEmpty().SetStr("admin")
	list.AppendEmpty()
	list.AppendEmpty().SetEmptySlice().AppendEmpty().SetInt(-1)
}

func sampleLogs() plog.Logs {
	ld := plog.NewLogs()
	rl := ld.ResourceLogs().AppendEmpty()
	rl.SetSchemaUrl("https://opentelemetry.io/schemas/1.40.0")
	rl.Resource().Attributes().PutStr("service.name", "shop")
	rl.Resource().SetDroppedAttributesCount(3)
	for _, name := range []string{"a", "b"} {
		sl := rl.ScopeLogs().AppendEmpty()
		sl.SetSchemaUrl("scope-schema")
		sl.Scope().SetName(name)
		sl.Scope().SetVersion("1.2.3")
		sl.Scope().SetDroppedAttributesCount(1)
		fill(sl.Scope().Attributes())
		for i := range 2 {
			lr := sl.LogRecords().AppendEmpty()
			lr.SetTimestamp(pcommon.Timestamp(1773324360123456789 + i))
			lr.SetObservedTimestamp(1773324360123456999)
			lr.SetSeverityNumber(plog.SeverityNumberWarn2)
			lr.SetSeverityText("WARN2")
			lr.SetEventName("order.paid")
			lr.SetTraceID(traceID)
			lr.SetSpanID(spanID)
			lr.SetFlags(1)
			lr.SetDroppedAttributesCount(2)
			fill(lr.Attributes())
			lr.Body().SetStr(`{"msg":"left alone"}`)
		}
	}
	bare := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords()
	bare.AppendEmpty().SetObservedTimestamp(5)
	bare.AppendEmpty().SetSeverityText("Error")
	fill(bare.AppendEmpty().Body().SetEmptyMap())
	return ld
}

func sampleTraces() ptrace.Traces {
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.SetSchemaUrl("https://opentelemetry.io/schemas/1.40.0")
	rs.Resource().Attributes().PutStr("service.name", "shop")
	fill(rs.Resource().Attributes())
	ss := rs.ScopeSpans().AppendEmpty()
	ss.Scope().SetName("http")
	for i := range 3 {
		s := ss.Spans().AppendEmpty()
		s.SetTraceID(traceID)
		s.SetSpanID(pcommon.SpanID{7: byte(i + 1)})
		s.SetParentSpanID(spanID)
		s.TraceState().FromRaw("vendor=1")
		s.SetFlags(0x301)
		s.SetName("GET /work")
		s.SetKind(ptrace.SpanKindServer)
		s.SetStartTimestamp(1773324360123456789)
		s.SetEndTimestamp(1773324360223456789)
		s.Status().SetCode(ptrace.StatusCodeError)
		s.Status().SetMessage("out of stock")
		fill(s.Attributes())
		s.SetDroppedAttributesCount(1)
		s.SetDroppedEventsCount(2)
		s.SetDroppedLinksCount(3)
		e := s.Events().AppendEmpty()
		e.SetName("exception")
		e.SetTimestamp(1773324360123456790)
		e.SetDroppedAttributesCount(4)
		fill(e.Attributes())
		l := s.Links().AppendEmpty()
		l.SetTraceID(traceID)
		l.SetSpanID(spanID)
		l.TraceState().FromRaw("vendor=2")
		l.SetFlags(1)
		l.SetDroppedAttributesCount(5)
		fill(l.Attributes())
	}
	bare := td.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	bare.SetTraceID(traceID)
	bare.SetSpanID(spanID)
	return td
}

func sampleMetrics() pmetric.Metrics {
	md := pmetric.NewMetrics()
	rm := md.ResourceMetrics().AppendEmpty()
	rm.Resource().Attributes().PutStr("service.name", "shop")
	m := rm.ScopeMetrics().AppendEmpty().Metrics().AppendEmpty()
	m.SetName("orders")
	sum := m.SetEmptySum()
	sum.SetIsMonotonic(true)
	sum.SetAggregationTemporality(pmetric.AggregationTemporalityCumulative)
	dp := sum.DataPoints().AppendEmpty()
	dp.SetIntValue(7)
	dp.SetTimestamp(1773324360123456789)
	dp.Attributes().PutStr("currency", "EUR")
	dp.Exemplars().AppendEmpty().SetTraceID(traceID)
	return md
}

func logsProto(ld plog.Logs) []byte {
	b, err := plogotlp.NewExportRequestFromLogs(ld).MarshalProto()
	if err != nil {
		panic(err)
	}
	return b
}

func tracesProto(td ptrace.Traces) []byte {
	b, err := ptraceotlp.NewExportRequestFromTraces(td).MarshalProto()
	if err != nil {
		panic(err)
	}
	return b
}
