package traces

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"tripod/store"
)

// A tag's values are those of a walk over all spans, in any state of the store.
func TestTagValuesAgreeWithBruteForce(t *testing.T) {
	var spans []store.Span
	shop, stock := &store.Resource{Attrs: store.Attrs{{Key: "service.name", Value: store.String("shop")}, {Key: "zone", Value: store.String("a")}}},
		&store.Resource{Attrs: store.Attrs{{Key: "service.name", Value: store.String("stock")}}}
	for i := range 3000 {
		s := store.Span{TraceID: store.TraceID{13: 1, 14: byte(i >> 8), 15: byte(i)}, SpanID: store.SpanID{5: 1, 6: byte(i >> 8), 7: byte(i)}, Service: "shop", Resource: shop,
			Name: fmt.Sprintf("op %d", i%7), Start: int64(1e18) + int64(i)*1e8, End: int64(1e18) + int64(i)*1e8 + 5e6}
		if i%3 == 0 {
			s.Service, s.Resource, s.ParentID = "stock", stock, store.SpanID{7: 1}
			s.Attrs = append(s.Attrs, store.Attr{Key: "zone", Value: store.Int(int64(i % 4))})
		}
		if i%5 == 0 {
			s.Attrs = append(s.Attrs, store.Attr{Key: "cold", Value: store.Bool(i%2 == 0)})
			s.Scope = &store.Scope{Attrs: store.Attrs{{Key: "lib", Value: store.String("x")}}}
		}
		spans = append(spans, s)
	}
	r := store.TimeRange{From: spans[50].Start, To: spans[2500].Start}
	text := func(a store.Attrs, key string) []string {
		for _, a := range a {
			if a.Key == key {
				return []string{a.Value.Text()}
			}
		}
		return nil
	}
	either := func(s *store.Span, key string) []string {
		if own := text(s.Attrs, key); own != nil {
			return own
		}
		return text(s.Resource.Attrs, key)
	}
	tags := map[string]func(s *store.Span) []string{
		"name":                  func(s *store.Span) []string { return []string{s.Name} },
		"span:name":             func(s *store.Span) []string { return []string{s.Name} },
		"resource.service.name": func(s *store.Span) []string { return []string{s.Service} },
		"span.zone":             func(s *store.Span) []string { return text(s.Attrs, "zone") },
		"resource.zone":         func(s *store.Span) []string { return text(s.Resource.Attrs, "zone") },
		".zone":                 func(s *store.Span) []string { return either(s, "zone") },
		"zone":                  func(s *store.Span) []string { return either(s, "zone") },
		"cold":                  func(s *store.Span) []string { return either(s, "cold") },
		"event.zone":            func(*store.Span) []string { return nil },
		"absent":                func(*store.Span) []string { return nil },
		"rootServiceName": func(s *store.Span) []string {
			if s.ParentID.IsZero() {
				return []string{s.Service}
			}
			return nil
		},
	}
	inStates(t, spans, func(t *testing.T, s *Store) {
		for tag, of := range tags {
			want := map[string]int64{}
			for i := range spans {
				if r.Has(spans[i].Start) {
					for _, v := range of(&spans[i]) {
						want[v]++
					}
				}
			}
			list, err := s.TagValues(t.Context(), store.SpanTagQuery{Tag: tag, Range: r})
			if err != nil {
				t.Fatal(err)
			}
			got, last := map[string]int64{}, int64(1<<62)
			for _, v := range list {
				if got[v.Value.Text()] = v.Spans; v.Spans > last {
					t.Errorf("%s: not the commonest first", tag)
				}
				last = v.Spans
			}
			if !maps.Equal(got, want) {
				t.Errorf("%s: %v, want %v", tag, got, want)
			}
		}
	})
	s := openTest(t, t.TempDir(), Options{})
	if err := s.Append(t.Context(), spans); err != nil {
		t.Fatal(err)
	}
	names, err := s.TagNames(t.Context(), r)
	if err != nil || !slices.Equal(names.Span, []string{"cold", "zone"}) || !slices.Equal(names.Resource, []string{"service.name", "zone"}) || !slices.Equal(names.Instrumentation, []string{"lib"}) {
		t.Errorf("%+v, %v", names, err)
	}
	if list, err := s.TagValues(t.Context(), store.SpanTagQuery{Tag: "name", Range: r, Limit: 2, Text: `{resource.service.name="stock"}`}); err != nil || len(list) != 2 {
		t.Errorf("%v, %v", list, err)
	}
	if list, err := s.TagValues(t.Context(), store.SpanTagQuery{Tag: "status"}); err != nil || len(list) != 3 {
		t.Errorf("%v, %v", list, err)
	}
}
