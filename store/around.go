package store

// LogAround asks for the lines of one stream around a line of it: lines of the
// same service whose senders say the same of themselves.
type LogAround struct {
	Time          int64                // of the line, Unix ns
	Is            func(r *Record) bool // tells the line from others of its time, and of other streams
	Nth           int                  // of lines that are alike, from the last that arrived
	Before, After int                  // how many lines at most
}

// LogSurroundings are the lines of a stream on both sides of one of them, all in
// order of time, those of equal time in the order of their arrival.
type LogSurroundings struct {
	Before []Record
	Line   Record
	After  []Record

	// Newer are lines of the time of the newest of After (or Line, when there
	// are none) that arrived later, the last first: with them, lines that are
	// alike can be counted.
	Newer []Record
}
