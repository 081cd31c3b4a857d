package events

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"sync"

	"tripod/store"
)

// kindLine is the kind of a line that a batch keeps by a template: its number in
// the batch, the mask of the slots whose text is the line's own, and these texts.
const kindLine = byte(store.KindMap) + 1

// mayBeLine says whether a string is worth to be tried as a line.
func mayBeLine(s string) bool { return len(s) >= minLine && s[0] == '{' }

// lineMemory are the templates that lines had lately, the last used first. What
// is in a list never changes.
type lineMemory struct {
	mu   sync.Mutex
	list []*template
}

func (m *lineMemory) load() []*template {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.list
}

// keep notes that templates were used.
func (m *lineMemory) keep(used []*template) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(used) == 1 && len(m.list) > 0 && m.list[0] == used[0] {
		return
	}
	list := slices.Clone(used)
	for _, t := range m.list {
		if len(list) < maxTemplates && !slices.ContainsFunc(list, func(u *template) bool { return u.key == t.key }) {
			list = append(list, t)
		}
	}
	m.list = list
}

// lineWriter keeps the lines of a batch by templates.
type lineWriter struct {
	memory *lineMemory
	lines  lines
	row    rowTexts
	used   []*template // of the batch
	number []int       // of each known template in the batch, and one more
	size   int         // bytes of those that are used
	out    []byte

	before, known int // templates that were used and known when the row began
}

func (w *lineWriter) reset(m *lineMemory) {
	w.memory = m
	w.lines.reset()
	w.lines.known = append(w.lines.known, m.load()...)
	clear(w.used)
	w.used, w.number, w.size = w.used[:0], w.number[:0], 0
}

// keep remembers the templates of the batch.
func (w *lineWriter) keep() {
	if len(w.used) > 0 {
		w.memory.keep(w.used)
	}
}

func (w *lineWriter) begin(time int64) {
	w.row.begin(time)
	w.before, w.known = len(w.used), len(w.lines.known)
}

// back forgets the templates that the row brought.
func (w *lineWriter) back() {
	for _, t := range w.used[w.before:] {
		w.size -= len(t.key)
	}
	for at, n := range w.number {
		if n > w.before {
			w.number[at] = 0
		}
	}
	clear(w.used[w.before:])
	w.used = w.used[:w.before]
	w.lines.forget(w.known)
}

// append appends a line to a row, of which it has the fields in front of it; not
// ok when it has no template.
func (w *lineWriter) append(b []byte, line string, fields []Field) (_ []byte, ok bool) {
	if w.row.lines.full() {
		return b, false
	}
	w.row.fields = fields
	at, _, ok := w.lines.choose(line, &w.row, 2*maxTemplates)
	if !ok {
		return b, false
	}
	for len(w.number) <= at {
		w.number = append(w.number, 0)
	}
	if w.number[at] == 0 {
		if len(w.used) == maxTemplates {
			return b, false
		}
		w.used = append(w.used, w.lines.known[at])
		w.size += len(w.lines.known[at].key)
		w.number[at] = len(w.used)
	}
	w.row.lines.add(len(fields))
	b = binary.AppendUvarint(b, uint64(w.number[at]-1))
	b = binary.AppendUvarint(b, w.lines.own)
	for _, text := range w.lines.texts {
		b = appendString(b, text)
	}
	return b, true
}

// table is the batch's table of templates, valid until the next call.
func (w *lineWriter) table() []byte {
	w.out = binary.AppendUvarint(w.out[:0], uint64(len(w.used)))
	for _, t := range w.used {
		w.out = append(w.out, t.key...)
	}
	return w.out
}

// templates reads the table of a batch; the templates are views of it.
func (r *reader) templates() []*template {
	n := r.count(2)
	if n > maxTemplates {
		r.fail()
		return nil
	}
	list := make([]*template, n)
	for i := range list {
		from := r.b
		t := r.template()
		t.key = view(from[:len(from)-len(r.b)])
		list[i] = &t
	}
	return list
}

// batchLine is a line in a row of a batch.
type batchLine struct {
	template *template
	own      uint64
	texts    reader // a string for each bit of own
}

// batchLine reads a line.
func (r *reader) batchLine(templates []*template) (l batchLine) {
	at, own := r.uvarint(), r.uvarint()
	if at >= uint64(len(templates)) || bits.Len64(own) > len(templates[at].slots) {
		r.fail()
		return l
	}
	l = batchLine{templates[at], own, *r}
	for range bits.OnesCount64(own) {
		r.bytes(r.uvarint())
	}
	return l
}

// addKeys adds the keys of what fields of the row do not have.
func (l batchLine) addKeys(time int64, keys *keySet) {
	for j := range l.template.slots {
		switch {
		case l.own>>j&1 == 1:
			addTextKeys(keys, l.texts.string())
		case l.template.slots[j].from == slotTime:
			addKeys(keys, store.Int(time/1e6))
		}
	}
}

// lineOf puts a line together that is field number i of its row, at the end of
// buf. All lines of a row together are not longer than a row may be.
func (r *reader) lineOf(templates []*template, row *rowTexts, i int, buf *[]byte) store.Value {
	l := r.batchLine(templates)
	if r.bad || row.lines.full() {
		r.fail()
		return store.Value{}
	}
	row.lines.add(i)
	from := len(*buf)
	to, ok := l.appendTo(*buf, row)
	if *buf = to; !ok {
		r.fail()
		return store.Value{}
	}
	return store.String(view(to[from:len(to):len(to)]))
}

func (l *batchLine) appendTo(to []byte, row *rowTexts) (_ []byte, ok bool) {
	to = append(to, l.template.first...)
	for j := range l.template.slots {
		s := &l.template.slots[j]
		var text string
		if l.own>>j&1 == 1 {
			text = l.texts.string()
		} else if text, ok = row.of(s.from); !ok {
			return to, false
		}
		if len(to)+len(text)+len(s.after) > maxRowBytes {
			return to, false
		}
		to = append(append(to, text...), s.after...)
	}
	return to, true
}
