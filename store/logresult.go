package store

import "time"

// LogLabel is one label of a stream, an entry or a series.
type LogLabel struct{ Name, Value string }

// LogLabels are labels in order of name.
type LogLabels []LogLabel

// Get is a label's value, or empty.
func (l LogLabels) Get(name string) string {
	for i := range l {
		if l[i].Name == name {
			return l[i].Value
		}
	}
	return ""
}

// LogEntry is one line of an answer to a LogQL query. Its labels are never
// changed, and entries of one stream share Stream.
type LogEntry struct {
	Time     int64 // Unix ns
	Line     string
	Stream   LogLabels // of what sent the line
	Metadata LogLabels // came with the line
	Parsed   LogLabels // taken out of the line, or made by the query
}

// LogKind says what a LogQL query asks for.
type LogKind uint8

// The kinds of LogQL queries.
const (
	LogLines  LogKind = iota // entries
	LogScalar                // one number
	LogVector                // series of numbers
)

// LogMetricQuery asks for numbers at From, From + Step, … up to To. With a Step
// of 0 it asks for From alone.
type LogMetricQuery struct {
	Text     string
	Narrow   string // a search line that records must match as well
	From, To int64  // Unix ns, both included
	Step     time.Duration
	Receipt  *Receipt // filled when not nil
}

// LogSeries is one series of an answer, with points in order of time.
type LogSeries struct {
	Labels LogLabels
	Points []LogPoint
}

// LogPoint is one value of a series.
type LogPoint struct {
	Time  int64 // Unix ns
	Value float64
}
