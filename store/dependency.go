package store

import "time"

// Dependency is the calls from one service to another in a range of time.
type Dependency struct {
	Caller  string // empty where spans without a parent serve someone from outside
	Callee  string // of a database its namespace and system: planner (sqlite)
	Kind    DependencyKind
	Calls   int64
	Errors  int64   // calls whose span has the status error
	Latency Latency // of the callee's spans; of a database the caller's
}

// DependencyKind says how a callee is called.
type DependencyKind uint8

// The kinds of dependencies.
const (
	DependencyCall     DependencyKind = iota
	DependencyQueue                   // it consumes messages
	DependencyDatabase                // it sends no spans: the caller's name it
)

// Latency is quantiles of durations, 0 when there is nothing.
type Latency struct{ P50, P95, P99 time.Duration }

// OperationLatency says how long the spans of an operation take.
type OperationLatency struct {
	Service string
	Operation
	Spans   int64
	Errors  int64
	Latency Latency
	// First and Last bound the time that the figures stand on, by whole minutes.
	First, Last time.Time
}

// ServiceVersion is a version of a service, and the time that its spans cover,
// by whole minutes.
type ServiceVersion struct {
	Service     string
	Version     string
	First, Last time.Time
}

// Call is one call from a service to another, of which both spans are kept.
type Call struct {
	Caller, Callee string // as in a Dependency
	Kind           DependencyKind
	Fails          bool
	Start          int64 // Unix ns, of the callee's span
	Took           int64 // ns
	Trace          TraceID
}
