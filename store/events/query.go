package events

import "tripod/store"

// Query asks for the events of a time range that match a predicate.
type Query struct {
	Range  store.TimeRange
	Where  Expr // nil means all
	Oldest bool // oldest first; newest first otherwise
	Limit  int  // 0 means no limit

	// Fields are the names of the fields that the events are to have; nil means
	// all. Of a head, events of Scan have all. Named says so instead, asked once for each
	// name and block.
	Fields []string
	Named  func(name string) bool
	// Picked says so too, for Scan: it sets pick for the fields that an event of
	// all these fields is to have. Asked once for each such list of a block.
	Picked func(names []string, pick []bool)
	// May leaves the heads and parts out of Scan whose digest it says no to; nil
	// means none. It must not keep a digest.
	May     func(Digest) bool
	Origin  int64          // Unix ns; where a step of Count begins
	Receipt *store.Receipt // filled when not nil
}

// Bucket counts the events of one step by class.
type Bucket struct {
	Start  int64 // Unix ns
	Counts [Classes]int64
}

// Total is the number of events of all classes.
func (b *Bucket) Total() int64 {
	var n int64
	for _, c := range b.Counts {
		n += c
	}
	return n
}
