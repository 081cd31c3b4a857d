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
	fields map[string]*contrast    // by what they are called
	of     map[attribute]*contrast // of attributes, nil where there is no room
	own    [3]*contrast            // name, status, kind
	// lately are the fields of the attributes of the span before, and of its
	// resource: mostly those of the next one at the same places.
	lately [2][]lately
	cells  int
}

type lately struct {
	key string
	of  *contrast
}

// attribute is one that a scope may have.
type attribute struct {
	scope Scope
	name  string
}

// contrast is what is known of one field.
type contrast struct {
	sides [2]map[string]*tally // baseline, selection; by value
	last  [2]*tally            // that was counted
	more  [2]bool              // there were other values
}

// tally counts the spans with a value, by step.
type tally struct {
	value  store.Value
	of     value
	total  int64
	counts []stepCount // by step
	at     int         // of the last one that was counted
}

type stepCount struct {
	step int
	n    int64
}

// is says that a text, a whole number or a word is the value; of all others it
// knows nothing.
func (t *tally) is(v value) bool {
	return v.kind == t.of.kind && v.n == t.of.n && v.s == t.of.s && v.kind != kindFloat && v.kind != kindList
}

// add says whether the step is a new one.
func (t *tally) add(step int, n int64) (fresh bool) {
	t.total += n
	if len(t.counts) > 0 && t.counts[t.at].step == step { // spans of a time mostly come together
		t.counts[t.at].n += n
		return false
	}
	at, there := slices.BinarySearchFunc(t.counts, step, func(c stepCount, step int) int { return cmp.Compare(c.step, step) })
	t.at = at
	if there {
		t.counts[at].n += n
		return false
	}
	t.counts = slices.Insert(t.counts, at, stepCount{step, n})
	return true
}

func newDifference(s *Series) *difference {
	return &difference{s: s, fields: map[string]*contrast{}, of: map[attribute]*contrast{}}
}

var (
	sideNames = [2]string{"baseline", "selection"}
	ownNames  = [3]string{"name", "status", "kind"}
)

func (d *difference) add(t *Tree, at, step int, n int64) error {
	c, span := d.s.m.Compare, &t.Spans[at]
	side := 0
	in := c.Start == 0 || span.Start >= c.Start && span.Start < c.End
	if in && (c.Filter.X == nil || eval(c.Filter.X, t, at).passes()) {
		side = 1
	}
	for i, v := range [...]value{text(span.Name), status(span.Status), kind(span.Kind)} {
		if d.own[i] == nil {
			d.own[i] = d.contrast(ownNames[i])
		}
		d.count(d.own[i], v, side, step, n)
	}
	d.attrs(ScopeSpan, span.Attrs, side, step, n)
	if span.Resource != nil {
		d.attrs(ScopeResource, span.Resource.Attrs, side, step, n)
	}
	if d.cells > maxCells {
		return fmt.Errorf("more than %d numbers: ask for longer steps: %w", maxCells, store.ErrTooLarge)
	}
	return nil
}

func (d *difference) attrs(scope Scope, in store.Attrs, side, step int, n int64) {
	before := &d.lately[0]
	if scope == ScopeResource {
		before = &d.lately[1]
	}
	for i := range in {
		if i == len(*before) {
			*before = append(*before, lately{})
		}
		late := &(*before)[i]
		if late.of == nil || late.key != in[i].Key {
			*late = lately{in[i].Key, d.attribute(scope, in[i].Key)}
		}
		d.count(late.of, of(in[i].Value), side, step, n)
	}
}

// attribute finds the field of one, nil when there is no room for it.
func (d *difference) attribute(scope Scope, name string) *contrast {
	a := attribute{scope, name}
	c, ok := d.of[a]
	if !ok {
		c = d.contrast(label(scope, name))
		if len(d.of) < 2*maxCompareFields {
			d.of[a] = c
		}
	}
	return c
}

// label is an attribute as it is asked for; a key may be empty, which no query
// can ask for.
func label(scope Scope, name string) string {
	if name == "" {
		return scopeWords[scope] + "."
	}
	return (&Field{Scope: scope, Name: name}).String()
}

func (d *difference) contrast(field string) *contrast {
	c := d.fields[field]
	if c == nil && len(d.fields) < maxCompareFields {
		c = &contrast{sides: [2]map[string]*tally{{}, {}}}
		d.fields[field] = c
	}
	return c
}

func (d *difference) count(c *contrast, v value, side, step int, n int64) {
	if c == nil {
		return
	}
	one := c.last[side]
	if one == nil || !one.is(v) {
		key := v.text()
		if one = c.sides[side][key]; one == nil {
			if len(c.sides[side]) == maxCompareValues {
				c.more[side] = true
				return
			}
			one = &tally{value: v.label(), of: v}
			c.sides[side][key] = one
		}
		c.last[side] = one
	}
	if one.add(step, n) {
		d.cells++
	}
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
	for _, c := range one.counts {
		out.Points = append(out.Points, store.SpanPoint{Time: d.s.begin + int64(c.step)*d.s.every, Value: float64(c.n)})
	}
	return out
}
