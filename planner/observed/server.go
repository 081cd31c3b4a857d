package observed

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// The headers that a request carries from service to service and back.
const (
	headerReqID   = "X-Request-Id"
	headerTraceID = "X-Trace-Id"
)

// maxStack bounds a panic's stack in a line, in bytes.
const maxStack = 4 << 10

// Server sees the requests of a service: a span, RED metrics, a request id, and
// lines. next is a ServeMux whose patterns are the routes.
func (s *Source) Server(next http.Handler) http.Handler {
	return otelhttp.NewHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.serve(next, w, r)
	}), s.Name,
		otelhttp.WithTracerProvider(s.tp),
		otelhttp.WithMeterProvider(noop.NewMeterProvider()), // RED is ours, with exemplars
		otelhttp.WithPropagators(propagation.TraceContext{}),
		otelhttp.WithSpanNameFormatter(spanName),
	)
}

// spanName is "POST /api/v1/tasks/{id}"; before the route is known, the method.
func spanName(_ string, r *http.Request) string {
	if r.Pattern == "" {
		return method(r.Method)
	}
	return method(r.Method) + " " + routeOf(r.Pattern)
}

// routeOf is a pattern without its method.
func routeOf(pattern string) string {
	if _, path, ok := strings.Cut(pattern, " "); ok {
		pattern = path
	}
	return strings.TrimSuffix(pattern, "{$}")
}

func (s *Source) serve(next http.Handler, w http.ResponseWriter, r *http.Request) {
	begin := time.Now()
	id := r.Header.Get(headerReqID)
	if !goodReqID(id) {
		id = newReqID()
		r.Header.Set(headerReqID, id)
	}
	ctx, _ := s.scope(r.Context(), id)
	span := trace.SpanFromContext(ctx)
	span.SetAttributes(attribute.String("http.request.header.x-request-id", id))
	w.Header().Set(headerReqID, id)
	w.Header().Set(headerTraceID, span.SpanContext().TraceID().String())
	rec := &recorder{ResponseWriter: w}
	inner := r.WithContext(ctx)
	s.log.Debug(ctx, "request received", slog.String("method", method(r.Method)), slog.String("path", cut(r.URL.Path)))
	s.recovered(next, rec, inner)
	r.Pattern = inner.Pattern // where otelhttp looks for it
	s.finish(ctx, inner, rec.code(), time.Since(begin))
}

// recovered answers a panic with 500 and a line, unless it means to abort.
func (s *Source) recovered(next http.Handler, w *recorder, r *http.Request) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		if v == http.ErrAbortHandler {
			panic(v)
		}
		stack := debug.Stack()
		s.log.Error(r.Context(), "panic", slog.String("panic", fmt.Sprint(v)), slog.String("stack", string(stack[:min(len(stack), maxStack)])))
		trace.SpanFromContext(r.Context()).SetStatus(codes.Error, fmt.Sprint("panic: ", v))
		if w.status == 0 {
			http.Error(w, "an error of ours", http.StatusInternalServerError)
		}
	}()
	next.ServeHTTP(w, r)
}

func (s *Source) finish(ctx context.Context, r *http.Request, status int, took time.Duration) {
	route := routeOf(r.Pattern)
	if route == "" {
		route = "unmatched"
	}
	span := trace.SpanFromContext(ctx)
	span.SetAttributes(attribute.String("http.route", route))
	if _, user := scopeOf(ctx).ids(); user != "" {
		span.SetAttributes(attribute.String("user.id", user))
	}
	s.metrics.request(ctx, route, method(r.Method), status, s.Name, took)
	attrs := []slog.Attr{
		slog.String("method", method(r.Method)), slog.String("route", route), slog.String("path", cut(r.URL.Path)),
		slog.Int("status", status), slog.Duration("durationMs", took),
	}
	switch {
	case status >= 500:
		s.log.Error(ctx, "request failed", attrs...)
	case status >= 400:
		s.log.Warn(ctx, "request refused", attrs...)
	default:
		s.log.Info(ctx, "request completed", attrs...)
	}
}

func cut(s string) string { return s[:min(len(s), 200)] }

// method keeps label values few.
func method(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return m
	}
	return "_OTHER"
}

// recorder remembers the status.
type recorder struct {
	http.ResponseWriter
	status int
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 && status >= 200 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return r.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func (r *recorder) code() int {
	if r.status == 0 {
		return http.StatusOK
	}
	return r.status
}

// Transport sees requests to another service: a client span, the trace context
// and the request id on the wire.
func (s *Source) Transport(base http.RoundTripper) http.RoundTripper {
	return otelhttp.NewTransport(withReqID{base},
		otelhttp.WithTracerProvider(s.tp),
		otelhttp.WithMeterProvider(noop.NewMeterProvider()),
		otelhttp.WithPropagators(propagation.TraceContext{}),
		otelhttp.WithSpanNameFormatter(func(_ string, r *http.Request) string { return "HTTP " + r.Method }),
	)
}

type withReqID struct{ base http.RoundTripper }

func (t withReqID) RoundTrip(r *http.Request) (*http.Response, error) {
	if id := RequestID(r.Context()); id != "" {
		r.Header.Set(headerReqID, id) // otelhttp hands us a copy of the request
	}
	return t.base.RoundTrip(r)
}

func (t withReqID) CloseIdleConnections() {
	if c, ok := t.base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}
