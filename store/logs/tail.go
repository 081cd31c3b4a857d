package logs

import (
	"context"

	"tripod/store"
)

// maxTailBatch bounds the records of one call of each.
const maxTailBatch = 100

// Tail follows a query, whose range, limit and order mean nothing: it calls ready once records are watched, and then
// each for records as they come, at most 100 at a time, with the number of
// those lost since the last call. It returns when its context ends or a
// function returns an error.
func (s *Store) Tail(ctx context.Context, q store.LogQuery, ready func() error, each func(list []store.Record, lost int64) error) error {
	n, err := s.parse(q)
	if err != nil {
		return err
	}
	f, err := s.Follow(n)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := ready(); err != nil {
		return err
	}
	var list []store.Record
	for {
		list = list[:0]
		select {
		case r := <-f.Records:
			list = append(list, r)
		case <-ctx.Done():
			return ctx.Err()
		}
		for waiting := true; waiting && len(list) < maxTailBatch; {
			select {
			case r := <-f.Records:
				list = append(list, r)
			default:
				waiting = false
			}
		}
		if err := each(list, f.Dropped()); err != nil {
			return err
		}
	}
}
