// Package logql reads Loki's query language and answers it from log records:
// one tree, one way through the stages, for lines and for numbers.
//
// It must never know HTTP, nor how records are kept.
package logql

import (
	"context"
	"iter"
	"time"

	"tripod/store"
	"tripod/store/logs"
)

// Store is where the records are: a *logs.Store.
type Store interface {
	Find(ctx context.Context, n logs.Node, q store.LogQuery) iter.Seq2[store.Record, error]
	Rows(ctx context.Context, n logs.Node, q store.LogQuery) iter.Seq2[*logs.Row, error]
	Lines(ctx context.Context, n logs.Node, q store.LogQuery) iter.Seq2[*logs.Row, error]
	Members(ctx context.Context, n logs.Node, q store.LogQuery, asked logs.Asked) iter.Seq2[*logs.Row, error]
	Fold(ctx context.Context, n logs.Node, q store.LogQuery, asked logs.Asked, step time.Duration, do func(*logs.Row) error) error
	Count(ctx context.Context, n logs.Node, q store.LogQuery, step time.Duration) ([]store.LogBucket, error)
	HasStreamLabel(ctx context.Context, name string, r store.TimeRange) (bool, error)
	Follow(n logs.Node) (*logs.Follower, error)
}

// Engine answers queries.
type Engine struct {
	store Store
	naive bool
}

// New makes an engine over a store.
func New(s Store) *Engine { return &Engine{store: s} }

// NewNaive makes an engine that asks the store for what the selector says, and
// takes whole records through all stages: the measure of every other.
func NewNaive(s Store) *Engine { return &Engine{store: s, naive: true} }

// Kind says what a query asks for; errors are *store.QueryError.
func (*Engine) Kind(text string) (store.LogKind, error) {
	e, err := ParseExpr(text)
	if err != nil {
		return 0, err
	}
	switch e.(type) {
	case *LogExpr:
		return store.LogLines, nil
	}
	if isScalar(e) {
		return store.LogScalar, nil
	}
	return store.LogVector, nil
}

func isScalar(e Expr) bool {
	switch e := e.(type) {
	case *Number:
		return true
	case *Binary:
		return isScalar(e.L) && isScalar(e.R)
	}
	return false
}

// Format is the query as this package prints it.
func (*Engine) Format(text string) (string, error) {
	e, err := ParseExpr(text)
	if err != nil {
		return "", err
	}
	return e.String(), nil
}

// Lines yields the entries of a log query, at most q.Limit when that is more
// than 0, in order of time. Behind a store.ErrUnread the loop may go on.
func (en *Engine) Lines(ctx context.Context, q store.LogQuery) iter.Seq2[store.LogEntry, error] {
	return func(yield func(store.LogEntry, error) bool) {
		p, err := en.linesOf(q.Text)
		if err != nil {
			yield(store.LogEntry{}, err)
			return
		}
		from, err := en.narrow(q.Narrow)
		if err != nil {
			yield(store.LogEntry{}, err)
			return
		}
		if q.Receipt != nil {
			q.Receipt.Stages, q.Receipt.Reads = p.plan, []string{p.reads()}
		}
		limit := q.Limit
		if p.drops {
			q.Limit = 0
		}
		l, n := newLine(), 0
		for err := range p.found(ctx, from, q, l) {
			if err != nil {
				if !yield(store.LogEntry{}, err) {
					return
				}
				continue
			}
			if p.drops && !p.through(l) {
				continue
			}
			if len(p.stages) == 0 {
				l.own()
			} else {
				r := l.record()
				p.run(l, &r)
			}
			if !yield(l.entry(), nil) {
				return
			}
			if n++; n == limit {
				return
			}
		}
	}
}

// Streams yields the labels of each stream that has a line among the newest
// q.Limit records of a log query; a stream may come twice. Behind a
// store.ErrUnread the loop may go on.
func (en *Engine) Streams(ctx context.Context, q store.LogQuery) iter.Seq2[store.LogLabels, error] {
	return func(yield func(store.LogLabels, error) bool) {
		p, err := en.linesOf(q.Text)
		if err != nil {
			yield(nil, err)
			return
		}
		l, seen := newLine(), map[*store.LogLabel]bool{}
		for err := range p.found(ctx, en.store, q, l) {
			if err != nil {
				if !yield(nil, err) {
					return
				}
				continue
			}
			if p.drops && !p.through(l) {
				continue
			}
			labels := l.stream
			if seen[&labels[0]] {
				continue
			}
			if len(seen) >= maxSenders {
				clear(seen)
			}
			if seen[&labels[0]] = true; !yield(labels, nil) {
				return
			}
		}
	}
}

func linesOf(text string) (*pipeline, error) { return (&Engine{}).linesOf(text) }

func (en *Engine) linesOf(text string) (*pipeline, error) {
	e, err := ParseExpr(text)
	if err != nil {
		return nil, err
	}
	l, ok := e.(*LogExpr)
	if !ok {
		return nil, metricHere(text)
	}
	return compilePipeline(l, en.naive)
}
