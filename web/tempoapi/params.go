package tempoapi

import (
	"fmt"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"

	"tripod/store"
)

const (
	maxTraces   = 1000 // of one answer
	maxSpans    = 1000 // shown of one spanset
	maxValues   = 10_000
	defaultBack = time.Hour
	maxTags     = 64
)

func invalid(name, text, want string) error {
	return fmt.Errorf("%s=%.40q: want %s: %w", name, text, want, store.ErrInvalid)
}

// timeRange reads start and end in seconds, or since; without any it is the
// last hour.
func (a *API) timeRange(p url.Values) (r store.TimeRange, err error) {
	if r.To, err = moment(p, "end", a.o.Now().UnixNano()); err != nil {
		return r, err
	}
	back := defaultBack
	if text := p.Get("since"); text != "" {
		if back, err = time.ParseDuration(text); err != nil || back <= 0 {
			return r, invalid("since", text, "a duration such as 1h")
		}
	}
	if r.From, err = moment(p, "start", r.To-int64(back)); err != nil {
		return r, err
	}
	if r.From > r.To {
		return r, fmt.Errorf("start %s is behind end %s: %w", p.Get("start"), p.Get("end"), store.ErrInvalid)
	}
	return r, nil
}

// moment reads Unix seconds, or nanoseconds where no clock shows such seconds,
// or RFC 3339.
func moment(p url.Values, name string, otherwise int64) (int64, error) {
	text := p.Get(name)
	if text == "" {
		return otherwise, nil
	}
	if f, err := strconv.ParseFloat(text, 64); err == nil && f >= 0 && f <= math.MaxInt64 {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil && n > 1e11 {
			return n, nil
		}
		if f < math.MaxInt64/1e9 {
			return int64(f * 1e9), nil
		}
	}
	if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
		return t.UnixNano(), nil
	}
	return 0, invalid(name, text, "Unix seconds")
}

func duration(p url.Values, name string) (time.Duration, error) {
	text := p.Get(name)
	if text == "" {
		return 0, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, invalid(name, text, "a duration such as 100ms")
	}
	return d, nil
}

// step reads a duration, or seconds.
func step(p url.Values, otherwise time.Duration) (time.Duration, error) {
	text := p.Get("step")
	if text == "" {
		return otherwise, nil
	}
	if s, err := strconv.ParseFloat(text, 64); err == nil && s > 0 && s < 1e9 {
		return time.Duration(s * 1e9), nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d <= 0 {
		return 0, invalid("step", text, "a duration such as 15s, or seconds")
	}
	return d, nil
}

// count reads a positive number, at most most; 0 when there is none.
func count(p url.Values, name string, most int) (int, error) {
	text := p.Get(name)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, invalid(name, text, "a number")
	}
	return min(n, most), nil
}

// tagQuery makes TraceQL of tags in logfmt: service.name=shop http.status=500
// msg="two words". A span or its resource has all of them.
func tagQuery(text string) (string, error) {
	var terms []string
	for rest := strings.TrimSpace(text); rest != ""; {
		key, after, ok := strings.Cut(rest, "=")
		if !ok || key == "" || strings.ContainsAny(key, " \"{}()|&") || len(terms) == maxTags {
			return "", invalid("tags", text, fmt.Sprintf("at most %d of key=value", maxTags))
		}
		var value string
		if strings.HasPrefix(after, `"`) {
			quoted, err := strconv.QuotedPrefix(after)
			if err != nil {
				return "", invalid("tags", text, "a closing quote")
			}
			value, _ = strconv.Unquote(quoted)
			rest = after[len(quoted):]
		} else {
			value, rest, _ = strings.Cut(after, " ")
		}
		rest = strings.TrimSpace(rest)
		terms = append(terms, term(key, value))
	}
	return "{" + strings.Join(terms, " && ") + "}", nil
}

// term is a comparison; a value may be of any type that it reads as.
func term(key, value string) string {
	switch key {
	case "name", "rootName", "rootServiceName", "statusMessage":
		return key + "=" + strconv.Quote(value)
	case "status", "kind":
		return key + "=" + value
	case "error":
		if value == "true" {
			return "status=error"
		}
	}
	is := "." + key + "=" + strconv.Quote(value)
	if _, err := strconv.ParseFloat(value, 64); err == nil || value == "true" || value == "false" {
		return "(" + is + " || ." + key + "=" + value + ")"
	}
	return is
}
