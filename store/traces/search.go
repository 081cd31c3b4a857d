package traces

import (
	"context"
	"math"
	"strconv"
	"strings"
	"time"

	"tripod/store"
	"tripod/store/events"
)

const (
	defaultLimit = 20
	maxLimit     = 10_000
	// maxLength is how far the spans of one trace may lie apart for Search;
	// Trace finds them all. Where a longer trace starts for a search depends on
	// which of its spans were met: one answer has it once, but the answers for
	// two ranges may both have it, with another start in each.
	maxLength = int64(time.Hour)
	// maxCandidates bounds the traces that one search looks at.
	maxCandidates = 50_000
)

// Search finds the newest traces that start in the range, newest first; see
// store.TraceQuery. All spans of an answer lie within an hour of one that fits.
func (s *Store) Search(ctx context.Context, q store.TraceQuery) ([]store.TraceSummary, error) {
	h := s.hunt(&q)
	if err := h.run(ctx); err != nil {
		return nil, err
	}
	return h.traces(), nil
}

func (s *Store) hunt(q *store.TraceQuery) *hunt {
	h := &hunt{s: s, r: q.Range, limit: q.Limit, min: q.MinDuration, max: q.MaxDuration, where: condition(q), group: maxCandidates, most: maxCandidates}
	h.read = h.summaries
	return h
}

// traces are those that were found.
func (h *hunt) traces() []store.TraceSummary {
	out := make([]store.TraceSummary, len(h.found))
	for i := range out {
		out[i] = h.found[i].Trace
	}
	return out
}

func addTime(t, d int64) int64 {
	if d > 0 && t > math.MaxInt64-d {
		return math.MaxInt64
	}
	if d < 0 && t < math.MinInt64-d {
		return math.MinInt64
	}
	return t + d
}

// condition is what a span must fit.
func condition(q *store.TraceQuery) events.Expr {
	var all events.And
	if q.Service != "" {
		all = append(all, events.Equal{Field: fService, Text: q.Service})
	}
	if q.Operation != "" {
		all = append(all, events.Equal{Field: fName, Text: q.Operation})
	}
	if q.Errors {
		all = append(all, errorClasses)
	}
	if q.SpanMin > 0 || q.SpanMax > 0 {
		all = append(all, took(q.SpanMin, q.SpanMax))
	}
	for key, text := range q.Tags {
		all = append(all, tag(key, text))
	}
	return all
}

// took is a condition on the duration of a span; a most of 0 is no bound. There
// is no field where it took no time.
func took(least, most time.Duration) events.Expr {
	m := events.Measured{Named: named(fDuration), From: float64(least), To: math.Inf(1)}
	if most > 0 {
		m.To = float64(most)
	}
	m.Measure = func(v store.Value) (float64, bool) { return max(0, float64(v.Int())), true }
	m.Holds = func(f float64) bool { return m.From <= f && f <= m.To }
	if least > 0 {
		return m
	}
	return events.Or{m, events.Not{X: events.Exists{Field: fDuration}}}
}

// tag is a condition on an attribute of the span, its resource or its scope, or
// on one of the words by which Jaeger's users know a span's own fields.
func tag(key, text string) events.Expr {
	any := events.Or{
		events.Equal{Field: attrPrefix + key, Text: text},
		events.Equal{Field: resourcePrefix + key, Text: text},
		events.Equal{Field: scopePrefix + key, Text: text},
	}
	switch key {
	case "error":
		if text == "true" {
			any = append(any, errorClasses)
		} else if text == "false" {
			any = append(any, events.Not{X: errorClasses})
		}
	case "span.kind":
		for k := store.SpanInternal; k <= store.SpanConsumer; k++ {
			if k.String() == text {
				any = append(any, events.Equal{Field: fKind, Text: strconv.Itoa(int(k))})
			}
		}
	case "otel.status_code":
		switch strings.ToUpper(text) {
		case "ERROR":
			any = append(any, errorClasses)
		case "OK":
			any = append(any, events.Equal{Field: fStatus, Text: strconv.Itoa(int(store.StatusOK))})
		}
	case "otel.status_description":
		any = append(any, events.Equal{Field: fStatusMessage, Text: text})
	case "service.name":
		any = append(any, events.Equal{Field: fService, Text: text})
	}
	return any
}
