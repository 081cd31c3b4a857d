package store

import "time"

// Receipt says how an engine answered a query: what there was, what each step
// left to the next one, and what had to be read. A query with a Receipt fills
// it; it is complete when the answer has ended.
type Receipt struct {
	Asked  string // the predicate, as the engine understood it
	Steps  []ReceiptStep
	Stored int64 // bytes on disk in the time range
	Read   int64 // of them were read
	Took   time.Duration
}

// ReceiptStep is one step of an answer, in the order in which they were done.
type ReceiptStep struct {
	// Name is one of: time (what overlaps the range), index (what the index of
	// sealed parts leaves), headers (counted without reading a block), filters
	// (what the filters of blocks leave), zones (what least and greatest
	// values leave), rows (those that match).
	Name   string
	Parts  int64 // on disk
	Blocks int64 // of parts, and those in memory
	Rows   int64
}
