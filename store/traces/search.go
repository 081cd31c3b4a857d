package traces

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
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
	// Trace finds them all.
	maxLength = int64(time.Hour)
	// maxCandidates bounds the traces that one search looks at.
	maxCandidates = 50_000
)

// Search finds the newest traces that start in the range, newest first; see
// store.TraceQuery. All spans of an answer lie within an hour of one that fits.
func (s *Store) Search(ctx context.Context, q store.TraceQuery) ([]store.TraceSummary, error) {
	if q.Range.To <= q.Range.From {
		return nil, fmt.Errorf("empty time range: %w", store.ErrInvalid)
	}
	if q.Limit <= 0 {
		q.Limit = defaultLimit
	}
	q.Limit = min(q.Limit, maxLimit)
	h := &hunt{s: s, q: q, seen: map[string]bool{}}
	if err := h.late(ctx); err != nil {
		return nil, err
	}
	if err := h.run(ctx); err != nil {
		return nil, err
	}
	return h.found[:min(len(h.found), q.Limit)], nil
}

// hunt is one search. Spans that fit are met newest first; a trace starts no
// later than any of its spans, so once enough of the traces start behind the
// place where the scan is, no better one can come.
type hunt struct {
	s       *Store
	q       store.TraceQuery
	seen    map[string]bool // trace ids
	waiting []string        // met, but not fetched
	oldest  int64           // time of the spans that wait
	newest  int64
	found   []store.TraceSummary // newest first
}

func (h *hunt) run(ctx context.Context) error {
	group := h.q.Limit + h.q.Limit/4 + 4
	query := events.Query{Range: h.q.Range, Where: condition(&h.q)}
	for e, err := range h.s.events.Scan(ctx, query) {
		if err != nil {
			if ctx.Err() != nil {
				return err
			}
			continue // reported by the engine; the answer has what can be read
		}
		h.meet(e)
		if len(h.waiting) < group {
			continue
		}
		if err := h.fetch(ctx); err != nil {
			return err
		}
		if h.enough(e.Time) || len(h.seen) >= maxCandidates {
			return nil
		}
		group *= 2
	}
	return h.fetch(ctx)
}

// enough says that no trace that is only met from here on can be in the answer.
func (h *hunt) enough(at int64) bool {
	return len(h.found) >= h.q.Limit && h.found[h.q.Limit-1].Start >= at
}

func (h *hunt) meet(e *events.Event) {
	id := e.Text(fTraceID)
	if h.seen[id] {
		return
	}
	id = strings.Clone(id)
	h.seen[id] = true
	h.wait(id, e.Time)
}

func (h *hunt) wait(id string, at int64) {
	if len(h.waiting) == 0 {
		h.oldest, h.newest = at, at
	}
	h.oldest, h.newest = min(h.oldest, at), max(h.newest, at)
	h.waiting = append(h.waiting, id)
}

// late looks for traces that start in the range, but have spans that fit only
// behind it.
func (h *hunt) late(ctx context.Context) error {
	behind := store.TimeRange{From: h.q.Range.To, To: addTime(h.q.Range.To, maxLength)}
	after := map[string]bool{}
	for e, err := range h.s.events.Scan(ctx, events.Query{Range: behind, Where: condition(&h.q)}) {
		if err == nil {
			after[strings.Clone(e.Text(fTraceID))] = true
		} else if ctx.Err() != nil {
			return err
		}
		if len(after) >= maxCandidates {
			break
		}
	}
	if len(after) == 0 {
		return nil
	}
	before := store.TimeRange{From: max(h.q.Range.From, addTime(h.q.Range.To, -maxLength)), To: h.q.Range.To}
	began := events.OneOf{Field: fTraceID, Texts: after}
	for e, err := range h.s.events.Scan(ctx, events.Query{Range: before, Where: began}) {
		if err == nil {
			h.meet(e)
		} else if ctx.Err() != nil {
			return err
		}
	}
	return h.fetch(ctx)
}

// fetch summarizes the traces that wait and keeps those that fit as a whole.
func (h *hunt) fetch(ctx context.Context) error {
	if len(h.waiting) == 0 {
		return nil
	}
	ids := make(map[string][]brief, len(h.waiting))
	texts := make(map[string]bool, len(h.waiting))
	for _, id := range h.waiting {
		ids[id], texts[id] = nil, true
	}
	where := events.OneOf{Field: fTraceID, Texts: texts}
	r := store.TimeRange{From: addTime(h.oldest, -maxLength), To: addTime(h.newest, maxLength)}
	var d decoder
	for e, err := range h.s.events.Scan(ctx, events.Query{Range: r, Where: where, Oldest: true}) {
		if err == nil {
			id := e.Text(fTraceID)
			ids[d.word(id)] = append(ids[id], d.briefly(e))
		} else if ctx.Err() != nil {
			return err
		}
	}
	for id, spans := range ids {
		h.keep(id, spans)
	}
	h.waiting = h.waiting[:0]
	slices.SortFunc(h.found, func(a, b store.TraceSummary) int {
		return cmp.Or(cmp.Compare(b.Start, a.Start), slices.Compare(a.ID[:], b.ID[:]))
	})
	return nil
}

func (h *hunt) keep(id string, spans []brief) {
	tid, err := store.ParseTraceID(id)
	if err != nil || len(spans) == 0 {
		return
	}
	t := summarize(tid, spans)
	took := time.Duration(t.Duration())
	if h.q.Range.Has(t.Start) && took >= h.q.MinDuration && (h.q.MaxDuration == 0 || took <= h.q.MaxDuration) {
		h.found = append(h.found, t)
	}
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
	for key, text := range q.Tags {
		all = append(all, tag(key, text))
	}
	return all
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
