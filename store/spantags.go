package store

// SpanTags are the names of attributes of spans, sorted, by what has them.
type SpanTags struct {
	Resource, Span, Instrumentation []string
}

// SpanTagQuery asks for the values of one tag.
type SpanTagQuery struct {
	// Tag is resource.NAME, span.NAME, instrumentation.NAME, .NAME or NAME, which
	// mean a span's or a resource's, or an intrinsic: name, kind, status,
	// statusMessage, rootName, rootServiceName, also as span:name.
	Tag   string
	Text  string    // TraceQL of spans that may be left out when they do not match
	Range TimeRange // of the span's start
	Limit int       // 0 means 1,000
}

// SpanTagValue is a value of a tag.
type SpanTagValue struct {
	Value Value
	Spans int64 // that have it
}
