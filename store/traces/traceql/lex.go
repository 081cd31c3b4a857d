package traceql

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"tripod/store"
)

// tokenKind is the kind of a token.
type tokenKind uint8

const (
	tokenEnd tokenKind = iota
	tokenName
	tokenText      // quoted
	tokenNumber    // with a unit, maybe: 5, 1.5e3, 10ms, 1h30m
	tokenAttribute // text is the name behind the scope
	tokenIntrinsic // span:name
	tokenOp
)

type token struct {
	kind       tokenKind
	text       string // the value of a quoted text
	scope      Scope  // of an attribute
	start, end int
}

func (t token) is(op string) bool { return t.kind == tokenOp && t.text == op }

// operators, longest first.
var operators = []string{
	"!>>", "!<<", "&>>", "&<<",
	"&&", "||", "!>", "!<", "!~", "!=", "&>", "&<", "&~", ">>", "<<", ">=", "<=", "=~",
	"=", ">", "<", "~", "!", "+", "-", "*", "/", "%", "^", "|", "{", "}", "(", ")", ",",
}

// scopes are the words before the dot of an attribute.
var scopes = map[string]Scope{
	"span": ScopeSpan, "resource": ScopeResource, "event": ScopeEvent, "link": ScopeLink, "instrumentation": ScopeInstrumentation,
}

type lexer struct {
	text string
	at   int
}

func (l *lexer) fail(pos, end int, msg, hint string) error {
	return &store.QueryError{Query: l.text, Pos: min(pos, len(l.text)), End: min(end, len(l.text)), Msg: msg, Hint: hint}
}

func (l *lexer) rest() string { return l.text[l.at:] }

func (l *lexer) next() (token, error) {
	l.at += len(l.rest()) - len(strings.TrimLeftFunc(l.rest(), unicode.IsSpace))
	start, rest := l.at, l.rest()
	if rest == "" {
		return token{kind: tokenEnd, start: start, end: start}, nil
	}
	switch c := rest[0]; {
	case isLetter(c):
		return l.word()
	case isDigit(c) || c == '.' && len(rest) > 1 && isDigit(rest[1]):
		l.at += numberLength(rest)
		return token{kind: tokenNumber, text: l.text[start:l.at], start: start, end: l.at}, nil
	case c == '.':
		return l.attribute(start, ScopeNone)
	case c == '"' || c == '`':
		return l.quoted()
	}
	for _, op := range operators {
		if strings.HasPrefix(rest, op) {
			l.at += len(op)
			return token{kind: tokenOp, text: op, start: start, end: l.at}, nil
		}
	}
	_, size := utf8.DecodeRuneInString(rest)
	return token{}, l.fail(start, start+size, fmt.Sprintf("%q has no meaning here", rest[:size]), "")
}

func isDigit(c byte) bool  { return c >= '0' && c <= '9' }
func isLetter(c byte) bool { return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' }

func wordLength(s string) int {
	n := 0
	for n < len(s) && (isLetter(s[n]) || isDigit(s[n])) {
		n++
	}
	return n
}

// word reads a word, or what it is the scope of.
func (l *lexer) word() (token, error) {
	start := l.at
	l.at += wordLength(l.rest())
	word, rest := l.text[start:l.at], l.rest()
	scope, isScope := scopes[word]
	switch {
	case isScope && strings.HasPrefix(rest, "."):
		return l.attribute(start, scope)
	case (isScope || word == "trace") && strings.HasPrefix(rest, ":"):
		l.at++
		l.at += wordLength(l.rest())
		return token{kind: tokenIntrinsic, text: l.text[start:l.at], start: start, end: l.at}, nil
	}
	return token{kind: tokenName, text: word, start: start, end: l.at}, nil
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
		case strings.HasPrefix(s[n:], "µ"):
			plain = false
			n++
		case isLetter(c) && c != '_':
			plain = false
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
	quoted, err := strconv.QuotedPrefix(l.rest())
	if err != nil {
		return token{}, l.fail(start, len(l.text), "the quote is never closed, or an escape is wrong", "`…` takes every character as it stands")
	}
	l.at += len(quoted)
	text, err := strconv.Unquote(quoted)
	return token{kind: tokenText, text: text, start: start, end: l.at}, err
}

// isNameRune says whether a rune belongs to an attribute's name outside quotes.
func isNameRune(r rune) bool {
	return !unicode.IsSpace(r) && !strings.ContainsRune("{}()=~!<>&|^,\"`", r)
}

// attribute reads the dot and the name, of which any part may stand in quotes.
func (l *lexer) attribute(start int, scope Scope) (token, error) {
	l.at++
	var name strings.Builder
	for l.at < len(l.text) {
		if l.text[l.at] == '"' {
			if err := l.quotedName(&name); err != nil {
				return token{}, err
			}
			continue
		}
		r, size := utf8.DecodeRuneInString(l.rest())
		if !isNameRune(r) {
			break
		}
		name.WriteString(l.rest()[:size])
		l.at += size
	}
	if name.Len() == 0 {
		return token{}, l.fail(start, l.at, "the attribute has no name", `as in span.http.route or span."a name with spaces"`)
	}
	return token{kind: tokenAttribute, text: name.String(), scope: scope, start: start, end: l.at}, nil
}

// quotedName reads a quoted part of a name; \" and \\ are its only escapes.
func (l *lexer) quotedName(to *strings.Builder) error {
	for i := l.at + 1; i < len(l.text); i++ {
		switch c := l.text[i]; {
		case c == '"':
			l.at = i + 1
			return nil
		case c == '\\' && i+1 < len(l.text) && (l.text[i+1] == '"' || l.text[i+1] == '\\'):
			i++
			to.WriteByte(l.text[i])
		case c == '\\':
			return l.fail(i, i+2, `a name in quotes knows only the escapes \" and \\`, "")
		default:
			to.WriteByte(c)
		}
	}
	return l.fail(l.at, len(l.text), "the quote is never closed", "")
}
