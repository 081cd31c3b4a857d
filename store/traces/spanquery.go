package traces

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tripod/store"
	"tripod/store/events"
	"tripod/store/traces/traceql"
)

const (
	// maxGroup bounds the traces that are held whole at a time, maxHeld their
	// spans: of more, fewer traces are read at a time.
	maxGroup = 512
	maxHeld  = 200_000
	// defaultSpans are shown of each spanset, maxSpans when more are asked for;
	// of each trace, maxSets are shown.
	defaultSpans = 3
	maxSpans     = 1000
	maxSets      = 1000
)

// FindSpans finds the newest traces that start in the range and match a TraceQL
// query, newest first. All spans of an answer lie within an hour of one that
// the plan of the query looks for.
func (s *Store) FindSpans(ctx context.Context, q store.SpanQuery) (store.SpanAnswer, error) {
	parsed, err := traceql.Parse(q.Text)
	if err != nil {
		return store.SpanAnswer{}, err
	}
	if parsed.Metrics != nil {
		return store.SpanAnswer{}, fmt.Errorf("the query gives numbers over time, not spans: %w", store.ErrInvalid)
	}
	start := time.Now()
	need, _ := parsed.Plan().Best()
	f := newFinder(s, parsed, q.Receipt, false)
	f.hunt.r, f.hunt.limit, f.hunt.min, f.hunt.max = q.Range, q.Limit, q.MinDuration, q.MaxDuration
	f.hunt.where = where(need)
	f.show, f.fields = min(max(0, cmp.Or(q.Spans, defaultSpans)), maxSpans), parsed.Fields()
	f.each = f.match
	err = f.hunt.run(ctx)
	f.end(need, start)
	return store.SpanAnswer{Traces: f.hunt.found, Inspected: f.inspected, Cut: f.hunt.cut, Damage: f.hunt.damage}, err
}

// FormatTraceQL prints a query as it was understood.
func (s *Store) FormatTraceQL(text string) (string, error) {
	q, err := traceql.Parse(text)
	if err != nil {
		return "", err
	}
	return q.String(), nil
}

// finder reads whole traces for a query.
type finder struct {
	hunt      *hunt
	q         *traceql.Query
	wanted    []string // of the fields of a span
	d         decoder
	most      int // spans to be held at a time
	inspected int
	each      func(ctx context.Context, t *traceql.Tree) error // of whole traces

	step   time.Duration // of metrics, 0 for the whole range
	show   int           // spans of a set
	fields []*traceql.Field
}

// newFinder makes one that reads whole traces, or single spans alone.
func newFinder(s *Store, q *traceql.Query, receipt *store.Receipt, alone bool) *finder {
	f := &finder{q: q, wanted: wantedFields(q), most: maxHeld}
	if f.wanted != nil && !alone {
		f.wanted = append(f.wanted, briefFields...)
	}
	if f.wanted != nil {
		f.d.only = map[string]bool{}
		for _, name := range f.wanted {
			f.d.only[name] = true
		}
	}
	f.hunt = &hunt{s: s, group: maxGroup, most: maxCandidates, read: f.read, receipt: receipt}
	return f
}

// read reads traces whole. When they are too many spans to be held at a time,
// it reads them by halves.
func (f *finder) read(ctx context.Context, ids []string, r store.TimeRange) error {
	spans := map[store.TraceID][]store.Span{}
	held, full := 0, false
	q := events.Query{Range: r, Where: oneOf(ids), Oldest: true, Fields: f.wanted}
	err := f.hunt.spans(ctx, q, func(e *events.Event) (bool, error) {
		s := f.d.decode(e)
		if len(spans[s.TraceID]) < maxTraceSpans {
			spans[s.TraceID] = append(spans[s.TraceID], s)
			held++
		}
		full = held > f.most && len(ids) > 1
		return !full, nil
	})
	if err != nil {
		return err
	}
	if full {
		if err := f.read(ctx, ids[:len(ids)/2], r); err != nil {
			return err
		}
		return f.read(ctx, ids[len(ids)/2:], r)
	}
	for id, list := range spans {
		f.inspected++
		if err := f.each(ctx, traceql.NewTree(id, assemble(list))); err != nil {
			return err
		}
	}
	return nil
}

// match keeps a trace of which the query makes spansets.
func (f *finder) match(ctx context.Context, t *traceql.Tree) error {
	trace := summarize(t.ID, briefs(t.Spans))
	if !f.hunt.fits(&trace) {
		return nil
	}
	sets, err := f.q.Eval(ctx, t)
	if err != nil || len(sets) == 0 {
		return err
	}
	m := store.TraceMatch{Trace: trace}
	for _, set := range sets[:min(len(sets), maxSets)] {
		m.Sets = append(m.Sets, f.spanset(t, &set))
	}
	f.hunt.found = append(f.hunt.found, m)
	return nil
}

func (f *finder) spanset(t *traceql.Tree, set *traceql.Set) store.Spanset {
	out := store.Spanset{Matched: len(set.Spans), Attrs: set.Attrs()}
	for _, at := range set.Spans[:min(len(set.Spans), f.show)] {
		s := &t.Spans[at]
		out.Spans = append(out.Spans, store.MatchedSpan{
			ID: s.SpanID, Service: s.Service, Name: s.Name, Start: s.Start, Duration: s.Duration(), Attrs: t.Attrs(f.fields, at),
		})
	}
	return out
}

// briefs are what a summary needs of whole spans.
func briefs(spans []store.Span) []brief {
	out := make([]brief, len(spans))
	for i := range spans {
		out[i].span = spans[i]
		for _, a := range spans[i].Attrs {
			if a.Key == "http.response.status_code" || a.Key == "http.status_code" {
				out[i].status = a.Value.Text()
			}
		}
	}
	return out
}

// end completes the receipt.
func (f *finder) end(need traceql.Need, start time.Time) {
	r := f.hunt.receipt
	if r == nil {
		return
	}
	r.Took = time.Since(start)
	how := store.StageBoth
	if need == nil {
		how = store.StageRecords
	}
	for _, s := range f.q.Stages {
		r.Stages = append(r.Stages, store.ReceiptStage{Text: s.String(), How: how})
		how = store.StageRecords
	}
	looked := "every span was looked at"
	if need != nil {
		looked = "the store looked for spans of " + need.String()
	}
	r.Reads = append(r.Reads, looked, fmt.Sprintf("%d traces read whole", f.inspected))
	if f.hunt.cut {
		r.Reads = append(r.Reads, fmt.Sprintf("only %d traces were looked at", len(f.hunt.seen)))
	}
}

// SpanMetrics makes numbers over time of the spans of a TraceQL query. Where
// each span alone decides, spans that came twice count twice.
func (s *Store) SpanMetrics(ctx context.Context, q store.SpanMetricQuery) (store.SpanMetrics, error) {
	parsed, err := traceql.Parse(q.Text)
	if err != nil {
		return store.SpanMetrics{}, err
	}
	series, err := parsed.NewSeries(q.Range, q.Step)
	if err != nil {
		return store.SpanMetrics{}, err
	}
	start, plan := time.Now(), parsed.Plan()
	alone := parsed.PerSpan()
	need, own := plan.Best()
	f := newFinder(s, parsed, q.Receipt, alone)
	f.hunt.r, f.step = q.Range, q.Step
	if alone {
		need = plan.Span
		err = f.alone(ctx, where(need), series)
	} else {
		near := q.Range
		if !own {
			near = store.TimeRange{From: addTime(near.From, -maxLength), To: addTime(near.To, maxLength)}
		}
		err = f.whole(ctx, where(need), near, series)
	}
	f.end(need, start)
	if err != nil {
		return store.SpanMetrics{}, err
	}
	list, err := series.Answer()
	return store.SpanMetrics{Series: list, Cut: f.hunt.cut, Damage: f.hunt.damage}, err
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
	if m := f.q.Metrics; m.Of == nil && m.Compare == nil && !f.q.Timed() { // else few are alike
		return f.fold(ctx, q, add)
	}
	return f.hunt.spans(ctx, q, func(e *events.Event) (bool, error) { return true, add(e, 1) })
}

// fold adds spans that are alike at once.
func (f *finder) fold(ctx context.Context, q events.Query, add func(*events.Event, int64) error) error {
	step := f.step
	if step == 0 {
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

// whole reads all traces that have a span that fits near the range.
func (f *finder) whole(ctx context.Context, where events.Expr, near store.TimeRange, to *traceql.Series) error {
	f.each = func(ctx context.Context, t *traceql.Tree) error { return f.add(ctx, t, to) }
	var list []candidate
	h := f.hunt
	h.seen = map[string]bool{}
	q := events.Query{Range: near, Where: where, Fields: idField, Receipt: h.receipt}
	err := h.spans(ctx, q, func(e *events.Event) (bool, error) {
		id := e.Text(fTraceID)
		if h.seen[id] {
			return true, nil
		}
		if h.cut = len(list) == h.most; h.cut {
			return false, nil
		}
		c := candidate{strings.Clone(id), e.Time}
		h.seen[c.id], list = true, append(list, c)
		return true, nil
	})
	if err != nil {
		return err
	}
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
