package otlp

import (
	"context"
	"fmt"
	"testing"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"tripod/store"
)

// batch is what the SDKs send at most at a time.
const batch = 512

func benchLogs() plog.Logs {
	ld := plog.NewLogs()
	rl := ld.ResourceLogs().AppendEmpty()
	resourceLike(rl.Resource().Attributes())
	sl := rl.ScopeLogs().AppendEmpty()
	sl.Scope().SetName("@opentelemetry/instrumentation-pino")
	for i := range batch {
		lr := sl.LogRecords().AppendEmpty()
		lr.SetTimestamp(pcommon.Timestamp(1773324360123456789 + i*1000))
		lr.SetObservedTimestamp(pcommon.Timestamp(1773324360123456789 + i*1000))
		lr.SetSeverityNumber(plog.SeverityNumberInfo)
		lr.SetSeverityText("info")
		lr.SetTraceID(traceID)
		lr.SetSpanID(spanID)
		lr.SetFlags(1)
		lr.Body().SetStr(fmt.Sprintf("task %d of user %d completed in %d ms", i, i%40, i%977))
		lr.Attributes().PutStr("reqId", fmt.Sprintf("req-%08x", i*2654435761))
		lr.Attributes().PutStr("userId", fmt.Sprintf("u-%d", i%40))
		lr.Attributes().PutInt("durationMs", int64(i%977))
		lr.Attributes().PutInt("pid", 4711)
	}
	return ld
}

func resourceLike(m pcommon.Map) {
	m.PutStr("service.name", "planner-api")
	m.PutStr("service.version", "1.4.2")
	m.PutStr("host.name", "node-1")
	m.PutStr("telemetry.sdk.language", "nodejs")
}

func benchTraces() ptrace.Traces {
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	resourceLike(rs.Resource().Attributes())
	ss := rs.ScopeSpans().AppendEmpty()
	ss.Scope().SetName("@opentelemetry/instrumentation-http")
	for i := range batch {
		s := ss.Spans().AppendEmpty()
		s.SetTraceID(traceID)
		s.SetSpanID(pcommon.SpanID{0: 1, 6: byte(i >> 8), 7: byte(i)})
		s.SetParentSpanID(spanID)
		s.SetName("GET /planner/api/v1/tasks")
		s.SetKind(ptrace.SpanKindServer)
		s.SetStartTimestamp(pcommon.Timestamp(1773324360123456789 + i*1000))
		s.SetEndTimestamp(pcommon.Timestamp(1773324360133456789 + i*1000))
		a := s.Attributes()
		a.PutStr("http.request.method", "GET")
		a.PutStr("http.route", "/planner/api/v1/tasks")
		a.PutStr("url.path", "/planner/api/v1/tasks")
		a.PutStr("server.address", "127.0.0.1")
		a.PutInt("server.port", 7334)
		a.PutInt("http.response.status_code", 200)
		a.PutStr("user_agent.original", "planner-web/1.4.2")
		a.PutStr("network.protocol.version", "1.1")
	}
	return td
}

type nowhere struct{}

func (nowhere) Append(context.Context, []store.Record) error { return nil }

type nowhereTraces struct{}

func (nowhereTraces) Append(context.Context, []store.Span) error { return nil }

func benchExport(b *testing.B, do export, enc encoding, body []byte) {
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if _, err := do(context.Background(), enc, body); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(batch)*float64(b.N)/b.Elapsed().Seconds(), "items/s")
}

func BenchmarkLogs(b *testing.B) {
	a := New(Doors{Logs: nowhere{}}, Options{})
	req := plogotlp.NewExportRequestFromLogs(benchLogs())
	b.Run("protobuf", func(b *testing.B) { benchExport(b, a.logs, protobuf, must[[]byte](b)(req.MarshalProto())) })
	b.Run("json", func(b *testing.B) { benchExport(b, a.logs, jsonText, must[[]byte](b)(req.MarshalJSON())) })
}

func BenchmarkTraces(b *testing.B) {
	a := New(Doors{Traces: nowhereTraces{}}, Options{})
	req := ptraceotlp.NewExportRequestFromTraces(benchTraces())
	b.Run("protobuf", func(b *testing.B) { benchExport(b, a.traces, protobuf, must[[]byte](b)(req.MarshalProto())) })
	b.Run("json", func(b *testing.B) { benchExport(b, a.traces, jsonText, must[[]byte](b)(req.MarshalJSON())) })
}
