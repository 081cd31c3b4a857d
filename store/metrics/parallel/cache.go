package parallel

import (
	"context"
	"fmt"
	"sync"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"
)

// Changes tells what of the data is no longer as it was, times in Unix
// milliseconds.
type Changes interface {
	// Version is a number that grows. It is taken before data are read.
	Version() uint64
	// Earliest is the first moment from mint to maxt at which anything may have
	// changed since a version; after maxt when nothing has. A change is told
	// only after it can be read.
	Earliest(since uint64, mint, maxt int64) int64
}

// cache keeps what fragments evaluated to, so that of a dashboard that asks
// again only the steps are evaluated that are new, or whose samples have
// changed since.
type cache struct {
	changes Changes
	most    int // points kept in all, 16 bytes each

	mu      sync.Mutex
	entries map[string]*entry
	points  int
	clock   uint64 // counts uses
}

// entry is what a fragment evaluated to. It does not change, but for used.
type entry struct {
	grid    grid
	rows    []promql.Series // a point for each step
	tally   tally
	version uint64 // of the data, before they were read
	used    uint64
}

// size counts points, and what is counted by step.
func (e *entry) size() int { return (len(e.rows) + 2) * e.grid.steps }

const (
	leastSteps = 16      // fewer are evaluated as fast as they are looked up
	mostPoints = 1 << 20 // 16 bytes each
)

func newCache(changes Changes) *cache {
	if changes == nil {
		return nil
	}
	return &cache{changes: changes, most: mostPoints, entries: map[string]*entry{}}
}

// key is the same for all grids that can share steps.
func (f *fragment) key() string {
	return fmt.Sprintf("%d %d %d %s", f.grid.interval, f.grid.start%f.grid.interval, f.lookback, f.text)
}

// keeps tells whether results of f may be kept: the order of series matters
// to an aggregation above it.
func (c *cache) keeps(f *fragment) bool { return c != nil && !f.below && f.grid.steps >= leastSteps }

// find is the entry whose first steps hold for f, and how many of f's they
// are; nil when it is not worth it.
func (c *cache) find(f *fragment) (e *entry, steps int) {
	c.mu.Lock()
	e = c.entries[f.key()]
	if e != nil {
		c.clock++
		e.used = c.clock
	}
	c.mu.Unlock()
	if e == nil || f.grid.start < e.grid.start || f.grid.start > e.grid.end() {
		return nil, 0
	}
	mint, maxt := f.reach()
	changed := c.changes.Earliest(e.version, mint, maxt)
	offset := milliseconds(f.sel.OriginalOffset)
	steps = 0
	for steps < f.grid.steps && f.grid.at(steps) <= e.grid.end() && f.grid.at(steps)-offset < changed {
		steps++
	}
	if steps < f.grid.steps/4 {
		return nil, 0
	}
	return e, steps
}

// put keeps a copy of an entry's rows, and drops what was not used for longest.
func (c *cache) put(f *fragment, e *entry) {
	if e.size() > c.most/4 {
		return
	}
	e.rows = copyRows(e.rows)
	c.mu.Lock()
	defer c.mu.Unlock()
	key := f.key()
	if old := c.entries[key]; old != nil {
		c.points -= old.size()
	}
	c.clock++
	e.used = c.clock
	c.entries[key] = e
	for c.points += e.size(); c.points > c.most; {
		c.dropOldest()
	}
}

func (c *cache) dropOldest() {
	oldest := ""
	for key, e := range c.entries {
		if oldest == "" || e.used < c.entries[oldest].used {
			oldest = key
		}
	}
	c.points -= c.entries[oldest].size()
	delete(c.entries, oldest)
}

// eval is f.eval, with what is kept of f's last evaluation.
func (c *cache) eval(ctx context.Context, f *fragment, data storage.ChunkQuerier, o Options) (result, error) {
	if !c.keeps(f) {
		return f.eval(ctx, data, o)
	}
	version := c.changes.Version()
	e, steps := c.find(f)
	var r result
	var err error
	switch {
	case e == nil:
		r, err = f.eval(ctx, data, o)
	case steps == f.grid.steps:
		return f.join(e, steps, nil, result{}, o)
	default:
		rest := f.from(steps - 1) // one step twice, to know what the next one reads anew
		if r, err = rest.eval(ctx, data, o); err == nil {
			r, err = f.join(e, steps, rest, r, o)
		}
	}
	if err == nil && len(r.notes) == 0 { // notes say where in the query they belong
		c.put(f, &entry{grid: f.grid, rows: r.rows, tally: f.tally, version: version})
	}
	return r, err
}

func copyRows(rows []promql.Series) []promql.Series {
	out := make([]promql.Series, len(rows))
	for i, s := range rows {
		out[i] = promql.Series{Metric: s.Metric, Floats: append([]promql.FPoint(nil), s.Floats...)}
	}
	return out
}

// from is f without its first steps.
func (f *fragment) from(step int) *fragment {
	rest := *f
	rest.grid.start, rest.grid.steps = f.grid.at(step), f.grid.steps-step
	return &rest
}

// join puts the first steps, which an entry has, before the rest of f, whose
// first step is the last of them; nil when there is no more.
func (f *fragment) join(e *entry, steps int, rest *fragment, r result, o Options) (result, error) {
	first := int((f.grid.start - e.grid.start) / e.grid.interval)
	f.tally = joinTally(f.grid.steps, e.tally.part(first, first+steps), rest)
	if f.tally.peak > o.MaxSamples {
		return result{}, errDeclined
	}
	numbers := make(map[uint64]int, len(e.rows))
	var rows []promql.Series
	rowOf := func(s promql.Series) []promql.FPoint {
		hash := s.Metric.Hash()
		n, ok := numbers[hash]
		if !ok {
			n = len(rows)
			numbers[hash] = n
			rows = append(rows, promql.Series{Metric: s.Metric, Floats: f.grid.points(nil)})
		}
		return rows[n].Floats
	}
	for _, s := range e.rows {
		if part := s.Floats[first : first+steps]; anyPoint(part) {
			copy(rowOf(s), part)
		}
	}
	for _, s := range r.rows {
		if part := s.Floats[1:]; anyPoint(part) {
			copy(rowOf(s)[steps:], part)
		}
	}
	f.countShown(rows)
	return result{rows: rows, notes: r.notes}, nil
}

func anyPoint(points []promql.FPoint) bool {
	for _, p := range points {
		if !isAbsent(p.F) {
			return true
		}
	}
	return false
}
