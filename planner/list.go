package planner

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Status picks tasks. Overdue, Today and Upcoming share out the open tasks that
// have a due time: before now, later today, after today.
type Status string

const (
	Any      Status = ""
	Open     Status = "open"
	Done     Status = "done"
	Overdue  Status = "overdue"
	Today    Status = "today"
	Upcoming Status = "upcoming"
)

const (
	defaultPage = 50
	maxPage     = 200
	maxText     = 100
)

// Filter is a question for tasks.
type Filter struct {
	Status   Status
	Text     string // part of title or notes, any case
	Priority Priority
	Limit    int    // 0 is 50, at most 200
	Cursor   string // Page.Next of the page before
}

// Page is a part of the answer. Done tasks come newest first, all others by due
// time, those without one last.
type Page struct {
	Tasks []Task
	Next  string // "" on the last page
}

// Counts are how many tasks each list holds for a user now.
type Counts struct {
	Open, Overdue, Today, Upcoming int
	DoneToday                      int
}

// Select is a checked Filter with its instants worked out: what a Repository answers.
type Select struct {
	UserID   string
	Status   Status
	Text     string
	Priority Priority
	Limit    int
	Now      time.Time
	Midnight time.Time // end of the user's day
	After    *Position
}

// Position is a place in the order of a list.
type Position struct {
	Key int64 // Unix ms of completion for Done, of due otherwise; NoDue without one
	ID  string
}

// NoDue sorts behind every due time.
const NoDue = int64(1) << 62

func (f Filter) check(u User, now time.Time) (Select, error) {
	s := Select{UserID: u.ID, Status: f.Status, Text: strings.TrimSpace(f.Text), Priority: f.Priority, Limit: f.Limit, Now: now}
	s.Midnight = (u.Today(now) + 1).Start(u.Location())
	switch f.Status {
	case Any, Open, Done, Overdue, Today, Upcoming:
	default:
		return s, refuse("status", "is none of open, done, overdue, today, upcoming")
	}
	if f.Priority != "" && !f.Priority.known() {
		return s, refuse("priority", "is none of low, normal, high")
	}
	if utf8.RuneCountInString(s.Text) > maxText || !isText(s.Text) {
		return s, refuse("q", "is longer than 100 characters, or holds characters that cannot be shown")
	}
	if f.Limit < 0 || f.Limit > maxPage {
		return s, refuse("limit", "is not within 1 to 200")
	}
	if s.Limit == 0 {
		s.Limit = defaultPage
	}
	if f.Cursor != "" {
		at, err := parsePosition(f.Cursor)
		if err != nil {
			return s, err
		}
		s.After = &at
	}
	return s, nil
}

func (p Position) String() string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d.%s", p.Key, p.ID))
}

func parsePosition(s string) (Position, error) {
	bad := refuse("cursor", "is not one that this list gave out")
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || len(b) > 100 {
		return Position{}, bad
	}
	key, id, ok := strings.Cut(string(b), ".")
	n, err := strconv.ParseInt(key, 10, 64)
	if !ok || err != nil || id == "" {
		return Position{}, bad
	}
	return Position{Key: n, ID: id}, nil
}

// PositionOf is where a task stands in a list of the given status.
func PositionOf(t Task, s Status) Position {
	switch {
	case s == Done:
		return Position{Key: t.Completed.UnixMilli(), ID: t.ID}
	case t.Due.IsZero():
		return Position{Key: NoDue, ID: t.ID}
	}
	return Position{Key: t.Due.UnixMilli(), ID: t.ID}
}
