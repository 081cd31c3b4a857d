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
)

// hunt is one search. Spans that fit are met newest first; a trace starts no
// later than any of its spans, so once enough of the traces start behind the
// place where the scan is, no better one can come.
type hunt struct {
	s        *Store
	r        store.TimeRange // of the trace's start
	limit    int
	min, max time.Duration // of the whole trace; a max of 0 is no bound
	least    time.Duration // that a trace lasts which read keeps, maybe more than min
	where    events.Expr   // some span of each trace fits
	first    int           // traces that are read at first; 0 is some more than the limit
	group    int           // most traces that are read at a time
	most     int           // of the candidates that are looked at
	// read makes what is found of the traces that wait, all of whose spans lie
	// in the range.
	read func(ctx context.Context, ids []string, r store.TimeRange) error

	seen    map[string]bool // trace ids
	waiting []string        // met, but not fetched
	oldest  int64           // time of the spans that wait
	newest  int64
	found   []store.TraceMatch // newest first
	cut     bool               // there were too many candidates
	damage  error              // the first block that could not be read
	receipt *store.Receipt     // filled when not nil
}

func (h *hunt) run(ctx context.Context) error {
	if h.r.To <= h.r.From {
		return fmt.Errorf("empty time range: %w", store.ErrInvalid)
	}
	if h.limit <= 0 {
		h.limit = defaultLimit
	}
	h.limit, h.seen = min(h.limit, maxLimit), map[string]bool{}
	if !matchesAll(h.where) { // else the first span of a trace fits
		if err := h.late(ctx); err != nil {
			return err
		}
	}
	return h.inRange(ctx)
}

func matchesAll(x events.Expr) bool {
	all, ok := x.(events.And)
	return x == nil || ok && !slices.ContainsFunc(all, func(in events.Expr) bool { return !matchesAll(in) })
}

// spans shows the spans of a query until one is enough. What cannot be read is
// missing, and the engine has reported it. Of the receipt it adds the bytes.
func (h *hunt) spans(ctx context.Context, q events.Query, show func(e *events.Event) (more bool, err error)) error {
	var r store.Receipt
	if h.receipt != nil && q.Receipt == nil {
		q.Receipt = &r
	}
	more, err := true, error(nil)
	for e, damage := range h.s.events.Scan(ctx, q) {
		if damage != nil {
			if ctx.Err() != nil || errors.Is(damage, store.ErrClosed) {
				return damage
			}
			h.damage = cmp.Or(h.damage, damage)
			continue
		}
		if more, err = show(e); err != nil || !more {
			break
		}
	}
	if h.receipt != nil {
		h.receipt.Read += r.Read
	}
	return cmp.Or(err, ctx.Err())
}

var idField = []string{fTraceID}

func (h *hunt) inRange(ctx context.Context) error {
	group := cmp.Or(h.first, h.limit+h.limit/4+4)
	q := events.Query{Range: h.r, Where: h.where, Fields: idField, Receipt: h.receipt}
	meet := h.meet
	if h.least = max(h.least, h.min); h.long(h.where) {
		l := newLongHunt(h, h.r, h.wait)
		meet, q.Range, q.Fields = l.meet, l.scanned(), longFields
	}
	err := h.spans(ctx, q, func(e *events.Event) (bool, error) {
		at := e.Time
		if h.enough(at) {
			return false, nil
		}
		meet(e)
		if len(h.waiting) < min(group, h.group) {
			return true, nil
		}
		if err := h.fetch(ctx); err != nil || h.enough(at) {
			return false, err
		}
		group *= 2
		h.cut = h.cut || len(h.seen) >= h.most
		return len(h.seen) < h.most, nil
	})
	if err != nil {
		return err
	}
	return h.fetch(ctx)
}

// enough says that no trace that is only met from here on can be in the answer.
func (h *hunt) enough(at int64) bool {
	return len(h.found) >= h.limit && h.found[h.limit-1].Trace.Start >= at
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
	behind := store.TimeRange{From: h.r.To, To: addTime(h.r.To, maxLength)}
	after := map[string]bool{}
	err := h.spans(ctx, events.Query{Range: behind, Where: h.where, Oldest: true, Fields: idField}, func(e *events.Event) (bool, error) {
		after[strings.Clone(e.Text(fTraceID))] = true
		h.cut = len(after) >= h.most
		return !h.cut, nil
	})
	if err != nil || len(after) == 0 {
		return err
	}
	before := store.TimeRange{From: max(h.r.From, addTime(h.r.To, -maxLength)), To: h.r.To}
	began := events.OneOf{Field: fTraceID, Texts: after}
	err = h.spans(ctx, events.Query{Range: before, Where: began, Fields: idField}, func(e *events.Event) (bool, error) {
		h.meet(e)
		if len(h.waiting) < h.group {
			return true, nil
		}
		return true, h.fetch(ctx)
	})
	if err != nil {
		return err
	}
	return h.fetch(ctx)
}

// fetch reads the traces that wait and keeps those that fit as a whole.
func (h *hunt) fetch(ctx context.Context) error {
	if len(h.waiting) == 0 {
		return nil
	}
	r := store.TimeRange{From: addTime(h.oldest, -maxLength), To: addTime(h.newest, maxLength)}
	if err := h.read(ctx, h.waiting, r); err != nil {
		return err
	}
	h.waiting = h.waiting[:0]
	slices.SortFunc(h.found, func(a, b store.TraceMatch) int {
		return cmp.Or(cmp.Compare(b.Trace.Start, a.Trace.Start), slices.Compare(a.Trace.ID[:], b.Trace.ID[:]))
	})
	h.found = slices.Delete(h.found, min(len(h.found), h.limit), len(h.found))
	return nil
}

// summaries finds every trace whose summary fits.
func (h *hunt) summaries(ctx context.Context, waiting []string, r store.TimeRange) error {
	ids := make(map[string][]brief, len(waiting))
	var d decoder
	q := events.Query{Range: r, Where: oneOf(waiting), Oldest: true, Fields: briefFields}
	err := h.spans(ctx, q, func(e *events.Event) (bool, error) {
		id := d.word(e.Text(fTraceID))
		ids[id] = append(ids[id], d.briefly(e))
		return true, nil
	})
	if err != nil {
		return err
	}
	for id, spans := range ids {
		tid, err := store.ParseTraceID(id)
		if err != nil {
			continue
		}
		if t := summarize(tid, spans); h.fits(&t) {
			h.found = append(h.found, store.TraceMatch{Trace: t})
		}
	}
	return nil
}

func oneOf(ids []string) events.Expr {
	texts := make(map[string]bool, len(ids))
	for _, id := range ids {
		texts[id] = true
	}
	return events.OneOf{Field: fTraceID, Texts: texts}
}

// fits says whether a trace may be found, by its start and duration.
func (h *hunt) fits(t *store.TraceSummary) bool {
	took := max(0, time.Duration(t.Duration()))
	return h.r.Has(t.Start) && took >= h.min && (h.max == 0 || took <= h.max)
}
