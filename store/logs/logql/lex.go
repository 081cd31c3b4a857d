package logql

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"tripod/store"
)

// tokenKind is the kind of a token.
type tokenKind uint8

const (
	tokenEnd tokenKind = iota
	tokenName
	tokenText   // quoted
	tokenNumber // with a unit, maybe: 5, 1.5e3, 10ms, 1h30m, 20KB
	tokenFlag   // --strict
	tokenOp
)

type token struct {
	kind       tokenKind
	text       string // the value of a quoted text
	start, end int
}

func (t token) is(op string) bool { return t.kind == tokenOp && t.text == op }

// operators, longest first.
var operators = []string{
	"|=", "|~", "|>", "!=", "!~", "!>", "==", "=~", ">=", "<=",
	"|", "=", ">", "<", "+", "-", "*", "/", "%", "^", "{", "}", "(", ")", "[", "]", ",",
}

type lexer struct {
	text string
	at   int
}

func (l *lexer) fail(pos, end int, msg, hint string) error {
	return &store.QueryError{Query: l.text, Pos: min(pos, len(l.text)), End: min(end, len(l.text)), Msg: msg, Hint: hint}
}

// skip passes white space and comments.
func (l *lexer) skip() {
	for l.at < len(l.text) {
		switch c := l.text[l.at]; {
		case strings.IndexByte(" \t\r\n", c) >= 0:
			l.at++
		case c == '#':
			end := strings.IndexByte(l.text[l.at:], '\n')
			if end < 0 {
				end = len(l.text) - l.at
			}
			l.at += end
		default:
			return
		}
	}
}

func (l *lexer) next() (token, error) {
	l.skip()
	start := l.at
	if start == len(l.text) {
		return token{kind: tokenEnd, start: start, end: start}, nil
	}
	rest := l.text[start:]
	c := rest[0]
	kind := tokenOp
	switch {
	case isName(c, false):
		l.at += nameLength(rest)
		kind = tokenName
	case isDigit(c) || c == '.' && len(rest) > 1 && isDigit(rest[1]):
		l.at += numberLength(rest)
		kind = tokenNumber
	case c == '"' || c == '`':
		return l.quoted()
	case strings.HasPrefix(rest, "--") && len(rest) > 2 && isName(rest[2], false):
		l.at += 2
		for l.at < len(l.text) && (isName(l.text[l.at], true) || l.text[l.at] == '-') {
			l.at++
		}
		kind = tokenFlag
	default:
		for _, op := range operators {
			if strings.HasPrefix(rest, op) {
				l.at += len(op)
				return token{tokenOp, op, start, l.at}, nil
			}
		}
		_, size := utf8.DecodeRuneInString(rest)
		return token{}, l.fail(start, start+size, fmt.Sprintf("%q has no meaning here", rest[:size]), "")
	}
	return token{kind, l.text[start:l.at], start, l.at}, nil
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isName(c byte, digits bool) bool {
	return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' || digits && isDigit(c)
}

func nameLength(s string) int {
	n := 0
	for n < len(s) && isName(s[n], true) {
		n++
	}
	return n
}

// numberLength passes digits and letters, and a sign behind an exponent's e.
func numberLength(s string) int {
	n, plain := 0, true
	for n < len(s) {
		c := s[n]
		switch {
		case isDigit(c) || c == '.':
		case c|0x20 == 'e' && plain && n+2 < len(s) && (s[n+1] == '-' || s[n+1] == '+') && isDigit(s[n+2]):
			n++
		case isName(c, false) && c != '_', c == 0xC2 && strings.HasPrefix(s[n:], "µ"):
			plain = false
			if c == 0xC2 {
				n++
			}
		default:
			return n
		}
		n++
	}
	return n
}

// quoted reads "…" with Go's escapes, or `…`.
func (l *lexer) quoted() (token, error) {
	start := l.at
	quoted, err := strconv.QuotedPrefix(l.text[start:])
	if err != nil {
		return token{}, l.fail(start, len(l.text), "the quote is never closed, or an escape is wrong", "`…` takes every character as it stands")
	}
	l.at += len(quoted)
	text, err := strconv.Unquote(quoted)
	return token{tokenText, text, start, l.at}, err
}
