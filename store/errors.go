package store

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Sentinels on which callers decide; engines wrap them with what they know.
var (
	// ErrNotFound says that the thing asked for by name or id is not kept here.
	ErrNotFound = errors.New("not found")
	// ErrInvalid says that the request can never succeed as it stands.
	ErrInvalid = errors.New("invalid")
	// ErrTooLarge says that a bound on size, depth or count was passed.
	ErrTooLarge = errors.New("too large")
	// ErrOverloaded says that the same request may succeed later.
	ErrOverloaded = errors.New("overloaded")
	// ErrFull says that the disk has no room; reads go on.
	ErrFull = errors.New("disk full")
	// ErrUnread comes beside an answer and says that some of what is kept could
	// not be read, and is not in it.
	ErrUnread = errors.New("it is left out")
	// ErrNumbers says that a query gives numbers over time where spans are
	// wanted.
	ErrNumbers = errors.New("the query gives numbers over time, not spans")
	// ErrClosed says that the engine is closing or closed.
	ErrClosed = errors.New("closed")
)

// QueryError says where a query is wrong and, where it can, what was meant.
// It is an ErrInvalid.
type QueryError struct {
	Query string
	Pos   int    // byte offset into Query
	End   int    // byte offset behind the wrong part, 0 when unknown
	Msg   string // "unknown field", without the position
	Hint  string // "did you mean level?", or empty
}

func (e *QueryError) Error() string {
	s := fmt.Sprintf("%s at position %d", e.Msg, e.Pos+1)
	if line, column := e.Place(); line > 1 {
		s = fmt.Sprintf("%s at line %d, column %d", e.Msg, line, column)
	}
	if e.Hint != "" {
		s += ": " + e.Hint
	}
	return s
}

func (e *QueryError) Unwrap() error { return ErrInvalid }

// Place is the line and, in characters, the column of Pos, both from 1.
func (e *QueryError) Place() (line, column int) {
	before := e.Query[:min(max(e.Pos, 0), len(e.Query))]
	lastLine := before[strings.LastIndexByte(before, '\n')+1:]
	return 1 + strings.Count(before, "\n"), 1 + utf8.RuneCountInString(lastLine)
}

// PartialError says that some records of a batch were refused for good; all
// others of the batch were accepted and are as durable as without it.
type PartialError struct {
	Rejected int
	Reason   string // of the first refusal
}

func (e *PartialError) Error() string {
	return fmt.Sprintf("%d rejected: %s", e.Rejected, e.Reason)
}

func (e *PartialError) Unwrap() error { return ErrInvalid }
