package traces

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"slices"

	"tripod/store"
)

// maxWhole bounds the traces that a search reads whole while it looks.
const maxWhole = 50

// maxWholeSpans bounds the spans that such a search holds, but for those of one
// trace that is read alone: up to maxTraceSpans.
const maxWholeSpans = 50_000

// minWhole are the traces that such a search reads at first, at least: of a list
// of one, most reads would be of one or two candidates.
const minWhole = 8

// SearchWhole finds what Search does, and gives the traces whole, as Traces
// does. Of a short list each candidate is read only once.
func (s *Store) SearchWhole(ctx context.Context, q store.TraceQuery) ([]store.TraceSummary, iter.Seq2[store.Trace, error], error) {
	return s.searchWhole(ctx, q, maxWholeSpans)
}

func (s *Store) searchWhole(ctx context.Context, q store.TraceQuery, most int) ([]store.TraceSummary, iter.Seq2[store.Trace, error], error) {
	w := s.wholeHunt(&q, most)
	if err := w.run(ctx); err != nil {
		return nil, nil, err
	}
	w.drop()
	found := w.traces()
	return found, func(yield func(store.Trace, error) bool) { w.give(ctx, found, yield) }, nil
}

// wholeHunt is a search that keeps what it reads of the traces that it finds.
type wholeHunt struct {
	*hunt
	most  int                            // spans that are held
	spans map[store.TraceID][]store.Span // in the order of a scan
}

func (s *Store) wholeHunt(q *store.TraceQuery, most int) *wholeHunt {
	w := &wholeHunt{hunt: s.hunt(q), most: most, spans: map[store.TraceID][]store.Span{}}
	if limit := cmp.Or(q.Limit, defaultLimit); q.MinDuration == 0 && q.MaxDuration == 0 && limit <= maxWhole {
		w.hunt.read, w.first = w.read, max(limit, minWhole)
	}
	return w
}

// drop forgets the spans of traces that newer ones have pushed out of the list,
// and says how many spans are still held.
func (w *wholeHunt) drop() (held int) {
	listed := make(map[store.TraceID]bool, len(w.found))
	for i := range w.found {
		listed[w.found[i].Trace.ID] = true
	}
	for id, list := range w.spans {
		if listed[id] {
			held += len(list)
		} else {
			delete(w.spans, id)
		}
	}
	return held
}

// read finds every trace whose summary fits, and keeps its spans, unless they
// are too many to be held.
func (w *wholeHunt) read(ctx context.Context, waiting []string, r store.TimeRange) error {
	ids := make([]store.TraceID, 0, len(waiting))
	for _, text := range waiting {
		if id, err := store.ParseTraceID(text); err == nil {
			ids = append(ids, id)
		}
	}
	held := w.drop()
	if len(ids) > maxWhole || held >= w.most {
		return w.summaries(ctx, waiting, r)
	}
	spans, full, damage := w.s.spansOf(ctx, ids, w.most-held)
	if ctx.Err() != nil || errors.Is(damage, store.ErrClosed) {
		return cmp.Or(ctx.Err(), damage)
	}
	for _, list := range spans {
		full = full || len(list) == maxTraceSpans // there may be more
	}
	if full {
		return w.summaries(ctx, waiting, r)
	}
	for id, list := range spans {
		near := slices.DeleteFunc(briefs(list), func(b brief) bool { return !r.Has(b.span.Start) })
		if len(near) == 0 {
			continue
		}
		if t := summarize(id, near); w.fits(&t) {
			w.found = append(w.found, store.TraceMatch{Trace: t})
			w.spans[id] = list
		}
	}
	return nil
}

// give yields the traces that were found, and reads those that were not kept.
func (w *wholeHunt) give(ctx context.Context, found []store.TraceSummary, yield func(store.Trace, error) bool) {
	for len(found) > 0 {
		id := found[0].ID
		if list := w.spans[id]; list != nil {
			w.spans[id] = assemble(list)
			if !yield(store.Trace{ID: id, Spans: w.spans[id]}, nil) {
				return
			}
			found = found[1:]
			continue
		}
		var ids []store.TraceID
		for ; len(found) > 0 && w.spans[found[0].ID] == nil; found = found[1:] {
			ids = append(ids, found[0].ID)
		}
		for t, err := range w.s.Traces(ctx, ids) {
			if !yield(t, err) {
				return
			}
		}
	}
}
