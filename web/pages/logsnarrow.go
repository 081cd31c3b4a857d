package pages

import (
	"slices"

	"tripod/store"
)

// narrowing is what a query and its filters say of one field, and both
// without it.
type narrowing struct {
	split
	filters []string // the others
}

// on takes the conditions on a field out of the query and the filters.
func (a *logAsk) on(field string) narrowing {
	n := narrowing{split: split{rest: a.typed}}
	if a.syntax == store.SearchLine {
		n.split = splitField(a.typed, field)
	}
	for _, f := range a.filters {
		if s := splitField(f, field); s.narrowed() && s.rest == "" {
			n.conds = append(n.conds, s.conds...)
			continue
		}
		n.filters = append(n.filters, f)
	}
	return n
}

// without is the question without the conditions on a field.
func (a *logAsk) without(n narrowing) store.LogQuery {
	q := a.query(n.rest)
	q.Narrow = narrowLine(a.st.Services, n.filters)
	return q
}

// maxNarrowed bounds the fields whose other values are asked for.
const maxNarrowed = 4

// narrowedFields are the fields, but for the level, that the query or the
// filters have conditions on.
func (a *logAsk) narrowedFields() []string {
	lines := a.filters
	if a.syntax == store.SearchLine {
		lines = append([]string{a.typed}, lines...)
	}
	var out []string
	add := func(field string) {
		if isService(field) {
			field = "service"
		}
		if field != "level" && field != "msg" && len(out) < maxNarrowed && !slices.Contains(out, field) && a.on(field).narrowed() {
			out = append(out, field)
		}
	}
	for _, line := range lines {
		for _, t := range terms(line) {
			switch t.kind {
			case fieldTerm:
				add(t.field)
			case groupTerm:
				for _, in := range terms(t.value) {
					if in.kind == fieldTerm {
						add(in.field)
					}
				}
			}
		}
	}
	return out
}

// toggled is this view with a value of a field added to those that pass, or
// taken away; all are the values known. The query says level and service, and
// what it says already; filters say all else.
func (a *logAsk) toggled(field, value string, all []string) string {
	if a.syntax == store.SearchLine {
		if field == "level" || field == "service" || splitField(a.typed, field).narrowed() {
			return a.st.With("q", toggle(a.typed, field, value, all), "sel", "")
		}
	}
	n := a.on(field)
	on := n.toggled(value, all)
	if len(on) == 0 {
		return a.st.withFilters(n.filters)
	}
	choice := anyOf(field, on)
	if n.narrowed() && len(choice) > maxFilterText {
		return a.st.withFilters(a.amended(field, value, n.match(value)))
	}
	return a.st.withFilters(append(n.filters, choice))
}

// amended are the filters with a value of a field denied, or let pass, where a
// list of all that pass is too long for one.
func (a *logAsk) amended(field, value string, passes bool) []string {
	if passes {
		return append([]string{amend("", field, value, true)}, a.filters...)
	}
	var out []string
	for _, f := range a.filters {
		if s := splitField(f, field); s.narrowed() && s.rest == "" {
			wider := amend(f, field, value, false)
			if len(wider) > maxFilterText {
				return a.filters
			}
			f = wider
		}
		if f != "" {
			out = append(out, f)
		}
	}
	return out
}

// narrowed is this view with one more condition: in the query where that is a
// search line, or else as a filter.
func (a *logAsk) narrowed(term string) string {
	if a.syntax == store.SearchLine {
		return a.st.With("q", narrowed(a.typed, term), "sel", "")
	}
	if slices.Contains(a.filters, term) {
		return a.st.With("sel", "")
	}
	return a.st.withFilters(append(slices.Clone(a.filters), term))
}

// only is this view narrowed to one value of a field, and not to all others.
func (a *logAsk) only(field, value string) string {
	if a.syntax == store.SearchLine {
		return a.st.With("q", addTerm(a.typed, field, value), "sel", "")
	}
	return a.narrowed(fieldName(field) + ":" + quoteTerm(value))
}

func (a *logAsk) not(field, value string) string {
	if a.syntax == store.SearchLine {
		return a.st.With("q", denyTerm(a.typed, field, value), "sel", "")
	}
	return a.narrowed("-" + fieldName(field) + ":" + quoteTerm(value))
}
