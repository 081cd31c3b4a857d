package pages

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"tripod/store"
)

// Bounds on what the typical trace is made of.
const (
	typicalBefore = time.Hour
	typicalTraces = 24 // that are read
	typicalLeast  = 5  // of which it may be said what is usual
	typicalSpans  = 20_000
	typicalTime   = 600 * time.Millisecond // that the page waits for it
	typicalKept   = time.Minute            // that it may be used again
	typicalNone   = 15 * time.Second       // that it is not asked for again when there is none
	typicalMost   = 64                     // that are kept
)

// typical is what traces of one root operation usually are: the shapes that most
// of them have, with medians.
type typical struct {
	traces   int // it stands on
	from, to int64
	duration int64         // ns, median
	id       store.TraceID // the trace that is nearest to it
	top      *usual
	took     map[[2]string]int64 // ns of one span, by service and name; the shortest of their paths
}

// usual is a shape in the traces of a typical one.
type usual struct {
	service, name string
	depth         int
	traces        int      // that have it
	calls         int      // median of those that have it, as are time, own and start
	time          int64    // ns of all its spans in a trace
	own           int64    // ns of it outside their children
	start         int64    // ns after the start of the span above it
	kids          []*usual // by start
	byName        map[[2]string]*usual
	seen          []*shape
}

func (u *usual) kid(service, name string) *usual { return u.byName[[2]string{service, name}] }

// typicalKey is what traces have in common that have one typical trace.
type typicalKey struct {
	service, name string
	minutes       int64 // of the start, by tens
}

// typicals keeps those made of late, for a reader who goes from view to view.
type typicals struct {
	mu   sync.Mutex
	kept map[typicalKey]keptTypical
}

type keptTypical struct {
	ty   *typical // nil when there is none
	made time.Time
}

// get gives what is kept, and whether it still holds.
func (k *typicals) get(key typicalKey, now time.Time) (*typical, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	e, ok := k.kept[key]
	long := typicalKept
	if e.ty == nil {
		long = typicalNone
	}
	return e.ty, ok && now.Sub(e.made) < long
}

func (k *typicals) put(key typicalKey, ty *typical, now time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.kept == nil || len(k.kept) >= typicalMost {
		k.kept = map[typicalKey]keptTypical{}
	}
	k.kept[key] = keptTypical{ty, now}
}

// typicalOf is the typical trace for one: of those of the same root operation in
// the hour before it, or around it when these are too few. It is nil when there
// are too few of them at all, or reading them takes too long.
func (p *Pages) typicalOf(ctx context.Context, a *traceAsk) (*typical, error) {
	if a.root.depth > 0 {
		return nil, nil // its root was not received
	}
	key := typicalKey{a.root.span.Service, a.root.span.Name, a.t.start / int64(10*time.Minute)}
	if ty, ok := p.typicals.get(key, p.o.Now()); ok && (ty == nil || ty.id != a.id) {
		return ty, nil
	}
	ty, err := p.findTypical(ctx, a)
	p.typicals.put(key, ty, p.o.Now())
	return ty, err
}

func (p *Pages) findTypical(ctx context.Context, a *traceAsk) (*typical, error) {
	ctx, cancel := context.WithTimeout(ctx, typicalTime)
	defer cancel()
	found, err := p.sameRoot(ctx, a, store.TimeRange{From: a.t.start - int64(typicalBefore), To: a.t.start})
	if err == nil && len(found) < typicalLeast {
		found, err = p.sameRoot(ctx, a, store.TimeRange{From: a.t.start - int64(typicalBefore), To: a.t.start + int64(typicalBefore)})
	}
	if err != nil || len(found) < typicalLeast {
		return nil, err
	}
	return p.readTypical(ctx, found)
}

// readTypical reads the traces and makes the typical one of them; when there is
// no time for all, of those that were read.
func (p *Pages) readTypical(ctx context.Context, found []store.TraceSummary) (*typical, error) {
	ty := &typical{top: &usual{depth: -1}}
	var shapes []*shape
	var lengths []int64
	var ids []store.TraceID
	spans := 0
	for i := range found {
		tr, err := p.o.Traces.Trace(ctx, found[i].ID)
		if errors.Is(err, store.ErrNotFound) {
			continue // it was given up meanwhile
		}
		enough := len(shapes) >= typicalLeast
		if enough && errors.Is(err, context.DeadlineExceeded) {
			break
		}
		if err != nil {
			return nil, err
		}
		if spans += len(tr.Spans); enough && spans > typicalSpans {
			break
		}
		t := growTree(tr.Spans)
		shapes, lengths, ids = append(shapes, shapesOf(t)), append(lengths, t.end-t.start), append(ids, tr.ID)
		ty.from, ty.to = min(cmp.Or(ty.from, t.start), t.start), max(ty.to, t.start)
	}
	if len(shapes) < typicalLeast {
		return nil, nil
	}
	ty.make(shapes, lengths, ids)
	return ty, nil
}

// sameRoot finds the newest traces with a trace's root operation, but not itself.
func (p *Pages) sameRoot(ctx context.Context, a *traceAsk, r store.TimeRange) ([]store.TraceSummary, error) {
	root := a.root.span
	found, err := p.o.Traces.Search(ctx, store.TraceQuery{Range: r, Service: root.Service, Operation: root.Name, Limit: 2 * typicalTraces})
	found = slices.DeleteFunc(slices.Clone(found), func(t store.TraceSummary) bool {
		return t.RootService != root.Service || t.RootName != root.Name || t.ID == a.id
	})
	return found[:min(len(found), typicalTraces)], err
}

// make works out the medians, and which of the traces is nearest to them.
func (ty *typical) make(shapes []*shape, lengths []int64, ids []store.TraceID) {
	ty.traces = len(shapes)
	ty.duration = median(lengths)
	for _, s := range shapes {
		ty.top.take(s)
	}
	ty.top.settle()
	ty.took = map[[2]string]int64{}
	ty.eachTook(ty.top)
	best := -1
	var bestShape int
	var bestLength int64
	for i, s := range shapes {
		far, length := ty.distance(s), max(lengths[i]-ty.duration, ty.duration-lengths[i])
		if best < 0 || cmp.Or(cmp.Compare(far, bestShape), cmp.Compare(length, bestLength)) < 0 {
			best, bestShape, bestLength = i, far, length
		}
	}
	ty.id = ids[best]
}

func (ty *typical) eachTook(u *usual) {
	for _, k := range u.kids {
		if key, took := [2]string{k.service, k.name}, k.time/int64(max(k.calls, 1)); ty.most(k) {
			if known, ok := ty.took[key]; !ok || took < known {
				ty.took[key] = took
			}
		}
		ty.eachTook(k)
	}
}

// take adds the shapes of a trace.
func (u *usual) take(s *shape) {
	u.seen = append(u.seen, s)
	for _, k := range s.kids {
		at := [2]string{k.service, k.name}
		kid := u.byName[at]
		if kid == nil {
			if u.byName == nil {
				u.byName = map[[2]string]*usual{}
			}
			kid = &usual{service: k.service, name: k.name, depth: k.depth}
			u.byName[at] = kid
			u.kids = append(u.kids, kid)
		}
		kid.take(k)
	}
}

// settle turns what was seen into medians.
func (u *usual) settle() {
	u.traces = len(u.seen)
	of := func(value func(*shape) int64) int64 {
		all := make([]int64, len(u.seen))
		for i, s := range u.seen {
			all[i] = value(s)
		}
		return median(all)
	}
	u.calls = int(of(func(s *shape) int64 { return int64(s.calls) }))
	u.time = of(func(s *shape) int64 { return s.time })
	u.own = of(func(s *shape) int64 { return s.own })
	u.start = of(func(s *shape) int64 { return s.start })
	u.seen = nil
	for _, k := range u.kids {
		k.settle()
	}
	slices.SortStableFunc(u.kids, func(a, b *usual) int { return cmp.Compare(a.start, b.start) })
}

// most says whether a shape belongs to the typical trace.
func (ty *typical) most(u *usual) bool { return 2*u.traces > ty.traces }

// ownOf is the time that an operation usually takes of its own in such a trace,
// and whether it usually runs.
func (ty *typical) ownOf(service, name string) (sum int64, runs bool) {
	if ty == nil {
		return 0, false
	}
	var walk func(u *usual)
	walk = func(u *usual) {
		for _, k := range u.kids {
			if ty.most(k) {
				if k.service == service && k.name == name {
					sum, runs = sum+k.own, true
				}
				walk(k)
			}
		}
	}
	walk(ty.top)
	return sum, runs
}

// distance counts the shapes that a trace lacks or has beyond the typical ones.
func (ty *typical) distance(top *shape) int {
	n := 0
	var walk func(u *usual, s *shape)
	walk = func(u *usual, s *shape) {
		for _, k := range u.kids {
			mine := s.kid(k.service, k.name)
			if ty.most(k) != (mine != nil) {
				n++
			}
			if mine != nil {
				walk(k, mine)
			}
		}
	}
	walk(ty.top, top)
	return n
}

// median is the middle of some values, the lower one of two, and 0 of none. It
// sorts them.
func median(all []int64) int64 {
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[(len(all)-1)/2]
}
