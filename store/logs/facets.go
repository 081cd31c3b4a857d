package logs

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	"tripod/store"
	"tripod/store/events"
)

// Bounds of Facets.
const (
	maxFacetScan     = 100_000 // newest records that are counted
	maxFacetFields   = 256
	maxFacetDistinct = 1000 // values of a field that are told apart
	maxFacetText     = 200  // bytes of a value that is listed
	lowCardinality   = 100  // values of a field that is worth listing
	maxFacets        = 24
)

// Facets counts the values of fields among the newest 100,000 records that
// match: level and service first, then those fields with at most 100 values
// that most records have. Each has at most top values, the commonest first.
// What could not be read is an error beside the counts of all else.
func (s *Store) Facets(ctx context.Context, q store.LogQuery, top int) ([]store.Facet, error) {
	q.Limit, q.Oldest = maxFacetScan, false
	eq, err := s.query(q)
	if err != nil {
		return nil, err
	}
	c := counter{fields: map[string]*fieldCount{}}
	var unread []error
	for e, err := range s.events.Scan(ctx, eq) {
		if err != nil {
			unread = append(unread, err)
			continue
		}
		c.add(e)
	}
	return c.facets(top), errors.Join(unread...)
}

type counter struct {
	levels [events.Classes]int64
	fields map[string]*fieldCount
}

type fieldCount struct {
	records int64
	values  map[string]int64
}

func (c *counter) add(e *events.Event) {
	c.levels[e.Class]++
	for i := range e.Fields {
		f := &e.Fields[i]
		if f.Name == wordService || attribute(f.Name) {
			c.field(f.Name).add(f.Value)
		}
	}
}

// attribute says whether a field is one of the record or its resource.
func attribute(name string) bool {
	return name == "" || name[0] >= keep[0] || name[0] == resource[0] && name != resource+"service.name"
}

func (c *counter) field(name string) *fieldCount {
	f := c.fields[name]
	if f == nil && len(c.fields) >= maxFacetFields {
		return &fieldCount{}
	}
	if f == nil {
		f = &fieldCount{values: map[string]int64{}}
		c.fields[strings.Clone(name)] = f
	}
	return f
}

func (f *fieldCount) add(v store.Value) {
	f.records++
	if f.values == nil || v.Kind >= store.KindBytes {
		return
	}
	text := v.Text()
	if n, ok := f.values[text]; ok {
		f.values[text] = n + 1
	} else if len(f.values) < maxFacetDistinct && len(text) <= maxFacetText {
		f.values[strings.Clone(text)] = 1
	}
}

func (c *counter) facets(top int) []store.Facet {
	level := fieldCount{values: map[string]int64{}}
	for slot, n := range c.levels {
		if n > 0 && slot < len(store.LogBucket{}.Counts) {
			level.values[slotWord(slot)] = n
		}
	}
	out := []store.Facet{level.facet("level", top)}
	if f := c.fields[wordService]; f != nil {
		out = append(out, f.facet("service", top))
	}
	for _, name := range c.common() {
		asked, _ := askedName(name)
		out = append(out, c.fields[name].facet(asked, top))
	}
	return out
}

// common are the fields worth listing, those of most records first.
func (c *counter) common() []string {
	var names []string
	seen := map[string]bool{}
	for name, f := range c.fields {
		if name != wordService && len(f.values) > 0 && len(f.values) <= lowCardinality && int64(len(f.values)) <= max(1, f.records/2) {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(c.fields[b].records, c.fields[a].records), cmp.Compare(a, b))
	})
	names = slices.DeleteFunc(names, func(name string) bool {
		asked, _ := askedName(name)
		again := seen[asked]
		seen[asked] = true
		return again
	})
	return names[:min(len(names), maxFacets)]
}

func (f *fieldCount) facet(name string, top int) store.Facet {
	out := store.Facet{Field: name, Distinct: len(f.values)}
	for value, n := range f.values {
		out.Values = append(out.Values, store.FacetValue{Value: value, Count: n})
	}
	slices.SortFunc(out.Values, func(a, b store.FacetValue) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Value, b.Value))
	})
	out.Values = out.Values[:min(len(out.Values), max(top, 0))]
	return out
}
