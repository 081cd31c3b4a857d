package pages

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"tripod/store"
	"tripod/ui/screens"
)

// traceqlWords are fields that every span has, with what they are.
var traceqlWords = []struct{ name, is string }{
	{"name", "of the span"}, {"duration", "such as > 100ms"}, {"status", "error, ok, unset"}, {"kind", "server, client, …"}, {"statusMessage", "text of the status"},
	{"rootServiceName", "of the trace"}, {"rootName", "of the trace"}, {"traceDuration", "of the trace"}, {"span:childCount", "number of children"}, {"event:name", "of an event"}, {"link:traceID", "of a link"},
}

// traceqlStages are what may stand behind a pipe.
var traceqlStages = []struct{ name, does string }{
	{"count()", "spans of the set"}, {"avg(", "of a number"}, {"max(", "of a number"}, {"min(", "of a number"}, {"sum(", "of a number"},
	{"by(", "groups spans"}, {"select(", "shows fields"}, {"coalesce()", "joins groups"},
}

// tracesComplete answers with the ways to go on from what is typed in a query.
func (p *Pages) tracesComplete(w http.ResponseWriter, r *http.Request) error {
	if p.o.TraceQL == nil {
		return errNoDoor
	}
	ctx, cancel := context.WithTimeout(r.Context(), completeTime)
	defer cancel()
	head := cut(r.URL.Query().Get("q"), maxValue)
	c := completer{p: p, all: r.URL.Query().Get("all") != "", most: completeOptions}
	if c.all {
		c.most = completeAll
	}
	if head == "" || isTraceQL(head) {
		c.traceQL(ctx, head, p.state(r).Range)
	}
	return p.fragment(w, r, http.StatusOK, screens.LogOptions(c.out))
}

// traceqlSpot finds out what is typed at the end of a query that is not
// finished: label is of a value.
func traceqlSpot(head string) spot {
	inside, from := openAt(head)
	if from > 0 {
		if !inside {
			return spot{}
		}
		return spot{kind: spotValue, label: lastField(strings.TrimRight(head[:from-1], "=~!<> ")), typed: head[from:]}
	}
	typed := lastField(head)
	before := strings.TrimRight(head[:len(head)-len(typed)], " \t\n")
	switch {
	case inside && (strings.HasSuffix(before, "{") || strings.HasSuffix(before, "&&") || strings.HasSuffix(before, "||") || strings.HasSuffix(before, "(")):
		return spot{kind: spotLabel, typed: typed}
	case !inside && strings.HasSuffix(before, "|") && !strings.HasSuffix(before, "||"):
		return spot{kind: spotStage, typed: typed}
	case !inside && (strings.HasSuffix(before, "by(") || strings.HasSuffix(before, "select(") || strings.HasSuffix(before, "avg(") || strings.HasSuffix(before, "sum(") || strings.HasSuffix(before, "max(") || strings.HasSuffix(before, "min(")):
		return spot{kind: spotLabel, typed: typed}
	}
	return spot{}
}

// lastField is the name of a field at the end of a text.
func lastField(s string) string {
	i := len(s)
	for i > 0 && !strings.ContainsRune(" \t\n\"`=!<>~(){}|&,+*^", rune(s[i-1])) {
		i--
	}
	return s[i:]
}

// traceQL completes a query.
func (c *completer) traceQL(ctx context.Context, head string, r store.TimeRange) {
	if strings.TrimSpace(head) == "" {
		if c.all {
			c.add(screens.LogOption{Type: "query", Text: "{ ", Note: "TraceQL", More: true, Mono: true}, "{ }", "")
		}
		return
	}
	at := traceqlSpot(head)
	c.replaces(at.typed)
	switch at.kind {
	case spotLabel:
		c.spanFields(ctx, at.typed, r)
	case spotValue:
		c.spanValues(ctx, at, r)
	case spotStage:
		for _, s := range traceqlStages {
			if strings.HasPrefix(s.name, at.typed) {
				c.add(screens.LogOption{Type: "stage", Text: s.name, Note: s.does, More: strings.HasSuffix(s.name, "("), Mono: true}, s.name, at.typed)
			}
		}
	}
}

// spanFields offers fields whose names contain what is typed, those that begin
// so first.
func (c *completer) spanFields(ctx context.Context, typed string, r store.TimeRange) {
	tags, _ := c.p.o.TraceQL.TagNames(ctx, r) // an error leaves the words that are always there
	type field struct{ name, kind, note string }
	list := []field{{"resource.service.name", "resource", ""}}
	for _, w := range traceqlWords {
		list = append(list, field{w.name, "span", w.is})
	}
	for _, set := range []struct {
		scope string
		names []string
	}{{"span.", tags.Span}, {"resource.", tags.Resource}, {"instrumentation.", tags.Instrumentation}} {
		for _, n := range set.names {
			if name := set.scope + n; name != "resource.service.name" && !strings.ContainsAny(n, " \"`=!<>~(){}|&,+*^") {
				list = append(list, field{name, strings.TrimSuffix(set.scope, "."), ""})
			}
		}
	}
	low := strings.ToLower(typed)
	list = slices.DeleteFunc(list, func(f field) bool { return !strings.Contains(strings.ToLower(f.name), low) })
	slices.SortStableFunc(list, func(x, y field) int { return prefixRank(y.name, low) - prefixRank(x.name, low) })
	for _, f := range list {
		c.add(screens.LogOption{Type: f.kind, Text: f.name + " ", Note: f.note, Mono: true}, f.name, typed)
	}
}

// spanValues offers the commonest values of a field.
func (c *completer) spanValues(ctx context.Context, at spot, r store.TimeRange) {
	values, _ := c.p.o.TraceQL.TagValues(ctx, store.SpanTagQuery{Tag: at.label, Range: r})
	low := strings.ToLower(at.typed)
	for _, v := range values {
		text := v.Value.Text()
		if v.Value.Kind != store.KindString || !strings.Contains(strings.ToLower(text), low) {
			continue
		}
		note := ""
		if v.Spans > 0 {
			note = counted(int(v.Spans), "span")
		}
		c.add(screens.LogOption{Type: "value", Text: forceQuote(text)[1:] + " ", Note: note, Mono: true}, cut(oneLine(text), 80), at.typed)
	}
}
