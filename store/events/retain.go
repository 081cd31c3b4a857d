package events

import (
	"cmp"
	"context"
	"slices"
)

// retain thins or drops parts that are older than Retention, and the oldest
// while there is more than MaxBytes.
func (s *Store) retain(ctx context.Context) error {
	for ctx.Err() == nil {
		e := s.expired()
		if e.part == nil {
			return nil
		}
		if e.thin {
			err := s.thin(ctx, e.part)
			if err == nil {
				continue
			}
			if ctx.Err() != nil {
				return nil
			}
			e.part.thick.Store(true) // not to be tried again and again
			s.failed("thin", err)
			continue
		}
		if err := s.remove(e); err != nil {
			return err
		}
	}
	return nil
}

// expiry is a part whose time has come.
type expiry struct {
	part   *part // nil for none
	reason string
	thin   bool // some of its events stay
}

// expired finds the part to thin or drop next. Retention runs alone, so no
// other work replaces the part meanwhile.
func (s *Store) expired() expiry {
	s.mu.RLock()
	parts := slices.Clone(s.parts)
	bytes := s.head.journalBytes.Load()
	for _, h := range s.frozen {
		bytes += h.journalBytes.Load()
	}
	s.mu.RUnlock()
	slices.SortStableFunc(parts, func(a, b *part) int { return cmp.Compare(a.info.max, b.info.max) })
	var thinned int64
	for _, p := range parts {
		bytes += p.info.size
		if p.info.level == levelThinned {
			thinned += p.info.size
		}
	}
	now := s.o.Now()
	for _, p := range parts {
		keep := s.o.Retention
		thin := s.o.Thin != nil && p.info.level != levelThinned && !p.thick.Load()
		if s.o.Thin != nil && !thin {
			keep = max(keep, s.o.RetentionThin)
		}
		if s.o.Retention > 0 && p.info.max < now.Add(-keep).UnixNano() {
			return expiry{p, "age", thin}
		}
	}
	if s.o.MaxBytes == 0 || bytes <= s.o.MaxBytes {
		return expiry{}
	}
	// What was thinned goes first only where it takes half of the room.
	for _, p := range parts {
		if p.info.level != levelThinned && thinned <= s.o.MaxBytes/2 {
			return expiry{p, "bytes", s.o.Thin != nil && !p.thick.Load()}
		}
		if p.info.level == levelThinned && thinned > s.o.MaxBytes/2 {
			return expiry{p, "bytes", false}
		}
	}
	if len(parts) == 0 {
		return expiry{}
	}
	return expiry{parts[0], "bytes", false}
}

// remove takes a part out of the store.
func (s *Store) remove(e expiry) error {
	s.commits.Lock()
	defer s.commits.Unlock()
	if err := s.manifest.write(edit{kind: editRemove, part: e.part.info}); err != nil {
		return err
	}
	s.mu.Lock()
	s.parts = slices.DeleteFunc(slices.Clone(s.parts), func(p *part) bool { return p == e.part })
	s.mu.Unlock()
	s.drop(e.part)
	if s.o.Events.Dropped != nil {
		s.o.Events.Dropped(e.part.info.day(), e.reason)
	}
	return nil
}

// drop removes a part's file and index, when its last reader has left.
func (s *Store) drop(p *part) {
	s.indexes.close(p)
	s.decoded.forget(p)
	p.drop(s.o.files)
}
