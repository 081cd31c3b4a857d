package tempoapi

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"tripod/store"
	"tripod/web"
)

// search finds traces by TraceQL in q, or by tags in logfmt.
func (a *API) search(w http.ResponseWriter, r *http.Request) {
	q, err := a.searchQuery(r.URL.Query())
	if err != nil {
		fail(w, err)
		return
	}
	found, err := a.doors.Traces.FindSpans(r.Context(), q)
	if err != nil {
		fail(w, err)
		return
	}
	out := searchAnswer{Traces: []foundTrace{}, Metrics: searchMetrics{InspectedTraces: found.Inspected}}
	for i := range found.Traces {
		out.Traces = append(out.Traces, foundOf(&found.Traces[i]))
	}
	web.JSON(w, http.StatusOK, out)
}

func (a *API) searchQuery(p url.Values) (q store.SpanQuery, err error) {
	q.Text = p.Get("q")
	if q.Text == "" {
		if q.Text, err = tagQuery(p.Get("tags")); err != nil {
			return q, err
		}
	}
	if q.Range, err = a.timeRange(p); err != nil {
		return q, err
	}
	if q.MinDuration, err = duration(p, "minDuration"); err != nil {
		return q, err
	}
	if q.MaxDuration, err = duration(p, "maxDuration"); err != nil {
		return q, err
	}
	if q.Limit, err = count(p, "limit", maxTraces); err != nil {
		return q, err
	}
	q.Spans, err = count(p, "spss", maxSpans)
	return q, err
}

func foundOf(m *store.TraceMatch) foundTrace {
	t := &m.Trace
	out := foundTrace{TraceID: t.ID.String(), RootService: t.RootService, RootName: t.RootName, Start: nanos(t.Start),
		DurationMs: time.Duration(t.Duration()).Milliseconds(), ServiceStats: map[string]serviceStats{}}
	for _, s := range t.Services {
		out.ServiceStats[s.Service] = serviceStats{s.Spans, s.Errors}
	}
	for i := range m.Sets {
		set := spanSet{Spans: []foundSpan{}, Matched: m.Sets[i].Matched, Attrs: attrs(m.Sets[i].Attrs)}
		for _, s := range m.Sets[i].Spans {
			set.Spans = append(set.Spans, foundSpan{s.ID.String(), s.Name, nanos(s.Start), nanos(s.Duration), attrs(s.Attrs)})
		}
		out.SpanSets = append(out.SpanSets, set)
	}
	if len(out.SpanSets) > 0 {
		out.SpanSet = &out.SpanSets[0]
	}
	return out
}

// attrs are attributes by their names without the scope.
func attrs(in store.Attrs) (out []attr) {
	for _, a := range in {
		out = append(out, attr{plainName(a.Key), valueOf(a.Value)})
	}
	return out
}

func plainName(key string) string {
	for _, scope := range [...]string{"span.", "resource.", "event.", "link.", "instrumentation.", "."} {
		if name, ok := strings.CutPrefix(key, scope); ok {
			return name
		}
	}
	return key
}

// Intrinsics that can be completed, by what they are of.
var intrinsics = []string{"duration", "event:name", "event:timeSinceStart", "instrumentation:name", "instrumentation:version", "kind", "link:spanID", "link:traceID",
	"name", "rootName", "rootServiceName", "span:duration", "span:id", "span:kind", "span:name", "span:parentID", "span:status", "span:statusMessage",
	"status", "statusMessage", "trace:duration", "trace:id", "trace:rootName", "trace:rootService", "traceDuration"}

type scopeTags struct {
	Name string   `json:"name"`
	Tags []string `json:"tags"`
}

func (a *API) scopes(w http.ResponseWriter, r *http.Request) ([]scopeTags, bool) {
	rng, err := a.timeRange(r.URL.Query())
	var tags store.SpanTags
	if err == nil {
		tags, err = a.doors.Tags.TagNames(r.Context(), rng)
	}
	if err != nil {
		fail(w, err)
		return nil, false
	}
	all := []scopeTags{{"resource", tags.Resource}, {"span", tags.Span}, {"instrumentation", tags.Instrumentation}, {"intrinsic", intrinsics}}
	only := r.URL.Query().Get("scope")
	return slices.DeleteFunc(all, func(s scopeTags) bool {
		return len(s.Tags) == 0 || only != "" && only != "none" && s.Name != only
	}), true
}

func (a *API) scopedTags(w http.ResponseWriter, r *http.Request) {
	if scopes, ok := a.scopes(w, r); ok {
		web.JSON(w, http.StatusOK, map[string]any{"scopes": scopes, "metrics": struct{}{}})
	}
}

func (a *API) tags(w http.ResponseWriter, r *http.Request) {
	scopes, ok := a.scopes(w, r)
	if !ok {
		return
	}
	names := []string{}
	for _, s := range scopes {
		if s.Name != "intrinsic" {
			names = append(names, s.Tags...)
		}
	}
	slices.Sort(names)
	web.JSON(w, http.StatusOK, map[string]any{"tagNames": slices.Compact(names), "metrics": struct{}{}})
}

type tagValue struct {
	Type  string `json:"type"`
	Value string `json:"value"`
}

func (a *API) typedValues(w http.ResponseWriter, r *http.Request) {
	list, ok := a.tagValues(w, r)
	if !ok {
		return
	}
	out := []tagValue{}
	for _, v := range list {
		out = append(out, tagValue{typeOf(r.PathValue("tag"), v.Value), v.Value.Text()})
	}
	web.JSON(w, http.StatusOK, map[string]any{"tagValues": out, "metrics": struct{}{}})
}

// typeOf is how a value is written in TraceQL: keywords without quotes.
func typeOf(tag string, v store.Value) string {
	switch tag {
	case "status", "kind", "span:status", "span:kind":
		return "keyword"
	}
	switch v.Kind {
	case store.KindInt:
		return "int"
	case store.KindFloat:
		return "float"
	case store.KindBool:
		return "bool"
	}
	return "string"
}

func (a *API) values(w http.ResponseWriter, r *http.Request) {
	list, ok := a.tagValues(w, r)
	if !ok {
		return
	}
	out := []string{}
	for _, v := range list {
		out = append(out, v.Value.Text())
	}
	web.JSON(w, http.StatusOK, map[string]any{"tagValues": out, "metrics": struct{}{}})
}

func (a *API) tagValues(w http.ResponseWriter, r *http.Request) ([]store.SpanTagValue, bool) {
	p := r.URL.Query()
	q := store.SpanTagQuery{Tag: r.PathValue("tag"), Text: p.Get("q")}
	var err error
	if q.Range, err = a.timeRange(p); err == nil {
		q.Limit, err = count(p, "limit", maxValues)
	}
	var list []store.SpanTagValue
	if err == nil {
		list, err = a.doors.Tags.TagValues(r.Context(), q)
	}
	if err != nil {
		fail(w, err)
	}
	return list, err == nil
}
