package events

import (
	"cmp"
	"slices"
)

// retain drops parts that are older than Retention, and the oldest while there
// is more than MaxBytes.
func (s *Store) retain() error {
	s.commits.Lock()
	defer s.commits.Unlock()
	gone, reasons := s.expired()
	if len(gone) == 0 {
		return nil
	}
	var edits []edit
	for _, p := range gone {
		edits = append(edits, edit{kind: editRemove, part: p.info})
	}
	if err := s.manifest.write(edits...); err != nil {
		return err
	}
	s.mu.Lock()
	s.parts = slices.DeleteFunc(slices.Clone(s.parts), func(p *part) bool { return slices.Contains(gone, p) })
	s.mu.Unlock()
	for i, p := range gone {
		s.drop(p)
		if s.o.Events.Dropped != nil {
			s.o.Events.Dropped(p.info.day(), reasons[i])
		}
	}
	return nil
}

// drop removes a part and its index, when its last reader has left.
func (s *Store) drop(p *part) {
	s.indexes.close(p)
	s.decoded.forget(p)
	p.drop(s.o.files)
}

// expired are the parts to drop and why; the caller holds commits.
func (s *Store) expired() (gone []*part, reasons []string) {
	s.mu.RLock()
	parts := slices.Clone(s.parts)
	bytes := s.head.journalBytes.Load()
	for _, h := range s.frozen {
		bytes += h.journalBytes.Load()
	}
	s.mu.RUnlock()
	slices.SortStableFunc(parts, func(a, b *part) int { return cmp.Compare(a.info.max, b.info.max) })
	for _, p := range parts {
		bytes += p.info.size
	}
	horizon := s.o.Now().Add(-s.o.Retention).UnixNano()
	for _, p := range parts {
		reason := ""
		switch {
		case s.o.Retention > 0 && p.info.max < horizon:
			reason = "age"
		case s.o.MaxBytes > 0 && bytes > s.o.MaxBytes:
			reason = "bytes"
		default:
			continue
		}
		bytes -= p.info.size
		gone, reasons = append(gone, p), append(reasons, reason)
	}
	return gone, reasons
}
