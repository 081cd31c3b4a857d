package events

import "encoding/binary"

// chunkFolder tells the rows of a chunk apart that are not alike.
type chunkFolder struct {
	wanted [][][]bool // of each batch and shape: which fields are
	of     map[string]int
	list   []folded
	key    []byte
}

func (cf *chunkFolder) reset(batches int) {
	if cf.of == nil {
		cf.of = map[string]int{}
	}
	clear(cf.of)
	cf.list, cf.wanted = cf.list[:0], make([][][]bool, batches)
}

// fields says which fields of a row are wanted.
func (cf *chunkFolder) fields(v *chunkView, i int, want *wanted) []bool {
	row := v.rows[i]
	b := v.batches[row.batch]
	_, shape := b.read(row.batchRow)
	if cf.wanted[row.batch] == nil {
		cf.wanted[row.batch] = make([][]bool, len(b.shapes))
	}
	of := &cf.wanted[row.batch][shape]
	if *of == nil {
		*of = make([]bool, len(b.shapes[shape]))
		for j, f := range b.shapes[shape] {
			(*of)[j] = want.has(f.name)
		}
	}
	return *of
}

// read fills e with the fields of a row that are wanted.
func (cf *chunkFolder) read(v *chunkView, i int, want *wanted, e *Event) error {
	wanted, row := cf.fields(v, i, want), v.rows[i]
	if err := v.batches[row.batch].pick(row.batchRow, wanted, e, &v.buf); err != nil {
		return err
	}
	kept := e.Fields[:0]
	for j, f := range e.Fields {
		if wanted[j] {
			kept = append(kept, f)
		}
	}
	e.Fields = kept
	return nil
}

// add adds a row whose event has what is wanted.
func (cf *chunkFolder) add(e *Event, row int, step int64) {
	key := append(binary.AppendVarint(cf.key[:0], step), e.Class)
	for i := range e.Fields {
		key = appendValue(appendString(key, e.Fields[i].Name), e.Fields[i].Value)
	}
	cf.key = key
	at, ok := cf.of[string(key)]
	if !ok {
		at = len(cf.list)
		cf.of[string(key)] = at
		cf.list = append(cf.list, folded{row: row})
	}
	cf.list[at].n++
}

// foldChunk gives the matching rows of a chunk out, one for all that are alike.
func (w *countWorker) foldChunk(v *chunkView, from, to int) error {
	want, cf, found := w.f.want, &w.chunks, 0
	cf.reset(len(v.batches))
	for i := from; i < to; i++ {
		ok, err := w.f.match(v, i, &w.e, want == nil)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if found++; want == nil {
			if w.ct.give(&w.e, 1) != nil {
				return nil
			}
			continue
		}
		if err := cf.read(v, i, want, &w.e); err != nil {
			return err
		}
		cf.add(&w.e, i, w.tally.of(v.time(i)))
	}
	w.ct.reckon.rows(stepRows, 0, found)
	for _, f := range cf.list {
		if err := cf.read(v, f.row, want, &w.e); err != nil {
			return err
		}
		if w.ct.give(&w.e, f.n) != nil {
			break
		}
	}
	return nil
}
