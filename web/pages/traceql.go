package pages

import (
	"cmp"
	"context"
	"errors"
	"regexp"
	"strconv"
	"strings"

	"tripod/store"
)

// TraceQL finds traces by a query, and knows what can be asked about.
type TraceQL interface {
	FindSpans(ctx context.Context, q store.SpanQuery) (store.SpanAnswer, error)
	TagNames(ctx context.Context, r store.TimeRange) (store.SpanTags, error)
	TagValues(ctx context.Context, q store.SpanTagQuery) ([]store.SpanTagValue, error)
}

// isTraceQL tells a query from attributes: it begins with a spanset.
func isTraceQL(text string) bool {
	text = strings.TrimSpace(text)
	return strings.HasPrefix(text, "{") || strings.HasPrefix(text, "(")
}

// findTraces asks a query, together with the other conditions of the form.
func (p *Pages) findTraces(ctx context.Context, text string, q store.TraceQuery, services []string) ([]store.TraceSummary, error) {
	if p.o.TraceQL == nil {
		return nil, errNoDoor
	}
	found, err := p.o.TraceQL.FindSpans(ctx, store.SpanQuery{
		Text: withConditions(text, q, services), Range: q.Range, MinDuration: q.MinDuration, MaxDuration: q.MaxDuration, Limit: cmp.Or(q.Limit, maxTraces), Spans: 1,
	})
	if err == nil {
		err = found.Damage
	}
	var out []store.TraceSummary
	for i := range found.Traces {
		out = append(out, found.Traces[i].Trace)
	}
	return out, err
}

// withConditions is a query that also wants a span of a service and operation,
// and one with an error.
func withConditions(text string, q store.TraceQuery, services []string) string {
	span := conditions(q, services)
	var also []string
	if len(span) > 0 {
		also = append(also, "{"+strings.Join(span, " && ")+"}")
	}
	if q.Errors {
		also = append(also, "{status=error}")
	}
	if len(also) == 0 {
		return text
	}
	return "(" + strings.TrimSpace(text) + ") && " + strings.Join(also, " && ")
}

// conditions are what a span of a service and operation fits.
func conditions(q store.TraceQuery, services []string) (span []string) {
	switch len(services) {
	case 0:
	case 1:
		span = append(span, "resource.service.name="+strconv.Quote(services[0]))
	default:
		var any []string
		for _, s := range services {
			any = append(any, regexp.QuoteMeta(s))
		}
		span = append(span, "resource.service.name=~"+strconv.Quote(strings.Join(any, "|")))
	}
	if q.Operation != "" {
		span = append(span, "name="+strconv.Quote(q.Operation))
	}
	return span
}

// wrongQuery is the error of a query in its own words: the text that was asked
// may have a parenthesis in front.
func wrongQuery(typed string, err error) (*store.QueryError, bool) {
	var qe *store.QueryError
	if !errors.As(err, &qe) {
		return nil, false
	}
	own := *qe
	if before := strings.Index(qe.Query, strings.TrimSpace(typed)); before >= 0 && qe.Query != typed {
		shift := before - strings.Index(typed, strings.TrimSpace(typed))
		own.Pos, own.End = min(max(qe.Pos-shift, 0), len(typed)), min(max(qe.End-shift, 0), len(typed))
	}
	own.Query = typed
	return &own, true
}
