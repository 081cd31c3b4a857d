package traces

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"

	"tripod/store"
	"tripod/store/events"
)

// maxTraceSpans bounds one trace; the earliest are kept.
const maxTraceSpans = 100_000

// tracesAtATime bounds the traces that are looked for at a time, fewer than the
// engine's filters are asked for.
const tracesAtATime = 50

// Trace is all that is known of one trace, whatever its time. A block that
// cannot be read is missing from it; the engine has reported it.
func (s *Store) Trace(ctx context.Context, id store.TraceID) (t store.Trace, err error) {
	for t, err = range s.Traces(ctx, []store.TraceID{id}) {
	}
	return t, err
}

// Traces are all that is known of several, in their order. One of which nothing
// is known is only an id, beside store.ErrNotFound or what could not be read.
func (s *Store) Traces(ctx context.Context, ids []store.TraceID) iter.Seq2[store.Trace, error] {
	return func(yield func(store.Trace, error) bool) {
		for group := range slices.Chunk(ids, tracesAtATime) {
			if !s.eachTrace(ctx, group, maxHeld, yield) {
				return
			}
		}
	}
}

// eachTrace reads traces at once; when they are more spans than most, by halves.
func (s *Store) eachTrace(ctx context.Context, ids []store.TraceID, most int, yield func(store.Trace, error) bool) (more bool) {
	spans, full, damage := s.spansOf(ctx, ids, most)
	if full {
		half := len(ids) / 2
		return s.eachTrace(ctx, ids[:half], most, yield) && s.eachTrace(ctx, ids[half:], most, yield)
	}
	for _, id := range ids {
		t, err := store.Trace{ID: id}, ctx.Err()
		switch list := spans[id]; {
		case err != nil:
		case len(list) > 0:
			t.Spans = assemble(list)
		case damage != nil:
			err = damage
		default:
			err = fmt.Errorf("trace %s: %w", id, store.ErrNotFound)
		}
		if !yield(t, err) {
			return false
		}
	}
	return true
}

// spansOf reads the spans of traces, the earliest of each; full says that those
// of several traces were too many.
func (s *Store) spansOf(ctx context.Context, ids []store.TraceID, most int) (spans map[store.TraceID][]store.Span, full bool, damage error) {
	var d decoder
	spans = make(map[store.TraceID][]store.Span, len(ids))
	held := 0
	q := events.Query{Range: always, Oldest: true, Where: byIDs(ids)}
	for e, err := range s.events.Scan(ctx, q) {
		if err != nil {
			damage = err
			continue
		}
		span := d.decode(e)
		list := spans[span.TraceID]
		if len(list) == maxTraceSpans && len(ids) == 1 {
			break
		}
		if len(list) < maxTraceSpans {
			spans[span.TraceID] = append(list, span)
			held++
		}
		if held > most && len(ids) > 1 {
			return nil, true, nil
		}
	}
	return spans, false, damage
}

func byIDs(ids []store.TraceID) events.Expr {
	if len(ids) == 1 {
		return events.Equal{Field: fTraceID, Text: ids[0].String()}
	}
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = id.String()
	}
	return oneOf(texts)
}

// assemble drops spans that came twice and puts the rest in order of start;
// those of equal start with parents before their children.
func assemble(spans []store.Span) []store.Span {
	kin := kinshipOf(spans)
	if kin.Twins {
		spans = once(spans)
		kin = kinshipOf(spans)
	}
	if inOrder(spans) {
		return spans
	}
	depths := kin.Depths()
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

func kinshipOf(spans []store.Span) *store.Kinship {
	return store.NewKinship(len(spans), func(i int) *store.Span { return &spans[i] })
}

// inOrder says that each span starts later than the one before.
func inOrder(spans []store.Span) bool {
	for i := 1; i < len(spans); i++ {
		if spans[i].Start <= spans[i-1].Start {
			return false
		}
	}
	return true
}

// once drops spans that came twice.
func once(spans []store.Span) []store.Span {
	type key struct {
		id         store.SpanID
		kind       store.SpanKind // Zipkin's client and server share an id
		start, end int64
		service    string
	}
	seen := make(map[key]bool, len(spans))
	return slices.DeleteFunc(spans, func(s store.Span) bool {
		k := key{s.SpanID, s.Kind, s.Start, s.End, s.Service}
		twice := seen[k]
		seen[k] = true
		return twice
	})
}
