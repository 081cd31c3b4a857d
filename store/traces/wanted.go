package traces

import (
	"tripod/store"
	"tripod/store/traces/traceql"
)

// briefFields are what a summary needs of a span.
var briefFields = []string{
	fTraceID, fSpanID, fParentID, fService, fName, fKind, fDuration, fStatus,
	attrPrefix + "http.response.status_code", attrPrefix + "http.status_code", attrPrefix + store.ZipkinShared,
}

// wantedFields are those of a span that a query looks at; nil means all.
func wantedFields(q *traceql.Query) []string {
	if q.Metrics != nil && q.Metrics.Compare != nil {
		return nil
	}
	list := []string{}
	q.Walk(func(f *traceql.Field) {
		if f.Intrinsic == traceql.Attribute {
			list = append(list, attributeFields(f)...)
		} else if field := intrinsicFields[f.Intrinsic]; field != "" {
			list = append(list, field)
		}
	})
	return list
}

// intrinsicFields are those of one span that it is made of.
var intrinsicFields = map[traceql.Intrinsic]string{
	traceql.SpanDuration: fDuration, traceql.SpanName: fName, traceql.SpanStatus: fStatus, traceql.SpanStatusMessage: fStatusMessage,
	traceql.SpanKind: fKind, traceql.SpanID: fSpanID, traceql.SpanParentID: fParentID, traceql.SpanParent: fParentID, traceql.TraceID: fTraceID,
	traceql.EventName: fEvent, traceql.EventTimeSinceStart: fEvent, traceql.LinkTraceID: fLink, traceql.LinkSpanID: fLink,
	traceql.InstrumentationName: fScope, traceql.InstrumentationVersion: fScope,
}

func attributeFields(f *traceql.Field) []string {
	resource := resourcePrefix + f.Name
	if f.Name == "service.name" {
		resource = fService
	}
	switch f.Scope {
	case traceql.ScopeEvent:
		return []string{fEvent}
	case traceql.ScopeLink:
		return []string{fLink}
	case traceql.ScopeInstrumentation:
		return []string{scopePrefix + f.Name}
	case traceql.ScopeResource:
		return []string{resource}
	case traceql.ScopeSpan:
		return []string{attrPrefix + f.Name}
	}
	return []string{attrPrefix + f.Name, resource}
}
