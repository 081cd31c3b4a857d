package otlp

import (
	"fmt"
	"math"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"tripod/store"
	"tripod/web"
)

// spans turns a request into spans; a span that no trace could ever show is
// refused.
func spans(td ptrace.Traces) ([]store.Span, web.Refusals) {
	var a arena
	var bad web.Refusals
	out := make([]store.Span, 0, td.SpanCount())
	for _, rs := range td.ResourceSpans().All() {
		res := a.resource(rs.Resource(), rs.SchemaUrl())
		service := res.Attrs.Text("service.name")
		for _, ss := range rs.ScopeSpans().All() {
			scope := a.scope(ss.Scope(), ss.SchemaUrl())
			for _, s := range ss.Spans().All() {
				if why := unfit(s); why != "" {
					bad.Add(web.Invalid, 1, fmt.Sprintf("span %.60q of service %.60q: %s", s.Name(), service, why))
					continue
				}
				out = append(out, store.Span{Service: service, Resource: res, Scope: scope})
				a.span(&out[len(out)-1], s)
			}
		}
	}
	return out, bad
}

func unfit(s ptrace.Span) string {
	switch {
	case s.TraceID().IsEmpty():
		return "trace id is all zero or missing"
	case s.SpanID().IsEmpty():
		return "span id is all zero or missing"
	case uint64(s.StartTimestamp()) > math.MaxInt64, uint64(s.EndTimestamp()) > math.MaxInt64:
		return "time lies after the year 2262"
	}
	return ""
}

func (a *arena) span(to *store.Span, s ptrace.Span) {
	to.TraceID = store.TraceID(s.TraceID())
	to.SpanID = store.SpanID(s.SpanID())
	to.ParentID = store.SpanID(s.ParentSpanID())
	to.TraceState = s.TraceState().AsRaw()
	to.Flags = s.Flags()
	to.Name = s.Name()
	if k := s.Kind(); k > 0 && k <= ptrace.SpanKindConsumer {
		to.Kind = store.SpanKind(k)
	}
	to.Start = int64(s.StartTimestamp())
	to.End = int64(s.EndTimestamp())
	if c := s.Status().Code(); c > 0 && c <= ptrace.StatusCodeError {
		to.Status = store.StatusCode(c)
	}
	to.StatusMessage = s.Status().Message()
	to.Attrs = a.fromMap(s.Attributes())
	to.Dropped = s.DroppedAttributesCount()
	to.DroppedEvents = s.DroppedEventsCount()
	to.DroppedLinks = s.DroppedLinksCount()
	to.Events = a.events(s.Events())
	to.Links = a.links(s.Links())
}

func (a *arena) events(in ptrace.SpanEventSlice) []store.SpanEvent {
	if in.Len() == 0 {
		return nil
	}
	out := make([]store.SpanEvent, in.Len())
	for i, e := range in.All() {
		out[i] = store.SpanEvent{
			Time:    int64(e.Timestamp()),
			Name:    e.Name(),
			Attrs:   a.fromMap(e.Attributes()),
			Dropped: e.DroppedAttributesCount(),
		}
	}
	return out
}

func (a *arena) links(in ptrace.SpanLinkSlice) []store.SpanLink {
	if in.Len() == 0 {
		return nil
	}
	out := make([]store.SpanLink, in.Len())
	for i, l := range in.All() {
		out[i] = store.SpanLink{
			TraceID:    store.TraceID(l.TraceID()),
			SpanID:     store.SpanID(l.SpanID()),
			TraceState: l.TraceState().AsRaw(),
			Flags:      l.Flags(),
			Attrs:      a.fromMap(l.Attributes()),
			Dropped:    l.DroppedAttributesCount(),
		}
	}
	return out
}
