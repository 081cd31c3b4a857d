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

// Bounds of Facets and Values.
const (
	maxFacetScan     = 100_000 // newest records that are counted
	newestFacets     = 50_000  // unless others are asked for
	maxFacetFields   = 256
	maxFacetDistinct = 1000 // values of a field that are told apart
	maxFacetText     = 200  // bytes of a value that is listed
	lowCardinality   = 100  // values of a field that is worth listing
)

// Facets counts the values of fields among the records that match: level and
// service first, then the fields with at most 100 values, which narrow, then all
// others, those of most records first. Each has at most top values, the
// commonest first. All records are counted where that takes no longer than
// 0.6 s, unless q.Limit bounds them; else the newest, at most 100,000, and the
// answer is Cut. What could not be read is an error beside the counts of all
// else.
func (s *Store) Facets(ctx context.Context, q store.LogQuery, top int) (store.Facets, error) {
	c, err := s.countFields(ctx, []store.LogQuery{q})
	if c.lines == 0 && err != nil {
		return store.Facets{}, err
	}
	return c.facets(top), err
}

// countFields counts the records of queries, all or the newest of each.
func (s *Store) countFields(ctx context.Context, list []store.LogQuery) (*counter, error) {
	if c, all, err := s.tallyFields(ctx, list); all {
		return c, err
	}
	c := newCounter(maxFacetDistinct)
	var unread []error
	for _, q := range list {
		unread = append(unread, s.scanFields(ctx, q, c))
	}
	return c, errors.Join(unread...)
}

// scanFields adds the newest records of a query to what a counter has.
func (s *Store) scanFields(ctx context.Context, q store.LogQuery, c *counter) error {
	most := c.lines + boundedScan(&q)
	eq, err := s.query(q)
	if err != nil {
		return err
	}
	var unread []error
	for e, err := range s.events.Scan(ctx, eq) {
		if err != nil {
			unread = append(unread, err)
			continue
		}
		if c.lines == most {
			c.cut = true
			break
		}
		c.add(e)
	}
	return errors.Join(unread...)
}

// boundedScan asks for the newest records, and one more that says whether
// there are others.
func boundedScan(q *store.LogQuery) (most int64) {
	if q.Limit <= 0 {
		q.Limit = newestFacets
	}
	q.Limit = min(q.Limit, maxFacetScan)
	most = int64(q.Limit)
	q.Limit, q.Oldest = q.Limit+1, false
	return most
}

type counter struct {
	lines  int64
	cut    bool
	levels [events.Classes]int64
	fields map[string]*fieldCount
	most   int // values of a field that are told apart
	room   int // that may yet be told apart, of all fields together

	now  *fieldCount // whose values Value takes
	name string      // its name
}

func newCounter(most int) *counter {
	return &counter{fields: map[string]*fieldCount{}, most: most, room: maxToldAll}
}

func (c *counter) add(e *events.Event) {
	c.lines++
	c.levels[e.Class]++
	for i := range e.Fields {
		f := &e.Fields[i]
		if facetField(f.Name) {
			c.field(f.Name).add(f.Name, f.Value, c)
		}
	}
}

// facetField says whether a field of an event is counted.
func facetField(name string) bool {
	return name == wordService || name == wordTrace || name == wordSpan || attribute(name)
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
		f = &fieldCount{values: tally{}}
		if name == wordTrace || name == wordSpan {
			f.values = nil // ids: that there are some is all that is said
		}
		c.fields[strings.Clone(name)] = f
	}
	return f
}

func (c *counter) facets(top int) store.Facets {
	level := fieldCount{values: tally{}}
	for slot, n := range c.levels {
		if n > 0 && slot < len(store.LogBucket{}.Counts) {
			level.values[slotWord(slot)] = &n
			if slot > 0 {
				level.records += n
			}
		}
	}
	out := store.Facets{Lines: c.lines, Cut: c.cut, Fields: []store.Facet{level.facet("level", top)}}
	for _, name := range c.ranked() {
		out.Fields = append(out.Fields, c.fields[name].facet(fieldLabel(name), top))
	}
	return out
}

// fieldLabel is the name under which people ask for a field.
func fieldLabel(field string) string {
	switch field {
	case wordService:
		return "service"
	case wordTrace:
		return "trace_id"
	case wordSpan:
		return "span_id"
	}
	name, _ := askedName(field)
	if ownWords[name] == wordService || name == "service" {
		return "service"
	}
	return name
}

// ranked are all fields: service, then those that narrow, each kind in order of
// the records that have them. A name that two have comes once, and not that of
// the level, which is told apart.
func (c *counter) ranked() []string {
	var names []string
	for name := range c.fields {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		fa, fb := c.fields[a], c.fields[b]
		return cmp.Or(first(a == wordService, b == wordService), first(fa.narrows(), fb.narrows()), cmp.Compare(fb.records, fa.records), cmp.Compare(fieldLabel(a), fieldLabel(b)), cmp.Compare(a, b))
	})
	seen := map[string]bool{labelLevel: true}
	return slices.DeleteFunc(names, func(name string) bool {
		asked := fieldLabel(name)
		again := seen[asked]
		seen[asked] = true
		return again
	})
}

// Values counts the values of one field that contain a text among the records
// that match, as Facets does; those that begin with it come first.
func (s *Store) Values(ctx context.Context, q store.FacetQuery) (store.Facet, error) {
	v := valueCount{fields: namesOf(q.Field), level: q.Field == "level" || q.Field == "detected_level", has: strings.ToLower(q.Has)}
	v.reset()
	all, err := s.tallyAll(ctx, []store.LogQuery{q.LogQuery}, v.wants, &v)
	cut := false
	if !all {
		v.reset()
		cut, err = s.scanValuesOf(ctx, q, &v)
	}
	if v.seen == 0 && err != nil {
		return store.Facet{}, err
	}
	out := v.count.facet(q.Field, maxTold)
	out.Cut = cut
	slices.SortStableFunc(out.Values, func(a, b store.FacetValue) int {
		return first(prefixed(a.Value, v.has), prefixed(b.Value, v.has))
	})
	out.Values = out.Values[:min(len(out.Values), max(q.Top, 0))]
	return out, err
}

func (s *Store) scanValuesOf(ctx context.Context, q store.FacetQuery, v *valueCount) (cut bool, err error) {
	most := boundedScan(&q.LogQuery)
	eq, err := s.query(q.LogQuery)
	if err != nil {
		return false, err
	}
	if v.fields.loose == "" {
		eq.Fields = v.fields.exact
	}
	var unread []error
	for e, err := range s.events.Scan(ctx, eq) {
		if err != nil {
			unread = append(unread, err)
			continue
		}
		if v.seen++; v.seen > most {
			cut = true
			break
		}
		if v.level {
			v.note(slotWord(int(e.Class)), 1)
			continue
		}
		for i := range e.Fields {
			if f := &e.Fields[i]; v.fields.has(f.Name) && f.Value.Kind < store.KindBytes {
				v.note(f.Value.Text(), 1)
			}
		}
	}
	return cut, errors.Join(unread...)
}

// valueCount counts the values of one field, of a scan or of Tally.
type valueCount struct {
	fields names
	level  bool   // the record's level is asked for
	has    string // of small letters
	seen   int64
	count  fieldCount
	room   *counter
	on     bool // Value takes those of the field
}

func (v *valueCount) reset() {
	v.seen, v.count, v.room = 0, fieldCount{values: tally{}}, newCounter(maxTold)
}

func (v *valueCount) wants(name string) bool { return !v.level && v.fields.has(name) }

// Events takes records by level.
func (v *valueCount) Events(counts [events.Classes]int64) {
	for slot, n := range counts {
		if v.seen += n; v.level && n > 0 {
			v.note(slotWord(slot), n)
		}
	}
}

// Field says whose values come.
func (v *valueCount) Field(name string, _ store.Kind, _ int64) { v.on = v.wants(name) }

// Value takes a value, and how many records have it.
func (v *valueCount) Value(value store.Value, n int64) {
	if v.on {
		v.note(value.Text(), n)
	}
}

// note counts a value that contains what is asked for.
func (v *valueCount) note(text string, n int64) {
	v.count.records += n
	if v.has == "" || strings.Contains(strings.ToLower(text), v.has) {
		v.count.count(text, n, v.room)
	}
}

func prefixed(value, with string) bool { return strings.HasPrefix(strings.ToLower(value), with) }

// first orders what is so before what is not.
func first(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}
