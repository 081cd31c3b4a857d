package traces

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"tripod/store"
	"tripod/store/events"
	"tripod/store/traces/traceql"
)

// SpanMetrics makes numbers over time of the spans of a TraceQL query. Where
// each span alone decides, spans that came twice count twice. A trace is what
// starts within a day of a span in the range when the query asks about it as a
// whole, its duration or root; else what starts within an hour.
func (s *Store) SpanMetrics(ctx context.Context, q store.SpanMetricQuery) (store.SpanMetrics, error) {
	parsed, err := traceql.Parse(q.Text)
	if err != nil {
		return store.SpanMetrics{}, err
	}
	return newFinder(s, parsed, q.Receipt, parsed.PerSpan()).numbers(ctx, q)
}

// numbers answers a query whose text is the finder's.
func (f *finder) numbers(ctx context.Context, q store.SpanMetricQuery) (store.SpanMetrics, error) {
	series, err := f.q.NewSeries(q.Range, q.Step, q.Every, q.Origin)
	if err != nil {
		return store.SpanMetrics{}, err
	}
	start, plan := time.Now(), f.q.Plan()
	need, own := plan.Best()
	f.hunt.r, f.step, f.origin = q.Range, alike(q.Step, q.Every), q.Origin
	if f.q.PerSpan() {
		need = plan.Span
		err = f.alone(ctx, where(need), series)
	} else {
		if least := leastOf(traceql.All(append(plan.Trace, plan.Span))); int64(least) <= maxLength { // else more is read than a longHunt sees of a trace
			f.hunt.least = least
		}
		f.each = func(ctx context.Context, t *traceql.Tree) error { return f.add(ctx, t, series) }
		if err = f.readScattered(ctx, where(plan.Span)); err == nil {
			err = f.whole(ctx, where(need), f.near(where(need), own))
		}
	}
	f.end(need, start)
	if err != nil {
		return store.SpanMetrics{}, err
	}
	list, err := series.Answer()
	return store.SpanMetrics{Series: list, Cut: f.hunt.cut, Damage: f.hunt.damage}, err
}

// near is where spans that fit may lie of a trace that has a span in the range:
// in the range when each span that counts fits by its own, and before it when
// traces are found by their starts.
func (f *finder) near(where events.Expr, own bool) store.TimeRange {
	near := f.hunt.r
	if !own {
		near.To = addTime(near.To, maxLength)
	}
	if !own || f.hunt.long(where) {
		near.From = addTime(near.From, -maxLength)
	}
	return near
}

// alone looks at one span after the other.
func (f *finder) alone(ctx context.Context, where events.Expr, to *traceql.Series) error {
	t := traceql.Alone(store.Span{})
	add := func(e *events.Event, n int64) error {
		t.Spans[0] = f.d.decode(e)
		if t.ID = t.Spans[0].TraceID; f.q.Keeps(t, 0) {
			return to.Add(t, 0, n)
		}
		return nil
	}
	q := events.Query{Range: f.hunt.r, Where: where, Oldest: true, Fields: f.wanted, Receipt: f.hunt.receipt}
	pieces := int64(1)
	if f.step > 0 {
		pieces = (f.hunt.r.To - f.hunt.r.From) / int64(f.step)
	}
	if m := f.q.Metrics; pieces <= maxFolded && m.Of == nil && m.Compare == nil && !f.q.Timed() { // else few are alike
		return f.fold(ctx, q, add)
	}
	return f.hunt.spans(ctx, q, func(e *events.Event) (bool, error) { return true, add(e, 1) })
}

// fold adds spans that are alike at once.
func (f *finder) fold(ctx context.Context, q events.Query, add func(*events.Event, int64) error) error {
	step := f.step
	if q.Origin = f.origin; step == 0 {
		step, q.Origin = wholeRange(q.Range), q.Range.From
	}
	var failed error
	err := f.hunt.s.events.Fold(ctx, q, step, func(e *events.Event, n int64) error {
		failed = add(e, n)
		return failed
	})
	if failed != nil || ctx.Err() != nil || errors.Is(err, store.ErrClosed) {
		return cmp.Or(failed, ctx.Err(), err)
	}
	f.hunt.damage = err
	return nil
}

// alike is how long the pieces are that steps, and what lies between them, are
// made of.
func alike(step, every time.Duration) time.Duration {
	for every != 0 {
		step, every = every, step%every
	}
	return step
}

// maxFolded bounds the pieces of time in which spans that are alike are added at
// once; of more, one span comes after the other.
const maxFolded = 50_000

// add adds the spans that the query makes of a trace.
func (f *finder) add(ctx context.Context, t *traceql.Tree, to *traceql.Series) error {
	sets, err := f.q.Eval(ctx, t)
	if err != nil {
		return err
	}
	seen := map[int]bool{}
	for _, set := range sets {
		for _, at := range set.Spans {
			if seen[at] {
				continue
			}
			seen[at] = true
			if err := to.Add(t, at, 1); err != nil {
				return err
			}
		}
	}
	return nil
}

// candidate is a trace that may match.
type candidate struct {
	id string
	at int64 // time of a span of it
}

// candidates are the traces that have a span that fits near the range, or that
// last long enough there when that is all that is asked of them.
func (f *finder) candidates(ctx context.Context, where events.Expr, near store.TimeRange) (list []candidate, err error) {
	h := f.hunt
	h.seen = map[string]bool{}
	q := events.Query{Range: near, Where: where, Fields: idField, Receipt: h.receipt}
	meet := func(e *events.Event) {
		if id := e.Text(fTraceID); !h.seen[id] {
			id = strings.Clone(id)
			h.seen[id], list = true, append(list, candidate{id, e.Time})
		}
	}
	if h.long(where) {
		l := newLongHunt(h, store.TimeRange{From: near.From, To: h.r.To}, func(id string, at int64) { list = append(list, candidate{id, at}) })
		meet, q.Range, q.Fields = l.meet, l.scanned(), longFields
	}
	err = h.spans(ctx, q, func(e *events.Event) (bool, error) {
		meet(e)
		if len(list) <= h.most {
			return true, nil
		}
		h.cut, list = true, list[:h.most]
		return false, nil
	})
	return list, err
}

// whole reads all traces that have a span that fits near the range, but for
// those that are scattered.
func (f *finder) whole(ctx context.Context, where events.Expr, near store.TimeRange) error {
	list, err := f.candidates(ctx, where, near)
	if err != nil {
		return err
	}
	h := f.hunt
	list = slices.DeleteFunc(list, func(c candidate) bool { return f.far[c.id] != nil })
	for group := range slices.Chunk(list, maxGroup) {
		for _, c := range group {
			h.wait(c.id, c.at)
		}
		if err := h.fetch(ctx); err != nil {
			return err
		}
	}
	return nil
}
