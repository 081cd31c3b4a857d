package store

import (
	"strconv"
	"strings"
	"time"
)

// lineLayouts are times as loggers write them besides RFC 3339; Parse accepts
// a fraction behind "." or "," after the seconds of each. Without a zone, UTC.
var lineLayouts = [...]string{
	"2006-01-02T15:04:05Z0700",
	"2006-01-02T15:04:05",
	"2006-01-02 15:04:05Z07:00",
	"2006-01-02 15:04:05Z0700",
	"2006-01-02 15:04:05 -0700",
	"2006-01-02 15:04:05 -0700 MST",
	"2006-01-02 15:04:05",
}

// parseLineTime reads a time as loggers write it, in Unix ns, and how exact it
// is: seconds, milliseconds, microseconds or nanoseconds since 1970, told apart
// by their size, with or without a fraction; or a date.
func parseLineTime(text string) (t, unit int64, ok bool) {
	if len(text) < 9 || len(text) > 64 || text[0] < '0' || text[0] > '9' {
		return 0, 0, false
	}
	if strings.IndexByte(text[:5], '-') < 0 {
		return unixTime(text)
	}
	at, err := time.Parse(time.RFC3339, text)
	for i := 0; err != nil && i < len(lineLayouts); i++ {
		at, err = time.Parse(lineLayouts[i], text)
	}
	if err != nil || at.Year() < 1970 || at.Year() > 2261 {
		return 0, 0, false
	}
	return at.UnixNano(), fractionUnit(text), true
}

// fractionUnit is what the last digit of a date's seconds stands for, in ns.
func fractionUnit(text string) int64 {
	at := strings.IndexAny(text, ".,")
	unit := int64(time.Second)
	for i := at + 1; at >= 0 && i < len(text) && unit > 1 && text[i] >= '0' && text[i] <= '9'; i++ {
		unit /= 10
	}
	return unit
}

func unixTime(text string) (t, unit int64, ok bool) {
	whole, fraction, _ := strings.Cut(text, ".")
	if strings.ContainsAny(fraction, "eE") {
		f, err := strconv.ParseFloat(text, 64)
		if err != nil || f >= 1e17 {
			return 0, 0, false
		}
		whole, fraction = strconv.FormatFloat(f, 'f', -1, 64), ""
		whole, fraction, _ = strings.Cut(whole, ".")
	}
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil {
		return 0, 0, false
	}
	if t, unit, ok = wholeTime(n); !ok {
		return 0, 0, false
	}
	for i := 0; i < len(fraction) && unit > 1; i++ {
		if fraction[i] < '0' || fraction[i] > '9' {
			return 0, 0, false
		}
		unit /= 10
		t += int64(fraction[i]-'0') * unit
	}
	return t, unit, true
}

// wholeTime is the time of so many seconds, milliseconds, microseconds or
// nanoseconds since 1970.
func wholeTime(n int64) (t, unit int64, ok bool) {
	switch {
	case n < 1e8:
		return 0, 0, false
	case n < 9e9:
		unit = int64(time.Second)
	case n < 9e12 && n >= 1e11:
		unit = int64(time.Millisecond)
	case n < 9e15 && n >= 1e14:
		unit = int64(time.Microsecond)
	case n >= 1e17:
		unit = 1
	default:
		return 0, 0, false
	}
	return n * unit, unit, true
}
