package logs

import (
	"context"
	"testing"
	"time"

	"tripod/store"
)

// BenchmarkScreen is what the Logs screen asks for beside lines and counts.
func BenchmarkScreen(b *testing.B) {
	s, hour, _, _ := BenchStore(b)
	ctx := context.Background()
	for name, ask := range map[string]func() error{
		"patterns": func() error {
			_, err := s.Patterns(ctx, store.PatternQuery{LogQuery: store.LogQuery{Range: hour}, Step: time.Minute, Top: 100})
			return err
		},
		"facets of all": func() error { _, err := s.Facets(ctx, store.LogQuery{Range: hour}, 200); return err },
		"facets of a query": func() error {
			_, err := s.Facets(ctx, store.LogQuery{Range: hour, Text: "http_status_code:500"}, 200)
			return err
		},
		"facets of newest":   func() error { _, err := s.Facets(ctx, store.LogQuery{Range: hour, Limit: 50_000}, 200); return err },
		"fields to complete": func() error { _, err := s.Facets(ctx, store.LogQuery{Range: hour, Limit: 20_000}, 3); return err },
		"values of a field": func() error {
			_, err := s.Values(ctx, store.FacetQuery{LogQuery: store.LogQuery{Range: hour, Limit: 20_000}, Field: "http_route", Top: 12})
			return err
		},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if err := ask(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
