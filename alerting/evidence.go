package alerting

import (
	"encoding/json"
	"math"
	"time"
)

// Evidence is what was known when an alert began to fire. It is kept with the
// alert, whatever becomes of the logs and traces that it was made of.
type Evidence struct {
	EvidenceHead
	Expression *Plot // nil for an alert that no rule of ours made
	Services   []string
	Beside     []string  // further services of the traces, of whose log lines only warnings and worse were looked at
	From, To   time.Time // of logs and traces
	Traces     []KeptTrace
	Patterns   []KeptPattern
	Lines      int64    // of logs in all, from From to To
	Before     int64    // the same, of as long a time before From
	Changes    []Change // of the hour before, oldest first
	Missing    []Missing
}

// EvidenceHead says of which alert evidence is.
type EvidenceHead struct {
	ID           string // 24 hexadecimal digits
	Alert        string // fingerprint
	Name         string // of the rule
	Labels       map[string]string
	Annotations  map[string]string
	GeneratorURL string
	Value        string
	FiredAt      time.Time
	EndedAt      time.Time       // zero while it fires
	Ending       *EvidenceEnding `json:",omitempty"` // nil while it is not known
	GatheredAt   time.Time       // zero while it is not there yet
	Took         time.Duration
	// Damaged says why nothing but ID and FiredAt can be read; empty for nothing.
	Damaged string `json:"-"`
}

// EvidenceEnding is what an alert measured until it was over, as far as it can
// be told of a hundred moments.
type EvidenceEnding struct {
	Worst   Value // the lowest where the rule asks for less than something
	WorstAt time.Time
	Last    Value
	LastAt  time.Time
}

// FiredEarly is how long before the step with which an alert begins its
// evidence may say that it fired: others tell us of their alerts later.
const FiredEarly = time.Minute

// EvidenceQuery asks for the heads of evidence, newest first; the zero value
// of a field asks for all.
type EvidenceQuery struct {
	Name     string    // of the rule
	Alert    string    // fingerprint
	Services []string  // that the alert is of one of
	From, To time.Time // in which it began to fire, both included
	Below    string    // the ID of evidence that fired at To: those that come after it in the list
	Limit    int       // 0 means 20
}

// Missing is a part of the evidence that could not be had.
type Missing struct{ Part, Why string }

// Plot is an expression over time, as a chart draws it.
type Plot struct {
	Expr      string // what is drawn: without its comparison
	Op        string // of the comparison: > and so on, empty when there is none
	Threshold *Value // that it is compared with, nil when that is no number
	For       time.Duration
	From      time.Time
	Step      time.Duration
	Lines     []PlotLine // that of the alert first
	More      int        // series that are not among them
}

// At is the moment of a value.
func (p *Plot) At(i int) time.Time { return p.From.Add(time.Duration(i) * p.Step) }

// PlotLine is one series of a Plot.
type PlotLine struct {
	Labels map[string]string
	Own    bool    // it made the alert
	Limit  bool    // what the others are compared with
	Values []Value // from Plot.From on, one a step
}

// Value is a number that JSON writes as null where there is none.
type Value float64

// MarshalJSON fits json.Marshaler.
func (v Value) MarshalJSON() ([]byte, error) {
	if f := float64(v); math.IsNaN(f) || math.IsInf(f, 0) {
		return []byte("null"), nil
	}
	return json.Marshal(float64(v))
}

// UnmarshalJSON fits json.Unmarshaler.
func (v *Value) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*v = Value(math.NaN())
		return nil
	}
	return json.Unmarshal(b, (*float64)(v))
}

// KeptTrace is a trace that stood out.
type KeptTrace struct {
	ID       string // 32 hexadecimal digits
	Why      string // failing or slow
	Service  string // of its root
	Name     string // of its root
	Start    time.Time
	Duration time.Duration
	Spans    int // in all
	Errors   int
	Shown    []KeptSpan // some of them, in order of start, parents first
}

// KeptSpan is one span of a KeptTrace.
type KeptSpan struct {
	Depth    int
	Service  string
	Name     string
	Start    time.Duration // after the start of the trace
	Duration time.Duration
	Failed   bool
	Message  string // of its status
}

// KeptPattern is what log lines of that time have in common.
type KeptPattern struct {
	Text     string // as the search line asks for it: <_> stands for what varies
	Shown    string // with ‹n›, ‹dur› and so on in its place
	Level    string
	Service  string
	Lines    int64
	Before   int64 // of as long a time before
	Steps    []int64
	First    time.Time
	Examples []KeptLine
}

// KeptLine is a log line as it was sent.
type KeptLine struct {
	Time  time.Time
	Line  string
	Trace string // id, or empty
}

// Change is something that happened to what runs.
type Change struct {
	Time    time.Time
	Kind    ChangeKind
	Service string // or empty
	Text    string // short, for a flag: 1.18.0
	Detail  string // a sentence
}

// ChangeKind says what a Change is.
type ChangeKind string

// The kinds of changes.
const (
	ChangeVersion ChangeKind = "version" // of a service
	ChangeConfig  ChangeKind = "config"  // of the appliance, read anew
	ChangeAlert   ChangeKind = "alert"   // another one that began to fire
)
