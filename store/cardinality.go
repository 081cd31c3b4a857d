package store

import "time"

// Cardinality says what the series of the last two to three hours are made of.
type Cardinality struct {
	Series  int64
	Max     int64     // series that there may be, 0 for no bound
	Refused int64     // samples, since start, because there were as many
	New     int64     // series that are new in the last hour, or since start
	Since   time.Time // from when New counts

	Names   int            // metrics
	Metrics []MetricSeries // with most series, first
	Labels  []LabelSeries  // with most values, first
	Pairs   []PairSeries   // with most series, first
}

// MetricSeries is one metric.
type MetricSeries struct {
	Name    string
	Series  int64
	New     int64 // as Cardinality.New
	Samples int64
	Bytes   int64  // of samples, in memory
	Label   string // that with most values, empty when all have one
	Values  int    // of that label
}

// LabelSeries is one label name.
type LabelSeries struct {
	Name   string
	Values int64
	Bytes  int64 // of the values, in memory
}

// PairSeries is one label with one value.
type PairSeries struct {
	Name, Value string
	Series      int64
}

// SlowQuery is one that took long.
type SlowQuery struct {
	Text    string
	At      time.Time // when it began
	Took    time.Duration
	Samples int64         // read
	Range   time.Duration // from its first step to its last, 0 for one moment
	Failed  string        // why it gave nothing, empty when it did
}
