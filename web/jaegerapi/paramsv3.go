package jaegerapi

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"tripod/store"
)

// eitherParam gives a parameter by the first of its names that has a value, and
// that name: camelCase, and the older ones with underscores.
func eitherParam(p url.Values, names ...string) (name, value string) {
	for _, name := range names {
		if value := p.Get(name); value != "" {
			return name, value
		}
	}
	return names[0], ""
}

func malformed(name string, err error) error {
	return fmt.Errorf("malformed parameter %s: %w: %w", name, err, store.ErrInvalid)
}

// traceQueryV3 reads the parameters of a search, of which those of traceQuery
// say what they mean.
func traceQueryV3(p url.Values) (q store.TraceQuery, err error) {
	_, q.Service = eitherParam(p, "query.serviceName", "query.service_name")
	_, q.Operation = eitherParam(p, "query.operationName", "query.operation_name")
	if q.Range, err = timeRangeV3(p); err != nil {
		return q, err
	}
	if q.Limit, err = searchDepth(p); err != nil {
		return q, err
	}
	if q.SpanMin, err = durationV3(p, "query.durationMin", "query.duration_min"); err != nil {
		return q, err
	}
	if q.SpanMax, err = durationV3(p, "query.durationMax", "query.duration_max"); err != nil {
		return q, err
	}
	if q.SpanMax != 0 && q.SpanMin > q.SpanMax {
		return q, fmt.Errorf("query.durationMax must not be less than query.durationMin: %w", store.ErrInvalid)
	}
	if text := p.Get("query.attributes"); text != "" {
		if err := json.Unmarshal([]byte(text), &q.Tags); err != nil {
			return q, malformed("query.attributes", err)
		}
		if len(q.Tags) > maxTags {
			return q, fmt.Errorf("more than %d attributes: %w", maxTags, store.ErrTooLarge)
		}
	}
	return q, nil
}

// timeRangeV3 includes the last nanosecond.
func timeRangeV3(p url.Values) (r store.TimeRange, err error) {
	if r.From, err = timeV3(p, "query.startTimeMin", "query.start_time_min"); err != nil {
		return r, err
	}
	if r.To, err = timeV3(p, "query.startTimeMax", "query.start_time_max"); err != nil {
		return r, err
	}
	if r.From >= r.To {
		return r, fmt.Errorf("query.startTimeMin must be before query.startTimeMax: %w", store.ErrInvalid)
	}
	r.To++
	return r, nil
}

// timeV3 reads RFC 3339. Grafana does not escape the + of a zone, which makes it
// a space.
func timeV3(p url.Values, names ...string) (int64, error) {
	name, text := eitherParam(p, names...)
	if text == "" {
		return 0, fmt.Errorf("%s is required: %w", name, store.ErrInvalid)
	}
	t, err := time.Parse(time.RFC3339Nano, strings.ReplaceAll(text, " ", "+"))
	if err != nil {
		return 0, malformed(name, err)
	}
	if t.Before(minTime) || t.After(maxTime) {
		return 0, malformed(name, fmt.Errorf("%s is not between the years 1678 and 2262", text))
	}
	return t.UnixNano(), nil
}

// What can be said in nanoseconds of 64 bits.
var (
	minTime = time.Date(1678, 1, 1, 0, 0, 0, 0, time.UTC)
	maxTime = time.Date(2262, 1, 1, 0, 0, 0, 0, time.UTC)
)

func searchDepth(p url.Values) (int, error) {
	name, text := eitherParam(p, "query.searchDepth", "query.search_depth", "query.num_traces")
	if text == "" {
		return defaultLimit, nil
	}
	n, err := strconv.Atoi(text)
	if err == nil && n < 1 {
		err = fmt.Errorf("%d is no positive number", n)
	}
	if err != nil {
		return 0, malformed(name, err)
	}
	return n, nil
}

func durationV3(p url.Values, names ...string) (time.Duration, error) {
	name, text := eitherParam(p, names...)
	if text == "" {
		return 0, nil
	}
	d, err := parseDuration(text)
	if err != nil {
		return 0, malformed(name, err)
	}
	return d, nil
}

// idV3 reads an id in hexadecimal or, as protobuf's JSON has bytes, in base64.
func idV3(text string) (store.TraceID, error) {
	if id, err := store.ParseTraceID(text); err == nil {
		return id, nil
	}
	plain := strings.TrimRight(strings.NewReplacer("-", "+", "_", "/").Replace(text), "=")
	b, err := base64.RawStdEncoding.DecodeString(plain)
	if err != nil || len(b) != len(store.TraceID{}) {
		return store.TraceID{}, malformed("trace_id", fmt.Errorf("%.60q is no trace id in hexadecimal or base64", text))
	}
	return store.TraceID(b), nil
}
