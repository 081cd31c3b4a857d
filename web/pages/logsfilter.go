package pages

import (
	"slices"
	"strings"

	"tripod/ui/screens"
)

// Bounds of the filters beside a query; each is a search line of its own.
const (
	maxFilters    = 24
	maxFilterText = 1000 // bytes
)

// filters are those of an address, and what is wrong with others.
func filters(all []string) (out, problems []string) {
	for _, f := range all {
		f = strings.TrimSpace(f)
		switch {
		case f == "" || slices.Contains(out, f):
		case len(out) == maxFilters:
			return out, append(problems, "There are more than 24 filters; the rest was left out.")
		case len(f) > maxFilterText || !balanced(f):
			problems = append(problems, "The filter "+cut(f, 60)+" cannot be read and was left out.")
		default:
			out = append(out, f)
		}
	}
	return out, problems
}

// addFilter takes up what the form for a filter sends: ff the field, fo how it
// is compared, fv the value.
func (a *logAsk) addFilter() {
	v := a.st.Values
	field, op, value := strings.TrimSpace(v.Get("ff")), v.Get("fo"), strings.TrimSpace(v.Get("fv"))
	for _, name := range [...]string{"ff", "fo", "fv"} {
		v.Del(name)
	}
	if field == "" || len(a.filters) >= maxFilters {
		return
	}
	f := fieldName(field) + ":"
	switch {
	case op == "*":
		f += "*"
	case value == "":
		return
	case op == "-":
		f = "-" + f + quoteTerm(value)
	case op == "~" || op == ">=" || op == "<=":
		f += op + quoteTerm(value)
	default:
		f += quoteTerm(value)
	}
	if !slices.Contains(a.filters, f) {
		a.filters = append(a.filters, f)
	}
}

// balanced says that a line can stand in parentheses without breaking out.
func balanced(line string) bool {
	depth := 0
	for i := 0; i < len(line); i++ {
		switch line[i] {
		case '"':
			if i = closingQuote(line, i); i < 0 {
				return false
			}
		case '(':
			depth++
		case ')':
			if depth--; depth < 0 {
				return false
			}
		}
	}
	return depth == 0
}

// closingQuote is where the quote that opens at i ends, or -1.
func closingQuote(line string, i int) int {
	for i++; i < len(line); i++ {
		switch {
		case line[i] == '"':
			return i
		case line[i] == '\\' && i+1 < len(line) && strings.IndexByte(escapes, line[i+1]) >= 0:
			i++
		}
	}
	return -1
}

// narrowLine is the search line of a scope and filters.
func narrowLine(services, filters []string) string {
	line := scopeLine(services)
	for _, f := range filters {
		if hasOr(terms(f)) {
			f = "(" + f + ")"
		}
		line = join(line, f)
	}
	return line
}

// withFilters is this view with other filters.
func (st *State) withFilters(filters []string, pairs ...string) string {
	if len(filters) == 0 {
		pairs = append(pairs, "filter", "")
	}
	for _, f := range filters {
		pairs = append(pairs, "filter", f)
	}
	return st.With(append(pairs, "sel", "")...)
}

// chips are the conditions that the scope and the filters add.
func (a *logAsk) chips() []screens.Chip {
	var out []screens.Chip
	for _, s := range a.st.Services {
		out = append(out, screens.Chip{Before: "service is", Value: s, Remove: a.st.withoutService(s)})
	}
	for i, f := range a.filters {
		c := filterChip(f)
		c.Remove = a.st.withFilters(slices.Delete(slices.Clone(a.filters), i, i+1))
		out = append(out, c)
	}
	return out
}

// saidOps are the operators of a field in words.
var saidOps = map[string]string{"": "is", "=": "is", "~": "contains", ">": ">", ">=": "≥", "<": "<", "<=": "≤"}

// filterChip says a filter in words, where it is one condition on one field.
func filterChip(f string) screens.Chip {
	all := terms(f)
	if len(all) == 1 && all[0].kind == groupTerm && !all[0].neg {
		if c, ok := choiceChip(terms(all[0].value)); ok {
			return c
		}
	}
	if len(all) != 1 || all[0].kind != fieldTerm {
		return screens.Chip{Value: f}
	}
	return fieldChip(all[0])
}

func fieldChip(t term) screens.Chip {
	said, value := saidOps[t.op], t.value
	if t.field == "msg.pattern" {
		return screens.Chip{Before: "pattern " + said, Value: value}
	}
	if t.op == "" && !t.quoted && value == "*" {
		said, value = "exists", ""
	}
	if t.neg {
		return screens.Chip{Before: "not " + t.field + strings.TrimPrefix(" "+said, " is"), Value: value}
	}
	return screens.Chip{Before: t.field + " " + said, Value: value}
}

// choiceChip says (route:/a or route:/b).
func choiceChip(all []term) (screens.Chip, bool) {
	var values []string
	for i, t := range all {
		if i%2 == 1 && t.kind == orTerm {
			continue
		}
		if i%2 == 1 || t.kind != fieldTerm || t.neg || t.op != "" || t.field != all[0].field {
			return screens.Chip{}, false
		}
		values = append(values, t.value)
	}
	if len(values) < 2 {
		return screens.Chip{}, false
	}
	last := len(values) - 1
	return screens.Chip{Before: all[0].field + " is", Value: strings.Join(values[:last], ", ") + " or " + values[last]}, true
}
