package store

// Level is an OpenTelemetry severity number, 0 (unset) to 24.
type Level uint8

// The first number of each range of four.
const (
	LevelUnset Level = 0
	LevelTrace Level = 1
	LevelDebug Level = 5
	LevelInfo  Level = 9
	LevelWarn  Level = 13
	LevelError Level = 17
	LevelFatal Level = 21
)

// LevelNames are the words of the six ranges, quietest first.
var LevelNames = [...]string{"trace", "debug", "info", "warn", "error", "fatal"}

// Word is the range's word, or "unset".
func (l Level) Word() string {
	if l == LevelUnset || l > 24 {
		return "unset"
	}
	return LevelNames[(l-1)/4]
}

// Resource is what sent a record or span: shared between all that it sent, and
// never changed after it was made.
type Resource struct {
	Attrs     Attrs
	Dropped   uint32 // attributes that the sender dropped
	SchemaURL string
}

// Scope is the instrumentation scope of a record or span.
type Scope struct {
	Name, Version string
	Attrs         Attrs
	Dropped       uint32
	SchemaURL     string
}

// TraceID is a W3C trace id; all zero means none.
type TraceID [16]byte

// SpanID is a W3C span id; all zero means none.
type SpanID [8]byte

// Record is one log record: OpenTelemetry's LogRecord with its resource and
// scope, whatever protocol brought it.
type Record struct {
	Time      int64 // Unix ns; when it happened, or Observed if the sender did not say
	Observed  int64 // Unix ns; when it was first seen, 0 when unknown
	Level     Level
	LevelText string // the level's word or number as it was sent
	Service   string // Resource's service.name, or what the protocol has for it
	Body      Value  // a string for almost all; Body.Text() is the message
	EventName string
	TraceID   TraceID
	SpanID    SpanID
	Flags     uint32
	Attrs     Attrs // JSON bodies arrive here flattened with dots
	Dropped   uint32
	Resource  *Resource // nil means empty
	Scope     *Scope    // nil means empty

	// Raw is the line exactly as it was sent, when Body and Attrs were taken
	// out of it (a JSON line); empty when the body is all that was sent.
	Raw       string
	LevelFrom string // member of Raw that says LevelText; "?" when there are several
	Ahead     int    // of Attrs, those in front, that were not taken out of Raw
	Opaque    bool   // some of what Raw says stands elsewhere, or only there
}

// Line is what was sent: Raw, or else the body's text.
func (r *Record) Line() string {
	if r.Raw != "" {
		return r.Raw
	}
	return r.Body.Text()
}

// Message is the body as people read it.
func (r *Record) Message() string { return r.Body.Text() }

// Lookup finds a field by the name under which people ask for it: the record's
// own words first (level, service, msg, trace_id, span_id), then its
// attributes, then those of its resource and scope.
func (r *Record) Lookup(name string) (Value, bool) {
	switch name {
	case "level":
		return String(r.Level.Word()), true
	case "service", "service_name", "service.name":
		if r.Service != "" {
			return String(r.Service), true
		}
	case "msg", "message":
		return r.Body, r.Body.Kind != KindEmpty
	case "trace_id":
		if r.TraceID != (TraceID{}) {
			return String(r.TraceID.String()), true
		}
	case "span_id":
		if r.SpanID != (SpanID{}) {
			return String(r.SpanID.String()), true
		}
	}
	if v, ok := r.Attrs.Get(name); ok {
		return v, true
	}
	if r.Resource != nil {
		if v, ok := r.Resource.Attrs.Get(name); ok {
			return v, true
		}
	}
	if r.Scope != nil {
		return r.Scope.Attrs.Get(name)
	}
	return Value{}, false
}
