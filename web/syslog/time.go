package syslog

import (
	"strconv"
	"strings"
	"time"
)

// takeTime reads a time at the start of a text, in Unix ns: RFC 3339, the same
// without a zone, or RFC 3164's "Jan _2 15:04:05" with or without a fraction
// and a year ("Jan 2 2026 15:04:05").
func takeTime(text string, now time.Time, zone *time.Location) (ns int64, rest string, ok bool) {
	if text == "" {
		return 0, "", false
	}
	if text[0] >= '0' && text[0] <= '9' {
		word, rest, _ := strings.Cut(text, " ")
		at, err := time.Parse(time.RFC3339Nano, word)
		if err != nil {
			at, err = time.ParseInLocation("2006-01-02T15:04:05.999999999", word, zone)
		}
		return at.UnixNano(), rest, err == nil && keepable(at)
	}
	month, rest, _ := strings.Cut(strings.TrimPrefix(text, "*"), " ") // Cisco's "*" says that the clock is not synchronised
	day, rest, _ := strings.Cut(strings.TrimLeft(rest, " "), " ")
	clock, after, _ := strings.Cut(rest, " ")
	year := ""
	if len(clock) == 4 && strings.IndexByte(clock, ':') < 0 {
		year = clock
		clock, after, _ = strings.Cut(after, " ")
	}
	clock, colon := strings.CutSuffix(clock, ":")
	if colon {
		after = ": " + after
	}
	if len(month) != 3 || len(day) == 0 || len(day) > 2 {
		return 0, "", false
	}
	if year != "" {
		n, err := strconv.Atoi(year)
		if err != nil || n < 1970 {
			return 0, "", false
		}
		at, err := inYear(n, month, day, clock, zone)
		return at.UnixNano(), after, err == nil && keepable(at)
	}
	at, ok := latest(month, day, clock, now, zone)
	return at.UnixNano(), after, ok
}

func inYear(year int, month, day, clock string, zone *time.Location) (time.Time, error) {
	return time.ParseInLocation("2006 Jan 2 15:04:05.999999999", strconv.Itoa(year)+" "+month+" "+day+" "+clock, zone)
}

const (
	mostAhead = 24 * time.Hour // that a sender's clock or zone may be
	leapYears = 8              // 29 February comes again within so many
)

// latest is the time in the newest year in which it is not more than mostAhead
// of now: a message of 31 December that comes on 1 January is of last year, and
// so is all that would else be to come.
func latest(month, day, clock string, now time.Time, zone *time.Location) (time.Time, bool) {
	next := now.In(zone).Year() + 1
	for year := next; year >= next-1-leapYears; year-- {
		at, err := inYear(year, month, day, clock, zone)
		if err == nil && at.Sub(now) <= mostAhead { // 29 February is not in every year
			return at, true
		}
	}
	return time.Time{}, false
}

// keepable holds for times that nanoseconds since 1970 can express.
func keepable(at time.Time) bool { return at.Year() >= 1970 && at.Year() <= 2261 }
