package events

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
	"unsafe"

	"tripod/store"
)

// textBuf holds any number's or truth's text.
const textBuf = 32

// shortText is v.Text(); that of numbers lies in buf and is valid until its
// next use.
func shortText(v store.Value, buf *[textBuf]byte) string {
	switch v.Kind {
	case store.KindString:
		return v.Str()
	case store.KindInt:
		return view(strconv.AppendInt(buf[:0], v.Int(), 10))
	case store.KindFloat:
		return view(appendFloat(buf[:0], v.Float()))
	}
	return v.Text()
}

// view is b as a string without a copy: b must not change while it is used.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// bytesOf is s without a copy, to be read only.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

func isTokenRune(r rune) bool {
	if r < utf8.RuneSelf {
		return isTokenByte(byte(r))
	}
	return unicode.IsLetter(r) || unicode.IsDigit(r)
}

func isTokenByte(c byte) bool {
	return c-'0' < 10 || c|0x20-'a' < 26 || c == '_'
}

// nextToken is the first token of s at or behind from; end is 0 when there is
// none.
func nextToken(s string, from int) (start, end int) {
	start = -1
	for i := from; i < len(s); {
		c, size, in := s[i], 1, false
		if c < utf8.RuneSelf {
			in = isTokenByte(c)
		} else {
			var r rune
			r, size = utf8.DecodeRuneInString(s[i:])
			in = isTokenRune(r)
		}
		if in && start < 0 {
			start = i
		}
		if !in && start >= 0 {
			return start, i
		}
		i += size
	}
	if start < 0 {
		return 0, 0
	}
	return start, len(s)
}

// lower folds case rune by rune, so that the tokens of lower(s) are the folded
// tokens of s.
func lower(s string) string {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c >= utf8.RuneSelf || c-'A' < 26 {
			return strings.Map(unicode.ToLower, s)
		}
	}
	return s
}

func isASCII(s string) bool {
	for ; len(s) >= 8; s = s[8:] {
		if (s[0]|s[1]|s[2]|s[3]|s[4]|s[5]|s[6]|s[7])&0x80 != 0 {
			return false
		}
	}
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func lowerByte(c byte) byte {
	if c-'A' < 26 {
		return c | 0x20
	}
	return c
}

// hasWord says whether the folded word is a whole token of s.
func hasWord(s, low string) bool {
	if low == "" || len(s) < len(low) && isASCII(s) {
		return false
	}
	if isASCII(low) && isASCII(s) {
		return hasWordASCII(s, low)
	}
	for at := 0; ; {
		start, end := nextToken(s, at)
		if end == 0 {
			return false
		}
		if foldEqual(s[start:end], low) {
			return true
		}
		at = end
	}
}

func hasWordASCII(s, low string) bool {
	for at := 0; ; {
		i := foldIndexASCII(s, low, at)
		if i < 0 {
			return false
		}
		end := i + len(low)
		if (i == 0 || !isTokenByte(s[i-1])) && (end == len(s) || !isTokenByte(s[end])) {
			return isWord(low)
		}
		at = i + 1
	}
}

// isWord says that text of ASCII is one token.
func isWord(low string) bool {
	for i := 0; i < len(low); i++ {
		if !isTokenByte(low[i]) {
			return false
		}
	}
	return low != ""
}

func foldEqual(s, low string) bool {
	if len(s) != len(low) {
		return !isASCII(s) && lower(s) == low
	}
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return lower(s) == low
		}
		if lowerByte(s[i]) != low[i] {
			return false
		}
	}
	return true
}

// foldIndex finds folded text in s, or in its folded form when s is not ASCII.
func foldIndex(s, low string) int {
	if !isASCII(s) {
		return strings.Index(lower(s), low)
	}
	return foldIndexASCII(s, low, 0)
}

func foldIndexASCII(s, low string, from int) int {
	if low == "" {
		return from
	}
	for i := from; i+len(low) <= len(s); i++ {
		skip := indexFold(s[i:len(s)-len(low)+1], low[0])
		if skip < 0 {
			return -1
		}
		i += skip
		j := 1
		for j < len(low) && lowerByte(s[i+j]) == low[j] {
			j++
		}
		if j == len(low) {
			return i
		}
	}
	return -1
}

// indexFold finds a folded byte.
func indexFold(s string, low byte) int {
	i := strings.IndexByte(s, low)
	if low-'a' >= 26 || i == 0 {
		return i
	}
	if i > 0 {
		s = s[:i]
	}
	if j := strings.IndexByte(s, low&^0x20); j >= 0 {
		return j
	}
	return i
}

// hasPhrase says whether folded text lies in s without beginning or ending
// inside a token.
func hasPhrase(s, low string) bool {
	if low == "" {
		return true
	}
	if !isASCII(s) {
		s = lower(s)
	}
	first, _ := utf8.DecodeRuneInString(low)
	last, _ := utf8.DecodeLastRuneInString(low)
	for at := 0; at <= len(s); at++ {
		i := phraseIndex(s, low, at)
		if i < 0 {
			return false
		}
		before, _ := utf8.DecodeLastRuneInString(s[:i])
		after, _ := utf8.DecodeRuneInString(s[i+len(low):])
		if !(isTokenRune(first) && isTokenRune(before)) && !(isTokenRune(last) && isTokenRune(after)) {
			return true
		}
		at = i
	}
	return false
}

func phraseIndex(s, low string, from int) int {
	if isASCII(low) {
		return foldIndexASCII(s, low, from)
	}
	if i := strings.Index(s[from:], low); i >= 0 {
		return from + i
	}
	return -1
}
