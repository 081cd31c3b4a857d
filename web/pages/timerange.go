package pages

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"tripod/store"
	"tripod/ui"
	"tripod/ui/chart"
)

// ParseTime reads a point in time as addresses and people write it: now,
// now-1h30m, Unix seconds or milliseconds, RFC 3339, 2026-03-12 14:06[:05],
// and 14:06 of the same day. Without a zone it is UTC.
func ParseTime(s string, now time.Time) (time.Time, error) {
	s = strings.TrimSpace(s)
	if rest, ok := strings.CutPrefix(s, "now"); ok {
		d, err := parseOffset(rest)
		if err != nil {
			return time.Time{}, fmt.Errorf("%.40q: %w", s, err)
		}
		return now.Add(d), nil
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return unix(n)
	}
	for _, layout := range [...]string{time.RFC3339Nano, "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02T15:04:05", "2006-01-02T15:04", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, s, time.UTC); err == nil {
			return bounded(t)
		}
	}
	for _, layout := range [...]string{"15:04:05", "15:04"} {
		if t, err := time.ParseInLocation(layout, s, time.UTC); err == nil {
			y, m, d := now.UTC().Date()
			return time.Date(y, m, d, t.Hour(), t.Minute(), t.Second(), 0, time.UTC), nil
		}
	}
	return time.Time{}, fmt.Errorf("%.40q is not a time: %w", s, store.ErrInvalid)
}

// unix takes numbers of up to 11 digits as seconds, longer ones as
// milliseconds, which keeps them apart until the year 5138.
func unix(n int64) (time.Time, error) {
	if n > -1e11 && n < 1e11 {
		return bounded(time.Unix(n, 0).UTC())
	}
	return bounded(time.UnixMilli(n).UTC())
}

// bounded keeps times inside what fits Unix nanoseconds.
func bounded(t time.Time) (time.Time, error) {
	if t.Year() < 1970 || t.Year() > 2200 {
		return time.Time{}, fmt.Errorf("the year %d is out of range: %w", t.Year(), store.ErrInvalid)
	}
	return t, nil
}

// parseOffset reads what follows now: nothing, -1h30m, -7d, +5m.
func parseOffset(s string) (time.Duration, error) {
	if s == "" {
		return 0, nil
	}
	sign := time.Duration(1)
	switch s[0] {
	case '-':
		sign = -1
	case '+', ' ': // an unescaped + arrives as a space
	default:
		return 0, fmt.Errorf("want + or - behind now: %w", store.ErrInvalid)
	}
	d, err := parseSpan(s[1:])
	return sign * d, err
}

// parseSpan reads a duration with d and w beside Go's units.
func parseSpan(s string) (time.Duration, error) {
	var total time.Duration
	rest := strings.TrimSpace(s)
	if rest == "" {
		return 0, fmt.Errorf("want a duration like 1h: %w", store.ErrInvalid)
	}
	for rest != "" {
		i := 0
		for i < len(rest) && (rest[i] >= '0' && rest[i] <= '9' || rest[i] == '.') {
			i++
		}
		j := i
		for j < len(rest) && (rest[j] < '0' || rest[j] > '9') && rest[j] != '.' {
			j++
		}
		n, err := strconv.ParseFloat(rest[:i], 64)
		unit, ok := units[strings.TrimSpace(rest[i:j])]
		if err != nil || !ok || n*float64(unit) > float64(maxSpan) {
			return 0, fmt.Errorf("want a duration like 1h: %w", store.ErrInvalid)
		}
		total += time.Duration(math.Round(n * float64(unit)))
		if total > maxSpan {
			return 0, fmt.Errorf("longer than 50 years: %w", store.ErrInvalid)
		}
		rest = rest[j:]
	}
	return total, nil
}

const maxSpan = 50 * 365 * 24 * time.Hour

var units = map[string]time.Duration{
	"ms": time.Millisecond, "s": time.Second, "m": time.Minute, "min": time.Minute, "h": time.Hour,
	"d": 24 * time.Hour, "w": 7 * 24 * time.Hour, "y": 365 * 24 * time.Hour,
}

func relative(s string) bool { return strings.HasPrefix(strings.TrimSpace(s), "now") }

var presets = [...]struct{ text, from string }{
	{"Last 5 minutes", "now-5m"},
	{"Last 15 minutes", "now-15m"},
	{"Last 1 hour", "now-1h"},
	{"Last 6 hours", "now-6h"},
	{"Last 24 hours", "now-24h"},
	{"Last 7 days", "now-7d"},
	{"Last 30 days", "now-30d"},
}

var refreshes = [...]struct {
	text, value string
	every       time.Duration
}{
	{"off", "off", 0}, {"5 s", "5", 5 * time.Second}, {"10 s", "10", 10 * time.Second}, {"1 min", "60", time.Minute},
}

// pick is the time control's view model.
func (st *State) pick() *ui.TimePick {
	from, to := time.Unix(0, st.Range.From).UTC(), time.Unix(0, st.Range.To).UTC()
	width := to.Sub(from)
	t := &ui.TimePick{
		From: st.From, To: st.To,
		Label: st.rangeLabel(from, to), Abs: chart.Between(from, to, st.Now), Zone: "UTC",
		FromMS: from.UnixMilli(), ToMS: to.UnixMilli(),
		FromInput: input(st.From, from), ToInput: input(st.To, to),
		Earlier: st.between(from.Add(-width), to.Add(-width)),
		Later:   st.between(from.Add(width), to.Add(width)),
		ZoomOut: st.between(from.Add(-width/2), to.Add(width/2)),
		Action:  st.Path, Keep: st.Hidden("from", "to"),
	}
	if t.Label == t.Abs {
		t.Abs = ""
	}
	for _, p := range presets {
		t.Presets = append(t.Presets, ui.Choice{Text: p.text, Value: p.from, Href: st.With("from", p.from, "to", ""), On: p.from == st.From && st.To == "now"})
	}
	if st.Refresh > 0 {
		t.Every = chart.Long(st.Refresh)
	}
	for _, r := range refreshes {
		t.Refreshes = append(t.Refreshes, ui.Choice{Text: r.text, Value: r.value, Href: st.With("refresh", r.value), On: r.every == st.Refresh})
	}
	return t
}

// between is this view at another range. A range that would end in the future
// ends now, as wide as it was; to the minute nobody sees the difference.
func (st *State) between(from, to time.Time) string {
	if to.After(st.Now.Add(-time.Second)) {
		width := to.Sub(from)
		return st.With("from", "now-"+span(width), "to", "")
	}
	return st.With("from", strconv.FormatInt(from.UnixMilli(), 10), "to", strconv.FormatInt(to.UnixMilli(), 10))
}

// span writes a duration for the address: 1h, 90m, 7d.
func span(d time.Duration) string {
	d = max(d.Round(time.Second), time.Second)
	for _, u := range [...]struct {
		name string
		d    time.Duration
	}{{"d", 24 * time.Hour}, {"h", time.Hour}, {"m", time.Minute}} {
		if d%u.d == 0 && (u.name != "d" || d > 48*time.Hour) {
			return strconv.FormatInt(int64(d/u.d), 10) + u.name
		}
	}
	return strconv.FormatInt(int64(d/time.Second), 10) + "s"
}

func (st *State) rangeLabel(from, to time.Time) string {
	for _, p := range presets {
		if p.from == st.From && st.To == "now" {
			return p.text
		}
	}
	if relative(st.From) && st.To == "now" {
		return "Last " + chart.Long(to.Sub(from))
	}
	return chart.Between(from, to, st.Now)
}

func input(raw string, t time.Time) string {
	if relative(raw) {
		return raw
	}
	return t.Format("2006-01-02 15:04:05")
}
