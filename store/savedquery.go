package store

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// SavedQuery is a query that people gave a name.
type SavedQuery struct {
	Name, Text string
	Saved      time.Time
}

// Bounds of saved queries.
const (
	MaxSavedQueries  = 500
	maxSavedName     = 100     // runes
	maxSavedQueryLen = 8 << 10 // bytes; what an address takes, through which a query is opened
)

// Fault says what keeps a query from being saved, as an ErrInvalid, or nil.
func (q *SavedQuery) Fault() error {
	switch {
	case strings.TrimSpace(q.Name) == "":
		return fmt.Errorf("a saved query wants a name: %w", ErrInvalid)
	case utf8.RuneCountInString(q.Name) > maxSavedName:
		return fmt.Errorf("a name has at most %d characters: %w", maxSavedName, ErrInvalid)
	case strings.TrimSpace(q.Text) == "":
		return fmt.Errorf("there is no query to save under %q: %w", q.Name, ErrInvalid)
	case len(q.Text) > maxSavedQueryLen:
		return fmt.Errorf("a saved query has at most %d bytes: %w", maxSavedQueryLen, ErrInvalid)
	}
	return nil
}
