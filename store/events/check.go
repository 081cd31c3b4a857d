package events

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"tripod/store"
	"tripod/store/events/termindex"
)

// Report is what Check found in a folder.
type Report struct {
	Days    []DayReport // oldest first
	Columns []ColumnReport
	Files   []FileReport // bytes by what files are for
	Journal int          // events in the journal that are in no part
	Faults  []Fault
}

// DayReport sums up the parts of a UTC day.
type DayReport struct {
	Day    string // 2026-03-01
	Parts  int
	Sealed int // of them have an index
	Rows   int
	Bytes  int64
	Oldest int64 // Unix ns
	Newest int64
}

// ColumnReport is what the values of one name and kind take. The engine's own
// are called time, class, shape, head and filter, and have no kind.
type ColumnReport struct {
	Name   string
	Kind   store.Kind
	Own    bool
	Values int64
	Bytes  int64
}

// FileReport is what files of one kind take.
type FileReport struct {
	Kind  string // parts, index, journal, manifest, other
	Files int
	Bytes int64
}

// Fault is something that is not as it was written.
type Fault struct {
	File     string
	Offset   int64
	Err      error
	Repaired string // what was done about it; empty when nothing was
}

// CheckOptions of Check.
type CheckOptions struct {
	// Repair writes parts of which some cannot be read anew from all else, sets
	// them aside as *.damaged, and removes indexes that are damaged, which the
	// store then makes anew.
	Repair bool
	// NewDigest is that of the store; digests are not checked without it.
	NewDigest func() Digest
}

// checker reads a folder.
type checker struct {
	s    *Store
	o    CheckOptions
	out  Report
	days map[string]*DayReport
	cols map[colName]*ColumnReport
}

type colName struct {
	name string
	kind store.Kind
	own  bool
}

// Check reads all that is in the folder of a store that is not open, and
// changes nothing unless it is to repair. An error says that it could not
// check; what it found to be damaged is in the report.
func Check(ctx context.Context, dir string, o CheckOptions) (Report, error) {
	so := Options{NewDigest: o.NewDigest}
	so.setDefaults()
	c, err := newCodecs()
	if err != nil {
		return Report{}, err
	}
	defer c.close()
	k := &checker{s: &Store{dir: dir, o: so, codecs: c}, o: o, days: map[string]*DayReport{}, cols: map[colName]*ColumnReport{}}
	if err := k.run(ctx); err != nil {
		return Report{}, fmt.Errorf("check %s: %w", dir, err)
	}
	for _, d := range k.days {
		k.out.Days = append(k.out.Days, *d)
	}
	for _, c := range k.cols {
		k.out.Columns = append(k.out.Columns, *c)
	}
	slices.SortFunc(k.out.Days, func(a, b DayReport) int { return cmp.Compare(a.Day, b.Day) })
	slices.SortFunc(k.out.Columns, func(a, b ColumnReport) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Kind, b.Kind))
	})
	return k.out, nil
}

func (k *checker) run(ctx context.Context) error {
	b, err := k.s.readAll(manifestName(k.s.dir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	st, good, manifestErr := readManifest(b)
	if err != nil {
		manifestErr = err
	}
	if manifestErr != nil {
		k.fault(manifestName(k.s.dir), good, manifestErr, "")
	}
	k.file("manifest", int64(len(b)))
	for _, info := range slices.SortedFunc(maps.Values(st.parts), func(a, b partInfo) int { return cmp.Compare(a.id, b.id) }) {
		if err := ctx.Err(); err != nil {
			return err
		}
		k.part(ctx, info)
	}
	if err := k.journals(st.flushed); err != nil {
		return err
	}
	return k.others(st)
}

func (k *checker) fault(file string, off int64, err error, repaired string) {
	k.out.Faults = append(k.out.Faults, Fault{file, off, err, repaired})
}

func (k *checker) file(kind string, bytes int64) {
	i := slices.IndexFunc(k.out.Files, func(f FileReport) bool { return f.Kind == kind })
	if i < 0 {
		i = len(k.out.Files)
		k.out.Files = append(k.out.Files, FileReport{Kind: kind})
	}
	k.out.Files[i].Files++
	k.out.Files[i].Bytes += bytes
}

func (k *checker) column(name string, kind store.Kind, own bool, values, bytes int) {
	at := colName{name, kind, own}
	c := k.cols[at]
	if c == nil {
		c = &ColumnReport{Name: clean(name), Kind: kind, Own: own}
		k.cols[at] = c
	}
	c.Values += int64(values)
	c.Bytes += int64(bytes)
}

// part reads every block of a part.
func (k *checker) part(ctx context.Context, info partInfo) {
	p := &part{info: info, name: info.file(k.s.dir)}
	p.hold()
	defer p.release(k.s.o.files)
	from := len(k.out.Faults)
	blocks, err := p.index(k.s.o.files, k.s.codecs)
	if err != nil {
		k.fault(p.name, 0, err, "")
		if !k.o.Repair {
			return
		}
		if blocks = k.indexAnyway(p); blocks == nil {
			k.mend(p, nil, nil, from)
			return
		}
	}
	magic := make([]byte, len(partMagic))
	if _, err := p.f.ReadAt(magic, 0); err != nil || string(magic) != partMagic {
		k.fault(p.name, 0, fmt.Errorf("header %q: %w", magic, errCorrupt), "")
	}
	rows, sound := 0, make([]bool, len(blocks))
	for i := range blocks {
		if ctx.Err() != nil {
			return
		}
		sound[i] = k.block(partBlock{p, &blocks[i]})
		rows += blocks[i].rows
	}
	if rows != info.rows {
		k.fault(p.name, 0, fmt.Errorf("%d rows in its blocks, %d in the manifest: %w", rows, info.rows, errCorrupt), "")
	}
	if k.o.NewDigest != nil {
		if _, err := p.summary(k.s.o.files, k.s.codecs, k.o.NewDigest); err != nil {
			k.fault(p.name, 0, err, "")
		}
	}
	k.mend(p, blocks, sound, from)
	k.file("parts", info.size)
	k.day(&info, k.index(p))
}

// index checks the index of a part, if it has one.
func (k *checker) index(p *part) (sealed bool) {
	day, err := k.s.o.files.ReadDir(filepath.Dir(p.name))
	if err != nil || !slices.ContainsFunc(day, func(e fs.DirEntry) bool { return e.Name() == filepath.Base(p.indexName()) }) {
		return false
	}
	x, err := termindex.Open(p.indexName())
	if err != nil {
		repaired := ""
		if k.o.Repair && k.s.o.files.RemoveAll(p.indexName()) == nil {
			repaired = "removed; the store makes it anew"
		}
		k.fault(p.indexName(), 0, err, repaired)
		return false
	}
	defer x.Close()
	k.file("index", x.Size())
	return true
}

func (k *checker) day(info *partInfo, sealed bool) {
	d := k.days[info.day()]
	if d == nil {
		d = &DayReport{Day: info.day(), Oldest: info.min, Newest: info.max}
		k.days[info.day()] = d
	}
	d.Parts++
	if sealed {
		d.Sealed++
	}
	d.Rows += info.rows
	d.Bytes += info.size
	d.Oldest, d.Newest = min(d.Oldest, info.min), max(d.Newest, info.max)
}

// countSeen counts rows as an index does.
type countSeen struct {
	p    *part
	rows map[minuteCount]int // by counts without rows; those of groupUnsure are all
}

func (s *countSeen) add(e *Event) {
	c := countOf(e.Time, e.Class, groupUnsure)
	c.rows = 0
	s.rows[c]++
	if c.group = s.p.group(e); c.group != groupUnsure {
		s.rows[c]++
	}
}

// agrees says whether counts hold all rows, and none in a group that it is not
// in: what is not told apart may be of any.
func (s *countSeen) agrees(counts []minuteCount) bool {
	for _, c := range counts {
		rows := int(c.rows)
		c.rows = 0
		if s.rows[c] -= rows; s.rows[c] < 0 {
			return false
		}
		if c.group != groupUnsure {
			c.group = groupUnsure
			s.rows[c] -= rows
		}
	}
	for c, rows := range s.rows {
		if c.group == groupUnsure && rows != 0 {
			return false
		}
	}
	return true
}

// group is that of an event of the part.
func (p *part) group(e *Event) uint16 {
	group := groupNone
	for i := range e.Fields {
		f := &e.Fields[i]
		by, same := p.by != "" && f.Name == p.by, p.same != "" && f.Name == p.same
		if !by && !same {
			continue
		}
		at := slices.Index(p.groups, f.Value.Str())
		says := groupFirst + uint16(at)
		if f.Value.Kind != store.KindString || at < 0 || by && group != groupNone || same && group != says {
			return groupUnsure
		}
		group = says
	}
	return group
}

// block decodes every value of a block, holds them against its entry, and says
// whether it is sound.
func (k *checker) block(pb partBlock) bool {
	var b block
	var e Event
	err := b.open(pb, k.s.codecs, nil)
	seen := countSeen{p: pb.p, rows: map[minuteCount]int{}}
	for i := 0; i < pb.m.rows && err == nil; i++ {
		if err = b.event(i, &e, nil); err == nil {
			seen.add(&e)
		}
	}
	if err == nil && !seen.agrees(pb.m.counts) {
		err = b.fail(fmt.Errorf("counts by minute: %w", errCorrupt))
	}
	if err == nil && pb.m.filter > 0 {
		err = k.filter(pb, &b)
	}
	if err != nil {
		k.fault(pb.p.name, pb.m.off, err, "")
		return false
	}
	k.column("time", 0, true, pb.m.rows, b.head.times.size)
	k.column("class", 0, true, pb.m.rows, b.head.classes.size)
	k.column("shape", 0, true, pb.m.rows, b.head.shapeOf.size)
	k.column("head", 0, true, 1, pb.m.head.size)
	k.column("filter", 0, true, 1, pb.m.filter)
	for i := range b.cols {
		c := &b.cols[i]
		k.column(c.label, c.kind, false, c.n, c.chunk.size)
	}
	return true
}

// filter asks a block's filter for all of its names.
func (k *checker) filter(pb partBlock, b *block) error {
	raw := b.pread(pb.m.off+int64(pb.m.chunks+pb.m.head.size), pb.m.filter)
	if b.err != nil {
		return b.err
	}
	f, err := readFilter(raw)
	if err != nil {
		return b.fail(fmt.Errorf("filter: %w", err))
	}
	for _, name := range b.head.names {
		if !f.Contains(nameKey(name)) {
			return b.fail(fmt.Errorf("filter without the name %q: %w", name, errCorrupt))
		}
	}
	return nil
}

func (k *checker) journals(flushed uint64) error {
	gens, err := k.s.journals()
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, gen := range gens {
		name := journalName(k.s.dir, gen)
		b, err := k.s.readAll(name)
		if err != nil {
			return err
		}
		k.file("journal", int64(len(b)))
		if gen <= flushed {
			continue
		}
		replay(b, gen, func(off int64, err error) { k.fault(name, off, err, "") }, func(f frame) {
			k.out.Journal += len(f.batch.rows)
			var e Event
			var buf []byte
			for _, row := range f.batch.rows {
				if err := f.batch.event(row, &e, &buf); err != nil {
					k.fault(name, 0, err, "")
				}
			}
		})
	}
	return err
}

// others lists files of the days that no part is in.
func (k *checker) others(st state) error {
	listed := map[string]bool{}
	for _, p := range st.parts {
		listed[p.file(k.s.dir)] = true
	}
	return k.s.eachDayFile(func(name string) error {
		if listed[name] || strings.HasSuffix(name, indexSuffix) {
			return nil
		}
		f, err := k.s.o.files.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		size, err := f.Size()
		k.file("other", size)
		return err
	})
}
