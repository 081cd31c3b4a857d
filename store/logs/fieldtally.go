package logs

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"tripod/store"
	"tripod/store/events"
)

// Bounds of what is counted of all records of a query.
const (
	maxTallyTime = 600 * time.Millisecond
	maxTallies   = 2           // at once: others wait, since each takes all processors
	tallyAgain   = time.Minute // after which what took too long is tried again
	maxTallyRows = 4_000_000   // of a range, without a query that may leave most of them out
	maxTold      = 10_000      // values of a field that are told apart
	maxToldAll   = 200_000     // of all fields together: some 30 MB
	fewTold      = 20_000      // records that say whether a field's values are ids
)

// tallyFields counts all records of queries, or says that it cannot.
func (s *Store) tallyFields(ctx context.Context, list []store.LogQuery) (c *counter, all bool, err error) {
	c = newCounter(maxTold)
	all, err = s.tallyAll(ctx, list, c.wants, c)
	return c, all, err
}

// tallyAll tells of all records of queries, unless these are bounded, too many,
// or it takes too long: then what was told is to be forgotten.
func (s *Store) tallyAll(ctx context.Context, list []store.LogQuery, named func(string) bool, to events.Tallier) (all bool, err error) {
	select {
	case s.tallying <- struct{}{}:
		defer func() { <-s.tallying }()
	case <-ctx.Done():
		return true, ctx.Err()
	}
	within, cancel := context.WithTimeout(ctx, s.tallyTime)
	defer cancel()
	var unread []error
	for _, q := range list {
		if q.Limit > 0 {
			return false, nil
		}
		eq, err := s.query(q)
		if err != nil {
			return true, err
		}
		rows := s.rowsOf(ctx, q.Range)
		if eq.Where == nil && rows > maxTallyRows || s.slow.was(&q, rows, s.now()) {
			return false, nil
		}
		eq.Named = named
		err = s.events.Tally(within, eq, to)
		if err != nil && within.Err() != nil && ctx.Err() == nil {
			s.slow.note(&q, rows, s.now())
			return false, nil
		}
		unread = append(unread, err)
	}
	return true, errors.Join(unread...)
}

// rowsOf counts the records of a range.
func (s *Store) rowsOf(ctx context.Context, r store.TimeRange) (n int64) {
	buckets, _ := s.events.Count(ctx, events.Query{Range: r}, time.Duration(max(r.To-r.From, 1)))
	for i := range buckets {
		n += buckets[i].Total()
	}
	return n
}

// wants says whether the values of a field are looked at: not those of ids.
func (c *counter) wants(name string) bool {
	f := c.fields[name]
	if !facetField(name) || name == wordTrace || name == wordSpan || f == nil && len(c.fields) >= maxFacetFields {
		return false
	}
	return f == nil || f.values != nil || f.kind() != store.TextField
}

// Events takes records by level.
func (c *counter) Events(counts [events.Classes]int64) {
	for class, n := range counts {
		c.lines += n
		c.levels[class] += n
	}
}

// Field takes how many records have a field.
func (c *counter) Field(name string, kind store.Kind, n int64) {
	if c.now = nil; !facetField(name) {
		return
	}
	f := c.field(name)
	f.records += n
	c.now, c.name = f, name
	switch {
	case kind >= store.KindBytes:
		f.more = f.values != nil
	case f.full && f.records > fewTold && f.left > f.records/2:
		f.giveUp(c)
	}
}

// Value takes a value, and how many records have it.
func (c *counter) Value(v store.Value, n int64) {
	f := c.now
	if f == nil {
		return
	}
	f.measure(c.name, v, n)
	if f.values != nil {
		f.count(v.Text(), n, c)
	}
}

// giveUp forgets the values of a field of which most records have one of their
// own.
func (f *fieldCount) giveUp(c *counter) {
	if f.values != nil {
		f.told = len(f.values)
		c.room += f.told
		f.values = nil
	}
}

// slowTallies are the last questions that took too long to count all of it, so
// that a screen that asks them again and again does not try each time.
type slowTallies struct {
	mu   sync.Mutex
	list [slowKnown]slowTally
	next int
}

// slowKnown are more questions than the pages of a few readers ask.
const slowKnown = 32

type slowTally struct {
	text, narrow string
	rows         int64 // of its range
	at           time.Time
}

func (s *slowTallies) note(q *store.LogQuery, rows int64, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list[s.next] = slowTally{q.Text, q.Narrow, rows, now}
	s.next = (s.next + 1) % slowKnown
}

// was says whether as much was too much a moment ago.
func (s *slowTallies) was(q *store.LogQuery, rows int64, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.list[:], func(l slowTally) bool {
		return l.text == q.Text && l.narrow == q.Narrow && l.rows > 0 && rows >= l.rows-l.rows/10 && now.Sub(l.at) < tallyAgain
	})
}
