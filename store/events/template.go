package events

import (
	"encoding/binary"
	"math"
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
	maxTemplates = 16 // of a block
	maxSlots     = 64
	minLine      = 64 // bytes; a shorter line is not worth it
	// A line with so many texts of its own asks for a template of its own.
	manyOwn = 3
)

// rowTexts gives the texts that lines of a row may use.
type rowTexts struct {
	time   int64
	fields [][]byte // encoded values; nil for lines that are kept by a template
	buf    [textBuf]byte
}

// of is the text of a field or of the time, valid until the next call; false
// for what has no short text.
func (t *rowTexts) of(from int) (string, bool) {
	if from == slotTime {
		return view(strconv.AppendInt(t.buf[:0], t.time/1e6, 10)), true
	}
	if from < 0 || from >= len(t.fields) || t.fields[from] == nil {
		return "", false
	}
	r := reader{b: t.fields[from]}
	switch store.Kind(r.byte()) {
	case store.KindString:
		return r.string(), true
	case store.KindInt:
		return view(strconv.AppendInt(t.buf[:0], r.varint(), 10)), true
	case store.KindFloat:
		return shortText(store.Float(math.Float64frombits(r.uint64())), &t.buf), true
	case store.KindBool:
		return strconv.FormatBool(r.byte() != 0), true
	}
	return "", false
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
		if text, ok := row.of(s.from); ok && strings.HasPrefix(rest, text) && strings.HasPrefix(rest[len(text):], s.after) {
			rest = rest[len(text)+len(s.after):]
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

// lines chooses templates for the lines of a block.
type lines struct {
	known       []template
	last        int // that was used
	hits, fails int
	own         uint64
	texts, try  []string
}

func (l *lines) reset() { l.known, l.last, l.hits, l.fails = l.known[:0], 0, 0, 0 }

// choose finds the template that leaves least to the line; fresh says that it
// must be written in front of it.
func (l *lines) choose(line string, row *rowTexts) (at int, fresh, ok bool) {
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
	if (at < 0 || len(l.texts) >= manyOwn) && len(l.known) < maxTemplates {
		if t, ok := learn(line, row); ok {
			own, texts, ok := t.fill(line, row, l.try)
			if l.try = texts; ok && (at < 0 || len(texts) < len(l.texts)) {
				at, fresh, l.own = len(l.known), true, own
				l.texts, l.try = l.try, l.texts
				l.known = append(l.known, t)
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
