package events

import (
	"cmp"
	"encoding/binary"
	"math"
	"math/bits"
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

	// kinds of values that only blocks have
	kindLine    = 0x40 // template, mask of slots whose text is its own, these texts
	kindNewLine = 0x41 // the same behind its template
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

// append writes the line that was chosen last.
func (l *lines) append(b []byte, at int, fresh bool) []byte {
	if fresh {
		b = l.known[at].appendTo(append(b, kindNewLine))
	} else {
		b = binary.AppendUvarint(append(b, kindLine), uint64(at))
	}
	b = binary.AppendUvarint(b, l.own)
	for _, text := range l.texts {
		b = appendString(b, text)
	}
	return b
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

// line is a pair of a block whose text is made when it is asked for.
type line struct {
	pair, template uint32
	row, first     uint32 // its row, and where that begins in refs
	own            uint64
	texts          []byte // its own, as strings
}

// line reads a line behind its kind; first is where its row begins in refs. The
// value that stands for it has the kind kindLine until pair makes it.
func (b *block) line(r *reader, fresh bool, row, first int) store.Value {
	l := line{pair: uint32(len(b.pairs)), template: uint32(len(b.templates)), row: uint32(row), first: uint32(first)}
	if fresh {
		b.templates = append(b.templates, r.template())
	} else {
		at := r.uvarint()
		if at >= uint64(len(b.templates)) {
			r.fail()
		}
		l.template = uint32(at)
	}
	if l.own = r.uvarint(); r.bad || len(b.templates) > maxTemplates || !b.takes(&l, r) || b.longest > maxSection {
		r.fail()
		return store.Value{}
	}
	b.lines = append(b.lines, l)
	return store.Value{Kind: kindLine}
}

// takes reads the line's own texts and says whether its slots can be filled.
func (b *block) takes(l *line, r *reader) bool {
	t := &b.templates[l.template]
	if bits.Len64(l.own) > len(t.slots) {
		return false
	}
	l.texts = r.b
	b.longest += len(t.first)
	for i, s := range t.slots {
		b.longest += len(s.after)
		switch {
		case l.own>>i&1 == 1:
			b.longest += len(r.string())
		case s.from == slotTime:
		case s.from < 0 || s.from >= len(b.refs)-int(l.first):
			return false
		default:
			f := &b.pairs[b.refs[int(l.first)+s.from]]
			if f.Value.Kind > store.KindBool { // and no line within a line: their sizes would multiply
				return false
			}
			b.longest += len(f.Value.Str())
		}
	}
	return !r.bad
}

// pair is a name and value of the block.
func (b *block) pair(ref uint32) *Field {
	f := &b.pairs[ref]
	if f.Value.Kind == kindLine {
		i, _ := slices.BinarySearchFunc(b.lines, ref, func(l line, ref uint32) int { return cmp.Compare(l.pair, ref) })
		f.Value = b.fill(&b.lines[i])
	}
	return f
}

func (b *block) fill(l *line) store.Value {
	t, own, from := &b.templates[l.template], reader{b: l.texts}, len(b.text)
	var buf [textBuf]byte
	b.text = append(b.text, t.first...)
	for i, s := range t.slots {
		switch {
		case l.own>>i&1 == 1:
			b.text = append(b.text, own.string()...)
		case s.from == slotTime:
			b.text = strconv.AppendInt(b.text, b.times[l.row]/1e6, 10)
		default:
			b.text = append(b.text, shortText(b.pairs[b.refs[int(l.first)+s.from]].Value, &buf)...)
		}
		b.text = append(b.text, s.after...)
	}
	return store.String(view(b.text[from:len(b.text):len(b.text)]))
}
