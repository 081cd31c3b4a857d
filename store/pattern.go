package store

import "time"

// Blank stands in the text of a pattern for what varies.
const Blank = "<_>"

// PatternPart is a part of a message: text that stays, or what it is that
// varies there (n, dur, id, addr) with the value that it had.
type PatternPart struct {
	Text string
	Kind string // empty when the text stays
}

// PatternQuery asks for the patterns of messages.
type PatternQuery struct {
	LogQuery // Limit bounds the records that are read
	Step     time.Duration
	Top      int  // at most so many patterns
	Whole    bool // of whole lines as they were sent, instead of messages
	Why      bool // a failure's reason stands behind its message
}

// LogPatterns are the patterns of the records of a query. When Read is less
// than Lines, records of every step were read and the counts are estimates.
type LogPatterns struct {
	Lines int64 // that match
	Read  int64
	Kinds int   // patterns that were told apart, those listed included
	Left  int64 // lines of patterns that are not listed
	List  []LogPattern
}

// LogPattern is what messages have in common that differ in numbers, ids and
// the like, of one service and level.
type LogPattern struct {
	Text        string // as the search line asks for it: took <_> for <_>
	Parts       []PatternPart
	Level       Level
	Service     string
	Lines       int64
	Steps       []int64 // lines of each step of the range
	First, Last int64   // Unix ns, of those read
	Example     string  // the message of one
	Common      PatternCommon
}

// PatternCommon is the field, or the part that varies, that tells most about
// the lines of a pattern, with its commonest values.
type PatternCommon struct {
	Name     string
	Lines    int64 // that have it, of those read
	Values   []FacetValue
	Distinct int
	More     bool
}
