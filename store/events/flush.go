package events

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"tripod/store"
)

// maxFlushDays bounds the parts that one head becomes; what is older than so
// many distinct days shares one part.
const maxFlushDays = 16

// flushOne turns the oldest frozen head into parts, and says whether there was
// one.
func (s *Store) flushOne() (bool, error) {
	s.mu.RLock()
	var h *head
	if len(s.frozen) > 0 {
		h = s.frozen[0]
	}
	s.mu.RUnlock()
	if h == nil {
		return false, nil
	}
	start := time.Now()
	parts, err := s.writeHead(h)
	if err == nil {
		err = s.publish(h, parts)
	}
	if err = asFull(err); err != nil {
		s.noRoom.Store(errors.Is(err, store.ErrFull))
		return true, fmt.Errorf("generation %d: %w", h.journal.gen, err)
	}
	s.noRoom.Store(false)
	if s.o.Events.Flushed != nil {
		var size int64
		for _, p := range parts {
			size += p.info.size
		}
		s.o.Events.Flushed(h.rows, size, time.Since(start))
	}
	return true, nil
}

// sorted are all rows of a head that grows no more, in order of time, those of
// equal time by arrival. Of rows only their places are moved, which is cheap.
func (h *head) sorted() []flushRow {
	places := make([]place, 0, h.rows)
	for i, c := range h.chunks {
		for j := range c.rows {
			places = append(places, place{c.rows[j].time, uint32(i), uint32(j)})
		}
	}
	places = byDigits(places)
	rows := make([]flushRow, len(places))
	for i, p := range places {
		c := h.chunks[p.chunk]
		r := &c.rows[p.row]
		rows[i] = flushRow{r.batchRow, c.batches[r.batch]}
	}
	return rows
}

// place is where a head has a row.
type place struct {
	time       int64
	chunk, row uint32
}

// digitBits are those of the digits that places are ordered by.
const digitBits = 11

// byDigits orders places by time, those of equal time as they are: once by each
// digit of the time behind the first one's, the last digit first. To compare
// them takes three times as long: many senders' runs lie crosswise.
func byDigits(places []place) []place {
	if slices.IsSortedFunc(places, func(a, b place) int { return compareTime(a.time, b.time) }) {
		return places
	}
	least, most := places[0].time, places[0].time
	for _, p := range places {
		least, most = min(least, p.time), max(most, p.time)
	}
	to := make([]place, len(places))
	for shift := 0; (uint64(most)-uint64(least))>>shift > 0; shift += digitBits {
		digit := func(p place) uint64 { return (uint64(p.time) - uint64(least)) >> shift % (1 << digitBits) }
		var from [1<<digitBits + 1]int
		for _, p := range places {
			from[digit(p)+1]++
		}
		for d := range 1 << digitBits {
			from[d+1] += from[d]
		}
		for _, p := range places {
			d := digit(p)
			to[from[d]] = p
			from[d]++
		}
		places, to = to, places
	}
	return places
}

type flushRow struct {
	batchRow
	batch *batch
}

// writeHead writes the parts of a head, one a day.
func (s *Store) writeHead(h *head) (parts []*part, err error) {
	rows := h.sorted()
	for end := len(rows); end > 0 && err == nil; {
		from := 0
		if len(parts) < maxFlushDays {
			today := floorDiv(rows[end-1].time, day)
			for from = end; from > 0 && floorDiv(rows[from-1].time, day) == today; from-- {
			}
		}
		var p *part
		if p, err = s.writeRows(h, rows[from:end]); err == nil {
			parts = append(parts, p)
		}
		end = from
	}
	if err != nil {
		for _, p := range parts {
			p.drop(s.o.files)
		}
		return nil, err
	}
	return parts, nil
}

func (s *Store) writeRows(h *head, rows []flushRow) (*part, error) {
	info := partInfo{id: s.takePartID(), gen: h.journal.gen, minSeq: h.minSeq, maxSeq: h.maxSeq, max: rows[len(rows)-1].time}
	w, err := s.createPart(info)
	if err != nil {
		return nil, err
	}
	if today := floorDiv(rows[0].time, day); floorDiv(info.max, day) == today {
		if d := h.digests.own(today); d != nil {
			w.digest, w.digested = d, true // which grows no more
		}
	}
	var e Event
	for _, r := range rows {
		if err = w.addRow(r.batch, r.batchRow, &e); err != nil {
			w.abort()
			return nil, err
		}
	}
	return w.finish()
}

func (s *Store) takePartID() uint64 {
	s.commits.Lock()
	defer s.commits.Unlock()
	s.nextPart++
	return s.nextPart - 1
}

// createPart begins a part; info.max names its day.
func (s *Store) createPart(info partInfo) (*partWriter, error) {
	name := info.file(s.dir)
	if err := s.o.files.MkdirAll(filepath.Dir(name)); err != nil {
		return nil, err
	}
	if err := s.o.files.SyncDir(s.dir); err != nil {
		return nil, err
	}
	w, err := s.newPartWriter(name)
	if err != nil {
		return nil, err
	}
	w.info = info
	return w, nil
}

// publish puts a head's parts in its place, in the manifest and in memory, and
// drops its journal.
func (s *Store) publish(h *head, parts []*part) error {
	edits := []edit{{kind: editFlushed, gen: h.journal.gen}}
	for _, p := range parts {
		edits = append(edits, edit{kind: editAdd, part: p.info})
	}
	s.commits.Lock()
	defer s.commits.Unlock()
	if err := s.manifest.write(edits...); err != nil {
		for _, p := range parts {
			p.drop(s.o.files)
		}
		return err
	}
	s.mu.Lock()
	s.parts = append(s.parts[:len(s.parts):len(s.parts)], parts...)
	s.sortParts()
	s.frozen = slices.Clone(s.frozen[1:])
	s.mu.Unlock()
	return errors.Join(h.journal.f.Close(), s.o.files.Remove(h.journal.name))
}

func compareTime(a, b int64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
