package appliance

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
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

// deliver sends one request; busy says that it is to be sent again.
type deliver func(req ptraceotlp.ExportRequest) (busy bool, err error)

func httpWire(_ *testing.B, p *process, _ string) deliver {
	return func(req ptraceotlp.ExportRequest) (bool, error) {
		body, err := req.MarshalProto()
		if err == nil {
			err = postAll(p.url+"/v1/traces", "application/x-protobuf", "", body)
		}
		var no *refused
		busy := errors.As(err, &no) && no.status == http.StatusTooManyRequests
		return busy, err
	}
}

func grpcWire(b *testing.B, _ *process, grpcAt string) deliver {
	conn, err := grpc.NewClient(grpcAt, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.Close() })
	client := ptraceotlp.NewGRPCClient(conn)
	return func(req ptraceotlp.ExportRequest) (bool, error) {
		resp, err := client.Export(context.Background(), req)
		if err == nil && resp.PartialSuccess().RejectedSpans() > 0 {
			err = errors.New(resp.PartialSuccess().ErrorMessage())
		}
		return status.Code(err) == codes.ResourceExhausted, err
	}
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

// sendSpans makes the traces and hands them over, each request as soon as a
// sender is free.
func sendSpans(b *testing.B, p *process, do deliver, o webshop.Options) *sentSpans {
	in := &sentSpans{calls: map[[2]int]int{}, operations: map[[2]string]bool{}, cpuBefore: p.cpu(b)}
	start := time.Now()
	requests, failed := make(chan ptraceotlp.ExportRequest), make(chan error, senders)
	var wg sync.WaitGroup
	for range senders {
		wg.Go(func() {
			for req := range requests {
				if err := in.deliver(do, req); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	hand := func(req *spanRequest) {
		select {
		case requests <- ptraceotlp.NewExportRequestFromTraces(req.td):
		case err := <-failed:
			b.Fatal(err)
		}
	}
	g, req := webshop.New(o), newSpanRequest()
	for t := (webshop.Trace{}); g.Next(&t); {
		in.know(&t)
		if req.add(&t); req.td.SpanCount() >= spansARequest {
			hand(req)
			req = newSpanRequest()
		}
	}
	if req.td.SpanCount() > 0 {
		hand(req)
	}
	close(requests)
	wg.Wait()
	select {
	case err := <-failed:
		b.Fatal(err)
	default:
	}
	in.took = time.Since(start)
	return in
}

func (in *sentSpans) deliver(do deliver, req ptraceotlp.ExportRequest) error {
	for {
		busy, err := do(req)
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
