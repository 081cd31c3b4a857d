package traces

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"tripod/store"
	"tripod/store/events"
)

// maxPoints bounds the steps of an answer.
const maxPoints = 11_000

// RED is the entries into each service, in order of name, with a point for
// every step of the range; starts are multiples of step. Whole minutes come
// from digests when step is a number of minutes, all else from the spans.
func (s *Store) RED(ctx context.Context, r store.TimeRange, step time.Duration) ([]store.RED, error) {
	if step <= 0 || r.To <= r.From {
		return nil, fmt.Errorf("range of %d ns in steps of %d: %w", r.To-r.From, step, store.ErrInvalid)
	}
	first := floorDiv(r.From, int64(step))
	n := uint64(floorDiv(r.To-1, int64(step))-first) + 1
	if n > maxPoints {
		return nil, fmt.Errorf("%d steps, at most %d: %w", n, maxPoints, store.ErrTooLarge)
	}
	sum := &redSum{step: int64(step), first: first, n: int(n), services: map[string]*redService{}}
	if err := s.sumRED(ctx, sum, r); err != nil {
		return nil, err
	}
	return sum.answer(), nil
}

func (s *Store) sumRED(ctx context.Context, sum *redSum, r store.TimeRange) error {
	whole := store.TimeRange{From: -floorDiv(-r.From, minute) * minute, To: floorDiv(r.To, minute) * minute}
	if sum.step%minute != 0 || whole.From >= whole.To {
		return s.scanRED(ctx, sum, r)
	}
	err := s.events.Digests(ctx, whole, func(d events.Digest) { sum.digest(d.(*digest), whole) })
	if err != nil {
		return err
	}
	if err := s.scanRED(ctx, sum, store.TimeRange{From: r.From, To: whole.From}); err != nil {
		return err
	}
	return s.scanRED(ctx, sum, store.TimeRange{From: whole.To, To: r.To})
}

func (s *Store) scanRED(ctx context.Context, sum *redSum, r store.TimeRange) error {
	if r.From >= r.To {
		return nil
	}
	for e, err := range s.events.Scan(ctx, events.Query{Range: r, Where: entryClasses, Oldest: true}) {
		if err != nil {
			return err
		}
		if _, again := e.Get(fAgain); again {
			continue
		}
		took, _ := e.Get(fDuration)
		service, _ := e.Get(fService)
		one := cell{}
		one.add(e.Class, took.Int())
		sum.add(service.Str(), e.Time, &one)
	}
	return nil
}

// redSum adds up by service and step.
type redSum struct {
	step, first int64 // first is the number of the first step
	n           int
	services    map[string]*redService
}

type redService struct {
	total  cell
	points []cell
}

func (s *redSum) digest(d *digest, r store.TimeRange) {
	for k, c := range d.cells {
		if at := k.minute * minute; r.Has(at) {
			s.add(d.services[k.service], at, c)
		}
	}
}

func (s *redSum) add(service string, at int64, c *cell) {
	sv := s.services[service]
	if sv == nil {
		if len(s.services) == maxServices {
			return
		}
		sv = &redService{points: make([]cell, s.n)}
		s.services[strings.Clone(service)] = sv
	}
	sv.total.merge(c)
	sv.points[floorDiv(at, s.step)-s.first].merge(c)
}

func (c *cell) merge(d *cell) {
	c.requests += d.requests
	c.errors += d.errors
	c.took.merge(d.took)
}

func (s *redSum) answer() []store.RED {
	out := make([]store.RED, 0, len(s.services))
	for _, name := range slices.Sorted(maps.Keys(s.services)) {
		sv := s.services[name]
		red := store.RED{
			Service: name, Requests: sv.total.requests, Errors: sv.total.errors,
			P50: sv.total.took.quantile(0.5), P95: sv.total.took.quantile(0.95), P99: sv.total.took.quantile(0.99),
			Points: make([]store.REDPoint, s.n),
		}
		for i, c := range sv.points {
			red.Points[i] = store.REDPoint{
				Start: (s.first + int64(i)) * s.step, Requests: c.requests, Errors: c.errors, P95: c.took.quantile(0.95),
			}
		}
		out = append(out, red)
	}
	return out
}

// Services are the names of all services that have spans, in order.
func (s *Store) Services(ctx context.Context) ([]string, error) {
	seen := map[string]bool{}
	err := s.events.Digests(ctx, always, func(d events.Digest) {
		for _, name := range d.(*digest).services {
			if name != "" && len(seen) < maxServices {
				seen[name] = true
			}
		}
	})
	return slices.Sorted(maps.Keys(seen)), err
}

// Operations are the names and kinds of a service's spans, in order.
func (s *Store) Operations(ctx context.Context, service string) ([]store.Operation, error) {
	seen := map[store.Operation]bool{}
	err := s.events.Digests(ctx, always, func(d events.Digest) {
		id, ok := d.(*digest).ids[service]
		if !ok {
			return
		}
		for k := range d.(*digest).ops {
			if k.service == id && len(seen) < maxOperations {
				seen[k.op] = true
			}
		}
	})
	ops := slices.SortedFunc(maps.Keys(seen), func(a, b store.Operation) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), cmp.Compare(a.Kind, b.Kind))
	})
	return ops, err
}
