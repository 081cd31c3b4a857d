package jaegerapi

import (
	"encoding/json"
	"fmt"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"

	"tripod/store"
)

const (
	defaultLimit    = 100
	maxLimit        = 1500 // traces of one answer, the most that Jaeger's own screen asks for
	defaultLookback = 48 * time.Hour
	maxTags         = 64
)

func required(name string) error {
	return fmt.Errorf("parameter '%s' is required: %w", name, store.ErrInvalid)
}

func bad(name string, err error) error {
	return fmt.Errorf("unable to parse param '%s': %w: %w", name, err, store.ErrInvalid)
}

// traceQuery reads the parameters of a search. Durations are those of the span
// that fits. Unlike Jaeger's, ours needs no service.
func traceQuery(p url.Values, now time.Time) (store.TraceQuery, error) {
	q := store.TraceQuery{Service: p.Get("service"), Operation: p.Get("operation"), Limit: defaultLimit}
	var err error
	if text := p.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return q, bad("limit", fmt.Errorf("%.40q is no positive number", text))
		}
		q.Limit = n
	}
	if q.Range, err = timeRange(p, now); err != nil {
		return q, err
	}
	if q.SpanMin, err = durationParam(p, "minDuration"); err != nil {
		return q, err
	}
	if q.SpanMax, err = durationParam(p, "maxDuration"); err != nil {
		return q, err
	}
	if q.SpanMax != 0 && q.SpanMin > q.SpanMax {
		return q, fmt.Errorf("'maxDuration' should be greater than 'minDuration': %w", store.ErrInvalid)
	}
	q.Tags, err = tags(p)
	return q, err
}

// timeRange reads start and end in microseconds; a lookback such as 1h or 2d
// counts when there is no start.
func timeRange(p url.Values, now time.Time) (store.TimeRange, error) {
	end, err := microParam(p, "end", now.UnixNano())
	if err != nil {
		return store.TimeRange{}, err
	}
	back := defaultLookback
	if text := p.Get("lookback"); text != "" && text != "custom" {
		if back, err = parseDuration(text); err != nil {
			return store.TimeRange{}, bad("lookback", err)
		}
	}
	start, err := microParam(p, "start", max(end, math.MinInt64+int64(back))-int64(back))
	if err != nil {
		return store.TimeRange{}, err
	}
	end = min(end, math.MaxInt64-1000) + 1000 // Jaeger includes the microsecond
	return store.TimeRange{From: start, To: end}, nil
}

func microParam(p url.Values, name string, otherwise int64) (int64, error) {
	text := p.Get(name)
	if text == "" {
		return otherwise, nil
	}
	us, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, bad(name, err)
	}
	return min(max(us, math.MinInt64/1000), math.MaxInt64/1000) * 1000, nil
}

func durationParam(p url.Values, name string) (time.Duration, error) {
	text := p.Get(name)
	if text == "" {
		return 0, nil
	}
	d, err := parseDuration(text)
	if err != nil {
		return 0, bad(name, err)
	}
	return d, nil
}

// parseDuration reads Go's durations and whole days and weeks.
func parseDuration(text string) (time.Duration, error) {
	for unit, d := range map[string]time.Duration{"d": 24 * time.Hour, "w": 7 * 24 * time.Hour} {
		if count, ok := strings.CutSuffix(text, unit); ok {
			if n, err := strconv.ParseUint(count, 10, 12); err == nil {
				return time.Duration(n) * d, nil
			}
		}
	}
	d, err := time.ParseDuration(text)
	if err == nil && d < 0 {
		err = fmt.Errorf("duration %.40q is negative", text)
	}
	return d, err
}

// tags reads tag=key:value, repeated, and tags={"key":"value"}, repeated.
func tags(p url.Values) (map[string]string, error) {
	out := map[string]string{}
	for _, text := range p["tag"] {
		key, value, ok := strings.Cut(text, ":")
		if !ok || key == "" {
			return nil, fmt.Errorf("malformed 'tag' parameter, expecting key:value, received: %.100s: %w", text, store.ErrInvalid)
		}
		out[key] = value
	}
	for _, text := range p["tags"] {
		var m map[string]string
		if err := json.Unmarshal([]byte(text), &m); err != nil {
			return nil, fmt.Errorf("malformed 'tags' parameter, cannot unmarshal JSON: %w: %w", err, store.ErrInvalid)
		}
		for key, value := range m {
			out[key] = value
		}
	}
	if len(out) > maxTags {
		return nil, fmt.Errorf("more than %d tags: %w", maxTags, store.ErrTooLarge)
	}
	if len(out) == 0 {
		return nil, nil
	}
	return out, nil
}
