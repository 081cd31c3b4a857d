package traces

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"tripod/store"
	"tripod/store/events"
	"tripod/store/traces/traceql"
)

// ofTrace says that a query asks about a trace as a whole: how long it lasts, or
// about its root.
func ofTrace(q *traceql.Query) (asks bool) {
	q.Walk(func(f *traceql.Field) {
		switch f.Intrinsic {
		case traceql.TraceDuration, traceql.TraceRootName, traceql.TraceRootService:
			asks = true
		}
	})
	return asks
}

// reach is when the first and the last span of a trace start, in Unix ns.
type reach struct{ first, last int64 }

// maxLooked bounds the traces of which scattered looks a day around.
const maxLooked = 1_000_000

// scattered finds the traces with a span in the range that fits of which two
// spans start more than maxLength, and up to maxLate, apart: what lies within
// maxLength of one of their spans is not all of them.
func (h *hunt) scattered(ctx context.Context, where events.Expr) (map[string]*reach, error) {
	far, met := map[string]*reach{}, map[string]*reach{}
	from, to := h.r.To, h.r.To // where the spans were met
	looked := 0                // traces
	check := func() error {
		before := store.TimeRange{From: addTime(from, -int64(maxLate)), To: addTime(from, 1)}
		behind := store.TimeRange{From: to, To: addTime(h.r.To, int64(maxLate))}
		if !matchesAll(where) {
			before.To = to // in there are spans that do not fit
		}
		err := cmp.Or(h.stretch(ctx, met, before), h.stretch(ctx, met, behind))
		for id, r := range met {
			if r.last > addTime(r.first, maxLength) {
				far[id] = r
			}
		}
		clear(met)
		to = addTime(from, 1)
		return err
	}
	q := events.Query{Range: h.r, Where: where, Fields: idField}
	err := h.spans(ctx, q, func(e *events.Event) (bool, error) {
		from = e.Time
		id := e.Text(fTraceID)
		switch r := met[id]; {
		case r != nil:
			r.first = min(r.first, e.Time)
		case far[id] == nil:
			met[strings.Clone(id)] = &reach{e.Time, e.Time}
		}
		if len(met) < h.most {
			return true, nil
		}
		looked += len(met)
		err := check()
		h.cut = h.cut || looked >= maxLooked || len(far) >= maxCandidates
		return !h.cut, err
	})
	if err == nil {
		err = check()
	}
	return far, err
}

// stretch lets traces reach to all of their spans that lie in a range.
func (h *hunt) stretch(ctx context.Context, traces map[string]*reach, in store.TimeRange) error {
	if len(traces) == 0 {
		return nil
	}
	texts, hashes := make(map[string]bool, len(traces)), make([]uint64, 0, len(traces))
	for id := range traces {
		texts[id] = true
		if trace, err := store.ParseTraceID(id); err == nil {
			hashes = append(hashes, seenHash(trace))
		}
	}
	q := events.Query{Range: in, Where: events.OneOf{Field: fTraceID, Texts: texts}, Fields: idField,
		May: func(d events.Digest) bool { return d.(*digest).traces.hasAny(slices.Values(hashes)) }}
	return h.spans(ctx, q, func(e *events.Event) (bool, error) {
		r := traces[e.Text(fTraceID)]
		r.first, r.last = min(r.first, e.Time), max(r.last, e.Time)
		return true, nil
	})
}

// readScattered reads the scattered traces whole, if the query wants to know
// more of a trace than its spans say near one of them; where is what each span
// that counts fits.
func (f *finder) readScattered(ctx context.Context, where events.Expr) (err error) {
	if !ofTrace(f.q) {
		return nil
	}
	if f.far, err = f.hunt.scattered(ctx, where); err != nil {
		return err
	}
	for ids := range slices.Chunk(slices.Sorted(maps.Keys(f.far)), tracesAtATime) {
		all := *f.far[ids[0]]
		for _, id := range ids {
			all.first, all.last = min(all.first, f.far[id].first), max(all.last, f.far[id].last)
		}
		if err := f.read(ctx, ids, store.TimeRange{From: all.first, To: addTime(all.last, 1)}); err != nil {
			return err
		}
	}
	return nil
}
