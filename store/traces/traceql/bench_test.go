package traceql

import (
	"context"
	"fmt"
	"testing"

	"tripod/store"
)

// benchTree is a trace of n spans, each of which has up to four children.
func benchTree(n int) *Tree {
	spans := make([]store.Span, n)
	for i := range spans {
		s := &spans[i]
		*s = store.Span{SpanID: numberedSpan(i + 1), Name: fmt.Sprint("op ", i%9), Service: fmt.Sprint("service ", i%5), Start: scriptStart + int64(i), End: scriptStart + int64(i) + 1000,
			Attrs: store.Attrs{{Key: "http.route", Value: store.String("/tasks")}, {Key: "http.response.status_code", Value: store.Int(int64(200 + i%7*50))}}}
		if i > 0 {
			s.ParentID = numberedSpan((i-1)/4 + 1)
		}
		if i%50 == 0 {
			s.Status = store.StatusError
		}
	}
	return NewTree(store.TraceID{1}, spans)
}

func BenchmarkEval(b *testing.B) {
	const n = 100_000
	tree := benchTree(n)
	for name, text := range map[string]string{
		"attribute": `{ span.http.response.status_code >= 500 }`,
		"structure": `{ resource.service.name = "service 1" } >> { status = error && span.http.response.status_code > 200 }`,
		"siblings":  `{ status = error } &~ { name = "op 1" }`,
		"grouped":   `{} | by(resource.service.name) | avg(duration) > 1ns`,
	} {
		q, err := Parse(text)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if sets, err := q.Eval(context.Background(), tree); err != nil || len(sets) == 0 {
					b.Fatal(sets, err)
				}
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "spans/s")
		})
	}
	b.Run("tree", func(b *testing.B) {
		for b.Loop() {
			NewTree(tree.ID, tree.Spans)
		}
		b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "spans/s")
	})
}
