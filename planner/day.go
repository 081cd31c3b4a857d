package planner

import (
	"fmt"
	"time"
)

// Day is a calendar day without a place: days since 1970-01-01.
type Day int32

// DayOf is the calendar day that t shows in its own location.
func DayOf(t time.Time) Day {
	y, m, d := t.Date()
	return Day(time.Date(y, m, d, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// ParseDay reads the form that String writes, 2026-03-12.
func ParseDay(s string) (Day, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return 0, fmt.Errorf("day %.20q: %w", s, ErrInvalid)
	}
	return DayOf(t), nil
}

func (d Day) utc() time.Time { return time.Unix(int64(d)*86400, 0).UTC() }

func (d Day) String() string { return d.utc().Format(time.DateOnly) }

// Monday is the first day of the day's week.
func (d Day) Monday() Day { return d - Day((int(d.utc().Weekday())+6)%7) }

// Start is the first instant of the day in a place.
func (d Day) Start(loc *time.Location) time.Time {
	y, m, dd := d.utc().Date()
	return time.Date(y, m, dd, 0, 0, 0, 0, loc)
}
