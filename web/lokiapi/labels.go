package lokiapi

import (
	"fmt"
	"strconv"
	"strings"

	"tripod/store"
)

// Bounds of one stream's labels; Loki's own default is 15 labels.
const (
	maxLabels     = 128
	maxLabelValue = 4096 // bytes, also of a name
)

// parseLabels reads a stream's labels in the form {job="api", env="prod"}.
func parseLabels(text string) (store.Attrs, error) {
	p := labelText{text: text}
	return p.labels()
}

type labelText struct {
	text string
	at   int
}

func (p *labelText) fail(msg string) error {
	return &store.QueryError{Query: p.text, Pos: p.at, Msg: fmt.Sprintf("labels %.100q: %s", p.text, msg)}
}

func (p *labelText) space() {
	for p.at < len(p.text) && strings.IndexByte(" \t\r\n", p.text[p.at]) >= 0 {
		p.at++
	}
}

func (p *labelText) take(c byte) bool {
	p.space()
	if p.at < len(p.text) && p.text[p.at] == c {
		p.at++
		return true
	}
	return false
}

func (p *labelText) labels() (store.Attrs, error) {
	var out store.Attrs
	if !p.take('{') {
		return nil, p.fail("want {")
	}
	for !p.take('}') {
		if len(out) > 0 && !p.take(',') {
			return nil, p.fail("want , or }")
		}
		if len(out) > 0 && p.take('}') { // a comma may end the list
			break
		}
		if len(out) == maxLabels {
			return nil, p.fail(fmt.Sprintf("more than %d labels", maxLabels))
		}
		a, err := p.label()
		if err != nil {
			return nil, err
		}
		out = append(out, a)
	}
	if p.space(); p.at < len(p.text) {
		return nil, p.fail("something follows }")
	}
	return out, nil
}

func (p *labelText) label() (store.Attr, error) {
	name, err := p.name()
	if err != nil {
		return store.Attr{}, err
	}
	if !p.take('=') {
		return store.Attr{}, p.fail("want =")
	}
	value, err := p.quoted()
	if err != nil {
		return store.Attr{}, err
	}
	if len(name) > maxLabelValue || len(value) > maxLabelValue {
		return store.Attr{}, p.fail(fmt.Sprintf("label is longer than %d bytes", maxLabelValue))
	}
	return store.Attr{Key: strings.Clone(name), Value: store.String(value)}, nil
}

// name reads a bare name or, as for names in UTF-8, a quoted one.
func (p *labelText) name() (string, error) {
	p.space()
	if p.at < len(p.text) && p.text[p.at] == '"' {
		return p.quoted()
	}
	start := p.at
	for p.at < len(p.text) && isNameByte(p.text[p.at], p.at == start) {
		p.at++
	}
	if p.at == start {
		return "", p.fail("want a label's name")
	}
	return p.text[start:p.at], nil
}

// bareName says whether a name needs no quotes.
func bareName(name string) bool {
	for i := range len(name) {
		if !isNameByte(name[i], i == 0) {
			return false
		}
	}
	return name != ""
}

func isNameByte(c byte, first bool) bool {
	return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' || !first && (c >= '0' && c <= '9' || c == '.' || c == ':')
}

func (p *labelText) quoted() (string, error) {
	p.space()
	prefix, err := strconv.QuotedPrefix(p.text[p.at:])
	if err != nil || prefix[0] == '\'' {
		return "", p.fail("want a quoted value")
	}
	s, err := strconv.Unquote(prefix)
	if err != nil {
		return "", p.fail("want a quoted value")
	}
	p.at += len(prefix)
	return validUTF8(strings.Clone(s), false), nil
}
