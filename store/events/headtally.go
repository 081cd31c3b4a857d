package events

import (
	"strings"

	"tripod/store"
)

// chunkTally counts the fields of a chunk.
type chunkTally struct {
	at   map[talliedField]int // in blockTally.list
	of   []chunkValues        // of that
	hint []int                // by the place of a field in its event: where it mostly is

	lines map[string]bool // which of them are asked for
}

type talliedField struct {
	name string
	kind store.Kind
}

// chunkValues are the values of a field.
type chunkValues struct {
	want    bool
	texts   map[string]*int64
	numbers map[uint64]int64 // bits of numbers and truths
}

// tallyChunk counts the matching rows of a chunk.
func (w *countWorker) tallyChunk(v *chunkView, from, to int) error {
	t, found := &w.counted, 0
	var counts [Classes]int64
	t.list = t.list[:0]
	t.chunk = chunkTally{at: map[talliedField]int{}, lines: map[string]bool{}}
	picks := &wanted{named: w.wantsLine}
	for i := from; i < to; i++ {
		ok, err := w.f.match(v, i, &w.e, false)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if err := v.event(i, &w.e, picks); err != nil {
			return err
		}
		counts[v.class(i)]++
		found++
		w.tallyEvent()
	}
	w.ct.reckon.rows(stepRows, 0, found)
	if found == 0 {
		return nil
	}
	for i := range t.chunk.of {
		t.list[i].values = t.chunk.of[i].list(t.list[i].kind)
	}
	w.tell(counts, t.list)
	return nil
}

// wantsLine says whether a line is asked for that would have to be put together.
func (w *countWorker) wantsLine(name string) bool {
	t := &w.counted.chunk
	want, asked := t.lines[name]
	if !asked {
		want = w.wants([]tallied{{name: name, kind: store.KindString}}, nil)[0]
		t.lines[name] = want
	}
	return want
}

// tallyEvent adds the fields of an event of a chunk.
func (w *countWorker) tallyEvent() {
	t := &w.counted
	for i := range w.e.Fields {
		f := &w.e.Fields[i]
		if f.Value.Kind == store.KindEmpty {
			continue
		}
		at := w.talliedAt(i, f)
		t.list[at].events++
		if of := &t.chunk.of[at]; of.want {
			of.add(&f.Value)
		}
	}
}

// talliedAt is where the field at a place of an event is counted.
func (w *countWorker) talliedAt(i int, f *Field) int {
	t := &w.counted
	for i >= len(t.chunk.hint) {
		t.chunk.hint = append(t.chunk.hint, 0)
	}
	at := t.chunk.hint[i]
	if at < len(t.list) && t.list[at].kind == f.Value.Kind && t.list[at].name == f.Name {
		return at
	}
	key := talliedField{f.Name, f.Value.Kind}
	at, ok := t.chunk.at[key]
	if !ok {
		at = len(t.list)
		t.chunk.at[key] = at
		t.list = append(t.list, tallied{name: f.Name, kind: f.Value.Kind})
		t.chunk.of = append(t.chunk.of, chunkValues{want: w.wants(t.list[at:], nil)[0]})
	}
	t.chunk.hint[i] = at
	return at
}

// add counts a value; texts may lie in memory that is used again.
func (c *chunkValues) add(v *store.Value) {
	if v.Kind != store.KindString {
		if c.numbers == nil {
			c.numbers = map[uint64]int64{}
		}
		c.numbers[uint64(v.Int())]++
		return
	}
	if n := c.texts[v.Str()]; n != nil {
		*n++
		return
	}
	if c.texts == nil {
		c.texts = map[string]*int64{}
	}
	one := int64(1)
	c.texts[strings.Clone(v.Str())] = &one
}

// list are the values of a kind.
func (c *chunkValues) list(kind store.Kind) (out []talliedValue) {
	for text, n := range c.texts {
		out = append(out, talliedValue{store.String(text), *n})
	}
	for bits, n := range c.numbers {
		out = append(out, talliedValue{numberOf(kind, bits), n})
	}
	return out
}
