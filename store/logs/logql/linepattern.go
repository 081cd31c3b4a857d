package logql

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// pieces takes a pattern apart: literals and, between < and >, names. A "<"
// that begins no name is literal.
func pieces(text string) (out []piece, err error) {
	literal := ""
	flush := func() {
		if literal != "" {
			out = append(out, piece{literal: literal})
			literal = ""
		}
	}
	for text != "" {
		if text[0] == '<' {
			if n := nameLength(text[1:]); n > 0 && !isDigit(text[1]) && 1+n < len(text) && text[1+n] == '>' {
				flush()
				if len(out) > 0 && out[len(out)-1].name != "" {
					return nil, errors.New("two captures without a text between them")
				}
				out = append(out, piece{name: text[1 : 1+n]})
				text = text[n+2:]
				continue
			}
		}
		literal += text[:1]
		text = text[1:]
	}
	flush()
	if len(out) == 0 {
		return nil, errors.New("the pattern is empty")
	}
	return out, nil
}

// piece is a literal or a name; "_" names what is thrown away.
type piece struct{ literal, name string }

// linePattern is the pattern of |> and !>: literals in their order, with
// anything where <_> stands.
type linePattern struct {
	literals    []string
	open, close bool // anything may stand in front, behind
}

func newLinePattern(text string) (*linePattern, error) {
	if text == "" {
		return &linePattern{}, nil
	}
	list, err := pieces(text)
	if err != nil {
		return nil, err
	}
	p := &linePattern{open: list[0].name != "", close: list[len(list)-1].name != ""}
	for _, piece := range list {
		switch piece.name {
		case "":
			p.literals = append(p.literals, piece.literal)
		case "_":
		default:
			return nil, fmt.Errorf("<%s> has a name: a line filter knows <_> only", piece.name)
		}
	}
	return p, nil
}

func (p *linePattern) match(s string) bool {
	list := p.literals
	if len(list) == 0 {
		return p.open && s != "" || s == ""
	}
	if !p.open {
		rest, ok := strings.CutPrefix(s, list[0])
		if !ok {
			return false
		}
		if s, list = rest, list[1:]; len(list) == 0 {
			return p.close || s == ""
		}
	}
	last := ""
	if !p.close {
		last, list = list[len(list)-1], list[:len(list)-1]
	}
	for _, l := range list {
		at := strings.Index(s, l)
		if at < 0 {
			return false
		}
		s = s[at+len(l):]
	}
	return p.close || strings.HasSuffix(s, last)
}

// capture is the pattern of the pattern parser.
type capture struct{ pieces []piece }

func newCapture(text string) (*capture, error) {
	list, err := pieces(text)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, p := range list {
		if p.name != "" && p.name != "_" && seen[p.name] {
			return nil, fmt.Errorf("<%s> stands twice", p.name)
		}
		seen[p.name] = true
	}
	delete(seen, "")
	delete(seen, "_")
	if len(seen) == 0 {
		return nil, errors.New("at least one capture needs a name")
	}
	return &capture{list}, nil
}

// match hands out what the names capture. A capture whose next text is not
// there takes the rest of the line, and is the last.
func (c *capture) match(s string, each func(name, value string)) {
	list := c.pieces
	if list[0].name == "" {
		rest, ok := strings.CutPrefix(s, list[0].literal)
		if !ok {
			return
		}
		s, list = rest, list[1:]
	}
	for len(list) > 0 && s != "" {
		value, rest, found := s, "", false
		if len(list) > 1 {
			value, rest, found = strings.Cut(s, list[1].literal)
		}
		if list[0].name != "_" {
			each(list[0].name, value)
		}
		if !found {
			return
		}
		s, list = rest, list[2:]
	}
}

// checkCaptures holds the regexp parser to names, each once.
func checkCaptures(re *regexp.Regexp) error {
	seen := map[string]bool{}
	for _, name := range re.SubexpNames() {
		switch {
		case name == "":
		case seen[name]:
			return fmt.Errorf("group %q stands twice", name)
		case labelName(name) != name:
			return fmt.Errorf("%q is no label name", name)
		default:
			seen[name] = true
		}
	}
	if len(seen) == 0 {
		return errors.New("at least one group needs a name")
	}
	return nil
}
