package otlp

import (
	"fmt"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"tripod/store"
	"tripod/web"
)

// spans turns a request of JSON into spans; a span that no trace could ever show
// is refused.
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
				out = append(out, store.Span{Service: service, Resource: res, Scope: scope})
				to := &out[len(out)-1]
				a.span(to, s)
				if why := unfit(to); why != "" {
					bad.Add(web.Invalid, 1, refusedSpan(to, why))
					out = out[:len(out)-1]
				}
			}
		}
	}
	return out, bad
}

func refusedSpan(s *store.Span, why string) string {
	return fmt.Sprintf("span %.60q of service %.60q: %s", s.Name, s.Service, why)
}

// unfit says why no trace could ever show a span.
func unfit(s *store.Span) string {
	switch {
	case s.TraceID.IsZero():
		return "trace id is all zero or missing"
	case s.SpanID.IsZero():
		return "span id is all zero or missing"
	case s.Start < 0, s.End < 0: // of 64 bits without a sign
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
	enums{kind: int32(s.Kind()), status: int32(s.Status().Code())}.set(to)
	to.Start = int64(s.StartTimestamp())
	to.End = int64(s.EndTimestamp())
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
