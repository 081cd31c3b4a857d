package planner

import "time"

// Repeat says when a completed task comes back.
type Repeat string

const (
	Never    Repeat = "none"
	Daily    Repeat = "daily"
	Weekdays Repeat = "weekdays"
	Weekly   Repeat = "weekly"
	Monthly  Repeat = "monthly"
)

func (r Repeat) known() bool {
	switch r {
	case Never, Daily, Weekdays, Weekly, Monthly:
		return true
	}
	return false
}

// maxSkip bounds the search for the next occurrence: 40 years of missed days.
const maxSkip = 15_000

// Next is the first occurrence after both due and now, at the same time of day
// in loc, so that 9:00 stays 9:00 when the clocks change. A monthly task of the
// 31st comes on the last day of shorter months. False: it does not come back.
func (r Repeat) Next(due, now time.Time, loc *time.Location) (time.Time, bool) {
	if r == Never || r == "" {
		return time.Time{}, false
	}
	first := due.In(loc)
	for n := 1; n < maxSkip; n++ {
		next := r.step(first, n)
		if next.After(now) && (r != Weekdays || isWorkday(next)) {
			return next, true
		}
	}
	return time.Time{}, false
}

func (r Repeat) step(first time.Time, n int) time.Time {
	switch r {
	case Weekly:
		return first.AddDate(0, 0, 7*n)
	case Monthly:
		return addMonths(first, n)
	}
	return first.AddDate(0, 0, n)
}

func isWorkday(t time.Time) bool {
	return t.Weekday() != time.Saturday && t.Weekday() != time.Sunday
}

func addMonths(t time.Time, n int) time.Time {
	y, m, d := t.Date()
	last := time.Date(y, m+time.Month(n)+1, 0, 0, 0, 0, 0, t.Location()).Day()
	hh, mm, ss := t.Clock()
	return time.Date(y, m+time.Month(n), min(d, last), hh, mm, ss, t.Nanosecond(), t.Location())
}
