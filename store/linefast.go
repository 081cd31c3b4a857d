package store

import "unicode/utf8"

// knownLine reads a line of which everything but the values stood in lines
// before; false says that it is none, or has a value that is not read here.
func (p *lineReader) knownLine() bool {
	var prefixes [maxLineDepth + 1]string
	depth := 1
	for n := 0; ; n++ {
		b := p.seen.find(p.text[p.at:], prefixes[depth], n, p.quoted)
		if b == nil {
			return false
		}
		if p.quoted {
			p.at += len(b.quoted)
			p.plain = append(p.plain, b.text...)
		} else {
			p.at += len(b.text)
		}
		for p.at < len(p.text) && p.text[p.at] == ' ' {
			p.at++
			if p.quoted {
				p.plain = append(p.plain, ' ')
			}
		}
		if p.at < len(p.text) && p.text[p.at] == '{' {
			if depth++; depth > maxLineDepth {
				return false
			}
			prefixes[depth] = b.within
			continue
		}
		if !p.knownMember(&b.member) {
			return false
		}
		for p.at < len(p.text) && p.text[p.at] == '}' {
			p.at++
			if p.quoted {
				p.plain = append(p.plain, '}')
			}
			if depth--; depth == 0 {
				return p.ends()
			}
		}
	}
}

// ends says whether the line ends here, and passes the quote that it is in.
func (p *lineReader) ends() bool {
	if !p.quoted {
		return p.at == len(p.text)
	}
	p.at++
	return p.at <= len(p.text) && p.text[p.at-1] == '"'
}

// knownMember reads a value that is no list or object, and has no escapes.
func (p *lineReader) knownMember(m *member) bool {
	if p.at == len(p.text) {
		return false
	}
	start, ok := p.at, false
	v := p.rec.addAttr(m.key)
	switch c := p.text[p.at]; {
	case c == '"' && !p.quoted, c == '\\' && p.quoted:
		ok = p.knownString(v)
		start = p.at // which has added the string
	case c == '-' || c >= '0' && c <= '9':
		ok = p.number(v)
	case c == 't' || c == 'f' || c == 'n':
		ok = p.value(v, c, maxLineDepth)
	}
	if !ok {
		return false
	}
	text := p.text[start:p.at]
	if p.quoted {
		p.plain = append(p.plain, text...)
	}
	p.rec.keep(m, v, text)
	return true
}

// knownString reads a string between quotes, which have a backslash in front
// when the line itself is in a string.
func (p *lineReader) knownString(v *Value) bool {
	start := p.at + 1
	if p.quoted {
		start++
		if start > len(p.text) || p.text[start-1] != '"' {
			return false
		}
	}
	end, high := plainRun(p.text, start)
	p.at = end + start - p.at
	if p.at > len(p.text) || p.text[p.at-1] != '"' || p.quoted != (p.text[end] == '\\') {
		return false
	}
	s := p.text[start:end]
	if high != 0 && !utf8.ValidString(s) {
		return false
	}
	if p.quoted {
		p.plain = append(append(p.plain, p.text[start-1:end]...), '"')
		s = view(p.plain[len(p.plain)-1-len(s) : len(p.plain)-1]) // where the line has it, too
	}
	v.SetString(s)
	return true
}
