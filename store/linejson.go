package store

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxJSONDepth is how deep encoding/json goes; a deeper line is not JSON.
const maxJSONDepth = 10000

// lineReader reads one JSON object into a record. It accepts exactly what
// encoding/json calls valid.
type lineReader struct {
	text string
	at   int
	left int // values that may still be kept one by one
	rec  *Record
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
	p.at++
	if p.space() == '}' {
		p.at++
		if prefix != "" {
			p.keep(prefix[:len(prefix)-1], Map(nil), "")
		}
		return true
	}
	for {
		if p.left <= 0 {
			return p.rest(prefix, depth)
		}
		key, ok := p.key()
		if !ok || !p.member(prefix+key, depth) {
			return false
		}
		more, ok := p.next('}')
		if !ok || !more {
			return ok
		}
	}
}

// key reads the name of a member and its colon.
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
func (p *lineReader) member(key string, depth int) bool {
	c := p.space()
	if c == '{' && depth < maxLineDepth {
		return p.object(key+".", depth+1)
	}
	start := p.at
	v, ok := p.value(c, depth)
	if !ok {
		return false
	}
	number := ""
	if c == '-' || c >= '0' && c <= '9' {
		number = p.text[start:p.at]
	}
	p.keep(key, v, number)
	return true
}

func (p *lineReader) keep(key string, v Value, number string) {
	p.left--
	p.rec.setMember(key, v, number)
}

// rest keeps the members from p.at to the end of the object as JSON text.
func (p *lineReader) rest(prefix string, depth int) bool {
	p.space()
	start := p.at
	if !p.skipMembers(depth) {
		return false
	}
	p.rec.Opaque = true
	p.rec.addAttr(prefix+"_rest", String("{"+p.text[start:p.at]))
	return true
}

// value reads any value that begins with c, inside an object or list of that
// depth. Lists too deep or too long, and objects too deep, become their text.
func (p *lineReader) value(c byte, depth int) (Value, bool) {
	start, left := p.at, p.left
	switch c {
	case '"':
		s, ok := p.string()
		return String(s), ok
	case 't':
		return Bool(true), p.word("true")
	case 'f':
		return Bool(false), p.word("false")
	case 'n':
		return Value{}, p.word("null")
	case '[', '{':
		if depth < maxLineDepth {
			v, ok := p.nested(c, depth+1)
			if !ok || p.left >= 0 {
				return v, ok
			}
			p.at, p.left = start, left
		}
		if !p.skip(depth) {
			return Value{}, false
		}
		p.rec.Opaque = true
		return String(p.text[start:p.at]), true
	}
	return p.number()
}

// nested reads a list or an object as a value. When p.left has gone below 0
// it stopped early, and the value is not whole.
func (p *lineReader) nested(c byte, depth int) (Value, bool) {
	v := Value{Kind: KindList}
	closing := byte(']')
	if c == '{' {
		v.Kind, closing = KindMap, '}'
	}
	p.at++
	if p.space() == closing {
		p.at++
		return v, true
	}
	for {
		key, ok := "", true
		if v.Kind == KindMap {
			key, ok = p.key()
		}
		if !ok {
			return v, false
		}
		item, ok := p.value(p.space(), depth)
		if p.left--; !ok || p.left < 0 {
			return v, ok
		}
		v.in = append(v.in, Attr{key, item})
		more, ok := p.next(closing)
		if !ok || !more {
			return v, ok
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
func (p *lineReader) number() (Value, bool) {
	start := p.at
	integer, ok := p.skipNumber()
	if !ok {
		return Value{}, false
	}
	s := p.text[start:p.at]
	if integer && s != "-0" {
		if i, err := strconv.ParseInt(s, 10, 64); err == nil {
			return Int(i), true
		}
		return String(s), true
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return String(s), true
	}
	return Float(f), true
}

// string reads the string at p.at; broken UTF-8 becomes U+FFFD.
func (p *lineReader) string() (string, bool) {
	start := p.at + 1
	ascii := true
	for i := start; i < len(p.text); i++ {
		switch c := p.text[i]; {
		case c == '"':
			p.at = i + 1
			s := p.text[start:i]
			if ascii || utf8.ValidString(s) {
				return s, true
			}
			return string(fixUTF8(nil, s)), true
		case c == '\\':
			return p.escaped(start, i)
		case c < ' ':
			return "", false
		case c >= utf8.RuneSelf:
			ascii = false
		}
	}
	return "", false
}
