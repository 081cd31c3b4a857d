package traceql

import "tripod/store"

// value is what a span has in a field, nil when nothing.
func (f *Field) value(t *Tree, at int) value {
	s := &t.Spans[at]
	switch f.Intrinsic {
	case Attribute:
		return f.attribute(s)
	case SpanChildCount:
		return integer(int64(t.kids[at]))
	case NestedSetLeft:
		return integer(int64(t.left[at]))
	case NestedSetRight:
		return integer(int64(t.right[at]))
	case NestedSetParent:
		return integer(t.nestedParent(at))
	case TraceDuration:
		return duration(max(0, t.end-t.start))
	case TraceRootName:
		return text(t.Spans[t.root].Name)
	case TraceRootService:
		return text(t.Spans[t.root].Service)
	case TraceID:
		return text(t.ID.String())
	}
	return f.own(s)
}

// own is an intrinsic that the span alone says.
func (f *Field) own(s *store.Span) value {
	switch f.Intrinsic {
	case SpanDuration:
		return duration(s.Duration())
	case SpanName:
		return text(s.Name)
	case SpanStatus:
		return status(s.Status)
	case SpanStatusMessage:
		return text(s.StatusMessage)
	case SpanKind:
		return kind(s.Kind)
	case SpanID:
		return text(s.SpanID.String())
	case SpanParentID, SpanParent:
		if s.ParentID.IsZero() {
			return value{}
		}
		return text(s.ParentID.String())
	case InstrumentationName, InstrumentationVersion:
		return f.scope(s)
	}
	return f.many(s)
}

func (f *Field) scope(s *store.Span) value {
	switch {
	case s.Scope == nil:
		return value{}
	case f.Intrinsic == InstrumentationName:
		return text(s.Scope.Name)
	}
	return text(s.Scope.Version)
}

// serviceName is the attribute of a resource that a span has in Service.
const serviceName = "service.name"

func (f *Field) attribute(s *store.Span) value {
	switch f.Scope {
	case ScopeSpan:
		return find(s.Attrs, f.Name)
	case ScopeResource:
		return f.resource(s)
	case ScopeInstrumentation:
		if s.Scope == nil {
			return value{}
		}
		return find(s.Scope.Attrs, f.Name)
	case ScopeEvent, ScopeLink:
		return f.many(s)
	}
	if v := find(s.Attrs, f.Name); v.kind != kindNil {
		return v
	}
	return f.resource(s)
}

func (f *Field) resource(s *store.Span) value {
	switch {
	case f.Name == serviceName && s.Service != "":
		return text(s.Service)
	case s.Resource == nil || f.Name == serviceName:
		return value{}
	}
	return find(s.Resource.Attrs, f.Name)
}

func find(a store.Attrs, name string) value {
	v, _ := a.Get(name)
	return of(v)
}

// many is what all events or links of a span have: nil for nothing, and a list
// for more than one.
func (f *Field) many(s *store.Span) value {
	all := value{kind: kindList}
	if f.ofLinks() {
		for i := range s.Links {
			all.add(f.ofLink(&s.Links[i]))
		}
	} else {
		for i := range s.Events {
			all.add(f.ofEvent(s, &s.Events[i]))
		}
	}
	switch len(all.list) {
	case 0:
		return value{}
	case 1:
		return all.list[0]
	}
	return all
}

func (f *Field) ofLinks() bool {
	return f.Scope == ScopeLink || f.Intrinsic == LinkTraceID || f.Intrinsic == LinkSpanID
}

func (f *Field) ofLink(l *store.SpanLink) value {
	switch f.Intrinsic {
	case LinkTraceID:
		return text(l.TraceID.String())
	case LinkSpanID:
		return text(l.SpanID.String())
	}
	return find(l.Attrs, f.Name)
}

func (f *Field) ofEvent(s *store.Span, e *store.SpanEvent) value {
	switch f.Intrinsic {
	case EventName:
		return text(e.Name)
	case EventTimeSinceStart:
		return duration(e.Time - s.Start)
	}
	return find(e.Attrs, f.Name)
}

// ofTree says that a field needs the whole trace.
func (f *Field) ofTree() bool {
	return f.Intrinsic == SpanChildCount || f.Intrinsic >= NestedSetLeft && f.Intrinsic <= TraceRootService
}

// idLength is the number of digits of a field that is an id, else 0.
func (f *Field) idLength() int {
	switch f.Intrinsic {
	case SpanID, SpanParentID, SpanParent, LinkSpanID:
		return 16
	case TraceID, LinkTraceID:
		return 32
	}
	return 0
}
