package events

import (
	"context"
	"math"
	"slices"

	"tripod/store"
)

// Tallier takes what Tally tells of some matching events at a time: how many
// they are, then their fields, each with its values. Calls come from several
// goroutines, one at a time.
type Tallier interface {
	Events(counts [Classes]int64)
	// Field takes how many of the events have a field of this name and kind; one
	// that has it several times counts as often.
	Field(name string, kind store.Kind, events int64)
	// Value takes a value of the field before, which is valid only during the
	// call, and how many of the events have it; it may come several times.
	Value(v store.Value, events int64)
}

// Tally tells of all matching events which values their fields have, in no
// order: a block's column is counted by the numbers of its values, and no event
// is put together. Field is called for every field, maybe but for the last, Value
// only for those that q.Named says yes to (asked once for each name and block,
// one at a time) and whose values are numbers, truths or strings. A block that
// cannot be read is a store.ErrUnread behind what was told of all others.
func (s *Store) Tally(ctx context.Context, q Query, to Tallier) error {
	if q.Range.To <= q.Range.From {
		return nil
	}
	sn, err := s.snapshot(q.Range)
	if err != nil {
		return err
	}
	defer sn.release()
	where := sharpen(q.Where)
	ct := &counter{sn: sn, r: q.Range, grid: grid{0, minute}, f: newFilter(where), where: where, reckon: sn.reckon(ctx, &q), to: to}
	ct.f.want = &wanted{names: q.Fields, named: q.Named}
	defer ct.reckon.end(where)
	ct.total = newTally(q.Range, ct.grid, 0)
	if ct.f.plan.mask != 0 {
		err = ct.run(ctx)
	}
	return err
}

// tallied are the values of one column or field.
type tallied struct {
	name   string
	kind   store.Kind
	events int64
	values []talliedValue
}

type talliedValue struct {
	v store.Value
	n int64
}

// blockTally is the memory in which a worker counts.
type blockTally struct {
	rows   bitset  // that match
	shapes []int64 // of those
	list   []tallied
	counts []int64 // by entry
	bits   []int64 // of numbers
	text   []byte
	chunk  chunkTally
}

// tell gives what was counted out.
func (w *countWorker) tell(counts [Classes]int64, list []tallied) {
	ct := w.ct
	ct.mu.Lock()
	defer ct.mu.Unlock()
	ct.to.Events(counts)
	for i := range list {
		t := &list[i]
		ct.to.Field(t.name, t.kind, t.events)
		for _, v := range t.values {
			ct.to.Value(v.v, v.n)
		}
	}
}

// wants says which of the fields are asked for their values.
func (w *countWorker) wants(list []tallied, want []bool) []bool {
	w.ct.mu.Lock()
	defer w.ct.mu.Unlock()
	for i := range list {
		want = append(want, list[i].kind > store.KindEmpty && list[i].kind < store.KindBytes && w.f.want.has(list[i].name))
	}
	return want
}

// tallyBlock counts the matching rows of a block.
func (w *countWorker) tallyBlock(b *block, from, to int) error {
	if !b.rows() {
		return b.err
	}
	t := &w.counted
	if err := t.match(w, b, from, to); err != nil {
		return err
	}
	var counts [Classes]int64
	t.shapes = append(t.shapes[:0], make([]int64, len(b.shapes))...)
	found := 0
	t.rows.each(func(row int) bool {
		counts[b.class(row)]++
		t.shapes[b.shapeOf[row]]++
		found++
		return true
	})
	w.ct.reckon.rows(stepRows, 0, found)
	if found == 0 {
		return nil
	}
	t.list = t.list[:0]
	have := make([]int64, len(b.cols))
	for s, n := range t.shapes {
		for _, at := range b.shapes[s] {
			have[at] += n
		}
	}
	var cols []*col
	for at, n := range have {
		if c := &b.cols[at]; n > 0 && c.kind != store.KindEmpty {
			t.list = append(t.list, tallied{name: c.label, kind: c.kind, events: n})
			cols = append(cols, c)
		}
	}
	t.text = t.text[:0]
	for i, want := range w.wants(t.list, nil) {
		if !want {
			continue
		}
		if !b.load(cols[i]) {
			return b.err
		}
		t.list[i].values = t.column(b, cols[i], found == b.len())
		if b.err != nil {
			return b.err
		}
	}
	w.tell(counts, t.list)
	return nil
}

// match sets the rows that match.
func (t *blockTally) match(w *countWorker, b *block, from, to int) error {
	t.rows = sizedBits(t.rows, b.len())
	if w.f.root == nil || !w.f.root.custom {
		copy(t.rows, w.f.hits)
		return nil
	}
	for i := from; i < to; i++ {
		ok, err := w.f.match(b, i, &w.e, false)
		if err != nil {
			return err
		}
		if ok {
			t.rows.set(i)
		}
	}
	return nil
}

// column counts the values of a loaded column that matching rows have.
func (t *blockTally) column(b *block, c *col, all bool) []talliedValue {
	switch {
	case c.lines != nil:
		return t.lines(b, c)
	case c.texts != nil && !c.texts.Shared():
		return t.apart(b, c, all)
	case c.texts != nil:
		return t.texts(b, c, all)
	}
	return t.numbers(b, c, all)
}

// numbers sorts those of matching rows, so that equal ones stand together.
func (t *blockTally) numbers(b *block, c *col, all bool) (out []talliedValue) {
	bits := t.bits[:0]
	if c.kind == store.KindFloat {
		each(t, b, c, all, func(i int) { bits = append(bits, int64(math.Float64bits(c.floats.At(i)))) })
	} else if all {
		bits = c.ints.Values(bits)
	} else {
		each(t, b, c, all, func(i int) { bits = append(bits, c.ints.At(i)) })
	}
	slices.Sort(bits)
	for from, to := 0, 0; from < len(bits); from = to {
		for to = from + 1; to < len(bits) && bits[to] == bits[from]; to++ {
		}
		out = append(out, talliedValue{numberOf(c.kind, uint64(bits[from])), int64(to - from)})
	}
	t.bits = bits
	return out
}

// numberOf is a number or truth by its bits.
func numberOf(kind store.Kind, bits uint64) store.Value {
	switch kind {
	case store.KindFloat:
		return store.Float(math.Float64frombits(bits))
	case store.KindBool:
		return store.Bool(bits != 0)
	}
	return store.Int(int64(bits))
}

// each calls do with the place of each value of a matching row.
func each(t *blockTally, b *block, c *col, all bool, do func(i int)) {
	if all {
		for i := range c.n {
			do(i)
		}
		return
	}
	b.index(c)
	t.rows.each(func(row int) bool {
		if i := c.at(row); i >= 0 {
			do(i)
		}
		return true
	})
}

// texts counts those that rows share.
func (t *blockTally) texts(b *block, c *col, all bool) (out []talliedValue) {
	t.counts = append(t.counts[:0], make([]int64, c.texts.Entries())...)
	if few := c.texts.EntryBytes(); few != nil && all {
		for _, code := range few {
			t.counts[code]++
		}
	} else {
		each(t, b, c, all, func(i int) { t.counts[c.texts.Code(i)]++ })
	}
	for entry, n := range t.counts {
		if n > 0 {
			out = append(out, talliedValue{store.String(c.texts.Entry(entry, &t.text)), n})
		}
	}
	return out
}

// apart gives texts of which each row has its own.
func (t *blockTally) apart(b *block, c *col, all bool) []talliedValue {
	out := make([]talliedValue, 0, c.n)
	each(t, b, c, all, func(i int) { out = append(out, talliedValue{store.String(c.texts.At(i, &t.text)), 1}) })
	return out
}

// lines gives texts that are put together from other columns.
func (t *blockTally) lines(b *block, c *col) (out []talliedValue) {
	b.index(c)
	t.rows.each(func(row int) bool {
		if c.at(row) >= 0 {
			out = append(out, talliedValue{b.value(c, row, &t.text), 1})
		}
		return true
	})
	return out
}
