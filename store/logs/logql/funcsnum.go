package logql

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// must makes an error of a value that could not be read.
func must[T any](v T, ok bool) func(text, what string) (T, error) {
	return func(text, what string) (T, error) {
		if !ok {
			return v, fmt.Errorf("%q is no %s", text, what)
		}
		return v, nil
	}
}

func seconds(s string) (float64, error) {
	d, ok := parseDuration(s)
	return must(d.Seconds(), ok)(s, "duration")
}

func date(layout string, t time.Time) string { return t.Format(layout) }

func toDateInZone(layout, zone, s string) (time.Time, error) {
	loc, err := time.LoadLocation(zone)
	if err != nil {
		return time.Time{}, err
	}
	return time.ParseInLocation(layout, s, loc)
}

// unixToTime reads days, seconds, milli-, micro- or nanoseconds since 1970, by
// the number of digits.
func unixToTime(s string) (time.Time, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is no whole number", s)
	}
	switch len(s) {
	case 5:
		return time.Unix(n*86400, 0).UTC(), nil
	case 10:
		return time.Unix(n, 0).UTC(), nil
	case 13:
		return time.UnixMilli(n).UTC(), nil
	case 16:
		return time.UnixMicro(n).UTC(), nil
	case 19:
		return time.Unix(0, n).UTC(), nil
	}
	return time.Time{}, fmt.Errorf("%q has neither 5, 10, 13, 16 nor 19 digits", s)
}

// toFloat reads numbers and what reads as one; anything else is 0.
func toFloat(v any) float64 {
	switch v := v.(type) {
	case string:
		f, _ := strconv.ParseFloat(strings.TrimSpace(v), 64)
		return f
	case int:
		return float64(v)
	case int64:
		return float64(v)
	case float64:
		return v
	case bool:
		if v {
			return 1
		}
	}
	return 0
}

func toInt(v any) int64 {
	switch v := v.(type) {
	case int:
		return int64(v)
	case int64:
		return v
	case string:
		if n, err := strconv.ParseInt(strings.TrimSpace(v), 10, 64); err == nil {
			return n
		}
	}
	f := toFloat(v)
	if math.IsNaN(f) || math.Abs(f) >= math.MaxInt64 {
		return 0
	}
	return int64(f)
}

func ints(f func(a, b int64) (int64, error)) func(first any, more ...any) (int64, error) {
	return func(first any, more ...any) (n int64, err error) {
		n = toInt(first)
		for _, v := range more {
			if n, err = f(n, toInt(v)); err != nil {
				return 0, err
			}
		}
		return n, nil
	}
}

func floats(f func(a, b float64) float64) func(first any, more ...any) float64 {
	return func(first any, more ...any) float64 {
		x := toFloat(first)
		for _, v := range more {
			x = f(x, toFloat(v))
		}
		return x
	}
}

func divide(a, b int64, rest bool) (int64, error) {
	switch {
	case b == 0:
		return 0, errors.New("division by 0")
	case rest:
		return a % b, nil
	}
	return a / b, nil
}

// round rounds half up, to that many decimals.
func round(a any, places int, on ...float64) float64 {
	up := 0.5
	if len(on) > 0 {
		up = on[0]
	}
	f, by := toFloat(a), math.Pow10(min(max(places, 0), 15))
	whole, part := math.Modf(f * by)
	if math.Abs(part) >= up {
		whole += math.Copysign(1, f)
	}
	return whole / by
}

// bounded is a function over texts that are not too long together.
func bounded(f func(...any) string) func(...any) (string, error) {
	return func(args ...any) (string, error) {
		if err := argsWithin(args); err != nil {
			return "", err
		}
		s := f(args...)
		return s, within(len(s))
	}
}

// argsWithin measures the texts among arguments.
func argsWithin(args []any) error {
	sum := 0
	for _, a := range args {
		if s, ok := a.(string); ok {
			sum += len(s)
		}
	}
	return within(sum)
}

// wide finds the widths of a format that are too wide.
var wide = regexp.MustCompile(`%[^a-zA-Z%]*(\d{4}|\*|\[)`)

func printf(format string, args ...any) (string, error) {
	if wide.MatchString(format) {
		return "", errors.New("a width of printf is longer than 999, or not written out")
	}
	if err := argsWithin(args); err != nil {
		return "", err
	}
	s := fmt.Sprintf(format, args...)
	return s, within(len(s))
}
