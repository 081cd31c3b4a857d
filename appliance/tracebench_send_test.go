package appliance

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"tripod/testdata/webshop"
)

const spansARequest = 1000

// spanWire is a way in for spans, to a process whose gRPC door is at an address.
type spanWire func(b *testing.B, p *process, grpcAt string) deliver

// deliver sends one request, an ExportTraceServiceRequest; busy says that it is
// to be sent again.
type deliver func(request []byte) (busy bool, err error)

func httpWire(_ *testing.B, p *process, _ string) deliver {
	return func(request []byte) (bool, error) {
		err := postAll(p.url+"/v1/traces", "application/x-protobuf", "", request)
		var no *refused
		busy := errors.As(err, &no) && no.status == http.StatusTooManyRequests
		return busy, err
	}
}

func grpcWire(b *testing.B, _ *process, grpcAt string) deliver {
	conn, err := grpc.NewClient(grpcAt, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDefaultCallOptions(grpc.ForceCodec(written{})))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.Close() })
	return func(request []byte) (bool, error) {
		var answer []byte
		err := conn.Invoke(context.Background(), "/opentelemetry.proto.collector.trace.v1.TraceService/Export", request, &answer)
		resp := ptraceotlp.NewExportResponse()
		if err == nil {
			err = resp.UnmarshalProto(answer)
		}
		if err == nil && resp.PartialSuccess().RejectedSpans() > 0 {
			err = errors.New(resp.PartialSuccess().ErrorMessage())
		}
		return status.Code(err) == codes.ResourceExhausted, err
	}
}

// written sends messages that are written already, and gives the bytes of answers.
type written struct{}

func (written) Name() string                        { return "proto" }
func (written) Marshal(message any) ([]byte, error) { return message.([]byte), nil }
func (written) Unmarshal(data []byte, to any) error {
	*to.(*[]byte) = slices.Clone(data)
	return nil
}

// freeAddr is an address that nobody listens on.
func freeAddr(b *testing.B) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// sentSpans is what was sent, and what has to be found again.
type sentSpans struct {
	traces     []sentTrace // in order of start
	calls      map[[2]int]int
	operations map[[2]string]bool // of a service
	cpuBefore  time.Duration
	took       time.Duration
	pushedBack atomic.Int64
}

// sendSpans makes all requests and then hands them over, as send does.
func sendSpans(b *testing.B, p *process, do deliver, o webshop.Options) *sentSpans {
	in := &sentSpans{calls: map[[2]int]int{}, operations: map[[2]string]bool{}}
	requests := in.requests(b, o)
	in.cpuBefore = p.cpu(b)
	start := time.Now()
	if err := handOver(requests, func(request []byte) error { return in.deliver(do, request) }); err != nil {
		b.Fatal(err)
	}
	in.took = time.Since(start)
	return in
}

// requests are those of all traces.
func (in *sentSpans) requests(b *testing.B, o webshop.Options) (out [][]byte) {
	g, req := webshop.New(o), newSpanRequest()
	write := func() {
		body, err := ptraceotlp.NewExportRequestFromTraces(req.td).MarshalProto()
		if err != nil {
			b.Fatal(err)
		}
		out, req = append(out, body), newSpanRequest()
	}
	for t := (webshop.Trace{}); g.Next(&t); {
		in.know(&t)
		if req.add(&t); req.td.SpanCount() >= spansARequest {
			write()
		}
	}
	if req.td.SpanCount() > 0 {
		write()
	}
	return out
}

func (in *sentSpans) deliver(do deliver, request []byte) error {
	for {
		busy, err := do(request)
		if !busy {
			return err
		}
		in.pushedBack.Add(1)
		time.Sleep(20 * time.Millisecond) // as a client does, only sooner
	}
}

// spanRequest is grouped by service, as a collector sends it.
type spanRequest struct {
	td ptrace.Traces
	of map[int]ptrace.SpanSlice
}

func newSpanRequest() *spanRequest {
	return &spanRequest{td: ptrace.NewTraces(), of: map[int]ptrace.SpanSlice{}}
}

func (r *spanRequest) add(t *webshop.Trace) {
	for i := range t.Spans {
		fillSpan(r.service(t.Spans[i].Service).AppendEmpty(), t, &t.Spans[i])
	}
}

func (r *spanRequest) service(n int) ptrace.SpanSlice {
	if s, ok := r.of[n]; ok {
		return s
	}
	rs := r.td.ResourceSpans().AppendEmpty()
	a := rs.Resource().Attributes()
	a.PutStr("service.name", webshop.Services[n])
	a.PutStr("service.version", "1.4.2")
	a.PutStr("host.name", "node-"+string(rune('1'+n%3)))
	a.PutInt("process.pid", int64(4000+n))
	a.PutStr("telemetry.sdk.name", "opentelemetry")
	a.PutStr("telemetry.sdk.language", "nodejs")
	a.PutStr("telemetry.sdk.version", "2.5.0")
	ss := rs.ScopeSpans().AppendEmpty()
	ss.Scope().SetName("@opentelemetry/instrumentation-http")
	ss.Scope().SetVersion("0.211.0")
	r.of[n] = ss.Spans()
	return r.of[n]
}

func fillSpan(to ptrace.Span, t *webshop.Trace, s *webshop.Span) {
	to.SetTraceID(t.ID)
	to.SetSpanID(s.ID)
	to.SetParentSpanID(s.Parent)
	to.SetFlags(0x101)
	to.SetName(s.Name)
	to.SetKind(ptrace.SpanKind(s.Kind))
	to.SetStartTimestamp(pcommon.Timestamp(s.Start))
	to.SetEndTimestamp(pcommon.Timestamp(s.End))
	a := to.Attributes()
	for _, at := range s.Attrs {
		if at.Text != "" {
			a.PutStr(at.Key, at.Text)
		} else {
			a.PutInt(at.Key, at.Int)
		}
	}
	if s.Failed {
		to.Status().SetCode(ptrace.StatusCodeError)
		to.Status().SetMessage(s.Exception)
	}
	if s.Exception != "" {
		e := to.Events().AppendEmpty()
		e.SetName("exception")
		e.SetTimestamp(pcommon.Timestamp(s.End))
		e.Attributes().PutStr("exception.type", "Error")
		e.Attributes().PutStr("exception.message", s.Exception)
	}
}
