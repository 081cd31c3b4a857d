package logql

import (
	"context"

	"tripod/store"
	"tripod/store/logs"
)

// maxTailBatch bounds the entries of one call of each.
const maxTailBatch = 100

// Selected are the names in a query's selector.
func (*Engine) Selected(text string) ([]string, error) {
	p, err := linesOf(text)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(p.expr.Matchers))
	for i, m := range p.expr.Matchers {
		names[i] = m.Name
	}
	return names, nil
}

// Tail follows a log query: it calls ready once records are watched, and then
// each for entries as they come, at most 100 at a time, with the number of
// records lost since the last call. It returns when its context ends or a
// function returns an error.
func (en *Engine) Tail(ctx context.Context, text string, ready func() error, each func(list []store.LogEntry, lost int64) error) error {
	p, err := linesOf(text)
	if err != nil {
		return err
	}
	f, err := en.store.Follow(p.node())
	if err != nil {
		return err
	}
	defer f.Close()
	if err := ready(); err != nil {
		return err
	}
	l := newLine()
	for {
		list, err := p.batch(ctx, l, f)
		if err != nil {
			return err
		}
		if lost := f.Dropped(); len(list) > 0 || lost > 0 {
			if err := each(list, lost); err != nil {
				return err
			}
		}
	}
}

// batch waits for a record, and takes those that wait behind it.
func (p *pipeline) batch(ctx context.Context, l *line, f *logs.Follower) (list []store.LogEntry, err error) {
	for taken := 0; taken < maxTailBatch; taken++ {
		var r store.Record
		if taken == 0 {
			select {
			case r = <-f.Records:
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		} else {
			select {
			case r = <-f.Records:
			default:
				return list, nil
			}
		}
		if p.run(l, &r) {
			list = append(list, l.entry())
		}
	}
	return list, nil
}
