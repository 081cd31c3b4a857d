package logsapi

import (
	"math"
	"strconv"
	"strings"
	"time"

	"tripod/store"
)

// parseTime reads a point in time, in Unix ns: RFC 3339 and its kin, Unix
// seconds, milliseconds, microseconds or nanoseconds told apart by their size,
// now, now-15m, now+1h, and 15m, which means that long ago. 0 is the beginning.
func parseTime(text string, now time.Time) (int64, bool) {
	text = strings.TrimSpace(text)
	if text == "0" {
		return 0, true
	}
	if rest, ok := strings.CutPrefix(text, "now"); ok {
		return offset(strings.TrimSpace(rest), now)
	}
	if d, ok := parseSpan(text); ok {
		return now.Add(-d).UnixNano(), true
	}
	return store.ParseTime(text)
}

// offset is what stands behind "now".
func offset(text string, now time.Time) (int64, bool) {
	if text == "" {
		return now.UnixNano(), true
	}
	d, ok := parseSpan(strings.TrimSpace(text[1:]))
	switch {
	case !ok:
		return 0, false
	case text[0] == '-':
		return now.Add(-d).UnixNano(), true
	}
	return now.Add(d).UnixNano(), text[0] == '+'
}

// maxSpan keeps sums of times within Unix nanoseconds.
const maxSpan = 50 * 365 * 24 * time.Hour

var units = map[string]time.Duration{
	"ms": time.Millisecond, "s": time.Second, "m": time.Minute, "h": time.Hour,
	"d": 24 * time.Hour, "w": 7 * 24 * time.Hour, "y": 365 * 24 * time.Hour,
}

// parseSpan reads a duration such as 15m, 1h30m, 1.5d.
func parseSpan(text string) (time.Duration, bool) {
	var total time.Duration
	for rest := text; rest != ""; {
		i := strings.IndexFunc(rest, func(c rune) bool { return c != '.' && (c < '0' || c > '9') })
		if i <= 0 {
			return 0, false
		}
		j := i + strings.IndexAny(rest[i:]+"0", "0123456789.")
		n, err := strconv.ParseFloat(rest[:i], 64)
		unit := units[rest[i:j]]
		if err != nil || unit == 0 || n*float64(unit) > float64(maxSpan) {
			return 0, false
		}
		if total += time.Duration(math.Round(n * float64(unit))); total > maxSpan {
			return 0, false
		}
		rest = rest[j:]
	}
	return total, text != ""
}
