package traces

import (
	"cmp"
	"context"
	"fmt"
	"slices"
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
	// defaultSpans are shown of each spanset.
	defaultSpans = 3
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
	start, plan := time.Now(), parsed.Plan()
	f := newFinder(s, parsed, q.Receipt)
	f.hunt.r, f.hunt.limit, f.hunt.min, f.hunt.max = q.Range, q.Limit, q.MinDuration, q.MaxDuration
	f.hunt.where = where(plan.Best())
	f.show, f.fields = cmp.Or(q.Spans, defaultSpans), parsed.Fields()
	f.each = f.match
	err = f.hunt.run(ctx)
	f.end(plan.Best(), start)
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

	show   int // spans of a set
	fields []*traceql.Field
}

func newFinder(s *Store, q *traceql.Query, receipt *store.Receipt) *finder {
	f := &finder{q: q, wanted: wantedFields(q), most: maxHeld}
	f.hunt = &hunt{s: s, group: maxGroup, read: f.read, receipt: receipt}
	return f
}

// read reads traces whole. When they are too many spans to be held at a time,
// it reads them by halves.
func (f *finder) read(ctx context.Context, ids []string, r store.TimeRange) error {
	spans := map[store.TraceID][]store.Span{}
	held, full := 0, false
	q := events.Query{Range: r, Where: oneOf(ids), Oldest: true, Fields: f.wanted}
	if f.wanted != nil {
		q.Fields = slices.Concat(briefFields, f.wanted)
	}
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
	for _, set := range sets {
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
	f, need := newFinder(s, parsed, q.Receipt), plan.Best()
	f.hunt.r = q.Range
	if parsed.PerSpan() {
		need = plan.Span
		err = f.alone(ctx, where(need), series)
	} else {
		err = f.whole(ctx, where(need), series)
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
	q := events.Query{Range: f.hunt.r, Where: where, Oldest: true, Fields: f.wanted, Receipt: f.hunt.receipt}
	t := traceql.Alone(store.Span{})
	return f.hunt.spans(ctx, q, func(e *events.Event) (bool, error) {
		t.Spans[0] = f.d.decode(e)
		if t.ID = t.Spans[0].TraceID; f.q.Keeps(t, 0) {
			return true, to.Add(t, 0)
		}
		return true, nil
	})
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
			if err := to.Add(t, at); err != nil {
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

// whole reads all traces that have spans in the range and may match.
func (f *finder) whole(ctx context.Context, where events.Expr, to *traceql.Series) error {
	f.each = func(ctx context.Context, t *traceql.Tree) error { return f.add(ctx, t, to) }
	var list []candidate
	h := f.hunt
	h.seen = map[string]bool{}
	near := store.TimeRange{From: addTime(h.r.From, -maxLength), To: addTime(h.r.To, maxLength)}
	q := events.Query{Range: near, Where: where, Fields: idField, Receipt: h.receipt}
	err := h.spans(ctx, q, func(e *events.Event) (bool, error) {
		if id := e.Text(fTraceID); !h.seen[id] {
			h.cut = len(list) == maxCandidates
			c := candidate{f.d.word(id), e.Time}
			h.seen[c.id], list = true, append(list, c)
		}
		return !h.cut, nil
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
