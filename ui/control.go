package ui

import (
	"maps"
	"unicode/utf8"

	"github.com/a-h/templ"
)

func (b Button) typ() string {
	if b.Type == "" {
		return "button"
	}
	return b.Type
}

func (b Button) attrs() templ.Attributes {
	a := templ.Attributes{}
	maps.Copy(a, b.Attrs)
	if b.Title != "" {
		a["title"] = b.Title
		if b.Text == "" {
			a["aria-label"] = b.Title
		}
	}
	return a
}

func (q Query) icon() string {
	if q.Icon == "" {
		return "search"
	}
	return q.Icon
}

func (q Query) attrs() templ.Attributes {
	a := templ.Attributes{}
	maps.Copy(a, q.Attrs)
	if q.Error != nil {
		a["aria-invalid"] = "true"
		a["aria-describedby"] = q.ID + "-error"
	}
	return a
}

// CutQuery cuts a query at the byte offsets of its wrong part; offsets that do
// not fit are moved to where they do, and an empty part takes one character.
func CutQuery(query string, pos, end int) (before, wrong, after string) {
	pos = min(max(pos, 0), len(query))
	end = min(max(end, pos), len(query))
	for pos > 0 && pos < len(query) && !utf8.RuneStart(query[pos]) {
		pos--
	}
	if end == pos && pos < len(query) {
		_, n := utf8.DecodeRuneInString(query[pos:])
		end = pos + n
	}
	for end < len(query) && !utf8.RuneStart(query[end]) {
		end++
	}
	return query[:pos], query[pos:end], query[end:]
}
