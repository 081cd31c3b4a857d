package store

import "time"

// SpanQuery asks in TraceQL for traces of which some spans match, newest first.
type SpanQuery struct {
	Text        string
	Range       TimeRange     // of the trace's start
	MinDuration time.Duration // of the whole trace
	MaxDuration time.Duration // 0 means no bound
	Limit       int           // 0 means 20
	Spans       int           // that are shown of each spanset, 0 means 3, at most 1,000

	Receipt *Receipt // filled when not nil
}

// SpanAnswer is the answer to a SpanQuery. It is complete unless it says why not.
type SpanAnswer struct {
	Traces    []TraceMatch // newest first
	Inspected int          // traces that were evaluated
	Cut       bool         // more traces came into question than one query may look at; older ones may be missing
	Damage    error        // of blocks that could not be read: their spans are missing
}

// TraceMatch is a trace with the spansets that a query made of it.
type TraceMatch struct {
	Trace TraceSummary
	Sets  []Spanset // at least one, and at most 1,000
}

// Spanset is the matching spans of a trace or, behind by(), of one group.
type Spanset struct {
	Matched int   // spans
	Attrs   Attrs // what it was grouped by and aggregated to, by the query's words: by(name), count()
	Spans   []MatchedSpan
}

// MatchedSpan is a span of a spanset.
type MatchedSpan struct {
	ID            SpanID
	Service, Name string
	Start         int64 // Unix ns
	Duration      int64 // ns
	Attrs         Attrs // fields that the query names, by its words: span.http.route
}

// SpanMetricQuery asks in TraceQL for numbers over time.
type SpanMetricQuery struct {
	Text  string
	Range TimeRange     // of the span's start
	Step  time.Duration // 0 means that the whole range is one step
	// Origin is where a step begins, Unix ns; the others lie multiples of Every
	// from there, which is Step when it is 0. Spans between steps do not count.
	Origin int64
	Every  time.Duration

	Receipt *Receipt // filled when not nil
}

// SpanSeries is one series of a SpanMetrics, with points in order of time.
type SpanSeries struct {
	Labels Attrs // by the query's words; "p" of a quantile, "__bucket" of a histogram
	Points []SpanPoint
}

// SpanPoint is the value of the spans that start in the step that begins at
// Time. Durations are in seconds.
type SpanPoint struct {
	Time  int64 // Unix ns
	Value float64
}

// SpanMetrics is the answer to a SpanMetricQuery, complete as a SpanAnswer is.
type SpanMetrics struct {
	Series []SpanSeries // in order of labels
	Cut    bool
	Damage error
}
