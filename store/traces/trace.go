package traces

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"tripod/store"
	"tripod/store/events"
)

// maxTraceSpans bounds one trace; the earliest are kept.
const maxTraceSpans = 100_000

// Trace is all that is known of one trace, whatever its time. A block that
// cannot be read is missing from it; the engine has reported it.
func (s *Store) Trace(ctx context.Context, id store.TraceID) (store.Trace, error) {
	var d decoder
	t := store.Trace{ID: id}
	q := events.Query{
		Range: always, Oldest: true, Limit: maxTraceSpans,
		Where: events.Equal{Field: fTraceID, Text: id.String()},
	}
	var damage error
	for e, err := range s.events.Scan(ctx, q) {
		if err != nil {
			damage = err
			continue
		}
		t.Spans = append(t.Spans, d.decode(e))
	}
	if err := ctx.Err(); err != nil {
		return store.Trace{}, err
	}
	if len(t.Spans) == 0 {
		if damage != nil {
			return store.Trace{}, damage
		}
		return store.Trace{}, fmt.Errorf("trace %s: %w", id, store.ErrNotFound)
	}
	t.Spans = assemble(t.Spans)
	return t, nil
}

// assemble drops spans that came twice and puts the rest in order of start;
// those of equal start with parents before their children.
func assemble(spans []store.Span) []store.Span {
	type key struct {
		id         store.SpanID
		kind       store.SpanKind // Zipkin's client and server share an id
		start, end int64
		service    string
	}
	seen := make(map[key]bool, len(spans))
	spans = slices.DeleteFunc(spans, func(s store.Span) bool {
		k := key{s.SpanID, s.Kind, s.Start, s.End, s.Service}
		twice := seen[k]
		seen[k] = true
		return twice
	})
	depths := depthsOf(spans)
	order := make([]int, len(spans))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(spans[a].Start, spans[b].Start), cmp.Compare(depths[a], depths[b]))
	})
	out := make([]store.Span, len(spans))
	for i, at := range order {
		out[i] = spans[at]
	}
	return out
}

// depthsOf counts the ancestors of each span; a circle ends where it began.
func depthsOf(spans []store.Span) []int {
	byID := make(map[store.SpanID]int, len(spans))
	for i := range spans {
		if _, ok := byID[spans[i].SpanID]; !ok {
			byID[spans[i].SpanID] = i
		}
	}
	depths := make([]int, len(spans)) // 0 unknown, -1 on the way, else depth+1
	var path []int
	for i := range spans {
		path = path[:0]
		at, base := i, 0
		for {
			if depths[at] != 0 {
				base = max(0, depths[at])
				break
			}
			depths[at] = -1
			path = append(path, at)
			parent, ok := byID[spans[at].ParentID]
			if !ok || spans[at].ParentID.IsZero() {
				break
			}
			at = parent
		}
		for n := len(path) - 1; n >= 0; n-- {
			base++
			depths[path[n]] = base
		}
	}
	return depths
}
