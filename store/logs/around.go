package logs

import (
	"context"
	"fmt"
	"iter"
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
	if q.Nth < 0 || q.Before < 0 || q.After < 0 || q.Before > MaxAround || q.After > MaxAround {
		return out, fmt.Errorf("%d lines before and %d after: want 0 to %d: %w", q.Before, q.After, MaxAround, store.ErrInvalid)
	}
	l, err := s.place(ctx, q)
	if err != nil {
		return out, err
	}
	out.Line = l.record
	if out.Before, err = s.beside(ctx, q, l, false); err == nil {
		out.After, err = s.beside(ctx, q, l, true)
	}
	if err == nil {
		out.Newer, err = s.newer(ctx, l, out.After)
	}
	slices.Reverse(out.Before)
	return out, err
}

// placed is a line among those of its time.
type placed struct {
	record store.Record
	same   events.Expr // matches its stream
	alike  int         // lines that are meant as well as it
	newer  int         // lines of its stream and time that arrived later
}

func (s *Store) place(ctx context.Context, q store.LogAround) (placed, error) {
	var l placed
	var d decoder
	for e, err := range s.events.Scan(ctx, events.Query{Range: store.TimeRange{From: q.Time, To: q.Time + 1}}) {
		if err != nil {
			return l, err
		}
		r := d.record(e)
		if !q.Is(&r) {
			continue
		}
		if l.alike == q.Nth {
			l.record, l.same = r, sameStream(e)
		}
		l.alike++
	}
	if l.alike <= q.Nth {
		return l, fmt.Errorf("this line is no longer kept: %w", store.ErrNotFound)
	}
	pass := q.Nth
	for r, err := range s.moment(ctx, l, q.Time) {
		if err != nil {
			return l, err
		}
		if q.Is(&r) {
			if pass == 0 {
				break
			}
			pass--
		}
		l.newer++
	}
	return l, nil
}

// moment yields a stream's lines of one nanosecond, the last that arrived first.
func (s *Store) moment(ctx context.Context, l placed, at int64) iter.Seq2[store.Record, error] {
	return func(yield func(store.Record, error) bool) {
		var d decoder
		for e, err := range s.events.Scan(ctx, events.Query{Range: store.TimeRange{From: at, To: at + 1}, Where: l.same}) {
			var r store.Record
			if err == nil {
				r = d.record(e)
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

// newer gives the lines of the time of the last of after, or of the line, that
// stand behind it.
func (s *Store) newer(ctx context.Context, l placed, after []store.Record) ([]store.Record, error) {
	at, n := l.record.Time, l.newer
	if len(after) > 0 {
		at = after[len(after)-1].Time
		n -= len(after)
	}
	var out []store.Record
	for r, err := range s.moment(ctx, l, at) {
		if err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	if at != l.record.Time { // all of that time that are not behind it are in after
		n = len(out)
		for _, r := range after {
			if r.Time == at {
				n--
			}
		}
	}
	return out[:n], nil
}

// beside gives the nearest lines of one side, nearest first.
func (s *Store) beside(ctx context.Context, q store.LogAround, l placed, after bool) ([]store.Record, error) {
	most, pass := q.Before, q.Nth+1
	r := store.TimeRange{To: q.Time + 1}
	if after {
		most, pass = q.After, l.alike-q.Nth
		r = store.TimeRange{From: q.Time, To: math.MaxInt64}
	}
	if most == 0 {
		return nil, nil
	}
	var out []store.Record
	var d decoder
	for e, err := range s.events.Scan(ctx, events.Query{Range: r, Where: l.same, Oldest: after}) {
		if err != nil {
			return out, err
		}
		r := d.record(e)
		if pass > 0 && e.Time == q.Time {
			if q.Is(&r) {
				pass--
			}
			continue
		}
		if out = append(out, r); len(out) == most {
			break
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
