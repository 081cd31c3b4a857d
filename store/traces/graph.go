package traces

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"tripod/store"
	"tripod/store/events"
)

// Dependencies are the calls between services, exactly as the spans that are
// kept say: a call is a span whose parent is in another service, counted once
// however often and in whichever order the two were sent, in the minute in
// which it starts. A consumer without a parent is called by the span that its
// first link names. A client span that names a database (db.system.name, by
// OpenTelemetry's semantic conventions) is a call of it. Zipkin's server that
// shares its client's id is called by that; spans below it that come before it
// are taken for calls of the client as well. The range is taken by whole
// minutes that lie in it or that it begins or ends in. A call is not counted
// if its parent takes longer than an hour up to it and lies outside of the
// range, or the two came more than a day apart. In order of the caller's and
// the callee's names.
func (s *Store) Dependencies(ctx context.Context, r store.TimeRange) ([]store.Dependency, error) {
	if r.To <= r.From {
		return nil, fmt.Errorf("empty time range: %w", store.ErrInvalid)
	}
	first, last := floorDiv(r.From, minute), floorDiv(r.To-1, minute)
	type pair struct {
		caller, callee string
		kind           store.DependencyKind
	}
	sums := map[pair]*cell{}
	err := s.events.Digests(ctx, store.TimeRange{From: addTime(r.From, -maxLength), To: addTime(r.To, minute)}, func(d events.Digest) {
		from := d.(*digest)
		from.calls(minutes{first, last}, func(k edgeKey, c *cell) {
			p := pair{from.services[k.caller], from.calleeName(k), k.kind}
			sum := sums[p]
			if sum == nil {
				sum = &cell{}
				sums[pair{strings.Clone(p.caller), strings.Clone(p.callee), p.kind}] = sum
			}
			sum.merge(c)
		})
	})
	out := make([]store.Dependency, 0, len(sums))
	for _, p := range slices.SortedFunc(maps.Keys(sums), func(a, b pair) int {
		return cmp.Or(strings.Compare(a.caller, b.caller), strings.Compare(a.callee, b.callee), cmp.Compare(a.kind, b.kind))
	}) {
		c := sums[p]
		out = append(out, store.Dependency{
			Caller: p.caller, Callee: p.callee, Kind: p.kind, Calls: c.requests, Errors: c.errors, Latency: c.latency(),
		})
	}
	return out, err
}

// edgeSums are the calls of a digest by pair, without their minutes: those of a
// day add up once, not for every graph.
type edgeSums struct {
	minutes
	of map[edgeKey]*cell
}

func newEdgeSums(edges map[edgeKey]*cell) *edgeSums {
	s := &edgeSums{minutes{math.MaxInt64, math.MinInt64}, map[edgeKey]*cell{}}
	for k, c := range edges {
		s.stretch(minutes{k.minute, k.minute})
		k.minute = 0
		sum := s.of[k]
		if sum == nil {
			sum = &cell{}
			s.of[k] = sum
		}
		sum.merge(c)
	}
	return s
}

// calls shows those of some minutes, added up where they can be. Of a digest
// that does not change it may be asked at the same time.
func (d *digest) calls(in minutes, show func(k edgeKey, c *cell)) {
	s := d.sums.Load()
	if s == nil {
		s = newEdgeSums(d.edges)
		d.sums.Store(s)
	}
	edges := d.edges
	if in.first <= s.first && s.last <= in.last {
		edges, in = s.of, minutes{}
	}
	for k, c := range edges {
		if in.first <= k.minute && k.minute <= in.last {
			show(k, c)
		}
	}
}

func (c *cell) latency() store.Latency {
	return store.Latency{P50: c.took.quantile(0.5), P95: c.took.quantile(0.95), P99: c.took.quantile(0.99)}
}

// Latencies says how long the operations of a service take, of all services
// when none is named: of every operation that has spans in the range, all spans
// of the heads and parts that hold those, in order of service, name and kind.
// First and Last say which time that is.
func (s *Store) Latencies(ctx context.Context, service string, r store.TimeRange) ([]store.OperationLatency, error) {
	if r.To <= r.From {
		return nil, fmt.Errorf("empty time range: %w", store.ErrInvalid)
	}
	first, last := floorDiv(r.From, minute), floorDiv(r.To-1, minute)
	type key struct {
		service string
		op      store.Operation
	}
	sums := map[key]*operation{}
	err := s.events.Digests(ctx, r, func(d events.Digest) {
		from := d.(*digest)
		for k, o := range from.ops {
			name := from.services[k.service]
			if service != "" && name != service || o.last < first || o.first > last {
				continue
			}
			sum := sums[key{name, k.op}]
			if sum == nil {
				if len(sums) == maxOperations {
					continue
				}
				sum = &operation{minutes: o.minutes}
				sums[key{strings.Clone(name), k.op}] = sum
			}
			sum.merge(&o.cell)
			sum.stretch(o.minutes)
		}
	})
	out := make([]store.OperationLatency, 0, len(sums))
	for k, o := range sums {
		l := store.OperationLatency{Service: k.service, Operation: k.op, Spans: o.requests, Errors: o.errors, Latency: o.latency()}
		l.First, l.Last = o.times()
		out = append(out, l)
	}
	slices.SortFunc(out, func(a, b store.OperationLatency) int {
		return cmp.Or(strings.Compare(a.Service, b.Service), strings.Compare(a.Operation.Name, b.Operation.Name), cmp.Compare(a.Operation.Kind, b.Operation.Kind))
	})
	return out, err
}

// times are the start of the first minute and the end of the last one.
func (m minutes) times() (first, last time.Time) {
	return time.Unix(0, m.first*minute), time.Unix(0, (m.last+1)*minute)
}

// Versions are those of each service's spans, as their resources state them, in
// order of service and time.
func (s *Store) Versions(ctx context.Context) ([]store.ServiceVersion, error) {
	type key struct{ service, version string }
	sums := map[key]*minutes{}
	err := s.events.Digests(ctx, always, func(d events.Digest) {
		from := d.(*digest)
		for k, m := range from.versions {
			name := key{from.services[k.service], k.version}
			if sum := sums[name]; sum != nil {
				sum.stretch(*m)
			} else if len(sums) < maxVersions {
				sums[key{strings.Clone(name.service), strings.Clone(name.version)}] = new(*m)
			}
		}
	})
	out := make([]store.ServiceVersion, 0, len(sums))
	for k, m := range sums {
		v := store.ServiceVersion{Service: k.service, Version: k.version}
		v.First, v.Last = m.times()
		out = append(out, v)
	}
	slices.SortFunc(out, func(a, b store.ServiceVersion) int {
		return cmp.Or(strings.Compare(a.Service, b.Service), a.First.Compare(b.First), strings.Compare(a.Version, b.Version))
	})
	return out, err
}
