package pages

import (
	"context"
	"slices"
	"strings"

	"tripod/store"
)

// nearestField finds a field that the query asks for and no line has, and the
// known name that differs least from it; empty when every field is known, or
// none is near.
func (p *Pages) nearestField(ctx context.Context, a *logAsk) (asked, known, href string) {
	if a.syntax != store.SearchLine {
		return "", "", ""
	}
	scope := *a
	scope.filters = nil
	scope.narrow = scopeLine(a.st.Services)
	var names []string
	for _, f := range p.knownFields(ctx, &scope, "").Fields {
		names = append(names, f.Field)
	}
	if len(names) == 0 {
		return "", "", ""
	}
	for _, t := range terms(a.typed) {
		if t.kind != fieldTerm || recordWords[t.field] || slices.ContainsFunc(names, func(n string) bool { return sameName(n, t.field) }) {
			continue
		}
		if near := nearest(t.field, names); near != "" {
			at := strings.Index(a.typed[t.start:], t.field) + t.start
			fixed := a.typed[:at] + fieldName(near) + a.typed[at+len(t.field):]
			return t.field, near, a.st.With("q", fixed, "sel", "")
		}
	}
	return "", "", ""
}

// recordWords are names of what a record has itself, which are no fields.
var recordWords = map[string]bool{
	"msg": true, "message": true, "msg.pattern": true, "line": true, "level": true, "detected_level": true,
	"service": true, "service.name": true, "service_name": true, "trace_id": true, "span_id": true, "event_name": true, "event.name": true,
}

// sameName knows that "_" asks for any character that is no letter or digit.
func sameName(name, asked string) bool { return name == asked || labelNameOf(name) == asked }

// nearest is the name with the fewest changes, at most a third of its letters.
func nearest(asked string, names []string) string {
	best, least := "", len(asked)/3+1
	for _, n := range names {
		if d := changes(strings.ToLower(asked), strings.ToLower(n)); d < least {
			best, least = n, d
		}
	}
	return best
}

// changes is Levenshtein's distance over bytes, of the first 64 of each.
func changes(a, b string) int {
	a, b = a[:min(len(a), 64)], b[:min(len(b), 64)]
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
