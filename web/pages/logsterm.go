package pages

import (
	"strings"
	"unicode/utf8"
)

// term is one top-level part of a search line. The screen rewrites lines by
// their terms only: what stands between them, and every term that it does not
// understand, stays as it was typed.
type term struct {
	start, end int // bytes of the line
	kind       termKind
	neg        bool
	field      string // fieldTerm
	op         string // fieldTerm: "", =, ~, >, >=, <, <=
	value      string // fieldTerm without quotes; wordTerm; the inside of groupTerm
	quoted     bool   // of the value
}

type termKind uint8

const (
	wordTerm  termKind = iota // word or "phrase"
	fieldTerm                 // field:value
	groupTerm                 // ( … )
	otherTerm                 // /regex/, field:/regex/, a stray parenthesis
	andTerm
	orTerm
)

// maxTerms bounds the work on one line; what is behind it stays as it is.
const maxTerms = 512

// terms cuts a search line into its top-level terms. It takes any text.
func terms(q string) []term {
	var out []term
	for i := 0; len(out) < maxTerms; {
		i = skipSpace(q, i)
		if i >= len(q) {
			break
		}
		t := scanTerm(q, i)
		out = append(out, t)
		i = t.end
	}
	return out
}

func scanTerm(q string, start int) term {
	i, neg := start, false
	for {
		if (q[i] == '-' || q[i] == '!') && i+1 < len(q) && !isSpace(q[i+1]) {
			neg = !neg
			i++
			continue
		}
		if n := keyword(q[i:], "not"); n > 0 {
			if next := skipSpace(q, i+n); next < len(q) {
				neg = !neg
				i = next
				continue
			}
		}
		break
	}
	t := scanAtom(q, i)
	t.start, t.neg = start, neg
	return t
}

func scanAtom(q string, i int) term {
	switch {
	case keyword(q[i:], "and") > 0:
		return term{end: i + 3, kind: andTerm}
	case keyword(q[i:], "or") > 0:
		return term{end: i + 2, kind: orTerm}
	case q[i] == '(':
		end := closing(q, i)
		return term{end: end, kind: groupTerm, value: strings.TrimSuffix(q[i+1:end], ")")}
	case q[i] == ')':
		return term{end: i + 1, kind: otherTerm}
	case q[i] == '"':
		s, end := unquote(q, i)
		if end < len(q) && q[end] == ':' && s != "" {
			return scanField(q, s, end+1)
		}
		return term{end: end, kind: wordTerm, value: s, quoted: true}
	}
	if end := regexEnd(q, i); end > 0 {
		return term{end: end, kind: otherTerm}
	}
	end := bareEnd(q, i)
	colon := strings.IndexByte(q[i:end], ':')
	if colon <= 0 || strings.HasPrefix(q[i+colon:], "://") {
		return term{end: end, kind: wordTerm, value: q[i:end]}
	}
	return scanField(q, q[i:i+colon], i+colon+1)
}

// scanField reads what stands behind the colon.
func scanField(q, field string, i int) term {
	t := term{kind: fieldTerm, field: field}
	for _, op := range [...]string{">=", "<=", ">", "<", "=", "~"} {
		if strings.HasPrefix(q[i:], op) {
			t.op = op
			i += len(op)
			break
		}
	}
	switch {
	case i >= len(q):
		t.end = i
	case q[i] == '"':
		t.value, t.end = unquote(q, i)
		t.quoted = true
	case q[i] == '(':
		t.kind, t.end = otherTerm, closing(q, i)
	default:
		if t.end = regexEnd(q, i); t.end > 0 {
			t.kind = otherTerm
			break
		}
		t.end = bareEnd(q, i)
		t.value = q[i:t.end]
	}
	return t
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

func skipSpace(q string, i int) int {
	for i < len(q) && isSpace(q[i]) {
		i++
	}
	return i
}

// keyword is the length of a whole word at the start of s, or 0.
func keyword(s, word string) int {
	if len(s) < len(word) || !strings.EqualFold(s[:len(word)], word) {
		return 0
	}
	if len(s) > len(word) && !isSpace(s[len(word)]) && s[len(word)] != '(' {
		return 0
	}
	return len(word)
}

// closing is the place behind the parenthesis that closes the one at i.
func closing(q string, i int) int {
	depth := 0
	for i < len(q) {
		switch q[i] {
		case '"':
			_, i = unquote(q, i)
			continue
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i + 1
			}
		}
		i++
	}
	return len(q)
}

// unquote reads a "quoted" text that starts at i. A backslash that begins none
// of \" \\ \n \t \r is itself.
func unquote(q string, i int) (string, int) {
	var b strings.Builder
	for i++; i < len(q); i++ {
		c := q[i]
		if c == '"' {
			return b.String(), i + 1
		}
		if c == '\\' && i+1 < len(q) {
			if at := strings.IndexByte(escapes, q[i+1]); at >= 0 {
				c = escaped[at]
				i++
			}
		}
		b.WriteByte(c)
	}
	return b.String(), len(q)
}

// regexEnd is the place behind /…/ or /…/i, or 0: a text with two slashes that
// goes on behind the second is a path.
func regexEnd(q string, i int) int {
	if q[i] != '/' {
		return 0
	}
	start := i
	for i++; i < len(q); i++ {
		switch q[i] {
		case '\\':
			i++
		case '/':
			switch {
			case i == start+1:
			case endsTerm(q, i+1):
				return i + 1
			case q[i+1] == 'i' && endsTerm(q, i+2):
				return i + 2
			}
			return 0
		}
	}
	return 0
}

func endsTerm(q string, i int) bool { return i >= len(q) || isSpace(q[i]) || q[i] == ')' }

func bareEnd(q string, i int) int {
	start := i
	for i < len(q) && !isSpace(q[i]) && q[i] != '(' && q[i] != ')' {
		if q[i] == '"' && i > start && q[i-1] == ':' {
			break
		}
		i++
	}
	if i == start {
		_, n := utf8.DecodeRuneInString(q[i:])
		i += max(n, 1)
	}
	return i
}

// quoteTerm writes a value so that the language reads it back as it is.
func quoteTerm(v string) string {
	if plainValue(v) {
		return v
	}
	return forceQuote(v)
}

const (
	escapes = `"\ntr`
	escaped = "\"\\\n\t\r"
)

func forceQuote(v string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := 0; i < len(v); i++ {
		if at := strings.IndexByte(escaped, v[i]); at >= 0 {
			b.WriteByte('\\')
			b.WriteByte(escapes[at])
			continue
		}
		b.WriteByte(v[i])
	}
	b.WriteByte('"')
	return b.String()
}

func plainValue(v string) bool {
	if v == "" || strings.EqualFold(v, "and") || strings.EqualFold(v, "or") || strings.EqualFold(v, "not") {
		return false
	}
	for i := 0; i < len(v); i++ {
		c := v[i]
		word := c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '_'
		if !word && (i == 0 || c != '.' && c != '-') {
			return false
		}
	}
	return true
}

// fieldName writes a field's name so that it can stand before a colon.
func fieldName(name string) string {
	for i := 0; i < len(name); i++ {
		c := name[i]
		word := c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_'
		if !word && (i == 0 || c != '.' && c != '-' && (c < '0' || c > '9')) {
			return forceQuote(name)
		}
	}
	return name
}
