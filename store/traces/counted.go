package traces

import (
	"slices"
	"sync"

	"tripod/store"
)

// Counter hears of every span and every call once, after they are kept, so that
// what it counts does not depend on how long they stay.
type Counter interface {
	Count(spans []store.Span, calls []store.Call)
}

// count tells of spans that are kept, and of the calls that are complete with
// them.
func (s *Store) count(spans []store.Span, known []call) {
	if s.counter == nil {
		return
	}
	m := counts.Get().(*countMemory)
	defer m.free()
	fresh := spans
	if slices.ContainsFunc(known, func(c call) bool { return c.again }) {
		fresh = make([]store.Span, 0, len(spans))
	}
	for i := range spans {
		if known[i].again {
			continue
		}
		if len(fresh) < len(spans) {
			fresh = append(fresh, spans[i])
		}
		m.add(&spans[i], &known[i])
	}
	s.counter.Count(fresh, m.calls)
}

// countMemory serves the next batch, when the counter is done with this one.
type countMemory struct {
	calls []store.Call
	asked database // the last one
}

var counts = sync.Pool{New: func() any { return &countMemory{} }}

// maxPooledCalls bounds the memory that is kept for the next batch, to 1 MB.
const maxPooledCalls = 8 << 10

func (m *countMemory) free() {
	if cap(m.calls) > maxPooledCalls {
		return
	}
	clear(m.calls)
	m.calls = m.calls[:0]
	counts.Put(m)
}

// add adds the calls that are complete with a span.
func (m *countMemory) add(s *store.Span, c *call) {
	fails := s.Status == store.StatusError
	f := spanFacts{kind: s.Kind, child: !s.ParentID.IsZero() || s.SharesID(), linked: len(s.Links) > 0}
	one := store.Call{Caller: c.caller, Callee: s.Service, Kind: kindOfCall(s.Kind), Fails: fails, Start: s.Start, Took: s.Duration(), Trace: s.TraceID}
	if c.caller != "" || f.fromOutside() {
		m.calls = append(m.calls, one)
	}
	if s.Kind == store.SpanClient {
		f.system, f.namespace = databaseOf(s.Attrs)
		if base := f.database(&m.asked); base != "" {
			one.Caller, one.Callee, one.Kind = s.Service, base, store.DependencyDatabase
			m.calls = append(m.calls, one)
		}
	}
	for _, to := range c.callees {
		m.calls = append(m.calls, store.Call{
			Caller: s.Service, Callee: to.service, Kind: to.kind, Fails: to.fails, Start: to.start, Took: to.took, Trace: s.TraceID,
		})
	}
}

// databaseOf reads the attributes of a client span that name one.
func databaseOf(attrs store.Attrs) (system, namespace string) {
	for i := range attrs {
		switch attrs[i].Key {
		case "db.system.name", "db.system":
			system = attrs[i].Value.Str()
		case "db.namespace", "db.name":
			namespace = attrs[i].Value.Str()
		}
	}
	return system, namespace
}
