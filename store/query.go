package store

import "time"

// TimeRange is half open: From ≤ t < To, in Unix nanoseconds.
type TimeRange struct{ From, To int64 }

// Between makes a range of two times.
func Between(from, to time.Time) TimeRange {
	return TimeRange{from.UnixNano(), to.UnixNano()}
}

// Has says whether a time lies in the range.
func (r TimeRange) Has(t int64) bool { return r.From <= t && t < r.To }

// Overlaps says whether some time from min to max, both included, lies in it.
func (r TimeRange) Overlaps(min, max int64) bool { return min < r.To && r.From <= max }

// Syntax is the language of a log query's text.
type Syntax uint8

const (
	// SearchLine is the language for people:
	// level:>=warn service:planner-* "connection refused" -user.id:probe.
	SearchLine Syntax = iota
	// LogQL is Loki's.
	LogQL
)

// LogQuery asks for log records.
type LogQuery struct {
	Text   string
	Syntax Syntax
	Narrow string // a search line that records must match as well
	Range  TimeRange
	Limit  int  // 0 means no limit
	Oldest bool // oldest first; newest first otherwise

	Receipt *Receipt // filled when not nil
}

// LogBucket counts the records of one step, by level: index 0 is unset, then
// trace to fatal as in LevelNames.
type LogBucket struct {
	Start  int64 // Unix ns
	Counts [7]int64
}

// Total is the number of records of all levels.
func (b *LogBucket) Total() int64 {
	var n int64
	for _, c := range b.Counts {
		n += c
	}
	return n
}

// LevelSlot is the index of a level in LogBucket.Counts.
func LevelSlot(l Level) int {
	if l == LevelUnset || l > 24 {
		return 0
	}
	return int(l-1)/4 + 1
}

// TraceQuery asks for traces of which at least one span fits every condition
// on spans (Service, Operation, Tags, Errors, SpanMin, SpanMax), newest first.
type TraceQuery struct {
	Range       TimeRange // of the trace's start
	Service     string
	Operation   string
	Tags        map[string]string // attribute name to its text, also "error" = "true"
	SpanMin     time.Duration     // of the span
	SpanMax     time.Duration     // 0 means no bound
	MinDuration time.Duration     // of the whole trace
	MaxDuration time.Duration     // 0 means no bound
	Errors      bool              // only traces with an error
	Limit       int               // 0 means 20
}

// RED is the rate, errors and durations of one service or operation, from the
// spans with which it was entered (server and consumer kinds, and roots).
type RED struct {
	Service   string
	Operation string // empty when over a whole service
	Requests  int64
	Errors    int64
	P50, P95  time.Duration
	P99       time.Duration
	Points    []REDPoint // one per step of the query, oldest first
}

// REDPoint is one step of a RED.
type REDPoint struct {
	Start    int64 // Unix ns
	Requests int64
	Errors   int64
	P95      time.Duration // 0 when there were no requests
}

// Usage is what an engine holds and does, for the Status screen.
type Usage struct {
	Items    int64 // records, spans or samples held
	Series   int64 // metrics only
	Bytes    int64 // on disk, journal included
	Oldest   int64 // Unix ns, 0 when empty
	Newest   int64
	Accepted int64 // since start
	Rejected int64 // since start
}
