package pages

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"

	"tripod/store"
	"tripod/ui/chart"
)

// spanText is a span as traceJSON has it, indented.
func spanText(s *store.Span) string {
	b, err := json.MarshalIndent(jsonSpanOf(s), "", "  ")
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// The JSON for people, of spans and events.
type (
	jsonEvent struct {
		Time       string         `json:"time"`
		Name       string         `json:"name"`
		Attributes map[string]any `json:"attributes,omitempty"`
	}
	jsonSpan struct {
		SpanID     string         `json:"spanId"`
		ParentID   string         `json:"parentSpanId,omitempty"`
		Service    string         `json:"service"`
		Name       string         `json:"name"`
		Kind       string         `json:"kind"`
		Start      string         `json:"start"`
		DurationNs int64          `json:"durationNs"`
		Error      bool           `json:"error,omitempty"`
		Message    string         `json:"message,omitempty"`
		Attributes map[string]any `json:"attributes,omitempty"`
		Events     []jsonEvent    `json:"events,omitempty"`
	}
)

func jsonSpanOf(s *store.Span) jsonSpan {
	js := jsonSpan{
		SpanID: s.SpanID.String(), Service: s.Service, Name: s.Name, Kind: s.Kind.String(),
		Start: time.Unix(0, s.Start).UTC().Format(time.RFC3339Nano), DurationNs: s.Duration(),
		Error: s.Status == store.StatusError, Message: cut(s.StatusMessage, detailValue), Attributes: attrMap(s.Attrs),
	}
	if !s.ParentID.IsZero() {
		js.ParentID = s.ParentID.String()
	}
	for _, e := range s.Events[:min(len(s.Events), 50)] {
		js.Events = append(js.Events, jsonEvent{time.Unix(0, e.Time).UTC().Format(time.RFC3339Nano), e.Name, attrMap(e.Attrs)})
	}
	return js
}

// traceJSON is the trace for people: the first spans, indented.
func traceJSON(tr store.Trace) (text, note string) {
	out := struct {
		TraceID string     `json:"traceId"`
		Spans   []jsonSpan `json:"spans"`
	}{TraceID: tr.ID.String()}
	for i := range tr.Spans[:min(len(tr.Spans), maxJSONSpans)] {
		out.Spans = append(out.Spans, jsonSpanOf(&tr.Spans[i]))
	}
	b, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		return err.Error(), ""
	}
	if len(tr.Spans) > maxJSONSpans {
		note = fmt.Sprintf("The first %d of %s spans.", maxJSONSpans, chart.Count(int64(len(tr.Spans))))
	}
	return string(b), note
}

func attrMap(attrs store.Attrs) map[string]any {
	out := make(map[string]any, len(attrs))
	for _, a := range slices.Backward(attrs[:min(len(attrs), detailMost)]) {
		out[a.Key] = jsonValue(a.Value)
	}
	return out
}

// jsonValue keeps numbers and truths; everything else is its text.
func jsonValue(v store.Value) any {
	switch v.Kind {
	case store.KindInt:
		return v.Int()
	case store.KindBool:
		return v.Bool()
	case store.KindFloat:
		if f := v.Float(); !math.IsNaN(f) && !math.IsInf(f, 0) {
			return f
		}
	}
	return cut(v.Text(), detailValue)
}
