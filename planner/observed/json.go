package observed

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strconv"
	"time"
	"unicode/utf8"
)

// maxValue bounds one text in a line, in bytes; what is longer is cut.
const maxValue = 8 << 10

// appendAttr writes "key":value: durations in ms, times in Unix ms, errors as
// pino writes them.
func appendAttr(b []byte, a slog.Attr) []byte {
	b = append(appendString(b, a.Key), ':')
	return appendValue(b, a.Value.Resolve())
}

func appendValue(b []byte, v slog.Value) []byte {
	switch v.Kind() {
	case slog.KindString:
		return appendString(b, v.String())
	case slog.KindInt64:
		return appendInt(b, v.Int64())
	case slog.KindUint64:
		return strconv.AppendUint(b, v.Uint64(), 10)
	case slog.KindFloat64:
		return appendFloat(b, v.Float64())
	case slog.KindBool:
		return strconv.AppendBool(b, v.Bool())
	case slog.KindDuration:
		return appendFloat(b, millis(v.Duration()))
	case slog.KindTime:
		return appendInt(b, v.Time().UnixMilli())
	case slog.KindGroup:
		return appendGroup(b, v.Group())
	}
	if err, ok := v.Any().(error); ok {
		return appendError(b, err)
	}
	return appendString(b, v.String())
}

func appendGroup(b []byte, attrs []slog.Attr) []byte {
	b = append(b, '{')
	for i, a := range attrs {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendAttr(b, a)
	}
	return append(b, '}')
}

func appendError(b []byte, err error) []byte {
	b = appendString(append(b, `{"type":`...), errorType(err))
	b = appendString(append(b, `,"message":`...), err.Error())
	return append(b, '}')
}

// errorType is the type of the first error in the chain that has one of its own.
func errorType(err error) string {
	for e := err; e != nil; {
		switch t := fmt.Sprintf("%T", e); t {
		case "*fmt.wrapError", "*errors.errorString", "*errors.joinError":
		case "*fmt.wrapErrors":
			if many, ok := e.(interface{ Unwrap() []error }); ok && len(many.Unwrap()) > 0 {
				e = many.Unwrap()[0]
				continue
			}
		default:
			return t
		}
		e = errors.Unwrap(e)
	}
	return "Error"
}

func millis(d time.Duration) float64 { return math.Round(float64(d)/1e4) / 100 }

func appendInt(b []byte, n int64) []byte { return strconv.AppendInt(b, n, 10) }

func appendFloat(b []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(b, "null"...)
	}
	return strconv.AppendFloat(b, f, 'f', -1, 64)
}

const hexDigits = "0123456789abcdef"

// appendString writes a JSON string; bytes that are no UTF-8 become U+FFFD.
func appendString(b []byte, s string) []byte {
	if len(s) > maxValue {
		s = s[:maxValue]
	}
	b = append(b, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			if r != utf8.RuneError || n > 1 {
				i += n
				continue
			}
			b = append(append(b, s[from:i]...), "\ufffd"...)
			i++
			from = i
			continue
		}
		if c >= ' ' && c != '"' && c != '\\' && c != 0x7f {
			i++
			continue
		}
		b = appendEscape(append(b, s[from:i]...), c)
		i++
		from = i
	}
	return append(append(b, s[from:]...), '"')
}

func appendEscape(b []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(b, '\\', c)
	case '\n':
		return append(b, '\\', 'n')
	case '\r':
		return append(b, '\\', 'r')
	case '\t':
		return append(b, '\\', 't')
	}
	return append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
}
