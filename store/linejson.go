package store

import (
	"math"
	"math/bits"
	"strconv"
	"strings"
	"unicode/utf8"
	"unsafe"
)

// maxJSONDepth is how deep encoding/json goes; a deeper line is not JSON.
const maxJSONDepth = 10000

// lineReader reads one JSON object into a record. It accepts exactly what
// encoding/json calls valid.
type lineReader struct {
	text string
	at   int
	left int // values that may still be kept one by one
	n    int // members that were read
	rec  *Record
	seen *Lines // nil when no other line will come

	quoted bool   // text is the inside of a JSON string and what follows it
	plain  []byte // what it stands for, as far as it was read
}

// line reads the whole text; false means that it is not one JSON object.
func (p *lineReader) line() bool {
	return p.space() == '{' && p.object("", 1) && p.space() == 0 && p.at == len(p.text)
}

// space passes white space and looks at the next byte, 0 at the end.
func (p *lineReader) space() byte {
	for p.at < len(p.text) {
		switch c := p.text[p.at]; c {
		case ' ', '\t', '\r', '\n':
			p.at++
		default:
			return c
		}
	}
	return 0
}

// object flattens the object at p.at into the record.
func (p *lineReader) object(prefix string, depth int) bool {
	from := p.at // of what stands in front of a value
	p.at++
	if p.space() == '}' {
		p.at++
		if prefix != "" {
			p.left--
			*p.rec.addAttr(prefix[:len(prefix)-1]) = Map(nil)
		}
		return true
	}
	for p.left > 0 {
		m, ok := p.name(from, prefix)
		if !ok || !p.member(&m, depth) {
			return false
		}
		from = p.at
		more, ok := p.next('}')
		if !ok || !more {
			return ok
		}
	}
	return p.rest(prefix, depth)
}

// name reads what stands in front of a value: from is the end of the value
// before it, or the bracket.
func (p *lineReader) name(from int, prefix string) (member, bool) {
	n := p.n
	p.n++
	if p.seen != nil {
		if b := p.seen.find(p.text[from:], prefix, n, false); b != nil {
			p.at = from + len(b.text)
			return b.member, true
		}
	}
	key, ok := p.key()
	if !ok {
		return member{}, false
	}
	if prefix != "" {
		key = prefix + key
	}
	m := member{key: key, word: wordOf(key)}
	if p.seen != nil {
		m = p.seen.learn(p.text[from:p.at], prefix, n, m)
	}
	return m, true
}

// key reads a name and its colon.
func (p *lineReader) key() (string, bool) {
	if p.space() != '"' {
		return "", false
	}
	key, ok := p.string()
	if !ok || p.space() != ':' {
		return "", false
	}
	p.at++
	return key, true
}

// next passes the comma behind a member or item, or the closing bracket.
func (p *lineReader) next(closing byte) (more, ok bool) {
	switch p.space() {
	case ',':
		p.at++
		return true, true
	case closing:
		p.at++
		return false, true
	}
	return false, false
}

// member reads the value of a member of an object of that depth.
func (p *lineReader) member(m *member, depth int) bool {
	c := p.space()
	if c == '{' && depth < maxLineDepth {
		within := m.within
		if within == "" {
			within = m.key + "."
		}
		return p.object(within, depth+1)
	}
	start, v := p.at, p.rec.addAttr(m.key)
	if !p.value(v, c, depth) {
		return false
	}
	p.left--
	p.rec.keep(m, v, p.text[start:p.at])
	return true
}

// rest keeps the members from p.at to the end of the object as JSON text.
func (p *lineReader) rest(prefix string, depth int) bool {
	p.space()
	start := p.at
	if !p.skipMembers(depth) {
		return false
	}
	p.rec.Opaque = true
	p.rec.addAttr(prefix + "_rest").SetString("{" + p.text[start:p.at])
	return true
}

// value reads any value that begins with c, inside an object or list of that
// depth. Lists too deep or too long, and objects too deep, become their text.
func (p *lineReader) value(v *Value, c byte, depth int) bool {
	start, left := p.at, p.left
	switch c {
	case '"':
		s, ok := p.string()
		v.SetString(s)
		return ok
	case 't':
		v.setNumber(KindBool, 1)
		return p.word("true")
	case 'f':
		v.setNumber(KindBool, 0)
		return p.word("false")
	case 'n':
		v.setNumber(KindEmpty, 0)
		return p.word("null")
	case '[', '{':
		if depth < maxLineDepth {
			ok := p.nested(v, c, depth+1)
			if !ok || p.left >= 0 {
				return ok
			}
			p.at, p.left = start, left
		}
		p.rec.Opaque = true
		ok := p.skip(depth)
		v.SetString(p.text[start:min(p.at, len(p.text))])
		return ok
	}
	return p.number(v)
}

// nested reads a list or an object as a value. When p.left has gone below 0
// it stopped early, and the value is not whole.
func (p *lineReader) nested(v *Value, c byte, depth int) bool {
	kind, closing := KindList, byte(']')
	if c == '{' {
		kind, closing = KindMap, '}'
	}
	p.at++
	if p.space() == closing {
		p.at++
		*v = nested(kind, nil)
		return true
	}
	var in Attrs
	for {
		key, ok := "", true
		if kind == KindMap {
			key, ok = p.key()
		}
		if !ok {
			return false
		}
		in = append(in, Attr{Key: key})
		ok = p.value(&in[len(in)-1].Value, p.space(), depth)
		if p.left--; !ok || p.left < 0 {
			return ok
		}
		more, ok := p.next(closing)
		if !ok || !more {
			*v = nested(kind, in)
			return ok
		}
	}
}

func (p *lineReader) word(w string) bool {
	ok := strings.HasPrefix(p.text[p.at:], w)
	p.at += len(w)
	return ok
}

// number reads a number: an integer of 64 bits as such, a longer integer or
// one beyond a float's range as its text, any other as a float.
func (p *lineReader) number(v *Value) bool {
	if p.shortNumber(v) {
		return true
	}
	start := p.at
	integer, ok := p.skipNumber()
	if !ok {
		return false
	}
	s := p.text[start:p.at]
	v.SetString(s)
	if integer && s != "-0" {
		if i, err := strconv.ParseInt(s, 10, 64); err == nil {
			v.setNumber(KindInt, uint64(i))
		}
	} else if f, err := strconv.ParseFloat(s, 64); err == nil {
		v.setNumber(KindFloat, math.Float64bits(f))
	}
	return true
}

// shortDigits are so few that the number is below 2^53, and the power of ten
// that it is divided by exact in a float: then so is the quotient, but for one
// rounding, which is that of ParseFloat.
const shortDigits = 15

var powersOfTen = [shortDigits + 1]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

// shortNumber reads a number without exponent of at most 15 digits; it passes
// nothing when there is none, nor when it is -0.
func (p *lineReader) shortNumber(v *Value) bool {
	from := p.at
	if from < len(p.text) && p.text[from] == '-' {
		from++
	}
	n, digits, point, i := int64(0), 0, -1, from
	for ; i < len(p.text); i++ {
		c := p.text[i]
		if c >= '0' && c <= '9' {
			n = 10*n + int64(c-'0')
			digits++
		} else if c == '.' && point < 0 {
			point = i
		} else {
			break
		}
	}
	if i == len(p.text) || digits == 0 || digits > shortDigits || p.text[i]|0x20 == 'e' || p.text[i] == '.' ||
		p.text[from] == '0' && digits > 1 && point != from+1 || point == from || point == i-1 {
		return false
	}
	if from > p.at {
		if n = -n; n == 0 {
			return false
		}
	}
	p.at = i
	if point < 0 {
		v.setNumber(KindInt, uint64(n))
	} else {
		v.setNumber(KindFloat, math.Float64bits(float64(n)/powersOfTen[i-point-1]))
	}
	return true
}

// string reads the string at p.at; broken UTF-8 becomes U+FFFD.
func (p *lineReader) string() (string, bool) {
	start := p.at + 1
	i, high := plainRun(p.text, start)
	if i >= len(p.text) || p.text[i] < ' ' {
		return "", false
	}
	if p.text[i] == '\\' {
		return p.escaped(start, i)
	}
	p.at = i + 1
	s := p.text[start:i]
	if high == 0 || utf8.ValidString(s) {
		return s, true
	}
	return string(fixUTF8(nil, s)), true
}

// plainRun is the end of the bytes from a place on that are neither quotes,
// backslashes nor control characters; high is 0 if all are ASCII. It looks at
// eight bytes at a time.
func plainRun(s string, i int) (end int, high uint64) {
	for ; i+wordBytes <= len(s); i += wordBytes {
		w := wordAt(s, i)
		if ends := endMarks(w); ends != 0 {
			n := bits.TrailingZeros64(ends) &^ 7
			high |= w & (1<<n - 1)
			return i + n/8, high & highBits
		}
		high |= w
	}
	for ; i < len(s) && s[i] != '"' && s[i] != '\\' && s[i] >= ' '; i++ {
		high |= uint64(s[i])
	}
	return i, high & highBits
}

const (
	wordBytes = 8
	ones      = 0x0101010101010101
	highBits  = 0x8080808080808080
)

// view is b as a string without a copy: b must not change while it is used.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

func wordAt(s string, i int) uint64 {
	s = s[i : i+wordBytes]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}

// endMarks sets the high bit of each byte of a word that is a quote, a backslash
// or a control character. The lowest mark is right; those above may be false.
func endMarks(w uint64) uint64 {
	quote, slash := w^'"'*ones, w^'\\'*ones
	return ((quote-ones) & ^quote | (slash-ones) & ^slash | (w-' '*ones) & ^w) & highBits
}
