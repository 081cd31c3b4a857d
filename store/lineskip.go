package store

// skip passes any value inside an object or list of that depth.
func (p *lineReader) skip(depth int) bool {
	switch p.space() {
	case '"':
		return p.skipString()
	case 't':
		return p.word("true")
	case 'f':
		return p.word("false")
	case 'n':
		return p.word("null")
	case '{':
		p.at++
		if depth++; depth > maxJSONDepth {
			return false
		}
		if p.space() == '}' {
			p.at++
			return true
		}
		return p.skipMembers(depth)
	case '[':
		return p.skipList(depth + 1)
	}
	_, ok := p.skipNumber()
	return ok
}

// skipMembers passes the members and the end of an object of that depth.
func (p *lineReader) skipMembers(depth int) bool {
	for {
		if p.space() != '"' || !p.skipString() || p.space() != ':' {
			return false
		}
		p.at++
		if !p.skip(depth) {
			return false
		}
		more, ok := p.next('}')
		if !ok || !more {
			return ok
		}
	}
}

func (p *lineReader) skipList(depth int) bool {
	if depth > maxJSONDepth {
		return false
	}
	p.at++
	if p.space() == ']' {
		p.at++
		return true
	}
	for {
		if !p.skip(depth) {
			return false
		}
		more, ok := p.next(']')
		if !ok || !more {
			return ok
		}
	}
}

func (p *lineReader) skipString() bool {
	for i := p.at + 1; i < len(p.text); i++ {
		switch c := p.text[i]; {
		case c == '"':
			p.at = i + 1
			return true
		case c < ' ':
			return false
		case c == '\\':
			var none [4]byte
			_, n := unescape(none[:0], p.text[i:])
			if n == 0 {
				return false
			}
			i += n - 1
		}
	}
	return false
}

// skipNumber passes a number and says whether it has neither fraction nor exponent.
func (p *lineReader) skipNumber() (integer, ok bool) {
	if p.at < len(p.text) && p.text[p.at] == '-' {
		p.at++
	}
	if p.at < len(p.text) && p.text[p.at] == '0' {
		p.at++
	} else if !p.digits() {
		return false, false
	}
	integer = true
	if p.at < len(p.text) && p.text[p.at] == '.' {
		p.at++
		if integer = false; !p.digits() {
			return false, false
		}
	}
	if p.at < len(p.text) && p.text[p.at]|0x20 == 'e' {
		p.at++
		if p.at < len(p.text) && (p.text[p.at] == '+' || p.text[p.at] == '-') {
			p.at++
		}
		if integer = false; !p.digits() {
			return false, false
		}
	}
	return integer, true
}

func (p *lineReader) digits() bool {
	start := p.at
	for p.at < len(p.text) && p.text[p.at] >= '0' && p.text[p.at] <= '9' {
		p.at++
	}
	return p.at > start
}
