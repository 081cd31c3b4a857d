package traces

import (
	"slices"

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
	fresh, calls := spans, make([]store.Call, 0, len(spans))
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
		calls = appendCalls(calls, &spans[i], &known[i])
	}
	s.counter.Count(fresh, calls)
}

func appendCalls(calls []store.Call, s *store.Span, c *call) []store.Call {
	fails := s.Status == store.StatusError
	f := spanFacts{kind: s.Kind, child: !s.ParentID.IsZero() || s.SharesID(), linked: len(s.Links) > 0}
	one := store.Call{Caller: c.caller, Callee: s.Service, Kind: kindOfCall(s.Kind), Fails: fails, Start: s.Start, Took: s.Duration(), Trace: s.TraceID}
	if c.caller != "" || f.fromOutside() {
		calls = append(calls, one)
	}
	if s.Kind == store.SpanClient {
		f.system, f.namespace = databaseOf(s.Attrs)
		if base := f.database(); base != "" {
			one.Caller, one.Callee, one.Kind = s.Service, base, store.DependencyDatabase
			calls = append(calls, one)
		}
	}
	for _, to := range c.callees {
		calls = append(calls, store.Call{
			Caller: s.Service, Callee: to.service, Kind: to.kind, Fails: to.fails, Start: to.start, Took: to.took, Trace: s.TraceID,
		})
	}
	return calls
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
