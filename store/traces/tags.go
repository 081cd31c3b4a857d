package traces

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"time"

	"tripod/store"
	"tripod/store/events"
	"tripod/store/traces/traceql"
)

const (
	defaultValues = 1000
	maxValues     = 10_000 // of one tag; of more, the first that are found
)

// TagNames are the names of the attributes of spans that start in the range.
func (s *Store) TagNames(ctx context.Context, r store.TimeRange) (store.SpanTags, error) {
	var out store.SpanTags
	names, _, err := s.events.Names(ctx, r)
	for _, n := range names {
		for prefix, list := range map[string]*[]string{attrPrefix: &out.Span, resourcePrefix: &out.Resource, scopePrefix: &out.Instrumentation} {
			if name, ok := strings.CutPrefix(n, prefix); ok {
				*list = append(*list, name)
			}
		}
	}
	return out, err
}

// TagValues are the values of a tag, the commonest first.
func (s *Store) TagValues(ctx context.Context, q store.SpanTagQuery) ([]store.SpanTagValue, error) {
	tag := tagOf(q.Tag)
	if tag.words != nil {
		return tag.words, nil
	}
	if len(tag.fields) == 0 {
		return nil, nil
	}
	values := tagValues{tag: tag, at: map[store.Value]int{}}
	eq := events.Query{Range: q.Range, Where: tag.where(q.Text), Fields: tag.fields, Origin: q.Range.From}
	err := s.events.Fold(ctx, eq, wholeRange(q.Range), values.add)
	if err != nil && !errors.Is(err, errEnough) {
		return nil, err
	}
	slices.SortStableFunc(values.list, func(a, b store.SpanTagValue) int {
		return cmp.Or(cmp.Compare(b.Spans, a.Spans), strings.Compare(a.Value.Text(), b.Value.Text()))
	})
	return values.list[:min(len(values.list), cmp.Or(q.Limit, defaultValues))], nil
}

var errEnough = errors.New("enough values")

// tagValues gathers the values of a tag.
type tagValues struct {
	tag  tagFields
	at   map[store.Value]int
	list []store.SpanTagValue
}

func (v *tagValues) add(e *events.Event, n int64) error {
	for i := range e.Fields {
		f := &e.Fields[i]
		if !slices.Contains(v.tag.fields, f.Name) || f.Value.Kind >= store.KindBytes {
			continue
		}
		at, ok := v.at[f.Value]
		if !ok {
			if len(v.list) == maxValues {
				return errEnough
			}
			value := f.Value
			if value.Kind == store.KindString {
				value = store.String(strings.Clone(value.Str()))
			}
			at = len(v.list)
			v.at[value] = at
			v.list = append(v.list, store.SpanTagValue{Value: value})
		}
		v.list[at].Spans += n
		return nil // of two fields of one tag the first counts
	}
	return nil
}

// tagFields are where a tag's values are.
type tagFields struct {
	fields []string
	root   bool                 // of the first spans of traces
	words  []store.SpanTagValue // all that there are, when they are few words
}

func tagOf(name string) tagFields {
	switch strings.ReplaceAll(name, "span:", "") {
	case "name":
		return tagFields{fields: []string{fName}}
	case "statusMessage":
		return tagFields{fields: []string{fStatusMessage}}
	case "rootName", "trace:rootName":
		return tagFields{fields: []string{fName}, root: true}
	case "rootServiceName", "rootService", "trace:rootService":
		return tagFields{fields: []string{fService}, root: true}
	case "status":
		return tagFields{words: wordsOf("error", "ok", "unset")}
	case "kind":
		return tagFields{words: wordsOf("client", "consumer", "internal", "producer", "server", "unspecified")}
	}
	scope, rest, _ := strings.Cut(name, ".")
	switch scope {
	case "resource":
		return tagFields{fields: []string{resourcePrefix + rest}}
	case "span":
		return tagFields{fields: []string{attrPrefix + rest}}
	case "instrumentation":
		return tagFields{fields: []string{scopePrefix + rest}}
	case "event", "link":
		return tagFields{}
	case "":
		name = rest
	}
	return tagFields{fields: []string{attrPrefix + name, resourcePrefix + name}}
}

func wordsOf(words ...string) (out []store.SpanTagValue) {
	for _, w := range words {
		out = append(out, store.SpanTagValue{Value: store.String(w)})
	}
	return out
}

// where narrows by what every span that matches a query has; a query that is
// not finished narrows nothing.
func (t *tagFields) where(text string) events.Expr {
	and := events.And{anyOf(t.fields)}
	if t.root {
		and = append(and, events.Not{X: events.Exists{Field: fParentID}})
	}
	if text != "" {
		if q, err := traceql.Parse(text); err == nil {
			if w := where(q.Plan().Span); w != nil {
				and = append(and, w)
			}
		}
	}
	return and
}

func anyOf(fields []string) events.Expr {
	var or events.Or
	for _, f := range fields {
		or = append(or, events.Exists{Field: f})
	}
	return or
}

// wholeRange is one step that is all of a range.
func wholeRange(r store.TimeRange) time.Duration {
	if d := r.To - r.From; d > 0 {
		return time.Duration(d)
	}
	return math.MaxInt64
}
