package pages

import (
	"slices"
	"strings"

	"tripod/store"
)

// addTerm narrows a search line to one value of a field.
func addTerm(q, field, value string) string {
	own := fieldName(field) + ":" + quoteTerm(value)
	all := terms(q)
	if hasOr(all) {
		return "(" + strings.TrimSpace(q) + ") " + own
	}
	for _, t := range all {
		if t.kind == fieldTerm && !t.neg && sameField(t.field, field) && (t.op == "" || t.op == "=") && t.value == value {
			return strings.TrimSpace(q)
		}
	}
	return join(q, own)
}

func join(q, more string) string {
	q = strings.TrimSpace(q)
	if q == "" || more == "" {
		return q + more
	}
	return q + " " + more
}

func hasOr(ts []term) bool {
	return slices.ContainsFunc(ts, func(t term) bool { return t.kind == orTerm })
}

// split is a search line without its conditions on one field.
type split struct {
	rest  string
	conds []func(value string) bool
}

// narrowed says whether the line had conditions on the field.
func (s split) narrowed() bool { return len(s.conds) > 0 }

// match says whether a value of the field passes all of them.
func (s split) match(value string) bool {
	for _, c := range s.conds {
		if !c(value) {
			return false
		}
	}
	return true
}

// splitField takes the conditions on one field out of a line, where each stands
// alone at the top and the line has no top-level or; others stay in the rest.
func splitField(q, field string) split {
	all := terms(q)
	if hasOr(all) {
		return split{rest: q}
	}
	var s split
	drop := make([]bool, len(all))
	for i, t := range all {
		if cond := condition(t, field, 0); cond != nil {
			s.conds = append(s.conds, cond)
			drop[i] = true
		}
	}
	if !s.narrowed() {
		return split{rest: q}
	}
	s.rest = without(q, all, drop)
	return s
}

// without keeps the terms that are not dropped, and an "and" only between two
// that stay.
func without(q string, all []term, drop []bool) string {
	var kept []string
	and := false
	for i, t := range all {
		switch {
		case drop[i]:
			and = false
		case t.kind == andTerm:
			and = len(kept) > 0
		default:
			if and {
				kept = append(kept, "and")
				and = false
			}
			kept = append(kept, q[t.start:t.end])
		}
	}
	rest := strings.Join(kept, " ")
	if n := len(all); n == maxTerms {
		rest = join(rest, q[all[n-1].end:])
	}
	return rest
}

// condition is what a term says of one field alone, or nil.
func condition(t term, field string, depth int) func(string) bool {
	switch t.kind {
	case fieldTerm:
		if !sameField(t.field, field) {
			return nil
		}
		c := fieldCondition(t)
		if c != nil && t.neg {
			return func(v string) bool { return !c(v) }
		}
		return c
	case groupTerm:
		if depth < maxNested {
			return groupCondition(t, field, depth+1)
		}
	}
	return nil
}

// groupCondition understands (f:a or f:b), which is how this screen writes
// several values.
func groupCondition(t term, field string, depth int) func(string) bool {
	var any []func(string) bool
	for i, in := range terms(t.value) {
		if i%2 == 1 {
			if in.kind != orTerm {
				return nil
			}
			continue
		}
		c := condition(in, field, depth)
		if c == nil {
			return nil
		}
		any = append(any, c)
	}
	if len(any) == 0 {
		return nil
	}
	return func(v string) bool {
		hit := slices.ContainsFunc(any, func(c func(string) bool) bool { return c(v) })
		return hit != t.neg
	}
}

func fieldCondition(t term) func(string) bool {
	if !t.quoted && strings.Contains(t.value, "..") {
		return nil
	}
	if t.op != "" && t.op != "=" {
		if t.field != "level" {
			return nil
		}
		want := levelRank(t.value)
		if want < 0 {
			return nil
		}
		return func(v string) bool { return compares(levelRank(v), t.op, want) }
	}
	if !t.quoted && strings.Contains(t.value, "*") {
		pattern := strings.ToLower(t.value)
		return func(v string) bool { return wildcard(pattern, strings.ToLower(v)) }
	}
	if t.value == "" {
		return nil
	}
	if t.field == "level" {
		if levelRank(t.value) < 0 {
			return nil
		}
		return func(v string) bool { return strings.EqualFold(v, t.value) }
	}
	return func(v string) bool { return v == t.value }
}

func compares(a int, op string, b int) bool {
	switch op {
	case ">=":
		return a >= b
	case "<=":
		return a >= 0 && a <= b
	case ">":
		return a > b
	case "<":
		return a >= 0 && a < b
	}
	return false
}

// levelRank is the place of a level's word among the levels, unset being 0, or
// -1 when it is no level.
func levelRank(word string) int {
	if strings.EqualFold(word, "unset") {
		return 0
	}
	for i, name := range store.LevelNames {
		if strings.EqualFold(word, name) {
			return i + 1
		}
	}
	return -1
}

// wildcard matches a pattern whose stars stand for any text.
func wildcard(pattern, v string) bool {
	parts := strings.Split(pattern, "*")
	if !strings.HasPrefix(v, parts[0]) {
		return false
	}
	v = v[len(parts[0]):]
	last := parts[len(parts)-1]
	for _, p := range parts[1 : len(parts)-1] {
		i := strings.Index(v, p)
		if i < 0 {
			return false
		}
		v = v[i+len(p):]
	}
	return strings.HasSuffix(v, last)
}

// sameField knows the two names of the service.
func sameField(a, b string) bool {
	return a == b || isService(a) && isService(b)
}

func isService(f string) bool {
	return f == "service" || f == "service.name" || f == "service_name"
}

// setValues replaces a line's conditions on a field: any of the values, and no
// values is no condition.
func setValues(q, field string, values []string) string {
	s := splitField(q, field)
	if len(values) == 0 {
		return strings.TrimSpace(s.rest)
	}
	rest := strings.TrimSpace(s.rest)
	if hasOr(terms(rest)) {
		rest = "(" + rest + ")"
	}
	return join(anyOf(field, values), rest)
}

// anyOf writes field:a, or (field:a or field:b), or level:>=warn.
func anyOf(field string, values []string) string {
	if field == "level" {
		if least, ok := upward(values); ok {
			return "level:>=" + least
		}
	}
	out := make([]string, len(values))
	for i, v := range values {
		out[i] = fieldName(field) + ":" + quoteTerm(v)
	}
	if len(out) == 1 {
		return out[0]
	}
	return "(" + strings.Join(out, " or ") + ")"
}

// upward says whether the levels are all from one to fatal, and which is the
// least; fatal alone is written as itself.
func upward(values []string) (string, bool) {
	least, mask := len(store.LevelNames)+1, 0
	for _, v := range values {
		r := levelRank(v)
		if r < 1 {
			return "", false
		}
		least = min(least, r)
		mask |= 1 << r
	}
	full := 0
	for r := least; r <= len(store.LevelNames); r++ {
		full |= 1 << r
	}
	if mask != full || len(values) < 2 {
		return "", false
	}
	return store.LevelNames[least-1], true
}

// toggle adds a value to those that the line lets pass, or takes it away; all
// are the values known of the field.
func toggle(q, field, value string, all []string) string {
	s := splitField(q, field)
	on := s.toggled(value, all)
	if s.narrowed() && len(anyOf(field, on)) > maxFilterText {
		return amend(q, field, value, s.match(value))
	}
	return setValues(q, field, on)
}

// toggled are the values that pass, with one more or one less.
func (s split) toggled(value string, all []string) []string {
	var on []string
	for _, v := range all {
		if chosen := s.narrowed() && s.match(v); chosen != (v == value) {
			on = append(on, v)
		}
	}
	return on
}

// amend denies a value of a field that passes a line, or lets it pass, and
// leaves what the line says of the other values.
func amend(q, field, value string, passes bool) string {
	own := fieldName(field) + ":" + quoteTerm(value)
	if passes {
		return join("-"+own, q)
	}
	all := terms(q)
	drop := make([]bool, len(all))
	wider := ""
	for i, t := range all {
		c := condition(t, field, 0)
		if c == nil || c(value) {
			continue
		}
		drop[i] = true
		switch {
		case t.kind == fieldTerm && t.neg && t.value == value && (t.quoted || !strings.Contains(value, "*")):
		case t.kind == groupTerm && !t.neg:
			wider = join(wider, "("+t.value+" or "+own+")")
		default:
			wider = join(wider, "("+q[t.start:t.end]+" or "+own+")")
		}
	}
	return join(wider, strings.TrimSpace(without(q, all, drop)))
}
