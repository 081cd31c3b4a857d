// Package logql reads Loki's query language into the nodes of the search line:
// a stream selector and line filters.
//
// It must never know how a query is answered.
package logql

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tripod/store"
	"tripod/store/logs"
)

// Bounds of a query.
const (
	maxQuery = 16 << 10
	maxParts = 1000
)

// Parse reads {label="value", …} with = != =~ and !~, followed by line filters
// |= != |~ and !~ whose texts may be joined by or. Behind the filters "| json"
// and "| logfmt" may stand: fields are there without them. Errors are
// *store.QueryError.
//
// A label is a field of the record in Loki's spelling: service_name is the
// service, level and detected_level the level, host_name finds host.name.
func Parse(text string) (logs.Node, error) {
	p := &parser{text: text}
	if len(text) > maxQuery {
		return nil, p.fail(maxQuery, len(text), "query is longer than 16 KiB", "")
	}
	if err := p.selector(); err != nil {
		return nil, err
	}
	for p.skip(); p.at < len(p.text); p.skip() {
		if err := p.stage(); err != nil {
			return nil, err
		}
		if len(p.parts) > maxParts {
			return nil, p.fail(p.at, len(p.text), "more than 1,000 conditions", "")
		}
	}
	switch len(p.parts) {
	case 0:
		return logs.All{}, nil
	case 1:
		return p.parts[0], nil
	}
	return logs.And(p.parts), nil
}

type parser struct {
	text  string
	at    int
	parts []logs.Node
}

func (p *parser) fail(pos, end int, msg, hint string) error {
	return &store.QueryError{Query: p.text, Pos: pos, End: end, Msg: msg, Hint: hint}
}

func (p *parser) skip() {
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.at]) >= 0 {
		p.at++
	}
}

// take passes a token, behind white space, if it stands here.
func (p *parser) take(token string) bool {
	p.skip()
	if !strings.HasPrefix(p.text[p.at:], token) {
		return false
	}
	p.at += len(token)
	return true
}

// name reads a label's name or a stage's.
func (p *parser) name() string {
	p.skip()
	start := p.at
	for p.at < len(p.text) && isName(p.text[p.at], p.at > start) {
		p.at++
	}
	return p.text[start:p.at]
}

func isName(c byte, digits bool) bool {
	return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' || digits && c >= '0' && c <= '9'
}

func (p *parser) selector() error {
	p.skip()
	start := p.at
	if !p.take("{") {
		if name := p.name(); name != "" {
			return p.fail(start, p.at, fmt.Sprintf("%q: metric queries are not supported", name), `ask for lines: {service_name="…"} |= "…"`)
		}
		return p.fail(start, min(start+1, len(p.text)), "a query begins with a stream selector", `as in {service_name="planner-api"}`)
	}
	if p.take("}") {
		return nil
	}
	for {
		if err := p.matcher(); err != nil {
			return err
		}
		if p.take("}") {
			return nil
		}
		if !p.take(",") {
			return p.fail(p.at, min(p.at+1, len(p.text)), `"," or "}" is missing`, "")
		}
		if p.take("}") {
			return nil
		}
	}
}

// matcher reads label="value".
func (p *parser) matcher() error {
	p.skip()
	start := p.at
	name := p.name()
	if name == "" {
		return p.fail(start, min(start+1, len(p.text)), "a label name is missing", "")
	}
	op := p.operator("=~", "!~", "!=", "=")
	if op == "" {
		return p.fail(p.at, min(p.at+1, len(p.text)), "= != =~ or !~ is missing behind "+name, "")
	}
	at := p.at
	value, err := p.string()
	if err != nil {
		return err
	}
	m := label{name: name, start: start, end: p.at}
	n := m.equal(value)
	if strings.HasSuffix(op, "~") {
		if n, err = m.regexp(value); err != nil {
			return p.fail(at, p.at, logs.RegexpProblem(err), "")
		}
	}
	if op[0] == '!' {
		n = &logs.Not{X: n}
	}
	p.parts = append(p.parts, n)
	return nil
}

func (p *parser) operator(any ...string) string {
	for _, op := range any {
		if p.take(op) {
			return op
		}
	}
	return ""
}

// string reads "…" with Go's escapes, or `…`.
func (p *parser) string() (string, error) {
	p.skip()
	rest := p.text[p.at:]
	if rest == "" || rest[0] != '"' && rest[0] != '`' {
		return "", p.fail(p.at, min(p.at+1, len(p.text)), "a quoted text is missing", "")
	}
	quoted, err := strconv.QuotedPrefix(rest)
	if err != nil {
		return "", p.fail(p.at, len(p.text), "the quote is never closed, or an escape is wrong", "`…` takes every character as it stands")
	}
	p.at += len(quoted)
	return strconv.Unquote(quoted)
}

// stage reads one line filter, or a parser that has nothing to do.
func (p *parser) stage() error {
	start := p.at
	if op := p.operator("|=", "|~", "!=", "!~"); op != "" {
		return p.filter(op)
	}
	if !p.take("|") {
		end := min(p.at+1, len(p.text))
		if p.text[p.at] == '[' {
			return p.fail(p.at, end, "ranges are not supported", "")
		}
		return p.fail(p.at, end, "a line filter is missing", `as in |= "text"`)
	}
	name := p.name()
	if name == "json" || name == "logfmt" {
		if p.skip(); p.at == len(p.text) || p.text[p.at] == '|' || p.text[p.at] == '!' {
			return nil
		}
		return p.fail(start, p.at+1, fmt.Sprintf("%q takes no parameters here", name), "fields are there without it")
	}
	if slices.Contains(stages, name) {
		return p.fail(start, p.at, fmt.Sprintf("stage %q is not supported", name), "")
	}
	if name != "" {
		return p.fail(start, p.at, fmt.Sprintf("label filter on %q is not supported", name), "put the condition into the selector: {"+name+`="…"}`)
	}
	return p.fail(start, p.at, "a line filter is missing", `as in |= "text"`)
}

// stages are Loki's other ones.
var stages = []string{"pattern", "regexp", "unpack", "line_format", "label_format", "decolorize", "drop", "keep", "unwrap"}

// filter reads the texts behind a line filter's operator.
func (p *parser) filter(op string) error {
	var any logs.Or
	for {
		p.skip()
		at := p.at
		if name := p.name(); name != "" {
			return p.fail(at, p.at, fmt.Sprintf("function %q is not supported in a line filter", name), "")
		}
		text, err := p.string()
		if err != nil {
			return err
		}
		n, err := line(text, op[1] == '~', at, p.at)
		if err != nil {
			return p.fail(at, p.at, logs.RegexpProblem(err), "")
		}
		if any = append(any, n); len(any) > maxParts {
			return p.fail(at, p.at, "more than 1,000 texts", "")
		}
		if before := p.at; p.name() != "or" {
			p.at = before
			break
		}
	}
	var n logs.Node = any
	if len(any) == 1 {
		n = any[0]
	}
	if op[0] == '!' {
		n = &logs.Not{X: n}
	}
	p.parts = append(p.parts, n)
	return nil
}
