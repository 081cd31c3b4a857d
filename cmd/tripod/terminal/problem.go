package terminal

import (
	"strings"
	"unicode/utf8"
)

// Problem is what is wrong with a question. It is ErrRefused.
type Problem struct {
	Query    string `json:"-"`
	Message  string `json:"message"`
	Hint     string `json:"hint"`
	Position *int   `json:"position"` // in bytes of Query, nil when it is not the query
	End      int    `json:"end"`      // behind the wrong part, 0 when unknown
}

func (p *Problem) Unwrap() error { return ErrRefused }

// Error is the message and, below it, the query with carets under what is wrong.
func (p *Problem) Error() string {
	var b strings.Builder
	b.WriteString(printable(p.Message))
	if p.Position != nil && p.Query != "" {
		line, carets := point(p.Query, *p.Position, p.End)
		b.WriteString("\n  " + line + "\n  " + carets)
	}
	if p.Hint != "" {
		b.WriteString("\n  " + printable(p.Hint))
	}
	return b.String()
}

// point gives the line of a query that holds a position, and as many carets
// under it as the wrong part has characters there, at least one.
func point(query string, pos, end int) (line, carets string) {
	pos = min(max(pos, 0), len(query))
	from := strings.LastIndexByte(query[:pos], '\n') + 1
	line = query[from:]
	if i := strings.IndexByte(line, '\n'); i >= 0 {
		line = line[:i]
	}
	pos -= from
	end = min(max(end-from, pos), len(line))
	show := func(s string) string { return printable(strings.ReplaceAll(s, "\t", " ")) }
	before, wrong := utf8.RuneCountInString(show(line[:pos])), utf8.RuneCountInString(show(line[pos:end]))
	return show(line), strings.Repeat(" ", before) + strings.Repeat("^", max(wrong, 1))
}
