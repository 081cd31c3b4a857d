package store

import (
	"encoding/hex"
	"fmt"
)

func (id TraceID) String() string { return string(id.AppendHex(make([]byte, 0, 2*len(id)))) }
func (id SpanID) String() string  { return string(id.AppendHex(make([]byte, 0, 2*len(id)))) }

// IsZero says that there is no id.
func (id TraceID) IsZero() bool { return id == TraceID{} }

// IsZero says that there is no id.
func (id SpanID) IsZero() bool { return id == SpanID{} }

// ParseTraceID reads 1 to 32 hexadecimal digits, as Jaeger and Zipkin write
// ids without leading zeros.
func ParseTraceID(s string) (TraceID, error) {
	var id TraceID
	if err := parseID(id[:], s); err != nil {
		return TraceID{}, fmt.Errorf("trace id %w", err)
	}
	return id, nil
}

// ParseSpanID reads 1 to 16 hexadecimal digits.
func ParseSpanID(s string) (SpanID, error) {
	var id SpanID
	if err := parseID(id[:], s); err != nil {
		return SpanID{}, fmt.Errorf("span id %w", err)
	}
	return id, nil
}

func parseID(to []byte, s string) error {
	if s == "" || len(s) > 2*len(to) {
		return noID(to, s)
	}
	full := [2 * len(TraceID{})]byte([]byte("00000000000000000000000000000000"))
	copy(full[2*len(to)-len(s):], s)
	if _, err := hex.Decode(to, full[:2*len(to)]); err != nil {
		return noID(to, s)
	}
	return nil
}

func noID(to []byte, s string) error {
	return fmt.Errorf("%.40q: want 1 to %d hexadecimal digits: %w", s, 2*len(to), ErrInvalid)
}
