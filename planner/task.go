package planner

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

const (
	maxTitle = 200
	maxNotes = 4000
	// MaxOpenTasks bounds what one user can leave undone.
	MaxOpenTasks = 1000
)

// Priority is low, normal or high.
type Priority string

const (
	Low    Priority = "low"
	Normal Priority = "normal"
	High   Priority = "high"
)

// Task is something to do. Zero times mean: no due time, not done, not reminded.
type Task struct {
	ID        string
	UserID    string
	Title     string
	Notes     string
	Priority  Priority
	Due       time.Time
	Repeat    Repeat
	Created   time.Time
	Updated   time.Time
	Completed time.Time
	Reminded  time.Time
	NextID    string // the occurrence that completing this one made
}

// Done says whether the task is completed.
func (t Task) Done() bool { return !t.Completed.IsZero() }

// Draft is a task as its owner describes it.
type Draft struct {
	Title    string
	Notes    string
	Priority Priority // "" is normal
	Due      time.Time
	Repeat   Repeat // "" is none
}

// Patch changes a task; nil leaves as it is. A zero Due takes the due time away.
type Patch struct {
	Title    *string
	Notes    *string
	Priority *Priority
	Due      *time.Time
	Repeat   *Repeat
	Done     *bool // only false: back to open
}

func (p Patch) apply(t Task) (Draft, error) {
	d := Draft{Title: t.Title, Notes: t.Notes, Priority: t.Priority, Due: t.Due, Repeat: t.Repeat}
	set(&d.Title, p.Title)
	set(&d.Notes, p.Notes)
	set(&d.Priority, p.Priority)
	set(&d.Due, p.Due)
	set(&d.Repeat, p.Repeat)
	return d.check()
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

func (d Draft) check() (Draft, error) {
	d.Title = strings.TrimSpace(d.Title)
	d.Notes = strings.TrimSpace(d.Notes)
	if d.Priority == "" {
		d.Priority = Normal
	}
	if d.Repeat == "" {
		d.Repeat = Never
	}
	switch {
	case d.Title == "":
		return d, refuse("title", "is missing")
	case utf8.RuneCountInString(d.Title) > maxTitle:
		return d, refuse("title", "is longer than 200 characters")
	case !isText(d.Title) || strings.Contains(d.Title, "\n"):
		return d, refuse("title", "holds characters that cannot be shown")
	case utf8.RuneCountInString(d.Notes) > maxNotes:
		return d, refuse("notes", "are longer than 4000 characters")
	case !isText(d.Notes):
		return d, refuse("notes", "hold characters that cannot be shown")
	case !d.Priority.known():
		return d, refuse("priority", "is none of low, normal, high")
	case !d.Repeat.known():
		return d, refuse("repeat", "is none of none, daily, weekdays, weekly, monthly")
	case d.Repeat != Never && d.Due.IsZero():
		return d, refuse("due", "is missing: a task that repeats needs one")
	case !d.Due.IsZero() && (d.Due.Year() < 1970 || d.Due.Year() > 2200):
		return d, refuse("due", "is outside 1970 to 2200")
	}
	return d, nil
}

func (p Priority) known() bool { return p == Low || p == Normal || p == High }

// isText is true for valid UTF-8 without control characters other than line breaks and tabs.
func isText(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) && r != '\n' && r != '\t' && r != '\r'
	})
}
