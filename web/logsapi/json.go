package logsapi

import (
	"encoding/base64"
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"tripod/store"
	"tripod/web"
)

// appendRow writes a line of an answer as one object and a line end. A line
// that is not UTF-8, which JSON cannot hold, also stands in base64.
func appendRow(b []byte, r *row) []byte {
	b = append(b, `{"time":"`...)
	b = appendTime(b, r.time)
	b = append(b, `","level":`...)
	b = web.AppendString(b, r.level)
	b = append(b, `,"service":`...)
	b = web.AppendString(b, r.service)
	b = append(b, `,"msg":`...)
	b = web.AppendString(b, r.msg)
	if r.trace != "" {
		b = append(b, `,"trace_id":`...)
		b = web.AppendString(b, r.trace)
	}
	if r.span != "" {
		b = append(b, `,"span_id":`...)
		b = web.AppendString(b, r.span)
	}
	b = append(b, `,"fields":`...)
	b = appendAttrs(b, r.fields)
	if len(r.resource) > 0 {
		b = append(b, `,"resource":`...)
		b = appendAttrs(b, r.resource)
	}
	b = append(b, `,"line":`...)
	b = web.AppendString(b, r.line)
	if !utf8.ValidString(r.line) {
		b = append(b, `,"line_base64":"`...)
		b = base64.StdEncoding.AppendEncode(b, []byte(r.line))
		b = append(b, '"')
	}
	return append(b, "}\n"...)
}

// timeLayout is RFC 3339 with all nine digits, so that texts sort as times.
const timeLayout = "2006-01-02T15:04:05.000000000Z07:00"

func appendTime(b []byte, ns int64) []byte {
	return time.Unix(0, ns).UTC().AppendFormat(b, timeLayout)
}

// fewAttrs is up to where looking through all is faster than a map.
const fewAttrs = 48

// appendAttrs writes an object; of a key that repeats it has the first, which
// is the one that a search finds.
func appendAttrs(b []byte, attrs store.Attrs) []byte {
	var seen map[string]bool
	if len(attrs) > fewAttrs {
		seen = make(map[string]bool, len(attrs))
	}
	again := func(i int) bool {
		if seen != nil {
			before := seen[attrs[i].Key]
			seen[attrs[i].Key] = true
			return before
		}
		for j := range i {
			if attrs[j].Key == attrs[i].Key {
				return true
			}
		}
		return false
	}
	b = append(b, '{')
	for i := range attrs {
		if again(i) {
			continue
		}
		if i > 0 {
			b = append(b, ',')
		}
		b = web.AppendString(b, attrs[i].Key)
		b = append(b, ':')
		b = appendValue(b, attrs[i].Value)
	}
	return append(b, '}')
}

// appendValue writes a value with its type; bytes as base64, and numbers that
// JSON does not have as text.
func appendValue(b []byte, v store.Value) []byte {
	switch v.Kind {
	case store.KindInt:
		return strconv.AppendInt(b, v.Int(), 10)
	case store.KindBool:
		return strconv.AppendBool(b, v.Bool())
	case store.KindFloat:
		return appendFloat(b, v.Float())
	case store.KindEmpty:
		return append(b, "null"...)
	case store.KindMap:
		return appendAttrs(b, v.In())
	case store.KindList:
		b = append(b, '[')
		for i, item := range v.In() {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendValue(b, item.Value)
		}
		return append(b, ']')
	}
	return web.AppendString(b, v.Text())
}

func appendFloat(b []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		b = append(b, '"')
		b = strconv.AppendFloat(b, f, 'g', -1, 64)
		return append(b, '"')
	}
	return strconv.AppendFloat(b, f, 'g', -1, 64)
}
