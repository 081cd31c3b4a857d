package traces

import (
	"context"
	"strings"
	"time"

	"tripod/store"
	"tripod/store/events"
)

// maxTold bounds the traces that are kept of one part.
const maxTold = 2_000_000

// tail says which spans of a part stay when its time is over: those of traces
// with an error, or with a span that takes long. Rates, durations and
// dependencies are in the part's digest and in the metrics by then.
type tail struct {
	s    *Store
	slow time.Duration // 0 for none
}

// thin finds the traces that stay of a range: the span that decides may lie up
// to an hour outside of it. Whoever loses spans to damage keeps the rest.
func (t *tail) thin(ctx context.Context, r store.TimeRange) (func(*events.Event) bool, error) {
	where := events.Or{errorClasses}
	if t.slow > 0 {
		where = append(where, events.Compare{Field: fDuration, Op: events.OpGreaterEqual, Number: float64(t.slow)})
	}
	near := store.TimeRange{From: addTime(r.From, -maxLength), To: addTime(r.To, maxLength)}
	stay := map[string]bool{}
	for e, err := range t.s.events.Scan(ctx, events.Query{Range: near, Where: where, Fields: idField, Oldest: true}) {
		if err := fatal(ctx, err); err != nil {
			return nil, err
		}
		if err != nil {
			continue
		}
		if id := e.Text(fTraceID); !stay[id] && len(stay) < maxTold {
			stay[strings.Clone(id)] = true
		}
	}
	return func(e *events.Event) bool { return stay[e.Text(fTraceID)] }, nil
}

// Thinned is the time up to which only traces with errors, and slow ones, are
// kept; zero while all are.
func (s *Store) Thinned() time.Time { return s.events.Thinned() }
