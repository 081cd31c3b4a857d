package traces

import (
	"cmp"
	"context"
	"fmt"
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
		return store.SpanAnswer{}, fmt.Errorf("%w: %w", store.ErrNumbers, store.ErrInvalid)
	}
	start := time.Now()
	plan := parsed.Plan()
	need, _ := plan.Best()
	f := newFinder(s, parsed, q.Receipt, false)
	f.hunt.least = leastOf(traceql.All(append(plan.Trace, plan.Span)))
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

	far    map[string]*reach // of metrics: the scattered traces, by id, which were read
	step   time.Duration     // of metrics, 0 for the whole range
	origin int64             // of the steps
	show   int               // spans of a set
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
