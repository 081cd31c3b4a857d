package screens

import (
	"strings"

	"github.com/a-h/templ"
)

// TraceDiff says how a trace differs from the typical one of its operation.
type TraceDiff struct {
	Stands  string // on how many traces of when the typical one stands
	Parts   []DiffPart
	Href    string // compares the two side by side
	Typical string // id of the trace that is nearest to the typical one, shortened
}

// DiffPart is one difference: names of spans, and what is the matter with them.
type DiffPart struct {
	Names []string
	More  int // names that are left out
	Text  string
}

// Add says the same of some names, of many only the first.
func (d *TraceDiff) Add(names []string, text string) {
	if len(names) > 0 {
		n := min(len(names), 4)
		d.Parts = append(d.Parts, DiffPart{names[:n], len(names) - n, text})
	}
}

// html is the differences as one sentence, in which no space stands before a comma.
func (d *TraceDiff) html() string {
	var b strings.Builder
	for i, p := range d.Parts {
		if i > 0 {
			b.WriteByte(';')
		}
		b.WriteByte(' ')
		for k, n := range p.Names {
			switch {
			case k > 0 && k == len(p.Names)-1 && p.More == 0:
				b.WriteString(" and ")
			case k > 0:
				b.WriteString(", ")
			}
			b.WriteString(`<span class="mono">` + templ.EscapeString(n) + "</span>")
		}
		if p.More > 0 {
			b.WriteString(" and " + count(p.More) + " more")
		}
		b.WriteString(templ.EscapeString(p.Text))
	}
	b.WriteString(". ")
	return b.String()
}

// UsualBars compare a span with those like it.
type UsualBars struct {
	Bars   []UsualBar
	Stands string
}

// UsualBar is one duration; Share is of the longest of them.
type UsualBar struct {
	Name, Value string
	Share       float64
	Kind        string // err when it is longer than nearly all
}
