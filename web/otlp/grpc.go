package otlp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	_ "google.golang.org/grpc/encoding/gzip" // registers the compressor that every exporter may use
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"tripod/store"
	"tripod/web"
)

// ServeGRPC serves OTLP/gRPC until ctx ends, then lets the calls in work
// finish within Options.StopTime, and closes the listener. It returns nil after
// such an end.
func (a *API) ServeGRPC(ctx context.Context, ln net.Listener) error {
	srv := grpc.NewServer(
		// Requests arrive as bytes: they are measured before they are decoded,
		// by the same code that serves HTTP.
		grpc.ForceServerCodecV2(bytesCodec{}),
		grpc.MaxRecvMsgSize(web.MaxBody),
		grpc.MaxConcurrentStreams(64),
		grpc.MaxHeaderListSize(64<<10),
		grpc.ConnectionTimeout(10*time.Second),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: 2 * time.Minute, Timeout: 20 * time.Second}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 10 * time.Second, PermitWithoutStream: true}),
	)
	const under = "opentelemetry.proto.collector."
	if a.doors.Traces != nil {
		a.service(srv, under+"trace.v1.TraceService", "traces", a.traces)
	}
	if a.doors.Metrics != nil {
		a.service(srv, under+"metrics.v1.MetricsService", "metrics", a.metrics)
	}
	if a.doors.Logs != nil {
		a.service(srv, under+"logs.v1.LogsService", "logs", a.logs)
	}
	stopped := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(stopped)
		hard := time.AfterFunc(a.o.StopTime, srv.Stop)
		defer hard.Stop()
		srv.GracefulStop()
	})
	err := srv.Serve(ln)
	if stop() { // it ended before ctx did
		srv.Stop()
		return fmt.Errorf("serve OTLP/gRPC on %s: %w", ln.Addr(), err)
	}
	<-stopped
	return nil
}

// service registers a service with OTLP's one method, Export.
func (a *API) service(srv *grpc.Server, name, signal string, do export) {
	handle := func(_ any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
		if err := a.gate.Enter(ctx); err != nil {
			return nil, grpcError(a.turnAway(signal, err))
		}
		defer a.gate.Leave()
		var in message
		if err := decode(&in); err != nil {
			a.o.Rejected(signal, unreadable(err), 1, err.Error())
			return nil, err
		}
		defer in.Free()
		reply, err := do(ctx, protobuf, in.ReadOnlyData())
		if err != nil {
			return nil, grpcError(err)
		}
		return &reply, nil
	}
	srv.RegisterService(&grpc.ServiceDesc{
		ServiceName: name,
		Methods:     []grpc.MethodDesc{{MethodName: "Export", Handler: handle}},
	}, nil)
}

// unreadable is the reason of an error of grpc's own.
func unreadable(err error) string {
	if status.Code(err) == codes.ResourceExhausted {
		return web.TooLarge
	}
	return web.Invalid
}

// grpcCode is the code of an error that came through a door.
func grpcCode(err error) codes.Code {
	switch web.Status(err) {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge:
		return codes.InvalidArgument
	case http.StatusNotFound:
		return codes.NotFound
	case http.StatusTooManyRequests, http.StatusInsufficientStorage:
		return codes.ResourceExhausted
	case http.StatusServiceUnavailable:
		return codes.Unavailable
	}
	if errors.Is(err, context.Canceled) {
		return codes.Canceled
	}
	return codes.Internal
}

// grpcError carries RetryInfo where sending again helps: without it OTLP's
// clients treat RESOURCE_EXHAUSTED as final.
func grpcError(err error) error {
	st := status.New(grpcCode(err), errorText(err))
	if errors.Is(err, store.ErrOverloaded) || errors.Is(err, store.ErrFull) || errors.Is(err, store.ErrClosed) {
		if with, e := st.WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(time.Second)}); e == nil {
			st = with
		}
	}
	return st.Err()
}

// message is a request as it is on the wire, in a pooled buffer.
type message struct{ mem.Buffer }

// bytesCodec leaves requests (*message) and replies (*[]byte) as they are on
// the wire.
type bytesCodec struct{}

func (bytesCodec) Name() string { return "proto" }

func (bytesCodec) Marshal(v any) (mem.BufferSlice, error) {
	b, ok := v.(*[]byte)
	if !ok {
		return nil, fmt.Errorf("marshal %T: want *[]byte", v)
	}
	return mem.BufferSlice{mem.SliceBuffer(*b)}, nil
}

func (bytesCodec) Unmarshal(data mem.BufferSlice, v any) error {
	m, ok := v.(*message)
	if !ok {
		return fmt.Errorf("unmarshal %T: want *message", v)
	}
	m.Buffer = data.MaterializeToBuffer(mem.DefaultBufferPool())
	return nil
}
