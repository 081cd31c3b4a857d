package logs

import (
	"errors"
	"fmt"
	"regexp/syntax"
	"strings"
	"unicode/utf8"

	"tripod/store"
)

// Bounds of a query's text.
const (
	maxQuery = 16 << 10
	maxDepth = 64 // of parentheses and negations in one another
	maxTerms = 1000
)

// Parse reads a search line. Errors are *store.QueryError.
//
//	timeout                 a word, in any case
//	"connection refused"    a phrase
//	pool*  /time?out/  /x/i a word with a wildcard; a regular expression
//	level:>=warn            a level, or a number, duration or size: took:>500ms
//	service:planner-*       a field, with wildcard
//	route:/api/tasks        the whole value, case matters
//	msg:refused             a word or phrase of the message
//	msg.pattern:"took <_>"  messages of a pattern: <_> is a number, an id, …
//	status:500..599         a range, both ends included
//	user.id:*               the field is there
//	a b, a and b, a or b, not a, -a, (…)
func Parse(text string) (Node, error) {
	p := &parser{text: text}
	if len(text) > maxQuery {
		return nil, p.fail(maxQuery, len(text), "query is longer than 16 KiB", "")
	}
	if p.skip(); p.at == len(text) {
		return All{}, nil
	}
	n, err := p.or()
	if err == nil && p.at < len(text) {
		err = p.fail(p.at, p.at+1, `")" without "("`, "")
	}
	if err != nil {
		return nil, err
	}
	return n, nil
}

type parser struct {
	text  string
	at    int
	depth int
	terms int
}

func (p *parser) fail(pos, end int, msg, hint string) error {
	return &store.QueryError{Query: p.text, Pos: pos, End: end, Msg: msg, Hint: hint}
}

// skip passes white space.
func (p *parser) skip() {
	for p.at < len(p.text) && isSpace(p.text[p.at]) {
		p.at++
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// endsTerm says whether a term ends in front of i.
func (p *parser) endsTerm(i int) bool {
	return i >= len(p.text) || isSpace(p.text[i]) || p.text[i] == ')'
}

// keyword passes one of the words, in lower case or capitals.
func (p *parser) keyword(word string) bool {
	p.skip()
	end := p.at + len(word)
	if end > len(p.text) || !isKeyword(p.text[p.at:end]) || strings.ToLower(p.text[p.at:end]) != word {
		return false
	}
	if !p.endsTerm(end) && p.text[end] != '(' {
		return false
	}
	p.at = end
	return true
}

func (p *parser) or() (Node, error) {
	var list Or
	for {
		n, err := p.and()
		if err != nil {
			return nil, err
		}
		list = append(list, n)
		if !p.keyword("or") {
			break
		}
	}
	if len(list) == 1 {
		return list[0], nil
	}
	return list, nil
}

func (p *parser) and() (Node, error) {
	var list And
	for {
		n, err := p.unary()
		if err != nil {
			return nil, err
		}
		list = append(list, n)
		if p.keyword("and") {
			continue
		}
		if end := p.at; end == len(p.text) || p.text[end] == ')' || p.keyword("or") {
			p.at = end
			break
		}
	}
	if len(list) == 1 {
		return list[0], nil
	}
	return list, nil
}

func (p *parser) unary() (Node, error) {
	start := p.at
	if p.skip(); p.at == len(p.text) {
		return nil, p.fail(start, p.at, "something to search for is missing", "")
	}
	start = p.at
	if p.depth++; p.depth > maxDepth {
		return nil, p.fail(p.at, p.at+1, "too deeply nested", "")
	}
	defer func() { p.depth-- }()
	c := p.text[p.at]
	if c == '-' || c == '!' {
		p.at++
		if !p.endsTerm(p.at) {
			return p.not()
		}
		p.at = start
	}
	if p.keyword("not") {
		return p.not()
	}
	if c == '(' {
		return p.group()
	}
	for _, word := range []string{"and", "or"} {
		if p.keyword(word) {
			return nil, p.fail(start, p.at, fmt.Sprintf("%q needs something on both sides", word), fmt.Sprintf("to search for the word, quote it: %q", word))
		}
	}
	if c == ')' {
		return nil, p.fail(start, start+1, `nothing in front of ")"`, "")
	}
	if p.terms++; p.terms > maxTerms {
		return nil, p.fail(p.at, p.at+1, "more than 1,000 terms", "")
	}
	return p.term()
}

func (p *parser) not() (Node, error) {
	n, err := p.unary()
	if err != nil {
		return nil, err
	}
	return &Not{n}, nil
}

func (p *parser) group() (Node, error) {
	open := p.at
	p.at++
	n, err := p.or()
	if err != nil {
		return nil, err
	}
	if p.skip(); p.at == len(p.text) {
		return nil, p.fail(open, open+1, `"(" is never closed`, "")
	}
	p.at++
	return n, nil
}

// term reads a field or a text.
func (p *parser) term() (Node, error) {
	start := p.at
	if p.text[p.at] == '"' {
		s, err := p.quoted()
		if err != nil {
			return nil, err
		}
		if p.at < len(p.text) && p.text[p.at] == ':' {
			return p.field(s, start)
		}
		return &Text{Pattern{Text: s}, start, p.at}, nil
	}
	if name := p.name(); name != "" {
		p.at += len(name)
		return p.field(name, start)
	}
	pattern, err := p.pattern()
	if err != nil {
		return nil, err
	}
	if pattern.Kind == Glob && strings.Trim(pattern.Text, "*") == "" {
		return All{}, nil
	}
	return &Text{pattern, start, p.at}, nil
}

// name looks at a field name in front of a colon; empty when there is none.
func (p *parser) name() string {
	rest := p.text[p.at:]
	for i, r := range rest {
		switch {
		case r == ':' && i > 0 && !strings.HasPrefix(rest[i:], "://"):
			return rest[:i]
		case r == utf8.RuneError || i == 0 && !isNameStart(r) || !isNameRune(r):
			return ""
		}
	}
	return ""
}

// pattern reads a quoted text, a regular expression, or a bare run.
func (p *parser) pattern() (Pattern, error) {
	if p.text[p.at] == '"' {
		s, err := p.quoted()
		return Pattern{Text: s}, err
	}
	if end, fold := p.regexpEnd(); end > 0 {
		return p.regexp(end, fold)
	}
	s, err := p.bare()
	if strings.Contains(s, "*") {
		return Pattern{Kind: Glob, Text: s}, err
	}
	return Pattern{Text: s}, err
}

// bare reads up to white space, a parenthesis or a quote. A backslash in front
// says that a slash begins no regular expression.
func (p *parser) bare() (string, error) {
	start := p.at
	for !p.endsTerm(p.at) && p.text[p.at] != '(' && p.text[p.at] != '"' {
		p.at++
	}
	s := strings.TrimPrefix(p.text[start:p.at], `\`)
	if !strings.HasPrefix(s, "/") {
		s = p.text[start:p.at]
	}
	if name, _, ok := strings.Cut(s, "="); ok && s[0] == '{' && bareName(strings.TrimRight(name[1:], "!")) {
		return "", p.fail(start, p.at, "a stream selector is LogQL, not a search line", "write field:value, as in service:planner-api")
	}
	if s == "" || !p.endsTerm(p.at) {
		return "", p.fail(start, max(p.at, start+1), "a quote or parenthesis inside a word", `quote the whole of it, and write \" for a quote in it`)
	}
	return s, nil
}

// regexpEnd finds the second "/" of /…/ or /…/i: the first one that no
// backslash precedes, if the term ends there. Otherwise the text is a path.
func (p *parser) regexpEnd() (end int, fold bool) {
	if p.text[p.at] != '/' {
		return 0, false
	}
	for i := p.at + 1; i < len(p.text); i++ {
		switch p.text[i] {
		case '\\':
			i++
		case '/':
			fold = strings.HasPrefix(p.text[i+1:], "i")
			if i == p.at+1 || !p.endsTerm(i+1) && !(fold && p.endsTerm(i+2)) {
				return 0, false
			}
			return i, fold && !p.endsTerm(i+1)
		}
	}
	return 0, false
}

func (p *parser) regexp(end int, fold bool) (Pattern, error) {
	start := p.at
	pattern, err := NewRegexp(p.text[start+1:end], fold)
	p.at = end + 1
	if fold {
		p.at++
	}
	if err != nil {
		return pattern, p.fail(start, p.at, RegexpProblem(err), "to search for the text as it stands, quote it")
	}
	return pattern, nil
}

// RegexpProblem says in words what is wrong with a regular expression.
func RegexpProblem(err error) string {
	var se *syntax.Error
	if errors.As(err, &se) {
		return fmt.Sprintf("regular expression: %s: %s", se.Code, se.Expr)
	}
	return "regular expression: " + err.Error()
}

// quoted reads "…" with \" \\ \n \t \r; any other backslash stands for itself.
func (p *parser) quoted() (string, error) {
	start := p.at
	var b strings.Builder
	for i := start + 1; i < len(p.text); i++ {
		c := p.text[i]
		if c == '"' {
			p.at = i + 1
			return b.String(), nil
		}
		if c == '\\' && i+1 < len(p.text) {
			if at := strings.IndexByte(`"\ntr`, p.text[i+1]); at >= 0 {
				c = "\"\\\n\t\r"[at]
				i++
			}
		}
		b.WriteByte(c)
	}
	return "", p.fail(start, len(p.text), "the quote is never closed", "")
}
