package dashboard

import (
	"errors"
	"time"
)

// What keeping dashboards can fail of; test with errors.Is.
var (
	ErrNotFound = errors.New("there is no such dashboard")
	ErrConflict = errors.New("the dashboard was changed meanwhile")
)

// Kept is a dashboard that people made, as it is kept.
type Kept struct {
	ID      string
	Version int // of its history, 1 and more
	Saved   time.Time
	Note    string // why this version was saved
	Dashboard
}

// Entry is one line of the list of kept dashboards.
type Entry struct {
	ID          string
	Title       string
	Description string
	Tags        []string
	Panels      int
	Version     int
	Saved       time.Time
}

// Edition is one line of a dashboard's history.
type Edition struct {
	Version int
	Saved   time.Time
	Note    string
	Title   string
	Panels  int
}
