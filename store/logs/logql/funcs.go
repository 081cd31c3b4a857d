package logql

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/url"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"text/template"
	"time"
	"unicode/utf8"
)

// templateFuncs are Loki's functions for templates. Those that make texts stay
// within maxFormatted.
var templateFuncs = template.FuncMap{
	"_each": eachOf,

	"ToLower": strings.ToLower, "ToUpper": strings.ToUpper, "lower": strings.ToLower, "upper": strings.ToUpper, "title": title,
	"Trim": strings.Trim, "TrimLeft": strings.TrimLeft, "TrimRight": strings.TrimRight,
	"TrimPrefix": strings.TrimPrefix, "TrimSuffix": strings.TrimSuffix, "TrimSpace": strings.TrimSpace,
	"trim": strings.TrimSpace, "trimAll": func(cut, s string) string { return strings.Trim(s, cut) },
	"trimPrefix": func(cut, s string) string { return strings.TrimPrefix(s, cut) },
	"trimSuffix": func(cut, s string) string { return strings.TrimSuffix(s, cut) },
	"contains":   func(part, s string) bool { return strings.Contains(s, part) },
	"hasPrefix":  func(part, s string) bool { return strings.HasPrefix(s, part) },
	"hasSuffix":  func(part, s string) bool { return strings.HasSuffix(s, part) },
	"Replace":    replace,
	"replace":    func(old, now, s string) (string, error) { return replace(s, old, now, -1) },
	"trunc":      trunc, "substr": substr, "repeat": repeat, "indent": indent,
	"nindent":   func(n any, s string) (string, error) { t, err := indent(n, s); return "\n" + t, err },
	"alignLeft": func(n any, s string) (string, error) { return align(n, s, false) }, "alignRight": func(n any, s string) (string, error) { return align(n, s, true) },
	"count":           countMatches,
	"regexReplaceAll": func(expr, s, repl string) (string, error) { return replaceAll(expr, s, repl, false) }, "regexReplaceAllLiteral": func(expr, s, repl string) (string, error) { return replaceAll(expr, s, repl, true) },
	"urlencode": url.QueryEscape, "urldecode": url.QueryUnescape,
	"b64enc": func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }, "b64dec": b64dec,
	"default": func(otherwise, s string) string {
		if s == "" {
			return otherwise
		}
		return s
	},
	"fromJson": fromJSON,
	"bytes":    func(s string) (float64, error) { return must(parseBytes(s))(s, "size") },
	"duration": seconds, "duration_seconds": seconds,

	"now": time.Now, "date": date,
	"toDate":          func(layout, s string) (time.Time, error) { return time.ParseInLocation(layout, s, time.UTC) },
	"toDateInZone":    toDateInZone,
	"unixEpoch":       func(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) },
	"unixEpochMillis": func(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) },
	"unixEpochNanos":  func(t time.Time) string { return strconv.FormatInt(t.UnixNano(), 10) },
	"unixToTime":      unixToTime,

	"int": toInt, "float64": toFloat,
	"add": ints(func(a, b int64) (int64, error) { return a + b, nil }), "mul": ints(func(a, b int64) (int64, error) { return a * b, nil }),
	"sub": func(a, b any) int64 { return toInt(a) - toInt(b) },
	"div": func(a, b any) (int64, error) { return divide(toInt(a), toInt(b), false) },
	"mod": func(a, b any) (int64, error) { return divide(toInt(a), toInt(b), true) },
	"max": ints(func(a, b int64) (int64, error) { return max(a, b), nil }), "min": ints(func(a, b int64) (int64, error) { return min(a, b), nil }),
	"addf": floats(func(a, b float64) float64 { return a + b }), "subf": floats(func(a, b float64) float64 { return a - b }),
	"mulf": floats(func(a, b float64) float64 { return a * b }), "divf": floats(func(a, b float64) float64 { return a / b }),
	"maxf": floats(math.Max), "minf": floats(math.Min),
	"ceil": func(a any) float64 { return math.Ceil(toFloat(a)) }, "floor": func(a any) float64 { return math.Floor(toFloat(a)) }, "round": round,

	"print": bounded(fmt.Sprint), "println": bounded(fmt.Sprintln), "printf": printf,
	"html": bounded(template.HTMLEscaper), "js": bounded(template.JSEscaper), "urlquery": bounded(template.URLQueryEscaper),
}

// eachOf lets range go through short lists only: a number would be counted up
// to, and nobody waits for a billion.
func eachOf(list any) (any, error) {
	v := reflect.ValueOf(list)
	switch v.Kind() {
	case reflect.Slice, reflect.Map:
		if v.Len() > maxRange {
			return nil, fmt.Errorf("range over more than %d items", maxRange)
		}
		return list, nil
	case reflect.Invalid:
		return []any{}, nil
	}
	return nil, errors.New("range goes through lists and maps only")
}

func title(s string) string {
	between := true
	return strings.Map(func(r rune) rune {
		was := between
		if between = r == ' ' || r == '\t' || r == '\n'; was {
			return []rune(strings.ToTitle(string(r)))[0]
		}
		return r
	}, s)
}

// within refuses a text that would be too long.
func within(bytes int) error {
	if bytes < 0 || bytes > maxFormatted {
		return errFormatted
	}
	return nil
}

func replace(s, old, now string, n int) (string, error) {
	if err := within(len(s) + (strings.Count(s, old))*len(now)); err != nil {
		return "", err
	}
	return strings.Replace(s, old, now, n), nil
}

// trunc cuts to the first n characters or, of a negative n, the last.
func trunc(n any, s string) string {
	r, at := []rune(s), int(toInt(n))
	switch {
	case at < 0 && len(r)+at > 0:
		return string(r[len(r)+at:])
	case at >= 0 && len(r) > at:
		return string(r[:at])
	}
	return s
}

// substr is from start up to end; a negative one stands for the text's own.
func substr(start, end any, s string) string {
	r := []rune(s)
	from, to := int(toInt(start)), int(toInt(end))
	if from < 0 {
		from = 0
	}
	if to < 0 || to > len(r) {
		to = len(r)
	}
	if from >= to {
		return ""
	}
	return string(r[from:to])
}

func repeat(n any, s string) (string, error) {
	times := int(toInt(n))
	if times <= 0 || s == "" {
		return "", nil
	}
	if times > maxFormatted || within(times*len(s)) != nil {
		return "", errFormatted
	}
	return strings.Repeat(s, times), nil
}

func indent(n any, s string) (string, error) {
	pad, err := repeat(n, " ")
	if err != nil {
		return "", err
	}
	s, err = replace(s, "\n", "\n"+pad, -1)
	return pad + s, errors.Join(err, within(len(pad)+len(s)))
}

// align pads to n characters, or cuts: on the right side of a text that is
// aligned left, on the left side of one aligned right.
func align(n any, s string, right bool) (string, error) {
	width, have := int(toInt(n)), utf8.RuneCountInString(s)
	if width < 0 || width == have {
		return s, nil
	}
	if width < have {
		r := []rune(s)
		if right {
			return string(r[have-width:]), nil
		}
		return string(r[:width]), nil
	}
	pad, err := repeat(width-have, " ")
	if right {
		return pad + s, err
	}
	return s + pad, err
}

func countMatches(expr, s string) (int, error) {
	re, err := regexp.Compile(expr)
	if err != nil {
		return 0, err
	}
	return len(re.FindAllStringIndex(s, -1)), nil
}

func replaceAll(expr, s, repl string, literal bool) (string, error) {
	re, err := regexp.Compile(expr)
	if err != nil {
		return "", err
	}
	if err := within(len(s) + len(re.FindAllStringIndex(s, -1))*(len(repl)+strings.Count(repl, "$")*len(s))); err != nil {
		return "", err
	}
	if literal {
		return re.ReplaceAllLiteralString(s, repl), nil
	}
	return re.ReplaceAllString(s, repl), nil
}

func b64dec(s string) (string, error) {
	b, err := base64.StdEncoding.DecodeString(s)
	return string(b), err
}

// fromJSON reads a value; what is none is nothing.
func fromJSON(s string) any {
	var v any
	if json.Unmarshal([]byte(s), &v) != nil {
		return nil
	}
	return v
}
