package appliance

import (
	"context"
	"sync/atomic"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"tripod/store"
)

// spanAppender is the trace engine as the bridge wants it: unobserved.
type spanAppender interface {
	Append(ctx context.Context, spans []store.Span) error
}

// spanBridge is the exporter of every SDK in this process: spans go straight
// into the trace engine, without a network between.
type spanBridge struct {
	sink    spanAppender
	dropped atomic.Int64
}

func (b *spanBridge) ExportSpans(ctx context.Context, in []sdktrace.ReadOnlySpan) error {
	spans := make([]store.Span, len(in))
	resources := map[attribute.Distinct]*store.Resource{}
	for i, s := range in {
		key := s.Resource().Equivalent()
		res := resources[key]
		if res == nil {
			res = storeResource(s.Resource())
			resources[key] = res
		}
		spans[i] = storeSpan(s, res)
	}
	// the SDK's own context ends with its shutdown, in the middle of the last batch
	err := b.sink.Append(context.WithoutCancel(ctx), spans)
	if err != nil {
		b.dropped.Add(int64(len(spans)))
	}
	return err
}

func (b *spanBridge) Shutdown(context.Context) error { return nil }

func storeSpan(s sdktrace.ReadOnlySpan, res *store.Resource) store.Span {
	sc := s.SpanContext()
	out := store.Span{
		TraceID: store.TraceID(sc.TraceID()), SpanID: store.SpanID(sc.SpanID()), ParentID: store.SpanID(s.Parent().SpanID()),
		TraceState: sc.TraceState().String(), Flags: uint32(sc.TraceFlags()),
		Name: s.Name(), Kind: spanKind(s.SpanKind()),
		Start: s.StartTime().UnixNano(), End: s.EndTime().UnixNano(),
		Status: spanStatus(s.Status().Code), StatusMessage: s.Status().Description,
		Service: res.Attrs.Text("service.name"), Attrs: storeAttrs(s.Attributes()),
		Dropped: uint32(s.DroppedAttributes()), DroppedEvents: uint32(s.DroppedEvents()), DroppedLinks: uint32(s.DroppedLinks()),
		Resource: res,
	}
	scope := s.InstrumentationScope()
	out.Scope = &store.Scope{Name: scope.Name, Version: scope.Version, SchemaURL: scope.SchemaURL, Attrs: storeAttrs(scope.Attributes.ToSlice())}
	for _, e := range s.Events() {
		out.Events = append(out.Events, store.SpanEvent{
			Time: e.Time.UnixNano(), Name: e.Name, Attrs: storeAttrs(e.Attributes), Dropped: uint32(e.DroppedAttributeCount),
		})
	}
	for _, l := range s.Links() {
		out.Links = append(out.Links, store.SpanLink{
			TraceID: store.TraceID(l.SpanContext.TraceID()), SpanID: store.SpanID(l.SpanContext.SpanID()),
			TraceState: l.SpanContext.TraceState().String(), Flags: uint32(l.SpanContext.TraceFlags()),
			Attrs: storeAttrs(l.Attributes), Dropped: uint32(l.DroppedAttributeCount),
		})
	}
	return out
}

func spanKind(k trace.SpanKind) store.SpanKind {
	switch k {
	case trace.SpanKindInternal:
		return store.SpanInternal
	case trace.SpanKindServer:
		return store.SpanServer
	case trace.SpanKindClient:
		return store.SpanClient
	case trace.SpanKindProducer:
		return store.SpanProducer
	case trace.SpanKindConsumer:
		return store.SpanConsumer
	}
	return store.SpanUnspecified
}

// spanStatus: the SDK numbers error 1 and ok 2, the protocol the other way round.
func spanStatus(c codes.Code) store.StatusCode {
	switch c {
	case codes.Ok:
		return store.StatusOK
	case codes.Error:
		return store.StatusError
	}
	return store.StatusUnset
}

func storeValue(v attribute.Value) store.Value {
	switch v.Type() {
	case attribute.BOOL:
		return store.Bool(v.AsBool())
	case attribute.INT64:
		return store.Int(v.AsInt64())
	case attribute.FLOAT64:
		return store.Float(v.AsFloat64())
	case attribute.STRING:
		return store.String(v.AsString())
	case attribute.BOOLSLICE:
		return storeList(v.AsBoolSlice(), store.Bool)
	case attribute.INT64SLICE:
		return storeList(v.AsInt64Slice(), store.Int)
	case attribute.FLOAT64SLICE:
		return storeList(v.AsFloat64Slice(), store.Float)
	case attribute.STRINGSLICE:
		return storeList(v.AsStringSlice(), store.String)
	}
	return store.String(v.Emit())
}

func storeList[T any](items []T, one func(T) store.Value) store.Value {
	out := make([]store.Value, len(items))
	for i, item := range items {
		out[i] = one(item)
	}
	return store.List(out...)
}
