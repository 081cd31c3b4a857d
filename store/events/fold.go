package events

import (
	"context"
	"math"
	"time"

	"tripod/store"
)

// Fold calls do with matching events, but of those of a block that lie in one
// step, have the same class and the same values in the fields that q wants,
// with one for all, and with how many they are. Steps are those of Count; there
// is no order. An event is valid only during the call. Calls come from several
// goroutines, one at a time; an error of do ends it. A block that cannot be read
// is a store.ErrUnread behind the calls for all others.
func (s *Store) Fold(ctx context.Context, q Query, step time.Duration, do func(e *Event, n int64) error) error {
	n, err := bucketCount(q.Range, q.Origin, int64(step))
	if err != nil || n == 0 {
		return err
	}
	sn, err := s.snapshot(q.Range)
	if err != nil {
		return err
	}
	defer sn.release()
	where := sharpen(q.Where)
	ct := &counter{sn: sn, r: q.Range, grid: grid{q.Origin, int64(step)}, f: newFilter(where), where: where, reckon: sn.reckon(ctx, &q), do: do}
	if q.Fields != nil || q.Named != nil {
		ct.f.want = &wanted{names: q.Fields, named: q.Named}
	}
	defer ct.reckon.end(where)
	ct.total = newTally(q.Range, ct.grid, 0)
	if ct.f.plan.mask != 0 {
		err = ct.run(ctx)
	}
	return err
}

// folder tells the rows of a block apart that are not alike.
type folder struct {
	shapes [][]*col // of each shape the columns that tell its rows apart
	of     map[alike]int
	pairs  map[[2]uint64]uint64
	list   []folded
	last   alike
	lastAt int
}

// alike is equal for rows that are alike.
type alike struct {
	shape int64
	step  int64
	class uint8
	value uint64
}

// folded is a row that stands for n.
type folded struct {
	row int
	n   int64
}

func (fd *folder) reset(shapes int) {
	if fd.of == nil {
		fd.of, fd.pairs = map[alike]int{}, map[[2]uint64]uint64{}
	}
	clear(fd.of)
	clear(fd.pairs)
	fd.list, fd.lastAt = fd.list[:0], -1
	fd.shapes = make([][]*col, shapes)
}

// add adds a row of a block.
func (fd *folder) add(b *block, want *wanted, row int, step int64) {
	k := alike{shape: b.shapeOf[row], step: step, class: b.class(row)}
	cols := fd.shapes[k.shape]
	if cols == nil {
		cols = b.telling(k.shape, want)
		fd.shapes[k.shape] = cols
	}
	for i, c := range cols {
		v := c.alike(row)
		if i == 0 {
			k.value = v
			continue
		}
		pair := [2]uint64{k.value, v}
		id, ok := fd.pairs[pair]
		if !ok {
			id = uint64(len(fd.pairs))
			fd.pairs[pair] = id
		}
		k.value = id
	}
	if fd.lastAt >= 0 && k == fd.last {
		fd.list[fd.lastAt].n++
		return
	}
	at, ok := fd.of[k]
	if !ok {
		at = len(fd.list)
		fd.of[k] = at
		fd.list = append(fd.list, folded{row: row})
	}
	fd.list[at].n++
	fd.last, fd.lastAt = k, at
}

// telling are the wanted columns of a shape of which not all values are alike.
func (b *block) telling(shape int64, want *wanted) []*col {
	cols := []*col{}
	for _, at := range b.give(shape, want) {
		c := &b.cols[at]
		if c.kind == store.KindEmpty || !b.load(c) || c.texts != nil && c.lines == nil && c.texts.Entries() == 1 {
			continue
		}
		b.index(c)
		cols = append(cols, c)
	}
	return cols
}

// alike is a number that only equal values of the column have in common.
func (c *col) alike(row int) uint64 {
	i := c.at(row)
	switch {
	case c.kind == store.KindFloat:
		return math.Float64bits(c.floats.At(i))
	case c.texts == nil:
		return uint64(c.ints.At(i))
	case c.lines != nil:
		return uint64(i)
	}
	return uint64(c.texts.Code(i))
}

// fold gives the matching rows of a block or a chunk out.
func (w *countWorker) fold(rows rowSet, from, to int) error {
	if v, ok := rows.(*chunkView); ok {
		return w.foldChunk(v, from, to)
	}
	return w.foldBlock(rows.(*block), from, to)
}

func (w *countWorker) foldBlock(b *block, from, to int) error {
	if !b.rows() {
		return b.err
	}
	w.folder.reset(len(b.shapes))
	found := 0
	for i := from; i < to; i++ {
		ok, err := w.f.match(b, i, &w.e, false)
		switch {
		case err != nil:
			return err
		case !ok:
			continue
		}
		found++
		if w.folder.add(b, w.f.want, i, w.tally.of(b.time(i))); b.err != nil {
			return b.err
		}
	}
	w.ct.reckon.rows(stepRows, 0, found)
	for _, f := range w.folder.list {
		if err := b.event(f.row, &w.e, w.f.want); err != nil {
			return err
		}
		if w.ct.give(&w.e, f.n) != nil {
			break
		}
	}
	return nil
}

// give hands an event on, unless an earlier call failed.
func (ct *counter) give(e *Event, n int64) error {
	ct.mu.Lock()
	defer ct.mu.Unlock()
	if ct.refused == nil {
		ct.refused = ct.do(e, n)
	}
	return ct.refused
}
