package logs

import (
	"context"
	"iter"
	"time"

	"tripod/store"
	"tripod/store/events"
)

// Find is Search for a query that was read already; q's text means nothing.
func (s *Store) Find(ctx context.Context, n Node, q store.LogQuery) iter.Seq2[store.Record, error] {
	eq := ask(n, q)
	return func(yield func(store.Record, error) bool) {
		var d decoder
		for e, err := range s.events.Scan(ctx, eq) {
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

// ask is a query whose text was read, in the words of the engine.
func ask(n Node, q store.LogQuery) events.Query {
	eq := events.Query{Range: q.Range, Limit: q.Limit, Oldest: q.Oldest, Receipt: q.Receipt}
	if _, all := n.(All); !all {
		eq.Where = Where(n)
	}
	return eq
}

// Keep asks about whole records what no other node can. It is no part of the
// search line, and prints what it was read from. Fn may be called from several
// goroutines at a time.
type Keep struct {
	Fn   func(*store.Record) bool
	Text string
}

func (n *Keep) where() events.Expr {
	return events.Func{Fn: func(e *events.Event) bool {
		var d decoder
		r := d.record(e)
		return n.Fn(&r)
	}}
}

// Count is Volume for a query that was read already, in steps from the
// beginning of the range on.
func (s *Store) Count(ctx context.Context, n Node, q store.LogQuery, step time.Duration) ([]store.LogBucket, error) {
	eq := ask(n, q)
	eq.Origin = q.Range.From
	return s.count(ctx, eq, step)
}
