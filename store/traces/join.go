package traces

import (
	"container/list"
	"context"
	"slices"
	"strings"
	"sync"

	"tripod/store"
)

// A call leads from a span to a child in another service. Which service called
// is known once both spans are here, whichever comes first, and is written into
// the later of the two: a child whose parent was here before it names its
// caller, a parent names its callees, the children that waited for it. So the
// dependencies that are counted are exactly those of the spans that are kept.
//
// The joiner holds what it needs of the newest traces, each of them whole: of a
// trace that it does not hold, the store is asked for the spans that came
// before.

// maxJoined bounds the spans that are held; one takes 12 bytes, or 60 while it
// waits for its parent.
const maxJoined = 250_000

// maxJoinedNames bounds the names of services that are held.
const maxJoinedNames = 10_000

// call is what a span says of its neighbours in other services.
type call struct {
	again   bool          // the span came before, and is not counted once more
	caller  string        // service of its parent
	awaits  store.TraceID // of the span that it is linked to and that is not here; or zero
	callees []callee
}

// callee is a child that came before its parent.
type callee struct {
	service     string
	start, took int64 // Unix ns, ns
	fails       bool
	kind        store.DependencyKind
}

// binWidth is the bits of a bin's number.
const binWidth = 9

// pack says in one number what a digest needs of a child of a span that starts
// then: bit 0 an error, bit 1 a consumer, the bin of its duration, and from how
// many minutes behind its parent's it starts.
func (c *callee) pack(parent int64) int64 {
	later := floorDiv(c.start, minute) - floorDiv(parent, minute)
	return later<<(2+binWidth) | int64(binOf(c.took))<<2 | int64(c.kind)<<1 | int64(oneIf(c.fails))
}

type joiner struct {
	// earlier gives the spans that the store holds of these traces, and of
	// others those that await spans of these.
	earlier func(ctx context.Context, ids []store.TraceID, around store.TimeRange, show func(joinedSpan)) error

	mu     sync.Mutex
	max    int // of held
	held   int // traces and their spans
	names  []string
	ids    map[string]uint16
	traces map[store.TraceID]*joinedTrace
	ages   list.List  // of *joinedTrace, that of the newest span first
	free   *sync.Cond // some traces are no longer taken
	taken  int
	batch  []spanTraces // memory of join
}

// spanTraces are the trace of a span, and that of the one that called it; nil
// while they are not held.
type spanTraces struct{ own, cause *joinedTrace }

// joinedTrace is taken by one batch until that is kept or refused, so that no
// span tells of another one that is not kept.
type joinedTrace struct {
	id      store.TraceID
	taken   bool
	age     *list.Element
	spans   bySpan[joined]
	waiting bySpan[waiting] // by the parent's id
}

type joined struct {
	service uint16
	kind    store.SpanKind
}

type waiting struct {
	id          store.SpanID
	start, took int64
	service     uint16
	fails       bool
	kind        store.DependencyKind
}

// joinedSpan is a span of the store.
type joinedSpan struct {
	trace         store.TraceID
	id            store.SpanID
	parentTrace   store.TraceID // trace, but for a consumer that is linked
	parent        store.SpanID
	service       string
	me            uint16 // service's number, if named
	named         bool
	kind          store.SpanKind
	start, took   int64
	fails, called bool // it names its caller
	shared        bool // by Zipkin's way it has the id of the client's span, which is its cause
}

func newJoiner() *joiner {
	j := &joiner{max: maxJoined}
	j.free = sync.NewCond(&j.mu)
	j.reset()
	return j
}

func (j *joiner) reset() {
	j.held, j.names, j.ids = 0, nil, map[string]uint16{}
	j.traces = map[store.TraceID]*joinedTrace{}
	j.ages.Init()
}

// join meets spans that are about to be kept, and says in the memory of calls
// what each tells of its neighbours. Unless there is an error, done must hear
// whether they were kept.
func (j *joiner) join(ctx context.Context, spans []store.Span, calls []call) (_ []call, done func(kept bool), err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for len(j.names) > maxJoinedNames && j.taken > 0 || !j.find(spans) {
		j.free.Wait()
	}
	defer func() { clear(j.batch) }()
	if len(j.names) > maxJoinedNames {
		j.reset()
		clear(j.batch)
	}
	mine, err := j.take(ctx, spans)
	if err != nil {
		return calls, nil, err
	}
	for i := range spans {
		s := &spans[i]
		parentTrace, parent := causeOf(s.TraceID, s.ParentID, s.Kind, s.Links)
		shared := s.SharesID()
		if shared {
			parent = s.SpanID
		}
		calls = append(calls, j.meet(j.batch[i], &joinedSpan{
			shared: shared,
			trace:  s.TraceID, id: s.SpanID, parentTrace: parentTrace, parent: parent, service: s.Service, kind: s.Kind,
			start: s.Start, took: s.Duration(), fails: s.Status == store.StatusError,
		}))
	}
	return calls, func(kept bool) { j.release(mine, kept) }, nil
}

// causeOf is the span that a span was called by: its parent, or what the first
// link of a consumer without one leads to.
func causeOf(trace store.TraceID, parent store.SpanID, kind store.SpanKind, links []store.SpanLink) (store.TraceID, store.SpanID) {
	if parent.IsZero() && kind == store.SpanConsumer && len(links) > 0 && !links[0].TraceID.IsZero() {
		return links[0].TraceID, links[0].SpanID
	}
	return trace, parent
}

// find looks for the traces of spans, and says no when some of them are taken.
func (j *joiner) find(spans []store.Span) bool {
	j.batch = slices.Grow(j.batch[:0], len(spans))[:len(spans)]
	for i := range spans {
		s, of := &spans[i], &j.batch[i]
		of.own = j.traces[s.TraceID]
		of.cause = of.own
		if cause, _ := causeOf(s.TraceID, s.ParentID, s.Kind, s.Links); cause != s.TraceID {
			of.cause = j.traces[cause]
		}
		if of.own != nil && of.own.taken || of.cause != nil && of.cause.taken {
			clear(j.batch)
			return false
		}
	}
	return true
}

// take holds the traces of these spans, whole.
func (j *joiner) take(ctx context.Context, spans []store.Span) (mine []*joinedTrace, err error) {
	var unknown []store.TraceID
	var around store.TimeRange
	one := func(t *joinedTrace, id store.TraceID, at int64) *joinedTrace {
		if t == nil {
			t = j.traces[id] // maybe that of a span before it
		}
		if t == nil {
			if len(unknown) == 0 {
				around = store.TimeRange{From: at, To: at}
			}
			unknown = append(unknown, id)
			t = &joinedTrace{id: id}
			t.age = j.ages.PushFront(t)
			j.traces[id] = t
			j.held++
		}
		if !t.taken {
			t.taken = true
			j.taken++
			j.ages.MoveToFront(t.age)
			mine = append(mine, t)
		}
		return t
	}
	for i := range spans {
		s, of := &spans[i], &j.batch[i]
		of.own = one(of.own, s.TraceID, s.Start)
		if cause, _ := causeOf(s.TraceID, s.ParentID, s.Kind, s.Links); cause == s.TraceID {
			of.cause = of.own
		} else {
			of.cause = one(of.cause, cause, s.Start)
		}
		around.From, around.To = min(around.From, s.Start), max(around.To, s.Start)
	}
	if len(unknown) == 0 {
		return mine, nil
	}
	var old []joinedSpan
	if err := j.earlier(ctx, unknown, around, func(s joinedSpan) { old = append(old, s) }); err != nil {
		j.leave(mine, false)
		return nil, err
	}
	j.recall(unknown, old)
	return mine, nil
}

// recall takes over what the store holds: the spans of traces, and those of
// others that are linked to them.
func (j *joiner) recall(ids []store.TraceID, old []joinedSpan) {
	asked := make(map[store.TraceID]bool, len(ids))
	for _, id := range ids {
		asked[id] = true
	}
	for i := range old {
		old[i].me, old[i].named = j.name(old[i].service)
	}
	old = slices.DeleteFunc(old, func(s joinedSpan) bool { return asked[s.trace] && !j.hold(j.traces[s.trace], &s) })
	for i := range old { // now that all are held
		if s := &old[i]; !s.called {
			j.await(j.traces[s.parentTrace], s)
		}
	}
}

// release lets others have the traces; one of which spans were not kept is
// forgotten.
func (j *joiner) release(traces []*joinedTrace, kept bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.leave(traces, kept)
	for j.held > j.max {
		t := j.ages.Back().Value.(*joinedTrace)
		if t.taken {
			break
		}
		j.drop(t)
	}
}

func (j *joiner) leave(traces []*joinedTrace, kept bool) {
	for _, t := range traces {
		t.taken = false
		if !kept {
			j.drop(t)
		}
	}
	j.taken -= len(traces)
	j.free.Broadcast()
}

func (j *joiner) drop(t *joinedTrace) {
	j.held -= 1 + t.spans.n
	j.ages.Remove(t.age)
	delete(j.traces, t.id)
}

// meet adds a span to its trace, which is held.
func (j *joiner) meet(of spanTraces, s *joinedSpan) (c call) {
	s.me, s.named = j.name(s.service)
	if !j.hold(of.own, s) {
		return call{again: true}
	}
	for _, w := range of.own.waiting.take(s.id) {
		if w.service != s.me {
			c.callees = append(c.callees, callee{j.names[w.service], w.start, w.took, w.fails, w.kind})
		}
	}
	switch caller, ok := j.await(of.cause, s); {
	case ok && caller != s.me:
		c.caller = j.names[caller]
	case !ok && s.parentTrace != s.trace:
		c.awaits = s.parentTrace
	}
	return c
}

// hold says whether the span was not here before. It is not held where there is
// no room for it.
func (j *joiner) hold(t *joinedTrace, s *joinedSpan) bool {
	if !s.named || t.spans.n >= maxTraceSpans {
		return true
	}
	me := joined{s.me, s.kind}
	for old := range t.spans.of(s.id) {
		if old == me {
			return false
		}
	}
	t.spans.add(s.id, me)
	j.held++
	return true
}

// await gives the service of a span's parent, which is of the trace t, or lets
// the span wait for it. A
// parent in the span's own service comes first: Zipkin's client and server
// share an id.
func (j *joiner) await(t *joinedTrace, s *joinedSpan) (caller uint16, ok bool) {
	if s.parent.IsZero() || t == nil || !s.named {
		return 0, false
	}
	for p := range t.spans.of(s.parent) {
		if s.shared && p.kind != store.SpanClient {
			continue // itself
		}
		if caller, ok = p.service, true; caller == s.me {
			break
		}
	}
	if !ok && !(s.parentTrace != s.trace && t.awaited(s)) {
		t.waiting.add(s.parent, waiting{s.id, s.start, s.took, s.me, s.fails, kindOfCall(s.kind)})
	}
	return caller, ok
}

// awaited says that a span of another trace waits already.
func (t *joinedTrace) awaited(s *joinedSpan) bool {
	for w := range t.waiting.of(s.parent) {
		if w.id == s.id && w.start == s.start {
			return true
		}
	}
	return false
}

func (j *joiner) name(service string) (id uint16, ok bool) {
	id, ok = j.ids[service]
	if !ok && len(j.names) < 1<<16 {
		id, ok = uint16(len(j.names)), true
		service = strings.Clone(service) // the request's memory is not kept
		j.names, j.ids[service] = append(j.names, service), id
	}
	return id, ok
}
