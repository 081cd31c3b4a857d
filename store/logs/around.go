package logs

import (
	"context"
	"fmt"
	"math"
	"slices"

	"tripod/store"
	"tripod/store/events"
)

// MaxAround bounds the lines that Around gives of each side.
const MaxAround = 1000

// Around finds a line and those before and after it in its stream, whatever
// their level or text. It is store.ErrNotFound when the line is not kept. What
// is read is bounded by ctx: a stream that says little lies far apart.
func (s *Store) Around(ctx context.Context, q store.LogAround) (store.LogSurroundings, error) {
	var out store.LogSurroundings
	if q.Before < 0 || q.After < 0 || q.Before > MaxAround || q.After > MaxAround {
		return out, fmt.Errorf("%d lines before and %d after: want 0 to %d: %w", q.Before, q.After, MaxAround, store.ErrInvalid)
	}
	var err error
	var same events.Expr
	if out.Line, same, err = s.line(ctx, q); err != nil {
		return out, err
	}
	if out.Before, err = s.before(ctx, q, same); err == nil {
		out.After, err = s.after(ctx, q, same)
	}
	slices.Reverse(out.Before)
	return out, err
}

// line finds the line, and what its stream's lines have in common.
func (s *Store) line(ctx context.Context, q store.LogAround) (store.Record, events.Expr, error) {
	var d decoder
	for e, err := range s.events.Scan(ctx, events.Query{Range: store.TimeRange{From: q.Time, To: q.Time + 1}}) {
		if err != nil {
			return store.Record{}, nil, err
		}
		if r := d.record(e); q.Is(&r) {
			return r, sameStream(e), nil
		}
	}
	return store.Record{}, nil, fmt.Errorf("this line is no longer kept: %w", store.ErrNotFound)
}

// before gives the nearest lines in front, nearest first.
func (s *Store) before(ctx context.Context, q store.LogAround, same events.Expr) ([]store.Record, error) {
	var out []store.Record
	var d decoder
	passed := false
	if q.Before == 0 {
		return nil, nil
	}
	for e, err := range s.events.Scan(ctx, events.Query{Range: store.TimeRange{To: q.Time + 1}, Where: same}) {
		if err != nil {
			return out, err
		}
		r := d.record(e)
		if !passed && e.Time == q.Time {
			passed = q.Is(&r)
			continue
		}
		if out = append(out, r); len(out) == q.Before {
			break
		}
	}
	return out, nil
}

// after gives the nearest lines behind, nearest first. Each line of the same
// time that could be meant moves the start: the last one is.
func (s *Store) after(ctx context.Context, q store.LogAround, same events.Expr) ([]store.Record, error) {
	var out []store.Record
	var d decoder
	if q.After == 0 {
		return nil, nil
	}
	for e, err := range s.events.Scan(ctx, events.Query{Range: store.TimeRange{From: q.Time, To: math.MaxInt64}, Where: same, Oldest: true}) {
		if err != nil {
			return out, err
		}
		full := len(out) == q.After
		if full && e.Time > q.Time {
			break
		}
		switch r := d.record(e); {
		case e.Time == q.Time && q.Is(&r):
			out = out[:0]
		case !full:
			out = append(out, r)
		}
	}
	return out, nil
}

// looseNames are resource attributes in which lines of one stream differ: some
// shippers say there what each line is.
var looseNames = map[string]bool{
	resource + "level": true, resource + "detected_level": true, resource + "severity": true,
	resource + "stream": true, resource + "log.iostream": true,
}

// sameStream matches the events of one service whose resource says the same.
// What an event hands out is its own, so all of it is copied.
func sameStream(e *events.Event) events.Expr {
	line := e.Clone()
	want := senderOf(nil, &line)
	implied := make(events.And, 0, len(want))
	for _, f := range want {
		implied = append(implied, events.Equal{Field: f.Name, Text: f.Value.Text()})
	}
	return events.Func{Implied: implied, Fn: func(e *events.Event) bool {
		var room [32]events.Field
		return equalFields(senderOf(room[:0], e), want)
	}}
}

// senderOf collects what an event says of its sender.
func senderOf(out []events.Field, e *events.Event) []events.Field {
	for _, f := range e.Fields {
		if f.Name == wordService || f.Name != "" && f.Name[0] == resource[0] && !looseNames[f.Name] {
			out = append(out, f)
		}
	}
	return out
}

// equalFields compares names and texts, in any order.
func equalFields(a, b []events.Field) bool {
	if len(a) != len(b) {
		return false
	}
	equal := func(x, y events.Field) bool { return x.Name == y.Name && x.Value.Text() == y.Value.Text() }
	if slices.EqualFunc(a, b, equal) {
		return true
	}
	rest := slices.Clone(b)
	for _, f := range a {
		i := slices.IndexFunc(rest, func(o events.Field) bool { return equal(f, o) })
		if i < 0 {
			return false
		}
		rest = slices.Delete(rest, i, i+1)
	}
	return true
}
