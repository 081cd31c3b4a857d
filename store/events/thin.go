package events

import (
	"cmp"
	"context"
	"math"
	"time"

	"tripod/store"
)

// A part whose time has come may be thinned: what Options.Thin keeps of it
// becomes a part of its own in its place, for a time of its own. The digest
// stays that of all events that ever were in it, so that what it sums up does
// not change.

// levelThinned marks a part that was thinned; it is not merged any more.
const levelThinned = math.MaxUint8

// thin puts a part of what is kept in the place of one; where nothing is kept,
// the part goes with its digest.
func (s *Store) thin(ctx context.Context, p *part) error {
	p.hold()
	defer p.release(s.o.files)
	keep, err := s.o.Thin(ctx, store.TimeRange{From: p.info.min, To: p.info.max + 1})
	if err != nil {
		return err
	}
	thinned, err := s.writeThinned(ctx, p, keep)
	if err != nil {
		return err
	}
	rows := 0
	if thinned == nil {
		err = s.remove(expiry{part: p, reason: "thinned"})
	} else {
		rows = thinned.info.rows
		_, err = s.swap([]*part{p}, thinned)
	}
	if err == nil && s.o.Events.Thinned != nil {
		s.o.Events.Thinned(p.info.day(), rows, p.info.rows)
	}
	return err
}

// writeThinned is nil when nothing is kept. What cannot be read of a part is
// not kept, and told.
func (s *Store) writeThinned(ctx context.Context, p *part, keep func(*Event) bool) (*part, error) {
	info := partInfo{id: s.takePartID(), level: levelThinned, gen: p.info.gen, minSeq: p.info.minSeq, maxSeq: p.info.maxSeq}
	any := false
	err := s.eachOf(ctx, p, false, func(e *Event) (more bool, err error) {
		any = keep(e)
		info.max = e.Time // of the newest that is kept
		return !any, nil
	})
	if err != nil || !any {
		return nil, err
	}
	w, err := s.createPart(info)
	if err != nil {
		return nil, err
	}
	if w.digest != nil {
		if d, err := p.summary(s.o.files, s.codecs, s.o.NewDigest); err == nil {
			w.digest, w.digested = d, true
		}
	}
	err = s.eachOf(ctx, p, true, func(e *Event) (bool, error) {
		if !keep(e) {
			return true, nil
		}
		return true, w.add(e)
	})
	if err != nil {
		w.abort()
		return nil, err
	}
	return w.finish()
}

// eachOf shows the events of a part until one is enough; what cannot be read is
// left out, and the scan has reported it.
func (s *Store) eachOf(ctx context.Context, p *part, oldest bool, show func(*Event) (more bool, err error)) error {
	sn := &snapshot{s: s, parts: []*part{p}}
	var err error
	sn.scan(ctx, &Query{Range: store.TimeRange{From: math.MinInt64, To: math.MaxInt64}, Oldest: oldest}, func(e *Event, damage error) bool {
		if damage != nil {
			return ctx.Err() == nil
		}
		var more bool
		more, err = show(e)
		return more && err == nil
	})
	return cmp.Or(err, ctx.Err())
}

// Thinned is the time up to which events may be missing because parts were
// thinned; zero when none was.
func (s *Store) Thinned() time.Time {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var last time.Time
	for _, p := range s.parts {
		if at := time.Unix(0, p.info.max); p.info.level == levelThinned && at.After(last) {
			last = at
		}
	}
	return last
}
