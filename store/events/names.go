package events

import (
	"context"
	"maps"
	"slices"

	"tripod/store"
)

// Names are the names of the fields of events in a range, sorted, and maybe of
// a few around it. Those of a part that has too many to be told in its index,
// 4,096, are left out, and more says so.
func (s *Store) Names(ctx context.Context, r store.TimeRange) (names []string, more bool, err error) {
	sn, err := s.snapshot(r)
	if err != nil {
		return nil, false, err
	}
	defer sn.release()
	all := map[string]bool{}
	for _, v := range sn.chunks {
		for _, b := range v.batches {
			for _, shape := range b.shapes {
				for _, f := range shape {
					all[f.name] = true
				}
			}
		}
	}
	for _, p := range sn.parts {
		if err := ctx.Err(); err != nil {
			return nil, false, err
		}
		if _, err := p.index(s.o.files, s.codecs); err != nil {
			s.damaged(p.name, 0, err)
			return nil, false, err
		}
		more = more || p.others
		for _, name := range p.names {
			all[name] = true
		}
	}
	return slices.Sorted(maps.Keys(all)), more, nil
}
