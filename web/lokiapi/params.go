package lokiapi

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"tripod/store"
)

const (
	maxForm      = 1 << 20 // bytes of a query sent as a form
	defaultLimit = 100
	maxLimit     = 5000 // entries of one answer, Loki's own default
)

// bad says which parameter is wrong.
func bad(name, text, want string) error {
	return fmt.Errorf("parameter %s=%.100q: want %s: %w", name, text, want, store.ErrInvalid)
}

// form makes a request's parameters ready, from the address and, of a POST,
// the body.
func form(w http.ResponseWriter, r *http.Request) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return fmt.Errorf("parameters: %w: %w", err, store.ErrInvalid)
	}
	return nil
}

// timeRange reads start, end and since; the default is the last hour.
func (a *API) timeRange(r *http.Request) (store.TimeRange, error) {
	now := a.o.Now().UnixNano()
	end, err := timeParam(r, "end", now)
	if err != nil {
		return store.TimeRange{}, err
	}
	since := time.Hour
	if text := r.Form.Get("since"); text != "" {
		if since, err = parseDuration(text); err != nil {
			return store.TimeRange{}, bad("since", text, "a duration such as 15m")
		}
	}
	start, err := timeParam(r, "start", min(end, now)-int64(since))
	if err != nil {
		return store.TimeRange{}, err
	}
	if end <= start {
		return store.TimeRange{}, fmt.Errorf("end timestamp must not be before or equal to start time: %w", store.ErrInvalid)
	}
	return store.TimeRange{From: start, To: end}, nil
}

func timeParam(r *http.Request, name string, otherwise int64) (int64, error) {
	text := r.Form.Get(name)
	if text == "" {
		return otherwise, nil
	}
	t, ok := parseTime(text)
	if !ok {
		return 0, bad(name, text, "nanoseconds, seconds or RFC 3339")
	}
	return t, nil
}

// parseTime reads Unix nanoseconds, seconds (up to ten digits or with a point)
// or RFC 3339.
func parseTime(text string) (int64, bool) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		if len(text) <= 10 {
			return n * 1e9, true
		}
		return n, true
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil {
		if math.IsNaN(f) || math.Abs(f) >= math.MaxInt64/1e9 {
			return 0, false
		}
		whole, part := math.Modf(f)
		// Milliseconds are what clients send; a float holds no more of today's time than microseconds.
		return int64(whole)*1e9 + int64(math.Round(part*1e6))*1e3, true
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil || t.Year() < 1678 || t.Year() > 2261 {
		return 0, false
	}
	return t.UnixNano(), true
}

// parseDuration reads "123ms", "1h30m", "7d" or plain seconds.
func parseDuration(text string) (time.Duration, error) {
	if f, err := strconv.ParseFloat(text, 64); err == nil {
		if !(f >= 0 && f < math.MaxInt64/1e9) {
			return 0, store.ErrInvalid
		}
		return time.Duration(f * 1e9), nil
	}
	days := map[byte]time.Duration{'d': 24 * time.Hour, 'w': 7 * 24 * time.Hour, 'y': 365 * 24 * time.Hour}
	if n := len(text); n > 1 && days[text[n-1]] != 0 {
		count, err := strconv.ParseUint(text[:n-1], 10, 16)
		unit := days[text[n-1]]
		if err != nil || time.Duration(count) > math.MaxInt64/unit {
			return 0, store.ErrInvalid
		}
		return time.Duration(count) * unit, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, store.ErrInvalid
	}
	return d, nil
}

// logQuery reads what query_range and query have in common.
func (a *API) logQuery(r *http.Request) (store.LogQuery, error) {
	q := store.LogQuery{Text: r.Form.Get("query"), Syntax: store.LogQL, Limit: defaultLimit}
	if strings.TrimSpace(q.Text) == "" {
		return q, &store.QueryError{Query: q.Text, Msg: "the query is empty"}
	}
	switch text := strings.ToLower(r.Form.Get("direction")); text {
	case "", "backward":
	case "forward":
		q.Oldest = true
	default:
		return q, bad("direction", text, "forward or backward")
	}
	if text := r.Form.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 {
			return q, bad("limit", text, "a whole number")
		}
		q.Limit = n
	}
	if q.Limit > maxLimit {
		return q, fmt.Errorf("max entries limit per query exceeded, limit > max_entries_limit_per_query (%d > %d): %w", q.Limit, maxLimit, store.ErrInvalid)
	}
	for _, name := range []string{"step", "interval"} {
		if _, err := durationParam(r, name, 0); err != nil {
			return q, err
		}
	}
	var err error
	q.Range, err = a.timeRange(r)
	return q, err
}

func durationParam(r *http.Request, name string, otherwise time.Duration) (time.Duration, error) {
	text := r.Form.Get(name)
	if text == "" {
		return otherwise, nil
	}
	d, err := parseDuration(text)
	if err != nil {
		return 0, bad(name, text, "a duration such as 15s or a number of seconds")
	}
	return d, nil
}

// countParam reads a number of things, at most so many.
func countParam(r *http.Request, name string, otherwise, most int) (int, error) {
	text := r.Form.Get(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, bad(name, text, "a whole number from 1 on")
	}
	return min(n, most), nil
}

// defaultStep makes 250 steps of a range, none shorter than a second.
func defaultStep(r store.TimeRange) time.Duration {
	return max(time.Duration(r.To-r.From)/250, time.Second).Truncate(time.Second)
}
