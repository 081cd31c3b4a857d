package events

import (
	"encoding/binary"
	"slices"
	"strconv"
	"strings"

	"tripod/store"
)

// A template is the form of lines of JSON whose values stand in other fields of
// their row, so that the text of a line need not be written again. A line is
// kept by its template only when it comes back byte for byte.
type template struct {
	first string // the text in front of the first slot
	slots []slot
	key   string // as it is written; only of those that lines are kept by
}

// slot is a place in a line that another text fills, and the text behind it.
type slot struct {
	from  int // index of a field before it in the row, or one of those below
	after string
}

const (
	slotOwn  = -1 // the text is with the line
	slotTime = -2 // the event's time in whole ms
)

const (
	maxTemplates = 16 // of a batch or a block
	maxSlots     = 64
	maxRowLines  = 4  // of a row; others are kept as text
	minLine      = 64 // bytes; a shorter line is not worth it
	// A line with so many texts of its own asks for a template of its own.
	manyOwn = 3
)

// rowTexts gives the texts that lines of a row may use.
type rowTexts struct {
	time   int64
	fields []Field // those in front of the line
	lines  rowLines
	buf    [textBuf]byte
}

// rowLines are the fields of a row that are lines kept by a template, which no
// other line may refer to.
type rowLines struct {
	at [maxRowLines]int
	n  int
}

func (l *rowLines) add(field int) {
	l.at[l.n] = field
	l.n++
}

func (l *rowLines) has(field int) bool { return l.n > 0 && slices.Contains(l.at[:l.n], field) }
func (l *rowLines) full() bool         { return l.n == maxRowLines }

// begin goes to another row.
func (t *rowTexts) begin(time int64) { t.time, t.fields, t.lines.n = time, nil, 0 }

// of is the text of a field or of the time, valid until the next call; false
// for what has no short text.
func (t *rowTexts) of(from int) (string, bool) {
	if from == slotTime {
		return view(strconv.AppendInt(t.buf[:0], t.time/1e6, 10)), true
	}
	if from < 0 || from >= len(t.fields) || t.lines.has(from) {
		return "", false
	}
	v := &t.fields[from].Value
	switch v.Kind {
	case store.KindString:
		return v.Str(), true
	case store.KindInt, store.KindFloat:
		return shortText(*v, &t.buf), true
	case store.KindBool:
		return strconv.FormatBool(v.Bool()), true
	}
	return "", false
}

// begins is how long the text of the time or of a field that is no string is
// that s begins with; -1 when it begins with another one.
func (t *rowTexts) begins(s string, from int) int {
	if from == slotTime {
		return beginsInt(s, t.time/1e6)
	}
	if from < 0 || from >= len(t.fields) {
		return -1
	}
	switch v := &t.fields[from].Value; v.Kind {
	case store.KindInt:
		return beginsInt(s, v.Int())
	case store.KindFloat:
		if n, ok := beginsFloat(s, v.Float()); ok {
			return n
		}
	}
	if text, ok := t.of(from); ok && strings.HasPrefix(s, text) {
		return len(text)
	}
	return -1
}

// fill takes a line apart: own has a bit for each slot whose text is its own,
// and texts are these. False means that the line has another form.
func (t *template) fill(line string, row *rowTexts, texts []string) (own uint64, _ []string, ok bool) {
	texts = texts[:0]
	rest, ok := strings.CutPrefix(line, t.first)
	if !ok {
		return 0, texts, false
	}
	for i := range t.slots {
		s := &t.slots[i]
		n := -1
		if at := s.from; uint(at) < uint(len(row.fields)) && row.fields[at].Value.Kind == store.KindString {
			if text := row.fields[at].Value.Str(); strings.HasPrefix(rest, text) && !row.lines.has(at) {
				n = len(text)
			}
		} else {
			n = row.begins(rest, at)
		}
		if n >= 0 && strings.HasPrefix(rest[n:], s.after) {
			rest = rest[n+len(s.after):]
			continue
		}
		end := len(rest) - len(s.after)
		if i < len(t.slots)-1 {
			end = strings.Index(rest, s.after)
		} else if !strings.HasSuffix(rest, s.after) {
			end = -1
		}
		if end < 0 {
			return 0, texts, false
		}
		own |= 1 << i
		texts = append(texts, rest[:end])
		rest = rest[end+len(s.after):]
	}
	return own, texts, rest == ""
}

// learn makes a template of a line of JSON; each value becomes a slot unless it
// is a word that no field has. It need not understand the line: fill does not
// believe it.
func learn(line string, row *rowTexts) (template, bool) {
	var t template
	lit := 0 // where the text since the last slot begins
	for i := 0; i < len(line) && len(t.slots) < maxSlots; i++ {
		if line[i] != ':' && line[i] != '[' {
			continue
		}
		from, end := i+1, i+1
		if from < len(line) && line[from] == '"' {
			from++
			for end = from; end < len(line) && line[end] != '"'; end++ {
				if line[end] == '\\' {
					end++
				}
			}
		} else {
			for end < len(line) && strings.IndexByte(",]}{[\": ", line[end]) < 0 {
				end++
			}
		}
		end = min(end, len(line))
		if from >= end {
			continue
		}
		where := row.find(line[from:end])
		if where == slotOwn && !strings.ContainsAny(line[from:end], `0123456789\`) {
			i = end - 1
			continue
		}
		t.text(line[lit:from])
		t.slots = append(t.slots, slot{from: where})
		lit, i = end, end-1
	}
	t.text(line[lit:])
	return t, len(t.slots) > 0
}

// text is what stands behind the last slot.
func (t *template) text(s string) {
	s = strings.Clone(s)
	if n := len(t.slots); n > 0 {
		t.slots[n-1].after = s
	} else {
		t.first = s
	}
}

func (t *rowTexts) find(text string) int {
	for i := range t.fields {
		if got, ok := t.of(i); ok && got == text {
			return i
		}
	}
	if got, _ := t.of(slotTime); got == text {
		return slotTime
	}
	return slotOwn
}

// lines chooses templates for the lines of a block or a batch.
type lines struct {
	known       []*template
	last        int // that was used
	hits, fails int
	misfits     int // lines with texts of their own
	own         uint64
	texts, try  []string
}

func (l *lines) reset() {
	clear(l.known)
	l.known, l.last, l.hits, l.fails, l.misfits = l.known[:0], 0, 0, 0, 0
}

// forget keeps the first n templates.
func (l *lines) forget(n int) {
	clear(l.known[n:])
	if l.known = l.known[:n]; l.last >= n {
		l.last = 0
	}
}

// choose finds the template that leaves least to the line, or learns one unless
// it knows as many as may be; fresh says that it did.
func (l *lines) choose(line string, row *rowTexts, most int) (at int, fresh, ok bool) {
	if len(line) < minLine || line[0] != '{' || l.fails > 64 && l.fails > l.hits {
		return 0, false, false
	}
	at = -1
	for n := range l.known {
		i := (l.last + n) % len(l.known)
		own, texts, ok := l.known[i].fill(line, row, l.try)
		if l.try = texts; !ok || at >= 0 && len(texts) >= len(l.texts) {
			continue
		}
		at, l.own = i, own
		l.texts, l.try = l.try, l.texts
		if len(l.texts) < manyOwn {
			break
		}
	}
	if (at < 0 || l.misfit()) && len(l.known) < most {
		if t, ok := learn(line, row); ok {
			own, texts, ok := t.fill(line, row, l.try)
			if l.try = texts; ok && (at < 0 || len(texts) < len(l.texts)) {
				at, fresh, l.own = len(l.known), true, own
				l.texts, l.try = l.try, l.texts
				t.key = string(t.appendTo(nil))
				l.known = append(l.known, &t)
			}
		}
	}
	if at < 0 {
		l.fails++
		return 0, false, false
	}
	l.hits++
	l.last = at
	return at, fresh, true
}

// misfit says whether the line that was filled last asks for a template of its
// own: when it has many texts of its own, or when there were many such lines, of
// which the first may have been a poor one to learn from.
func (l *lines) misfit() bool {
	if len(l.texts) == 0 {
		return false
	}
	l.misfits++
	return len(l.texts) >= manyOwn || l.misfits&(l.misfits-1) == 0
}

// template is the number of a template among the known ones, -1 when there are
// too many of them; fresh says that it was not known.
func (l *lines) template(t *template) (at int, fresh bool) {
	for i, k := range l.known {
		if k == t || k.key == t.key {
			return i, false
		}
	}
	if len(l.known) == maxTemplates {
		return -1, false
	}
	l.known = append(l.known, t)
	return len(l.known) - 1, true
}

func (t *template) appendTo(b []byte) []byte {
	b = appendString(b, t.first)
	b = binary.AppendUvarint(b, uint64(len(t.slots)))
	for _, s := range t.slots {
		b = appendString(binary.AppendVarint(b, int64(s.from)), s.after)
	}
	return b
}

func (r *reader) template() template {
	t := template{first: r.string()}
	n := r.count(2)
	if n > maxSlots {
		r.fail()
		return t
	}
	t.slots = make([]slot, n)
	for i := range t.slots {
		t.slots[i] = slot{int(r.varint()), r.string()}
	}
	return t
}
