package store

import "strings"

// Lines takes lines apart, one after another, as SetLine does. The lines of a
// program differ less in their names than in their values, so it compares what
// stands between two values with what stood there in lines before, and reads
// only what is new. The zero value is ready; it is for one goroutine at a time.
type Lines struct {
	places []place // by the number of a member in its line
	room   Attrs   // for attributes; its length is what records have
}

// Set is SetLine, but that the attributes are the record's until Reset only.
func (l *Lines) Set(r *Record, line string) {
	r.setLine(line, l.roomFor(r.Attrs), l)
	l.took(r)
}

// SetQuoted is Set for a line that is the inside of a JSON string, with text
// from behind its opening quote on. It appends the line to plain, which the
// caller makes Raw of, and says how long the string is, its closing quote
// included. When it says 0 nothing was done: the line is like none before, or
// has other escapes than those of its own quotes.
func (l *Lines) SetQuoted(r *Record, text string, plain []byte) ([]byte, int) {
	before := *r
	p := lineReader{text: text, rec: r, seen: l, quoted: true, plain: plain}
	r.clearLine(l.roomFor(r.Attrs))
	if !p.knownLine() {
		*r = before
		return plain, 0
	}
	if r.Service == "" {
		r.setServiceByName()
	}
	l.took(r)
	return p.plain, p.at
}

// Reset takes the attributes of all records back. What was in them stays there
// until others come, each of which is written whole.
func (l *Lines) Reset() {
	if l.room = l.room[:0]; cap(l.room) > maxRoom {
		l.room = nil
	}
}

const (
	roomAtOnce   = 1024     // attributes
	roomForAttrs = 32       // more than most lines have
	maxRoom      = 32 << 10 // that is kept: 2 MB
)

// roomFor is memory for a record's attributes, those that it has in front.
func (l *Lines) roomFor(own Attrs) Attrs {
	if cap(l.room)-len(l.room) < len(own)+roomForAttrs {
		l.room = make(Attrs, 0, max(roomAtOnce, min(2*cap(l.room), maxRoom), len(own)+roomForAttrs))
	}
	return append(l.room[len(l.room):], own...)
}

// took notes how much of the room a record has taken.
func (l *Lines) took(r *Record) {
	n := len(r.Attrs)
	if end := len(l.room) + n; n > 0 && end <= cap(l.room) {
		l.room = l.room[:end] // that the record may have moved out of, into more room
	}
	r.Attrs = r.Attrs[:n:n]
}

// Bounds of what is remembered: some 100 KB.
const (
	maxPlaces  = 64
	maxBetween = 128 // bytes of one
	placeForms = 4   // of lines that take turns
)

// place are the forms of what stood in front of a member's value, the latest
// first.
type place [placeForms]between

// between is what stands between two values: a comma or bracket, a name and a
// colon, in an object of that prefix.
type between struct {
	text   string // empty when there is none
	quoted string // inside a JSON string; empty when it would need other escapes than \"
	prefix string
	member
}

// member is the name of a member of a line, and what it means.
type member struct {
	key    string // with the names of the objects it is in
	within string // key and a dot
	word   word
}

// find says what stands at the start of text, in front of the n-th value.
func (l *Lines) find(text, prefix string, n int, quoted bool) *between {
	if n >= len(l.places) {
		return nil
	}
	p := &l.places[n]
	for i := range p {
		b := &p[i]
		want := b.text
		if quoted {
			want = b.quoted
		}
		if want != "" && strings.HasPrefix(text, want) && b.prefix == prefix {
			if i > 0 {
				p[0], p[i] = p[i], p[0]
			}
			return &p[0]
		}
	}
	return nil
}

// learn keeps what stood in front of the n-th value. Nothing of the line's
// memory is kept, and the member that is returned has none of it either.
func (l *Lines) learn(text, prefix string, n int, m member) member {
	if n >= maxPlaces || len(text) > maxBetween || len(m.key) > maxBetween {
		return m
	}
	for n >= len(l.places) {
		l.places = append(l.places, place{})
	}
	all := text + m.key + "."
	m.key, m.within = all[len(text):len(all)-1], all[len(text):]
	b := between{text: all[:len(text)], prefix: prefix, member: m}
	if strings.IndexFunc(text, func(r rune) bool { return r < ' ' || r == '\\' }) < 0 {
		b.quoted = strings.ReplaceAll(b.text, `"`, `\"`)
	}
	p := &l.places[n]
	copy(p[1:], p[:])
	p[0] = b
	return m
}
