package events

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Open takes over a folder, made if need be, and replays its journal. What
// cannot be read is reported through Options.Events.Damaged and left out.
func Open(dir string, o Options) (*Store, error) {
	if err := o.validate(); err != nil {
		return nil, err
	}
	o.setDefaults()
	if err := o.files.MkdirAll(filepath.Join(dir, "wal")); err != nil {
		return nil, err
	}
	c, err := newCodecs()
	if err != nil {
		return nil, err
	}
	s := &Store{dir: dir, o: o, codecs: c, turn: make(chan struct{}, 1), flushWanted: make(chan struct{}, 1)}
	if err := s.recover(); err != nil {
		c.close()
		return nil, fmt.Errorf("open %s: %w", dir, err)
	}
	return s, nil
}

func (s *Store) recover() error {
	st, err := s.openManifest()
	if err != nil {
		return err
	}
	for _, info := range st.parts {
		s.parts = append(s.parts, &part{info: info, name: info.file(s.dir)})
		s.nextPart = max(s.nextPart, info.id+1)
		s.nextSeq = max(s.nextSeq, info.maxSeq+1)
	}
	s.sortParts()
	if err := s.sweep(st); err != nil {
		return err
	}
	if err := s.findIndexes(); err != nil {
		return err
	}
	return s.openJournals(st.flushed)
}

func (s *Store) sortParts() {
	slices.SortFunc(s.parts, func(a, b *part) int { return cmp.Compare(a.info.minSeq, b.info.minSeq) })
}

func (s *Store) openManifest() (state, error) {
	name := manifestName(s.dir)
	b, err := s.readAll(name)
	if errors.Is(err, fs.ErrNotExist) {
		st := state{parts: map[uint64]partInfo{}}
		if st, err = s.rebuild(); err == nil {
			s.manifest, err = newManifest(s.o.files, s.dir, st)
		}
		return st, err
	}
	if err != nil {
		return state{}, err
	}
	st, good, err := readManifest(b)
	lost := err != nil
	if lost {
		s.damaged(name, good, err)
		if st, err = s.rebuild(); err != nil {
			return st, err
		}
	}
	if lost || len(b) > compactAt {
		s.manifest, err = newManifest(s.o.files, s.dir, st)
		return st, err
	}
	f, err := s.o.files.Edit(name)
	if err != nil {
		return st, err
	}
	s.manifest = &manifest{name: name, f: f, size: good}
	return st, nil
}

// rebuild takes the state from the footers of the parts, when the manifest is
// lost. A part that lies wholly within another one of its day was merged into
// it; a part of a generation whose journal is still there comes again by
// replay.
func (s *Store) rebuild() (state, error) {
	st := state{parts: map[uint64]partInfo{}}
	journals, err := s.journals()
	if err != nil {
		return st, err
	}
	var found []partInfo
	err = s.eachDayFile(func(name string) error {
		if !strings.HasSuffix(name, ".part") {
			return nil
		}
		f, err := s.o.files.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		t, err := readPartTail(f, name)
		if err == nil && t.info.file(s.dir) != name {
			err = fmt.Errorf("%s: footer of another file: %w", name, errCorrupt)
		}
		if err != nil {
			s.damaged(name, 0, err)
			return s.o.files.Rename(name, name+".damaged")
		}
		found = append(found, t.info)
		return nil
	})
	for _, p := range found {
		if p.level == 0 && slices.Contains(journals, p.gen) || slices.ContainsFunc(found, p.within) {
			continue
		}
		st.parts[p.id] = p
		if !slices.Contains(journals, p.gen) {
			st.flushed = max(st.flushed, p.gen)
		}
	}
	return st, err
}

// within says that the part was merged into q.
func (p partInfo) within(q partInfo) bool {
	return p.level < q.level && p.day() == q.day() && q.minSeq <= p.minSeq && p.maxSeq <= q.maxSeq
}

// eachDayFile walks over the day folders.
func (s *Store) eachDayFile(do func(name string) error) error {
	days, err := s.o.files.ReadDir(s.dir)
	if err != nil {
		return err
	}
	for _, d := range days {
		if _, err := time.Parse(time.DateOnly, d.Name()); err != nil || !d.IsDir() {
			continue
		}
		entries, err := s.o.files.ReadDir(filepath.Join(s.dir, d.Name()))
		if err != nil {
			return err
		}
		for _, e := range entries {
			if err := do(filepath.Join(s.dir, d.Name(), e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// sweep removes what a crash left between a file's birth and its entry in the
// manifest, or between the end of that entry and the file's.
func (s *Store) sweep(st state) error {
	listed := map[string]bool{}
	for _, p := range st.parts {
		listed[p.file(s.dir)] = true
	}
	return s.eachDayFile(func(name string) error {
		ours := strings.HasSuffix(name, ".part") || strings.HasSuffix(name, ".tmp") && !strings.HasSuffix(name, indexSuffix+".tmp")
		if !ours || listed[name] {
			return nil
		}
		return s.o.files.Remove(name)
	})
}

// journals are the generations that have a file, oldest first.
func (s *Store) journals() ([]uint64, error) {
	entries, err := s.o.files.ReadDir(filepath.Join(s.dir, "wal"))
	if err != nil {
		return nil, err
	}
	var gens []uint64
	for _, e := range entries {
		if n, ok := strings.CutSuffix(e.Name(), ".wal"); ok {
			if gen, err := strconv.ParseUint(n, 10, 64); err == nil {
				gens = append(gens, gen)
			}
		}
	}
	slices.Sort(gens)
	return gens, nil
}

// openJournals replays the generations that are not in parts; the last one
// goes on as the head, the others wait to be flushed.
func (s *Store) openJournals(flushed uint64) error {
	gens, err := s.journals()
	if err != nil {
		return err
	}
	last := flushed
	for i, gen := range gens {
		last = max(last, gen)
		if gen <= flushed {
			if err := s.o.files.Remove(journalName(s.dir, gen)); err != nil {
				return err
			}
			continue
		}
		h, err := s.replay(gen)
		if err != nil {
			return err
		}
		if i < len(gens)-1 {
			s.frozen = append(s.frozen, h)
		} else {
			s.head = h
		}
	}
	if s.head != nil {
		return nil
	}
	s.head = s.newHead()
	j, err := createJournal(s.o.files, s.dir, last+1)
	if err == nil {
		s.head.setJournal(j)
	}
	return err
}

func (s *Store) newHead() *head {
	return &head{digests: headDigests{fresh: s.o.NewDigest}}
}

// replay reads a journal into a head and cuts what is torn.
func (s *Store) replay(gen uint64) (*head, error) {
	name := journalName(s.dir, gen)
	b, err := s.readAll(name)
	if err != nil {
		return nil, err
	}
	h := s.newHead()
	now := s.o.Now()
	damaged := func(off int64, err error) { s.damaged(name, off, err) }
	good := replay(b, gen, damaged, func(f frame) {
		s.nextSeq = max(s.nextSeq, f.seq+uint64(len(f.batch.rows)))
		h.sum(f.batch)
		h.add(&f, now)
	})
	f, err := s.o.files.Edit(name)
	if err != nil {
		return nil, err
	}
	h.setJournal(&journal{gen: gen, name: name, f: f, size: good})
	if err := h.journal.mend(b); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return h, nil
}

// sum adds a batch to the digests, before add takes its rows.
func (h *head) sum(b *batch) {
	if h.digests.fresh == nil {
		return
	}
	var e [1]Event
	var buf []byte
	for _, row := range b.rows {
		if b.event(row, &e[0], &buf) == nil {
			h.digests.add(e[:])
		}
	}
}

func (s *Store) damaged(name string, off int64, err error) {
	if s.o.Events.Damaged != nil {
		s.o.Events.Damaged(name, off, err)
	}
}

func (s *Store) readAll(name string) ([]byte, error) {
	f, err := s.o.files.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	if size > math.MaxInt32 {
		return nil, fmt.Errorf("%s: %d bytes: %w", name, size, errCorrupt)
	}
	b := make([]byte, size)
	n, err := f.ReadAt(b, 0)
	if err == io.EOF {
		err = nil
	}
	return b[:n], err
}
