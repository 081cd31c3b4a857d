package events

import (
	"context"
	"fmt"
	"sync"
	"time"

	"tripod/store"
)

// Bounds of CountBy.
const (
	maxGroupFields = 4
	maxGroups      = 50_000
	// maxGroupBuckets bounds the answer to 320 MB.
	maxGroupBuckets = 4 << 20
)

// Group is the events that have the same texts in some fields.
type Group struct {
	Texts   []string // of each field, empty where an event has none
	Has     []bool   // whether it has
	Buckets []Bucket
}

// CountBy counts matching events as Count does, apart for each combination of
// the texts of up to 4 fields: of fields of one name, the first counts. More
// than 50,000 groups, or 4,194,304 counts, are store.ErrTooLarge.
func (s *Store) CountBy(ctx context.Context, q Query, step time.Duration, fields ...string) ([]Group, error) {
	n, err := bucketCount(q.Range, q.Origin, int64(step))
	if err != nil || n == 0 {
		return nil, err
	}
	if len(fields) == 0 || len(fields) > maxGroupFields {
		return nil, fmt.Errorf("count by %d fields, from 1 to %d can be: %w", len(fields), maxGroupFields, store.ErrInvalid)
	}
	sn, err := s.snapshot(q.Range)
	if err != nil {
		return nil, err
	}
	defer sn.release()
	g := &grouper{fields: fields, buckets: n}
	where := sharpen(q.Where)
	ct := &counter{sn: sn, r: q.Range, grid: grid{q.Origin, int64(step)}, f: newFilter(where), where: where, reckon: sn.reckon(ctx, &q), groups: g}
	defer ct.reckon.end(where)
	ct.total = newTally(q.Range, ct.grid, n)
	if ct.f.plan.mask != 0 {
		err = ct.run(ctx)
	}
	if len(g.list)*n > maxGroupBuckets {
		return nil, fmt.Errorf("%d groups of %d steps, at most %d counts: %w", len(g.list), n, maxGroupBuckets, store.ErrTooLarge)
	}
	out := make([]Group, len(g.list))
	for i, one := range g.list {
		out[i] = one.group(fields, ct.total)
	}
	return out, err
}

// grouper has the groups of an answer.
type grouper struct {
	fields  []string
	buckets int

	mu     sync.Mutex
	list   []*oneGroup
	byText map[string]*oneGroup
}

type oneGroup struct {
	key    string // of each field a byte whether it is there, its length and text
	counts map[int][Classes]int64
}

func (g *oneGroup) group(fields []string, t *tally) Group {
	out := Group{Texts: make([]string, len(fields)), Has: make([]bool, len(fields)), Buckets: make([]Bucket, len(t.buckets))}
	r := reader{b: []byte(g.key)}
	for i := range fields {
		out.Has[i] = r.byte() == 1
		out.Texts[i] = string(r.bytes(r.uvarint()))
	}
	for i := range out.Buckets {
		out.Buckets[i] = Bucket{t.buckets[i].Start, g.counts[i]}
	}
	return out
}

// merge adds what a worker counted.
func (g *grouper) merge(w *groupWorker) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.byText == nil {
		g.byText = map[string]*oneGroup{}
	}
	for key, from := range w.groups {
		to := g.byText[key]
		if to == nil {
			if len(g.list) >= maxGroups {
				return fmt.Errorf("more than %d groups by %q: %w", maxGroups, g.fields, store.ErrTooLarge)
			}
			g.byText[key] = from
			g.list = append(g.list, from)
			continue
		}
		for i, c := range from.counts {
			sum := to.counts[i]
			for class, n := range c {
				sum[class] += n
			}
			to.counts[i] = sum
		}
	}
	return nil
}

// groupWorker counts groups in one goroutine.
type groupWorker struct {
	g      *grouper
	groups map[string]*oneGroup
	want   wanted
	key    []byte
	text   []byte
	memo   [maxGroupFields]map[blockText][]byte
	last   *oneGroup
	lastID string
}

// blockText is a distinct text of a column of the block at hand.
type blockText struct{ col, entry int }

func newGroupWorker(g *grouper) *groupWorker {
	return &groupWorker{g: g, groups: map[string]*oneGroup{}, want: wanted{names: g.fields}}
}

// enter begins a block.
func (w *groupWorker) enter() {
	for i := range w.memo {
		clear(w.memo[i])
	}
}

// of finds the group of a row.
func (w *groupWorker) of(rows rowSet, row int, e *Event) (*oneGroup, error) {
	w.key = w.key[:0]
	b, ok := rows.(*block)
	if !ok {
		if err := rows.event(row, e, &w.want); err != nil {
			return nil, err
		}
	} else if !b.rows() {
		return nil, b.err
	}
	for i, name := range w.g.fields {
		if ok {
			w.column(b, row, i, name)
		} else if v, has := e.Get(name); has {
			var buf [textBuf]byte
			w.key = appendString(append(w.key, 1), shortText(v, &buf))
		} else {
			w.key = append(w.key, 0, 0)
		}
	}
	if ok && b.err != nil {
		return nil, b.err
	}
	if w.last != nil && w.lastID == string(w.key) {
		return w.last, nil
	}
	g := w.groups[string(w.key)]
	if g == nil {
		if len(w.groups) >= maxGroups {
			return nil, fmt.Errorf("more than %d groups by %q: %w", maxGroups, w.g.fields, store.ErrTooLarge)
		}
		g = &oneGroup{key: string(w.key), counts: map[int][Classes]int64{}}
		w.groups[g.key] = g
	}
	w.last, w.lastID = g, g.key
	return g, nil
}

// column appends what a row of a block has in a field.
func (w *groupWorker) column(b *block, row, field int, name string) {
	for _, at := range b.shapes[b.shapeOf[row]] {
		c := &b.cols[at]
		if c.label != name {
			continue
		}
		if c.kind == store.KindString && b.load(c) && c.lines == nil && c.texts.Shared() {
			b.index(c)
			w.key = append(w.key, w.entry(c, int(at), c.texts.Code(c.at(row)), field)...)
			return
		}
		var buf [textBuf]byte
		w.text = w.text[:0]
		w.key = appendString(append(w.key, 1), shortText(b.value(c, row, &w.text), &buf))
		return
	}
	w.key = append(w.key, 0, 0)
}

// entry is the key of a distinct text, made once a block.
func (w *groupWorker) entry(c *col, col, entry, field int) []byte {
	if w.memo[field] == nil {
		w.memo[field] = map[blockText][]byte{}
	}
	at := blockText{col, entry}
	key, ok := w.memo[field][at]
	if !ok {
		w.text = w.text[:0]
		key = appendString([]byte{1}, c.texts.Entry(entry, &w.text))
		w.memo[field][at] = key
	}
	return key
}
