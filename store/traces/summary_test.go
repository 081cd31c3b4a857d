package traces

import (
	"slices"
	"testing"

	"tripod/store"
)

func span(id, parent byte, service string, start, end int64) store.Span {
	return store.Span{SpanID: store.SpanID{id}, ParentID: store.SpanID{parent}, Service: service, Name: service, Start: start, End: end}
}

// zipkin is a span of a pair that shares its id.
func zipkin(s store.Span, kind store.SpanKind) store.Span {
	if s.Kind = kind; kind == store.SpanServer {
		s.Attrs = store.Attrs{{Key: store.ZipkinShared}}
	}
	return s
}

func TestSummarize(t *testing.T) {
	failed := span(3, 2, "db", 30, 60)
	failed.Status = store.StatusError
	for name, c := range map[string]struct {
		spans []brief
		root  string
		self  []int64 // of each service, by first appearance
		want  string  // status
	}{
		"children overlap": {[]brief{
			{span: span(1, 0, "web", 0, 100), status: "503"}, {span: span(2, 1, "api", 10, 70)},
			{span: failed}, {span: span(4, 1, "api", 50, 90)},
		}, "web", []int64{20, 70, 30}, "503"},
		"a child outlives its parent": {[]brief{
			{span: span(1, 0, "web", 0, 50)}, {span: span(2, 1, "worker", 40, 500)},
		}, "web", []int64{40, 460}, "ok"},
		"no root came": {[]brief{
			{span: span(2, 9, "api", 5, 10)}, {span: span(3, 2, "db", 6, 7)},
		}, "api", []int64{4, 1}, "ok"},
		"a circle": {[]brief{
			{span: span(1, 2, "a", 0, 10)}, {span: span(2, 1, "b", 1, 5)},
		}, "a", []int64{6, 0}, "ok"},
		"its own parent":                  {[]brief{{span: span(1, 1, "a", 0, 10)}}, "a", []int64{10}, "ok"},
		"Zipkin's server names no parent": {[]brief{{span: zipkin(span(1, 0, "api", 1, 90), store.SpanServer)}, {span: zipkin(span(1, 0, "web", 2, 100), store.SpanClient)}}, "web", []int64{89, 10}, "ok"},
		"came twice":                      {[]brief{{span: span(1, 0, "a", 0, 10)}, {span: span(1, 0, "a", 0, 10)}}, "a", []int64{10}, "ok"},
	} {
		t.Run(name, func(t *testing.T) {
			got := summarize(store.TraceID{1}, c.spans)
			var self []int64
			for _, s := range got.Services {
				self = append(self, s.Self)
			}
			if got.RootService != c.root || got.Status != c.want || !slices.Equal(self, c.self) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestAssembleEndsOnCircles(t *testing.T) {
	got := assemble([]store.Span{span(1, 2, "a", 5, 6), span(2, 3, "b", 5, 6), span(3, 1, "c", 5, 6), span(4, 3, "d", 5, 6), span(5, 5, "e", 5, 6)})
	if len(got) != 5 {
		t.Errorf("got %d spans", len(got))
	}
}
