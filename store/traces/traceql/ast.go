package traceql

import "regexp"

// Query is a pipeline over the spans of a trace and, when Metrics is set, the
// numbers that are made of the spans that come out of it. String prints the
// text that parses to the same query.
type Query struct {
	Stages  []Stage
	Metrics *Metrics
	Hints   []Hint
}

// Hint is one of with (key=value, …). Every hint is allowed; none changes an
// answer, which is always complete and newest first.
type Hint struct {
	Key   string
	Value Literal
}

// Stage is one step of a pipeline: *Filter, *Joined, *Pipeline, *ScalarFilter,
// *GroupBy, *Coalesce or *Select.
type Stage interface{ String() string }

// Filter keeps the spans for which X is true; nil is true for all.
type Filter struct{ X Expr }

// Joined is a logical or structural operator between two spansets.
type Joined struct {
	Op   string
	L, R Stage
}

// Pipeline is stages in parentheses.
type Pipeline struct{ Stages []Stage }

// ScalarFilter keeps spansets by numbers about the whole of them.
type ScalarFilter struct {
	Op   string
	L, R Scalar
}

// GroupBy splits spansets by what expressions make of their spans.
type GroupBy struct{ By []Expr }

// Coalesce makes one spanset of all.
type Coalesce struct{}

// Select names fields to be shown of the spans.
type Select struct{ Fields []*Field }

// Scalar is a number about a spanset: *Aggregate, *ScalarBinary, *ScalarMinus,
// *ScalarLiteral or *ScalarPipeline.
type Scalar interface{ String() string }

// Aggregate is count(), or avg, max, min or sum of an expression.
type Aggregate struct {
	Fn string
	X  Expr // nil for count
}

// ScalarBinary is + - * / % or ^.
type ScalarBinary struct {
	Op   string
	L, R Scalar
}

// ScalarMinus is -X.
type ScalarMinus struct{ X Scalar }

// ScalarLiteral is a number or a duration.
type ScalarLiteral struct{ Literal }

// ScalarPipeline is a number about the spanset that a pipeline makes:
// ({…} | count()).
type ScalarPipeline struct {
	Stages []Stage
	X      Scalar
}

// Expr is an expression over one span: *Binary, *Unary, *Literal or *Field.
type Expr interface{ String() string }

// Binary is an operation on two sides.
type Binary struct {
	Op       string
	L, R     Expr
	re       *regexp.Regexp // of =~ and !~
	Pos, End int            // of the operator
}

// Unary is !X or -X.
type Unary struct {
	Op       string
	X        Expr
	Pos, End int // of the operator
}

// Literal is a constant.
type Literal struct{ value }

// Scope says where an attribute is looked up.
type Scope uint8

// The scopes. ScopeNone is the span, then its resource.
const (
	ScopeNone Scope = iota
	ScopeSpan
	ScopeResource
	ScopeEvent
	ScopeLink
	ScopeInstrumentation
)

var scopeWords = [...]string{"", "span", "resource", "event", "link", "instrumentation"}

// Field is an attribute or, when Intrinsic is set, a field that every span has.
type Field struct {
	Scope     Scope
	Name      string // of an attribute; of an intrinsic as it was written
	Intrinsic Intrinsic
	Pos, End  int
}

// Intrinsic is a field of the span, its trace, events, links or scope.
type Intrinsic uint8

// The intrinsics.
const (
	Attribute Intrinsic = iota // none
	SpanDuration
	SpanName
	SpanStatus
	SpanStatusMessage
	SpanKind
	SpanID
	SpanParentID
	SpanChildCount
	SpanParent // the parent's id, for nil comparisons
	NestedSetLeft
	NestedSetRight
	NestedSetParent
	TraceDuration
	TraceRootName
	TraceRootService
	TraceID
	EventName
	EventTimeSinceStart
	LinkTraceID
	LinkSpanID
	InstrumentationName
	InstrumentationVersion
)

// intrinsics by all their names.
var intrinsics = map[string]Intrinsic{
	"duration": SpanDuration, "span:duration": SpanDuration,
	"name": SpanName, "span:name": SpanName,
	"status": SpanStatus, "span:status": SpanStatus,
	"statusMessage": SpanStatusMessage, "span:statusMessage": SpanStatusMessage,
	"kind": SpanKind, "span:kind": SpanKind,
	"span:id": SpanID, "span:parentID": SpanParentID, "parent": SpanParent,
	"childCount": SpanChildCount, "span:childCount": SpanChildCount,
	"nestedSetLeft": NestedSetLeft, "nestedSetRight": NestedSetRight, "nestedSetParent": NestedSetParent,
	"traceDuration": TraceDuration, "trace:duration": TraceDuration,
	"rootName": TraceRootName, "trace:rootName": TraceRootName,
	"rootServiceName": TraceRootService, "trace:rootService": TraceRootService, "trace:rootServiceName": TraceRootService,
	"trace:id": TraceID, "event:name": EventName, "event:timeSinceStart": EventTimeSinceStart,
	"link:traceID": LinkTraceID, "link:spanID": LinkSpanID,
	"instrumentation:name": InstrumentationName, "instrumentation:version": InstrumentationVersion,
}

// Metrics makes series of the spans that a pipeline gives.
type Metrics struct {
	Fn        string
	Of        *Field    // what is measured, nil for rate, count_over_time and compare
	Quantiles []float64 // of quantile_over_time
	Compare   *Compare
	By        []*Field
	Then      []SeriesStage
}

// Compare is compare({…}, top, start, end).
type Compare struct {
	Filter     *Filter
	Top        int   // 0 means 10
	Start, End int64 // Unix ns, 0 when not given
}

// SeriesStage is topk(N), bottomk(N), or a comparison with N of every point.
type SeriesStage struct {
	Op string
	N  float64
}
