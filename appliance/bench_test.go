package appliance

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/klauspost/compress/s2"
	"github.com/prometheus/prometheus/prompb"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
)

// BenchmarkStart tells the time from exec to the ready line on an empty
// directory, and the binary's size.
func BenchmarkStart(b *testing.B) {
	launch(b, b.TempDir()).stop() // warms the page cache
	var total time.Duration
	n := 0
	for b.Loop() {
		p := launch(b, filepath.Join(b.TempDir(), "d"))
		total += p.ready
		n++
		b.StopTimer()
		p.stop()
		b.StartTimer()
	}
	info, err := os.Stat(binary)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(total.Seconds()*1e3/float64(n), "ms-to-ready")
	b.ReportMetric(float64(info.Size())/1e6, "MB-binary")
}

// BenchmarkIdle tells the memory of tripod serve, planner running, after 20 s
// in which nobody asked anything.
func BenchmarkIdle(b *testing.B) {
	p := launch(b, b.TempDir(), "serve")
	before := p.cpu(b)
	const idle = 20 * time.Second
	time.Sleep(idle) // what is measured is this time
	for b.Loop() {
	}
	b.ReportMetric(p.memory(b, "VmRSS"), "MB-RSS")
	b.ReportMetric(100*(p.cpu(b)-before).Seconds()/idle.Seconds(), "%-of-a-core")
}

// ingest posts prepared bodies of n items each until the benchmark has enough.
func ingest(b *testing.B, path, kind, encoding string, n int, body func(round int) []byte) {
	p := launch(b, b.TempDir(), "serve")
	before, items, start := p.cpu(b), 0, time.Now()
	var busy *refused
	pushedBack, fail := 0, func(err error) { b.Fatal(err) }
	for b.Loop() {
		b := body(items / n)
		err := postAll(p.url+path, kind, encoding, b)
		for ; errors.As(err, &busy) && busy.status == http.StatusTooManyRequests; err = postAll(p.url+path, kind, encoding, b) {
			pushedBack++
			time.Sleep(20 * time.Millisecond) // as a client does, only sooner
		}
		if err != nil {
			fail(err)
		}
		items += n
	}
	took := time.Since(start)
	b.ReportMetric(float64(items)/took.Seconds(), "items/s")
	b.ReportMetric((p.cpu(b)-before).Seconds()*1e6/float64(items), "CPU-s/M")
	b.ReportMetric(p.memory(b, "VmHWM"), "MB-peak")
	b.ReportMetric(float64(pushedBack), "429s")
}

// BenchmarkIngestLogs pushes pino lines over Loki push, 1,000 a request.
func BenchmarkIngestLogs(b *testing.B) {
	ingest(b, "/loki/api/v1/push", "application/json", "", 1000, func(round int) []byte {
		now := time.Now()
		values := make([][2]string, 1000)
		for i := range values {
			line := fmt.Sprintf(`{"level":"info","time":%d,"pid":4711,"hostname":"node-b","reqId":"req-%06d-%03d","userId":"u_%d","msg":"request completed","service":"planner-api","trace_id":"%032x","span_id":"%016x","http_method":"POST","http_route":"/api/v1/tasks","http_status_code":201,"duration_ms":%d.%03d}`,
				now.UnixMilli(), round, i, i%997, round*1000+i+1, i+1, i%90, i)
			values[i] = [2]string{strconv.FormatInt(now.UnixNano()+int64(i), 10), line}
		}
		body, err := json.Marshal(map[string]any{"streams": []any{map[string]any{"stream": map[string]string{"service_name": "planner-api"}, "values": values}}})
		if err != nil {
			b.Fatal(err)
		}
		return body
	})
}

// BenchmarkIngestSpans posts OTLP protobuf, 1,000 spans a request in traces of ten.
func BenchmarkIngestSpans(b *testing.B) {
	ingest(b, "/v1/traces", "application/x-protobuf", "", 1000, func(round int) []byte {
		td := ptrace.NewTraces()
		rs := td.ResourceSpans().AppendEmpty()
		rs.Resource().Attributes().PutStr("service.name", "planner-api")
		rs.Resource().Attributes().PutStr("service.version", "1.17.4")
		spans := rs.ScopeSpans().AppendEmpty().Spans()
		now := time.Now().UnixNano()
		for i := range 1000 {
			s := spans.AppendEmpty()
			s.SetTraceID([16]byte{byte(round >> 16), byte(round >> 8), byte(round), byte(i / 10), byte(i / 2560), 1})
			s.SetSpanID([8]byte{byte(i >> 8), byte(i), 1})
			s.SetName("POST /api/v1/tasks")
			s.SetKind(ptrace.SpanKindServer)
			s.Attributes().PutStr("http.request.method", "POST")
			s.Attributes().PutStr("http.route", "/api/v1/tasks")
			s.Attributes().PutInt("http.response.status_code", 201)
			s.Attributes().PutStr("user.id", fmt.Sprintf("u_%d", i%997))
			s.SetStartTimestamp(pcommon.Timestamp(now + int64(i)*1000))
			s.SetEndTimestamp(pcommon.Timestamp(now + int64(i)*1000 + 3e6))
		}
		body, err := ptraceotlp.NewExportRequestFromTraces(td).MarshalProto()
		if err != nil {
			b.Fatal(err)
		}
		return body
	})
}

// BenchmarkIngestSamples posts remote-write 1.0, 1,000 series with one sample
// each, as a Prometheus does.
func BenchmarkIngestSamples(b *testing.B) {
	start := time.Now().Add(-time.Hour).UnixMilli()
	ingest(b, "/api/v1/write", "application/x-protobuf", "snappy", 1000, func(round int) []byte {
		var req prompb.WriteRequest
		for i := range 1000 {
			req.Timeseries = append(req.Timeseries, prompb.TimeSeries{
				Labels: []prompb.Label{{Name: "__name__", Value: "http_server_requests_total"}, {Name: "http_route", Value: fmt.Sprintf("/api/v1/r%d", i)},
					{Name: "instance", Value: "127.0.0.1:9100"}, {Name: "job", Value: "bench"}},
				Samples: []prompb.Sample{{Value: float64(round + i), Timestamp: start + int64(round)*100}},
			})
		}
		raw, err := req.Marshal()
		if err != nil {
			b.Fatal(err)
		}
		return s2.EncodeSnappy(nil, raw)
	})
}
