package tempoapi

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"strconv"

	"tripod/store"
)

// traceAnswer is Tempo's TraceByIDResponse.
type traceAnswer struct {
	Trace   json.RawMessage `json:"trace"`
	Metrics struct{}        `json:"metrics"`
	Status  string          `json:"status,omitempty"`
	Message string          `json:"message,omitempty"`
}

func statusOf(damage string) string {
	if damage != "" {
		return "PARTIAL"
	}
	return ""
}

// traceProto is the same in protobuf: trace = 1, metrics = 2, status = 3 (1 is
// PARTIAL), message = 4.
func traceProto(trace []byte, damage string) []byte {
	b := append(binary.AppendUvarint([]byte{1<<3 | 2}, uint64(len(trace))), trace...)
	if damage != "" {
		b = append(b, 3<<3, 1, 4<<3|2)
		b = append(binary.AppendUvarint(b, uint64(len(damage))), damage...)
	}
	return b
}

type searchAnswer struct {
	Traces  []foundTrace  `json:"traces"`
	Metrics searchMetrics `json:"metrics"`
}

type searchMetrics struct {
	InspectedTraces int `json:"inspectedTraces,omitempty"`
}

type foundTrace struct {
	TraceID      string                  `json:"traceID"`
	RootService  string                  `json:"rootServiceName"`
	RootName     string                  `json:"rootTraceName"`
	Start        string                  `json:"startTimeUnixNano"`
	DurationMs   int64                   `json:"durationMs"`
	SpanSet      *spanSet                `json:"spanSet,omitempty"` // the first of all
	SpanSets     []spanSet               `json:"spanSets"`
	ServiceStats map[string]serviceStats `json:"serviceStats,omitempty"`
}

type serviceStats struct {
	Spans  int `json:"spanCount"`
	Errors int `json:"errorCount,omitempty"`
}

type spanSet struct {
	Spans   []foundSpan `json:"spans"`
	Matched int         `json:"matched"`
	Attrs   []attr      `json:"attributes,omitempty"`
}

type foundSpan struct {
	ID       string `json:"spanID"`
	Name     string `json:"name,omitempty"`
	Start    string `json:"startTimeUnixNano"`
	Duration string `json:"durationNanos"`
	Attrs    []attr `json:"attributes,omitempty"`
}

// attr is an attribute as OTLP has it in JSON.
type attr struct {
	Key   string   `json:"key"`
	Value anyValue `json:"value"`
}

type anyValue struct {
	String *string `json:"stringValue,omitempty"`
	Int    *string `json:"intValue,omitempty"`
	Double *number `json:"doubleValue,omitempty"`
	Bool   *bool   `json:"boolValue,omitempty"`
}

// number is written as protobuf's JSON writes it: what JSON has no number for is
// a text.
type number float64

// MarshalJSON never fails.
func (n number) MarshalJSON() ([]byte, error) {
	switch f := float64(n); {
	case math.IsNaN(f):
		return []byte(`"NaN"`), nil
	case math.IsInf(f, 1):
		return []byte(`"Infinity"`), nil
	case math.IsInf(f, -1):
		return []byte(`"-Infinity"`), nil
	}
	return json.Marshal(float64(n))
}

func valueOf(v store.Value) (out anyValue) {
	switch v.Kind {
	case store.KindInt:
		text := strconv.FormatInt(v.Int(), 10)
		out.Int = &text
	case store.KindFloat:
		n := number(v.Float())
		out.Double = &n
	case store.KindBool:
		yes := v.Bool()
		out.Bool = &yes
	default:
		text := v.Text()
		out.String = &text
	}
	return out
}

func nanos(n int64) string { return strconv.FormatInt(n, 10) }
