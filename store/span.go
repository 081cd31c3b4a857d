package store

// SpanKind is OpenTelemetry's: 0 unspecified, 1 internal, 2 server, 3 client,
// 4 producer, 5 consumer.
type SpanKind uint8

// The kinds of OpenTelemetry's Span.
const (
	SpanUnspecified SpanKind = iota
	SpanInternal
	SpanServer
	SpanClient
	SpanProducer
	SpanConsumer
)

var spanKinds = [...]string{"unspecified", "internal", "server", "client", "producer", "consumer"}

func (k SpanKind) String() string {
	if int(k) < len(spanKinds) {
		return spanKinds[k]
	}
	return "unspecified"
}

// StatusCode is OpenTelemetry's: 0 unset, 1 ok, 2 error.
type StatusCode uint8

// The codes of OpenTelemetry's Status.
const (
	StatusUnset StatusCode = iota
	StatusOK
	StatusError
)

// Span is one span of a trace with its resource and scope.
type Span struct {
	TraceID       TraceID
	SpanID        SpanID
	ParentID      SpanID // zero for a root
	TraceState    string
	Flags         uint32
	Name          string
	Kind          SpanKind
	Start, End    int64 // Unix ns
	Status        StatusCode
	StatusMessage string
	Service       string // Resource's service.name
	Attrs         Attrs
	Events        []SpanEvent
	Links         []SpanLink
	Dropped       uint32 // attributes
	DroppedEvents uint32
	DroppedLinks  uint32
	Resource      *Resource // nil means empty
	Scope         *Scope    // nil means empty
}

// Duration is in nanoseconds, never negative.
func (s *Span) Duration() int64 { return max(0, s.End-s.Start) }

// ZipkinShared is an attribute of a server that has the id of its client, as
// Zipkin has it; see SharesID.
const ZipkinShared = "zipkin.shared"

// SharesID says whether the span is a server that has the id of the client's
// span that called it.
func (s *Span) SharesID() bool {
	if s.Kind != SpanServer {
		return false
	}
	for i := range s.Attrs {
		if s.Attrs[i].Key == ZipkinShared {
			return true
		}
	}
	return false
}

// SpanEvent is something that happened in a span.
type SpanEvent struct {
	Time    int64 // Unix ns
	Name    string
	Attrs   Attrs
	Dropped uint32
}

// SpanLink names a span of this or another trace.
type SpanLink struct {
	TraceID    TraceID
	SpanID     SpanID
	TraceState string
	Flags      uint32
	Attrs      Attrs
	Dropped    uint32
}

// Trace is all that is known of one trace, in order of start time, with
// parents before their children where the clocks allow.
type Trace struct {
	ID    TraceID
	Spans []Span
}

// TraceSummary is one row of a list of traces.
type TraceSummary struct {
	ID          TraceID
	RootService string // of the earliest span whose parent is not in the trace
	RootName    string
	Start, End  int64 // Unix ns, earliest start and latest end
	Spans       int
	Errors      int
	Services    []ServiceShare // by first appearance
	Status      string         // of the root: "ok", "error", or its HTTP status code
}

// Duration is in nanoseconds.
func (t *TraceSummary) Duration() int64 { return t.End - t.Start }

// ServiceShare is one service's part in a trace.
type ServiceShare struct {
	Service string
	Spans   int
	Errors  int
	Self    int64 // ns in spans of this service outside their children
}

// Operation is a name that spans of a service have.
type Operation struct {
	Name string
	Kind SpanKind
}
