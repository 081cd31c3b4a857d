package logql

import (
	"context"
	"iter"
	"time"

	"tripod/store"
	"tripod/store/logs"
)

// narrowed is a store of those records alone that a search line matches.
type narrowed struct {
	Store
	by logs.Node
}

// narrow is the engine's store, narrowed by a search line when there is one.
func (en *Engine) narrow(line string) (Store, error) {
	n, err := logs.Narrow(logs.All{}, line)
	if err != nil {
		return nil, err
	}
	if _, all := n.(logs.All); all {
		return en.store, nil
	}
	return narrowed{en.store, n}, nil
}

func (s narrowed) and(n logs.Node) logs.Node { return logs.And{n, s.by} }

// Find is the store's, of fewer records.
func (s narrowed) Find(ctx context.Context, n logs.Node, q store.LogQuery) iter.Seq2[store.Record, error] {
	return s.Store.Find(ctx, s.and(n), q)
}

// Rows is the store's, of fewer records.
func (s narrowed) Rows(ctx context.Context, n logs.Node, q store.LogQuery) iter.Seq2[*logs.Row, error] {
	return s.Store.Rows(ctx, s.and(n), q)
}

// Lines is the store's, of fewer records.
func (s narrowed) Lines(ctx context.Context, n logs.Node, q store.LogQuery) iter.Seq2[*logs.Row, error] {
	return s.Store.Lines(ctx, s.and(n), q)
}

// Members is the store's, of fewer records.
func (s narrowed) Members(ctx context.Context, n logs.Node, q store.LogQuery, asked logs.Asked) iter.Seq2[*logs.Row, error] {
	return s.Store.Members(ctx, s.and(n), q, asked)
}

// Fold is the store's, of fewer records.
func (s narrowed) Fold(ctx context.Context, n logs.Node, q store.LogQuery, asked logs.Asked, step time.Duration, do func(*logs.Row) error) error {
	return s.Store.Fold(ctx, s.and(n), q, asked, step, do)
}

// Count is the store's, of fewer records.
func (s narrowed) Count(ctx context.Context, n logs.Node, q store.LogQuery, step time.Duration) ([]store.LogBucket, error) {
	return s.Store.Count(ctx, s.and(n), q, step)
}
