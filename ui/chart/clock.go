package chart

import (
	"strconv"
	"time"
)

// Clock is a time of day in a log line: 14:19:58.412.
func Clock(t time.Time) string { return t.Format("15:04:05.000") }

// When is a time in prose, as short as it can be seen from now: 14:06 on the
// same day, Tue 18:40 within a week, 9 Mar within the year, else 9 Mar 2024.
func When(t, now time.Time) string {
	if t.IsZero() {
		return Dash
	}
	now = now.In(t.Location())
	switch days := midnight(now).Sub(midnight(t)); {
	case days == 0:
		return t.Format("15:04")
	case days > 0 && days < 7*24*time.Hour:
		return t.Format("Mon 15:04")
	case t.Year() == now.Year():
		return t.Format("2 Jan")
	}
	return t.Format("2 Jan 2006")
}

// Between is a range with an en dash: 14:06 – 14:20, Tue 18:40 – 14:32.
func Between(from, to, now time.Time) string {
	if to.Sub(from) < 2*time.Minute {
		return from.Format("15:04:05") + " – " + to.Format("15:04:05")
	}
	day := func(t time.Time) string {
		if s := When(t, now); len(s) > 2 && (s[1] == ' ' || s[2] == ' ') {
			return t.Format("2 Jan 15:04")
		}
		return When(t, now)
	}
	return day(from) + " – " + day(to)
}

// Exact is the whole time, for titles: 2026-03-12 14:19:58.412 UTC.
func Exact(t time.Time) string { return t.Format("2006-01-02 15:04:05.000 MST") }

// Age is how long ago, where that is the point: 4 s, 18 min, 3 h, 2 days.
func Age(d time.Duration) string {
	switch {
	case d < time.Second:
		return "now"
	case d < time.Minute:
		return strconv.Itoa(int(d/time.Second)) + " s"
	case d < time.Hour:
		return strconv.Itoa(int(d/time.Minute)) + " min"
	case d < 48*time.Hour:
		return strconv.Itoa(int(d/time.Hour)) + " h"
	}
	return strconv.Itoa(int(d/(24*time.Hour))) + " days"
}

// midnight is compared as if every day had 24 hours, so it is taken in UTC.
func midnight(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}
