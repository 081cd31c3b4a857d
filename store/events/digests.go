package events

import (
	"cmp"
	"context"
	"slices"

	"tripod/store"
)

// Digests shows the digests of every head and part that overlaps the range. A
// digest must not be kept or changed, and is whole: it may speak of events
// outside the range as well. One that cannot be read is a store.ErrUnread behind
// all others.
func (s *Store) Digests(ctx context.Context, r store.TimeRange, show func(Digest)) error {
	sn, err := s.snapshot(r)
	if err != nil || s.o.NewDigest == nil {
		return err
	}
	defer sn.release()
	for _, p := range sn.parts {
		if err := ctx.Err(); err != nil {
			return err
		}
		d, failed := p.summary(s.o.files, s.codecs, s.o.NewDigest)
		if failed != nil {
			s.damaged(p.name, 0, failed)
			err = cmp.Or(err, unread(failed))
			continue
		}
		show(d)
	}
	for _, h := range sn.heads {
		h.digests.all(func(d Digest) bool { show(d); return true })
	}
	return err
}

// only leaves out the heads and parts whose digest it says no to, but not those
// whose digest cannot be read.
func (sn *snapshot) only(may func(Digest) bool) {
	if may == nil || sn.s.o.NewDigest == nil {
		return
	}
	sn.parts = slices.DeleteFunc(sn.parts, func(p *part) bool {
		d, err := p.summary(sn.s.o.files, sn.s.codecs, sn.s.o.NewDigest)
		no := err == nil && !may(d)
		if no {
			p.release(sn.s.o.files)
		}
		return no
	})
	sn.heads = slices.DeleteFunc(sn.heads, func(h *head) bool {
		return !h.digests.all(func(d Digest) bool { return !may(d) })
	})
	sn.chunks = slices.DeleteFunc(sn.chunks, func(v *chunkView) bool { return !slices.Contains(sn.heads, v.head) })
}
