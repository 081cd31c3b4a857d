package store

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// escaped reads the rest of a string from its first escape on.
func (p *lineReader) escaped(start, at int) (string, bool) {
	end := strings.IndexByte(p.text[at:], '"')
	out := fixUTF8(make([]byte, 0, at-start+max(end, 0)), p.text[start:at])
	for at < len(p.text) {
		switch c := p.text[at]; {
		case c == '"':
			p.at = at + 1
			return string(out), true
		case c < ' ':
			return "", false
		case c == '\\':
			n := 0
			if out, n = unescape(out, p.text[at:]); n == 0 {
				return "", false
			}
			at += n
		default:
			run := at
			for at < len(p.text) && p.text[at] >= ' ' && p.text[at] != '"' && p.text[at] != '\\' {
				at++
			}
			out = fixUTF8(out, p.text[run:at])
		}
	}
	return "", false
}

// fixUTF8 appends a text with each broken byte as U+FFFD.
func fixUTF8(to []byte, s string) []byte {
	if utf8.ValidString(s) {
		return append(to, s...)
	}
	for _, r := range s {
		to = utf8.AppendRune(to, r)
	}
	return to
}

// unescape appends what the escape at the start of s stands for and says how
// long it is, 0 when it is none.
func unescape(to []byte, s string) ([]byte, int) {
	if len(s) < 2 {
		return to, 0
	}
	if s[1] == 'u' {
		r, ok := hexRune(s)
		if !ok {
			return to, 0
		}
		if !utf16.IsSurrogate(r) {
			return utf8.AppendRune(to, r), 6
		}
		if low, ok := hexRune(s[6:]); ok {
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
				return utf8.AppendRune(to, pair), 12
			}
		}
		return utf8.AppendRune(to, utf8.RuneError), 6
	}
	from, is := `"\/bfnrt`, "\"\\/\b\f\n\r\t"
	i := strings.IndexByte(from, s[1])
	if i < 0 {
		return to, 0
	}
	return append(to, is[i]), 2
}

// hexRune reads \uXXXX.
func hexRune(s string) (rune, bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range []byte(s[2:6]) {
		d := rune(hexDigit[c]) - 1
		if d < 0 {
			return 0, false
		}
		r = r<<4 | d
	}
	return r, true
}

// hexDigit is the value of a hexadecimal digit plus one, and 0 for other bytes.
var hexDigit = [256]byte{
	'0': 1, '1': 2, '2': 3, '3': 4, '4': 5, '5': 6, '6': 7, '7': 8, '8': 9, '9': 10,
	'a': 11, 'b': 12, 'c': 13, 'd': 14, 'e': 15, 'f': 16,
	'A': 11, 'B': 12, 'C': 13, 'D': 14, 'E': 15, 'F': 16,
}
