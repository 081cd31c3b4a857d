package pages

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"tripod/store"
	"tripod/ui"
	"tripod/ui/screens"
)

// asMetric is the selector of PromQL that asks TraceQL.
func asMetric(query string) string {
	if strings.Contains(query, "`") {
		return "{" + store.AskTraceQL + "=" + strconv.Quote(query) + "}"
	}
	return "{" + store.AskTraceQL + "=`" + query + "`}"
}

func chartHref(st *State, query string) string {
	return st.Carry().Href("/graph", "q", asMetric(query))
}

// rateOf is a query for how many spans a second fit the form, by service when
// the form names none.
func rateOf(st *State, q store.TraceQuery) string {
	text := strings.TrimSpace(st.Values.Get("tags"))
	if isTraceQL(text) {
		return withConditions(text, q, st.Services) + " | rate()"
	}
	var span []string
	for _, key := range slices.Sorted(maps.Keys(q.Tags)) {
		span = append(span, attribute(key, q.Tags[key]))
	}
	if q.MinDuration > 0 {
		span = append(span, "traceDuration>="+q.MinDuration.String())
	}
	if q.MaxDuration > 0 {
		span = append(span, "traceDuration<="+q.MaxDuration.String())
	}
	if q.Errors {
		span = append(span, "status=error")
	}
	span = append(conditions(q, st.Services), span...)
	by := ""
	if len(st.Services) != 1 {
		by = " by (resource.service.name)"
	}
	return "{ " + strings.Join(span, " && ") + " } | rate()" + by
}

// attribute is a condition that an attribute reads as a text, whatever its type,
// or that the field has which a search knows by such a word.
func attribute(key, text string) string {
	name := attributeName(key)
	any := []string{name + "=" + strconv.Quote(text)}
	_, err := strconv.ParseFloat(text, 64)
	if plain := strings.Trim(text, "0123456789.-") == ""; err == nil && plain || text == "true" || text == "false" {
		any = append(any, name+"="+text)
	}
	if own := ownField(key, text); own != "" {
		any = append(any, own)
	}
	if len(any) == 1 {
		return any[0]
	}
	return "(" + strings.Join(any, " || ") + ")"
}

// ownField is a condition on a span's own field that Jaeger's users know by such
// an attribute, as a search reads it too.
func ownField(key, text string) string {
	switch key {
	case "error":
		if text == "true" {
			return "status=error"
		} else if text == "false" {
			return "status!=error"
		}
	case "span.kind":
		for k := store.SpanInternal; k <= store.SpanConsumer; k++ {
			if k.String() == text {
				return "kind=" + text
			}
		}
	case "otel.status_code":
		if code := strings.ToLower(text); code == "error" || code == "ok" {
			return "status=" + code
		}
	case "otel.status_description":
		return "statusMessage=" + strconv.Quote(text)
	}
	return ""
}

// attributeName is an attribute of a span or its resource in TraceQL.
func attributeName(key string) string {
	for _, r := range key {
		if !(r == '.' || r == '_' || r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') {
			return "." + strconv.Quote(key)
		}
	}
	return "." + key
}

// numbers leads to the chart of a query that gives numbers over time.
func (p *Pages) numbers(ctx context.Context, st *State, err error) *screens.TraceEmpty {
	text := strings.TrimSpace(st.Values.Get("tags"))
	var qe *store.QueryError
	if errors.As(err, &qe) { // the conditions of the form cannot stand behind numbers
		_, err = p.o.TraceQL.FindSpans(ctx, store.SpanQuery{Text: text, Limit: 1})
	}
	if !errors.Is(err, store.ErrNumbers) {
		return nil
	}
	return &screens.TraceEmpty{
		Title: "This query gives numbers over time", Text: "It has no traces to list, and a chart shows it.",
		Actions: []ui.Button{{Text: "Chart it in Metrics", Href: chartHref(st, text), Kind: "primary", Small: true}},
	}
}
