package otlp

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"

	"tripod/store"
)

// dial serves an API until the test ends and connects to it.
func dial(t testing.TB, d Doors, o Options) *grpc.ClientConn {
	t.Helper()
	ln := must[net.Listener](t)(net.Listen("tcp", "127.0.0.1:0"))
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- New(d, o).ServeGRPC(ctx, ln) }()
	conn := must[*grpc.ClientConn](t)(grpc.NewClient(ln.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials())))
	t.Cleanup(func() {
		conn.Close()
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return conn
}

func TestGRPCTakesEverySignal(t *testing.T) {
	for name, opts := range map[string][]grpc.CallOption{"plain": nil, "gzip": {grpc.UseCompressor(gzip.Name)}} {
		t.Run(name, func(t *testing.T) {
			var e engine
			conn := dial(t, e.doors(), Options{})
			if _, err := plogotlp.NewGRPCClient(conn).Export(t.Context(), plogotlp.NewExportRequestFromLogs(sampleLogs()), opts...); err != nil {
				t.Error(err)
			}
			if _, err := ptraceotlp.NewGRPCClient(conn).Export(t.Context(), ptraceotlp.NewExportRequestFromTraces(sampleTraces()), opts...); err != nil {
				t.Error(err)
			}
			if _, err := pmetricotlp.NewGRPCClient(conn).Export(t.Context(), pmetricotlp.NewExportRequestFromMetrics(sampleMetrics()), opts...); err != nil {
				t.Error(err)
			}
			if len(e.records) != 7 || len(e.spans) != 4 || e.metrics != 1 {
				t.Errorf("got %d records, %d spans, %d points; want 7, 4, 1", len(e.records), len(e.spans), e.metrics)
			}
			if got := e.records[0].TraceID.String(); got != "4bf92f3577b34da6a3ce929d0e0e4736" {
				t.Errorf("got trace id %s", got)
			}
		})
	}
}

func TestGRPCPartialSuccess(t *testing.T) {
	e := &engine{err: &store.PartialError{Rejected: 1, Reason: "too old"}}
	conn := dial(t, e.doors(), Options{})
	resp, err := plogotlp.NewGRPCClient(conn).Export(t.Context(), plogotlp.NewExportRequestFromLogs(sampleLogs()))
	if err != nil {
		t.Fatal(err)
	}
	if p := resp.PartialSuccess(); p.RejectedLogRecords() != 1 || p.ErrorMessage() != "too old" {
		t.Errorf("got %d %q, want 1 too old", p.RejectedLogRecords(), p.ErrorMessage())
	}
}

func TestGRPCErrors(t *testing.T) {
	for name, c := range map[string]struct {
		err   error
		want  codes.Code
		retry bool
	}{
		"overloaded":              {store.ErrOverloaded, codes.ResourceExhausted, true},
		"disk full":               {store.ErrFull, codes.ResourceExhausted, true},
		"closing":                 {store.ErrClosed, codes.Unavailable, true},
		"invalid":                 {store.ErrInvalid, codes.InvalidArgument, false},
		"invalid, not UTF-8":      {fmt.Errorf("\xff: %w", store.ErrInvalid), codes.InvalidArgument, false},
		"broken engine":           {net.ErrClosed, codes.Internal, false},
		"the client went away":    {context.Canceled, codes.Canceled, false},
		"the engine took so long": {context.DeadlineExceeded, codes.Unavailable, false},
	} {
		t.Run(name, func(t *testing.T) {
			conn := dial(t, (&engine{err: c.err}).doors(), Options{})
			_, err := ptraceotlp.NewGRPCClient(conn).Export(t.Context(), ptraceotlp.NewExportRequestFromTraces(sampleTraces()))
			st := status.Convert(err)
			retry := false
			for _, d := range st.Details() {
				if info, ok := d.(*errdetails.RetryInfo); ok && info.RetryDelay.AsDuration() > 0 {
					retry = true
				}
			}
			if st.Code() != c.want || retry != c.retry {
				t.Errorf("got %v with retry %v, want %v with %v", st, retry, c.want, c.retry)
			}
		})
	}
}

func TestGRPCIsBounded(t *testing.T) {
	var e engine
	var told []string
	conn := dial(t, e.doors(), Options{Rejected: func(signal, reason string, n int, _ string) {
		told = append(told, fmt.Sprint(signal, " ", reason, " ", n))
	}})
	send := func(body []byte) error {
		var reply []byte
		return conn.Invoke(t.Context(), "/opentelemetry.proto.collector.logs.v1.LogsService/Export", &body, &reply,
			grpc.ForceCodecV2(clientCodec{}), grpc.UseCompressor(gzip.Name))
	}
	if err := send(nested(1 << 20)); status.Code(err) != codes.InvalidArgument || !strings.Contains(err.Error(), "messages deep") {
		t.Errorf("deep: got %v, want INVALID_ARGUMENT", err)
	}
	if err := send(make([]byte, 33<<20)); status.Code(err) != codes.ResourceExhausted {
		t.Errorf("gzip bomb: got %v, want RESOURCE_EXHAUSTED", err)
	}
	if err := send([]byte("\xff\xff")); status.Code(err) != codes.InvalidArgument {
		t.Errorf("no protobuf: got %v, want INVALID_ARGUMENT", err)
	}
	if err := send(logsProto(sampleLogs())); err != nil || len(e.records) != 7 {
		t.Errorf("afterwards: got %v and %d records, want 7", err, len(e.records))
	}
	if want := []string{"logs too_large 1", "logs too_large 1", "logs invalid 1"}; !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
}

// clientCodec sends and receives bytes.
type clientCodec struct{ bytesCodec }

func (clientCodec) Unmarshal(data mem.BufferSlice, v any) error {
	*v.(*[]byte) = data.Materialize()
	return nil
}

// held is a door that does not answer until it may.
type held struct {
	entered, release chan struct{}
}

func (h held) Append(context.Context, []store.Record) error {
	h.entered <- struct{}{}
	<-h.release
	return nil
}

func TestServeGRPCLetsCallsInWorkFinish(t *testing.T) {
	h := held{make(chan struct{}), make(chan struct{})}
	ln := must[net.Listener](t)(net.Listen("tcp", "127.0.0.1:0"))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- New(Doors{Logs: h}, Options{}).ServeGRPC(ctx, ln) }()
	conn := must[*grpc.ClientConn](t)(grpc.NewClient(ln.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials())))
	defer conn.Close()
	answered := make(chan error)
	go func() {
		_, err := plogotlp.NewGRPCClient(conn).Export(context.Background(), plogotlp.NewExportRequestFromLogs(sampleLogs()))
		answered <- err
	}()
	<-h.entered
	cancel()
	close(h.release)
	if err := <-answered; err != nil {
		t.Errorf("the call in work got %v, want an answer", err)
	}
	if err := <-ended; err != nil {
		t.Errorf("ServeGRPC: %v", err)
	}
}

func TestServeGRPCStopsThoughACallHangs(t *testing.T) {
	h := held{make(chan struct{}), make(chan struct{})}
	ln := must[net.Listener](t)(net.Listen("tcp", "127.0.0.1:0"))
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- New(Doors{Logs: h}, Options{StopTime: time.Millisecond}).ServeGRPC(ctx, ln) }()
	conn := must[*grpc.ClientConn](t)(grpc.NewClient(ln.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials())))
	defer conn.Close()
	answered := make(chan error)
	go func() {
		_, err := plogotlp.NewGRPCClient(conn).Export(context.Background(), plogotlp.NewExportRequestFromLogs(sampleLogs()))
		answered <- err
	}()
	<-h.entered
	cancel()
	if err := <-answered; err == nil {
		t.Error("the hanging call got an answer")
	}
	close(h.release)
	if err := <-ended; err != nil {
		t.Errorf("ServeGRPC: %v", err)
	}
}

func TestServeGRPCSaysWhyItEnded(t *testing.T) {
	ln := must[net.Listener](t)(net.Listen("tcp", "127.0.0.1:0"))
	ln.Close()
	if err := New(Doors{}, Options{}).ServeGRPC(t.Context(), ln); err == nil || !strings.Contains(err.Error(), ln.Addr().String()) {
		t.Errorf("got %v, want an error that names the address", err)
	}
}
