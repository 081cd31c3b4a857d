package events

import (
	"context"
	"fmt"
	"slices"
	"time"
)

const (
	// mergeRun parts of one day that were merged equally often become one, so
	// that a day has less than mergeRun parts for each power of mergeRun, and
	// few of its rows are in parts without an index.
	mergeRun = 4
	// maxMergeRows bounds a merged part.
	maxMergeRows = 1 << 20
)

// mergeOne merges one run of small parts, if there is one.
func (s *Store) mergeOne(ctx context.Context) (bool, error) {
	run := s.mergeable()
	if run == nil {
		return false, nil
	}
	defer func() {
		for _, p := range run {
			p.release(s.o.files)
		}
	}()
	start := time.Now()
	merged, err := s.writeMerged(ctx, run)
	if err != nil {
		if ctx.Err() == nil {
			for _, p := range run {
				p.alone.Store(true) // not to be tried again and again
			}
		}
		return false, err
	}
	swapped, err := s.swap(run, merged)
	if swapped && s.o.Events.Merged != nil {
		s.o.Events.Merged(len(run), merged.info.rows, time.Since(start))
	}
	return swapped, err
}

// mergeable finds parts of one day and level that follow each other in order of
// arrival, and holds them.
func (s *Store) mergeable() []*part {
	s.mu.RLock()
	defer s.mu.RUnlock()
	days := map[string][]*part{}
	for _, p := range s.parts {
		if !p.info.oneDay() || p.alone.Load() || p.info.level == levelThinned {
			continue
		}
		day := p.info.day()
		run := days[day]
		if len(run) > 0 && run[0].info.level != p.info.level {
			run = nil
		}
		run = append(run, p)
		days[day] = run
		if len(run) < mergeRun {
			continue
		}
		if rowsOf(run) > maxMergeRows {
			days[day] = slices.Clone(run[1:])
			continue
		}
		for _, p := range run {
			p.hold()
		}
		return run
	}
	return nil
}

func rowsOf(parts []*part) (n int) {
	for _, p := range parts {
		n += p.info.rows
	}
	return n
}

func (s *Store) writeMerged(ctx context.Context, run []*part) (*part, error) {
	info := partInfo{id: s.takePartID(), level: run[0].info.level + 1, minSeq: run[0].info.minSeq, max: run[0].info.max}
	for _, p := range run {
		info.gen = max(info.gen, p.info.gen)
		info.max = max(info.max, p.info.max)
		info.maxSeq = max(info.maxSeq, p.info.maxSeq)
	}
	w, err := s.createPart(info)
	if err != nil {
		return nil, err
	}
	m := &merger{s: s, w: w, ctx: ctx, whole: s.mergeDigests(w, run)}
	err = m.run(run)
	if err == nil && w.info.rows != rowsOf(run) {
		err = fmt.Errorf("%d of %d rows came out of the parts: %w", w.info.rows, rowsOf(run), errCorrupt)
	}
	if err != nil {
		w.abort()
		return nil, err
	}
	return w.finish()
}

// swap puts the merged part in the place of its sources, unless one of them was
// dropped meanwhile.
func (s *Store) swap(run []*part, merged *part) (bool, error) {
	s.commits.Lock()
	defer s.commits.Unlock()
	edits := []edit{{kind: editAdd, part: merged.info}}
	for _, p := range run {
		edits = append(edits, edit{kind: editRemove, part: p.info})
		if !slices.Contains(s.parts, p) {
			merged.drop(s.o.files)
			return false, nil
		}
	}
	if err := s.manifest.write(edits...); err != nil {
		merged.drop(s.o.files)
		return false, err
	}
	s.mu.Lock()
	s.parts = slices.DeleteFunc(slices.Clone(s.parts), func(p *part) bool { return slices.Contains(run, p) })
	s.parts = append(s.parts, merged)
	s.sortParts()
	s.mu.Unlock()
	for _, p := range run {
		s.drop(p)
	}
	return true, nil
}
