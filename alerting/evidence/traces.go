package evidence

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"tripod/alerting"
	"tripod/store"
)

const (
	keptTraces  = 3    // that fail, and as many slow ones
	keptSpans   = 40   // shown of a trace
	lookedAt    = 1000 // traces of one search
	maxSearches = 4
	maxBeside   = 10 // further services
)

// traces are the failing and the slowest ones of the services in the window.
// It tells at once which other services take part.
func (k *Keeper) traces(ctx context.Context, b *body, labels map[string]string, beside chan<- []string) ([]alerting.KeptTrace, error) {
	queries := narrowed(b, labels)
	failing, err := k.failing(ctx, queries)
	slow, err2 := k.slowest(ctx, queries)
	beside <- others(b.Services, failing, slow)
	var out []alerting.KeptTrace
	seen := map[store.TraceID]bool{}
	for _, list := range [...]struct {
		why    string
		traces []store.TraceSummary
	}{{"failing", failing}, {"slow", slow}} {
		for _, t := range list.traces {
			if seen[t.ID] {
				continue
			}
			seen[t.ID] = true
			kept, err3 := k.keep(ctx, list.why, &t)
			err = errors.Join(err, err3)
			out = append(out, kept)
		}
	}
	return out, errors.Join(err, err2)
}

// others are further services of traces, in order of appearance.
func others(services []string, lists ...[]store.TraceSummary) (out []string) {
	if len(services) == 0 {
		return nil // all are looked at
	}
	for _, list := range lists {
		for _, t := range list {
			for _, s := range t.Services {
				if len(out) < maxBeside && s.Service != "" && !slices.Contains(services, s.Service) && !slices.Contains(out, s.Service) {
					out = append(out, s.Service)
				}
			}
		}
	}
	return out
}

// narrowed are the questions, the narrowest first: by the operation or route
// that labels name, then by service alone.
func narrowed(b *body, labels map[string]string) (out [][]store.TraceQuery) {
	add := func(change func(*store.TraceQuery)) {
		var group []store.TraceQuery
		for _, s := range b.Services {
			q := store.TraceQuery{Range: b.within(), Service: s}
			change(&q)
			group = append(group, q)
		}
		if len(group) == 0 {
			q := store.TraceQuery{Range: b.within()}
			change(&q)
			group = append(group, q)
		}
		out = append(out, group)
	}
	switch name, route := cmp.Or(labels["span_name"], labels["operation"]), labels["http_route"]; {
	case name != "":
		add(func(q *store.TraceQuery) { q.Operation = name })
	case route != "":
		add(func(q *store.TraceQuery) { q.Tags = map[string]string{"http.route": route} })
	}
	add(func(*store.TraceQuery) {})
	return out
}

// failing takes one of each root operation first: they tell more.
func (k *Keeper) failing(ctx context.Context, queries [][]store.TraceQuery) ([]store.TraceSummary, error) {
	for _, group := range queries {
		var all []store.TraceSummary
		for _, q := range group {
			q.Errors, q.Limit = true, lookedAt/10
			found, err := k.o.Doors.Traces.Search(ctx, q)
			if err != nil {
				return nil, err
			}
			all = append(all, found...)
		}
		if len(all) == 0 {
			continue
		}
		nth := map[string]int{}
		rank := make(map[store.TraceID]int, len(all))
		for _, t := range all {
			rank[t.ID] = nth[t.RootName]
			nth[t.RootName]++
		}
		slices.SortStableFunc(all, func(a, b store.TraceSummary) int {
			return cmp.Or(cmp.Compare(rank[a.ID], rank[b.ID]), cmp.Compare(b.Start, a.Start))
		})
		return first(all), nil
	}
	return nil, nil
}

// slowest searches again for what is slower than what was found, until nothing
// is left out.
func (k *Keeper) slowest(ctx context.Context, queries [][]store.TraceQuery) ([]store.TraceSummary, error) {
	for _, group := range queries {
		var all []store.TraceSummary
		for _, q := range group {
			q.Limit = lookedAt
			for range maxSearches {
				found, err := k.o.Doors.Traces.Search(ctx, q)
				if err != nil {
					return first(all), err
				}
				all = longest(append(all, found...))
				if len(found) < q.Limit {
					break
				}
				q.MinDuration = time.Duration(all[len(all)-1].Duration()) + 1
			}
		}
		if len(all) > 0 {
			return all, nil
		}
	}
	return nil, nil
}

func first(all []store.TraceSummary) []store.TraceSummary { return all[:min(len(all), keptTraces)] }

func longest(all []store.TraceSummary) []store.TraceSummary {
	slices.SortFunc(all, func(a, b store.TraceSummary) int {
		return cmp.Or(cmp.Compare(b.Duration(), a.Duration()), slices.Compare(a.ID[:], b.ID[:]))
	})
	return first(slices.CompactFunc(all, func(a, b store.TraceSummary) bool { return a.ID == b.ID }))
}

// keep takes a trace with those of its spans that tell most.
func (k *Keeper) keep(ctx context.Context, why string, t *store.TraceSummary) (alerting.KeptTrace, error) {
	out := alerting.KeptTrace{
		ID: t.ID.String(), Why: why, Service: cut(t.RootService, maxName), Name: cut(t.RootName, maxName), Start: time.Unix(0, t.Start),
		Duration: time.Duration(t.Duration()), Spans: t.Spans, Errors: t.Errors,
	}
	whole, err := k.o.Doors.Traces.Trace(ctx, t.ID)
	if err != nil {
		return out, err
	}
	depths := store.NewKinship(len(whole.Spans), func(i int) *store.Span { return &whole.Spans[i] }).Depths()
	shown := telling(whole.Spans)
	for _, i := range shown {
		s := &whole.Spans[i]
		out.Shown = append(out.Shown, alerting.KeptSpan{
			Depth: depths[i], Service: cut(s.Service, maxName), Name: cut(s.Name, maxName),
			Start: time.Duration(s.Start - t.Start), Duration: time.Duration(s.Duration()),
			Failed: s.Status == store.StatusError, Message: cut(s.StatusMessage, maxName),
		})
	}
	return out, nil
}

// telling picks spans by index, in their order: the first, those that fail, and
// the longest.
func telling(spans []store.Span) []int {
	all := make([]int, len(spans))
	for i := range all {
		all[i] = i
	}
	if len(all) <= keptSpans {
		return all
	}
	weight := func(i int) (first, failed bool, took int64) {
		return i == 0, spans[i].Status == store.StatusError, spans[i].Duration()
	}
	slices.SortStableFunc(all, func(a, b int) int {
		afirst, afailed, atook := weight(a)
		bfirst, bfailed, btook := weight(b)
		return cmp.Or(before(afirst, bfirst), before(afailed, bfailed), cmp.Compare(btook, atook))
	})
	all = all[:keptSpans]
	slices.Sort(all)
	return all
}

// before puts what is true first.
func before(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}
