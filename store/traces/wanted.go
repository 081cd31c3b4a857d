package traces

import "tripod/store/traces/traceql"

// briefFields are what a summary needs of a span.
var briefFields = []string{
	fTraceID, fSpanID, fParentID, fService, fName, fKind, fDuration, fStatus,
	attrPrefix + "http.response.status_code", attrPrefix + "http.status_code",
}

// wantedFields are those of a span that a query looks at, and those of a
// summary; nil means all.
func wantedFields(q *traceql.Query) []string {
	if q.Metrics != nil && q.Metrics.Compare != nil {
		return nil
	}
	list := append([]string(nil), briefFields...)
	for _, f := range q.Fields() {
		switch f.Intrinsic {
		case traceql.Attribute:
			list = append(list, wantedAttribute(f)...)
		case traceql.SpanStatusMessage:
			list = append(list, fStatusMessage)
		case traceql.EventName, traceql.EventTimeSinceStart:
			list = append(list, fEvent)
		case traceql.LinkTraceID, traceql.LinkSpanID:
			list = append(list, fLink)
		case traceql.InstrumentationName, traceql.InstrumentationVersion:
			list = append(list, fScope)
		}
	}
	return list
}

func wantedAttribute(f *traceql.Field) []string {
	switch f.Scope {
	case traceql.ScopeEvent:
		return []string{fEvent}
	case traceql.ScopeLink:
		return []string{fLink}
	case traceql.ScopeInstrumentation:
		return []string{fScope, scopePrefix + f.Name}
	case traceql.ScopeResource:
		return []string{fResource, resourcePrefix + f.Name}
	case traceql.ScopeSpan:
		return []string{attrPrefix + f.Name}
	}
	return []string{attrPrefix + f.Name, fResource, resourcePrefix + f.Name}
}
