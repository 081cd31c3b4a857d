package traceql

import (
	"cmp"
	"fmt"
	"slices"

	"tripod/store"
)

// Bounds of compare.
const (
	defaultCompareTop = 10
	maxCompareTop     = 1000
	maxCompareFields  = 1000
	maxCompareValues  = 1000 // of a field; what comes later is not counted
)

// difference counts the values of all fields, apart for the spans of compare's
// filter and all others.
type difference struct {
	s      *Series
	fields map[string]*contrast
	labels map[attribute]string // of fields
	cells  int
}

// attribute is one that a scope may have.
type attribute struct {
	scope Scope
	name  string
}

// contrast is what is known of one field.
type contrast struct {
	sides [2]map[string]*tally // baseline, selection; by value
	more  [2]bool              // there were other values
}

// tally counts the spans with a value, by step.
type tally struct {
	value  store.Value
	total  int64
	counts map[int]int64
}

func newDifference(s *Series) *difference {
	return &difference{s: s, fields: map[string]*contrast{}, labels: map[attribute]string{}}
}

var sideNames = [2]string{"baseline", "selection"}

func (d *difference) add(t *Tree, at, step int, n int64) error {
	c, span := d.s.m.Compare, &t.Spans[at]
	side := 0
	in := c.Start == 0 || span.Start >= c.Start && span.Start < c.End
	if in && (c.Filter.X == nil || eval(c.Filter.X, t, at).passes()) {
		side = 1
	}
	d.count("name", text(span.Name), side, step, n)
	d.count("status", status(span.Status), side, step, n)
	d.count("kind", kind(span.Kind), side, step, n)
	for _, a := range span.Attrs {
		d.count(d.label(ScopeSpan, a.Key), of(a.Value), side, step, n)
	}
	if span.Resource != nil {
		for _, a := range span.Resource.Attrs {
			d.count(d.label(ScopeResource, a.Key), of(a.Value), side, step, n)
		}
	}
	if d.cells > maxCells {
		return fmt.Errorf("more than %d numbers: ask for longer steps: %w", maxCells, store.ErrTooLarge)
	}
	return nil
}

// label is an attribute as it is asked for, which spans have in common; a key may
// be empty, which no query can ask for.
func (d *difference) label(scope Scope, name string) string {
	if name == "" {
		return scopeWords[scope] + "."
	}
	a := attribute{scope, name}
	text, ok := d.labels[a]
	if !ok {
		text = (&Field{Scope: scope, Name: name}).String()
		if len(d.labels) < 2*maxCompareFields {
			d.labels[a] = text
		}
	}
	return text
}

func (d *difference) count(field string, v value, side, step int, n int64) {
	c := d.fields[field]
	if c == nil {
		if len(d.fields) == maxCompareFields {
			return
		}
		c = &contrast{sides: [2]map[string]*tally{{}, {}}}
		d.fields[field] = c
	}
	key := v.text()
	one := c.sides[side][key]
	if one == nil {
		if len(c.sides[side]) == maxCompareValues {
			c.more[side] = true
			return
		}
		one = &tally{value: v.label(), counts: map[int]int64{}}
		c.sides[side][key] = one
	}
	if one.counts[step] == 0 {
		d.cells++
	}
	one.total += n
	one.counts[step] += n
}

func (d *difference) answer() (out []store.SpanSeries) {
	top := cmp.Or(d.s.m.Compare.Top, defaultCompareTop)
	for name, c := range d.fields {
		cut := false
		for side, values := range c.sides {
			list := make([]*tally, 0, len(values))
			for _, one := range values {
				list = append(list, one)
			}
			slices.SortFunc(list, func(a, b *tally) int {
				return cmp.Or(cmp.Compare(b.total, a.total), cmp.Compare(a.value.Text(), b.value.Text()))
			})
			cut = cut || c.more[side] || len(list) > top
			for _, one := range list[:min(len(list), top)] {
				out = append(out, d.series(one, store.Attrs{{Key: "__meta_type", Value: store.String(sideNames[side])}, {Key: name, Value: one.value}}))
			}
		}
		if cut {
			labels := store.Attrs{{Key: "__meta_error", Value: store.String("__too_many_values__")}, {Key: name, Value: store.String("<nil>")}}
			out = append(out, store.SpanSeries{Labels: labels})
		}
	}
	return out
}

// series has a point for every step that has spans.
func (d *difference) series(one *tally, labels store.Attrs) store.SpanSeries {
	out := store.SpanSeries{Labels: labels}
	for i := range d.s.n {
		if n := one.counts[i]; n > 0 {
			out.Points = append(out.Points, store.SpanPoint{Time: d.s.begin + int64(i)*d.s.every, Value: float64(n)})
		}
	}
	return out
}
