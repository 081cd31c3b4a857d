// Package webshop makes the traces of a shop of eight services: for one seed the
// same every time, so that whoever asks about them can know the answers.
//
// It must never know who keeps the traces.
package webshop

import "time"

// Options of a corpus; Spans and Start have no default.
type Options struct {
	Spans int // of the last trace as many as are left, so it may be the smallest
	Start time.Time
	Over  time.Duration // in which the traces start evenly; 24 h
	Seed  uint64
}

// Services are all of them; the first one is where every trace begins.
var Services = [...]string{"web", "api", "catalog", "cart", "payment", "stock", "mail", "search"}

// Users is how many there are, u_1 and so on.
const Users = 2000

// Bounds of the spans of one trace, unless the last one is cut.
const (
	MinSpans = 6
	MaxSpans = 12
)

// Kind is OpenTelemetry's.
type Kind uint8

// The kinds that occur.
const (
	Internal Kind = 1
	Server   Kind = 2
	Client   Kind = 3
)

// Span is one span. A server span of another service than its parent's is a
// call between them; every parent is of the same trace.
type Span struct {
	ID, Parent [8]byte
	Up         int // where the parent stands in the trace, -1 for the root
	Service    int
	Kind       Kind
	Name       string
	Start, End int64 // Unix ns; never outside the parent
	Failed     bool  // as all that stand above it did
	Attrs      []Attr
	Exception  string // message of an event, empty for none
}

// Attr is a text when Text is not empty, else a number.
type Attr struct {
	Key, Text string
	Int       int64
}

// Trace has its root first, and parents before their children.
type Trace struct {
	ID    [16]byte
	User  int
	Spans []Span
}

// Failed says whether some span did.
func (t *Trace) Failed() bool { return t.Spans[0].Failed }
