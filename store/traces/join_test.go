package traces

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"tripod/store"
	"tripod/store/events"
	"tripod/store/storetest"
)

func TestVersions(t *testing.T) {
	spans := withVersions(storetest.SpanCorpus(7, 1500))
	want := map[string]minutes{}
	for _, s := range spans {
		k := s.Service + " " + s.Resource.Attrs.Text("service.version")
		at := floorDiv(s.Start, minute)
		m, ok := want[k]
		if !ok {
			m = minutes{at, at}
		}
		m.stretch(minutes{at, at})
		want[k] = m
	}
	inStates(t, spans, func(t *testing.T, s *Store) {
		got, err := s.Versions(t.Context())
		if err != nil || len(got) != len(want) {
			t.Fatalf("got %v, %v, want %v", got, err, want)
		}
		for _, v := range got {
			m := want[v.Service+" "+v.Version]
			if first, last := m.times(); !v.First.Equal(first) || !v.Last.Equal(last) {
				t.Errorf("got %+v, want %v to %v", v, first, last)
			}
		}
	})
}

// withVersions gives the resource of each span one of three.
func withVersions(spans []store.Span) []store.Span {
	for i := range spans {
		r := *spans[i].Resource
		r.Attrs = append(slices.Clone(r.Attrs), store.Attr{Key: "service.version", Value: store.String(fmt.Sprint("1.", i%3))})
		spans[i].Resource = &r
	}
	return spans
}

// forest is random traces over six services, in which every span but the root
// has a parent, that of one in ten is never sent, and clocks are off.
func forest(r *rand.Rand, n int) (spans []store.Span) {
	services := []string{"web", "api", "auth", "db", "mail", "cron"}
	for len(spans) < n {
		var id store.TraceID
		for i := range id {
			id[i] = byte(r.Uint32())
		}
		from := len(spans)
		at := benchStart + r.Int64N(10*minute)
		for i := range 1 + r.IntN(12) {
			s := store.Span{
				TraceID: id, SpanID: store.SpanID{1, byte(r.Uint32()), byte(r.Uint32()), 7: byte(i + 1)},
				Service: services[r.IntN(len(services))], Name: fmt.Sprint("op", r.IntN(3)), Kind: store.SpanKind(r.IntN(6)),
				Start: at + r.Int64N(2*minute), Status: store.StatusCode(r.IntN(3)),
			}
			s.End = s.Start + r.Int64N(minute)
			if s.Kind == store.SpanClient && r.IntN(2) == 0 {
				s.Attrs = store.Attrs{{Key: "db.system.name", Value: store.String("postgresql")}, {Key: "db.namespace", Value: store.String("shop")}}
			}
			if i > 0 {
				s.ParentID = spans[from+r.IntN(i)].SpanID
				if r.IntN(10) == 0 {
					s.ParentID[1]++
				}
			}
			spans = append(spans, s)
		}
	}
	return spans
}

type edge struct {
	caller, callee string
	kind           store.DependencyKind
}

// edgesOf counts the calls of spans of which none was sent twice.
func edgesOf(spans []store.Span, r store.TimeRange) map[edge][2]int64 {
	type key struct {
		trace store.TraceID
		span  store.SpanID
	}
	services := map[key]string{}
	for _, s := range spans {
		services[key{s.TraceID, s.SpanID}] = s.Service
	}
	out := map[edge][2]int64{}
	for _, s := range spans {
		caller, ok := services[key{s.TraceID, s.ParentID}]
		switch {
		case !s.ParentID.IsZero():
		case s.Kind == store.SpanConsumer && len(s.Links) > 0:
			caller, ok = services[key{s.Links[0].TraceID, s.Links[0].SpanID}]
		default:
			caller, ok = "", s.Kind == store.SpanServer || s.Kind == store.SpanConsumer
		}
		if s.Kind == store.SpanClient && len(s.Attrs) > 0 && r.Has(s.Start) {
			count(out, edge{s.Service, "shop (postgresql)", store.DependencyDatabase}, s.Status)
		}
		if !ok || caller == s.Service || !r.Has(s.Start) {
			continue
		}
		count(out, edge{caller, s.Service, kindOfCall(s.Kind)}, s.Status)
	}
	return out
}

func count(out map[edge][2]int64, e edge, status store.StatusCode) {
	n := out[e]
	n[0]++
	if status == store.StatusError {
		n[1]++
	}
	out[e] = n
}

func gotEdges(t *testing.T, s *Store, r store.TimeRange) map[edge][2]int64 {
	t.Helper()
	deps, err := s.Dependencies(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	out := map[edge][2]int64{}
	for _, d := range deps {
		out[edge{d.Caller, d.Callee, d.Kind}] = [2]int64{d.Calls, d.Errors}
	}
	return out
}

func checkEdges(t *testing.T, s *Store, spans []store.Span) {
	t.Helper()
	for _, r := range []store.TimeRange{
		{From: benchStart - int64(time.Hour), To: benchStart + int64(time.Hour)},
		{From: benchStart + 3*minute, To: benchStart + 7*minute},
	} {
		if got, want := gotEdges(t, s, r), edgesOf(spans, r); !maps.Equal(got, want) {
			for e, n := range want {
				if got[e] != n {
					t.Errorf("from %d min: %v: got %v, want %v", (r.From-benchStart)/minute, e, got[e], n)
				}
			}
			for e, n := range got {
				if _, ok := want[e]; !ok {
					t.Errorf("from %d min: %v: got %v, want none", (r.From-benchStart)/minute, e, n)
				}
			}
		}
	}
}

// link links consumers without a parent to any span.
func link(r *rand.Rand, spans []store.Span) {
	for i := range spans {
		if to := &spans[r.IntN(len(spans))]; spans[i].ParentID.IsZero() && spans[i].Kind == store.SpanConsumer {
			spans[i].Links = []store.SpanLink{{TraceID: to.TraceID, SpanID: to.SpanID}}
		}
	}
}

func TestDependenciesInEveryState(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 1))
	spans := forest(r, 2500)
	link(r, spans)
	r.Shuffle(len(spans), func(i, j int) { spans[i], spans[j] = spans[j], spans[i] })
	services := map[string]string{}
	took := map[string]*cell{}
	for _, s := range spans {
		services[s.TraceID.String()+s.SpanID.String()] = s.Service
	}
	for _, s := range spans {
		caller, ok := services[s.TraceID.String()+s.ParentID.String()]
		if k := caller + " " + s.Service; ok && caller != s.Service && s.Kind != store.SpanConsumer {
			if took[k] == nil {
				took[k] = &cell{}
			}
			took[k].add(class(&s), s.Duration())
		}
	}
	inStates(t, spans, func(t *testing.T, s *Store) {
		checkEdges(t, s, spans)
		deps, err := s.Dependencies(t.Context(), everyHour)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range deps {
			if want := took[d.Caller+" "+d.Callee]; d.Kind == store.DependencyCall && d.Caller != "" && d.Latency != want.latency() {
				t.Errorf("%s to %s: got %v, want %v", d.Caller, d.Callee, d.Latency, want.latency())
			}
		}
	})
}

// TestDependenciesHoweverSent sends spans in any order, again and again, refused
// now and then, to a joiner that remembers little and a store that restarts.
func TestDependenciesHoweverSent(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 2))
			spans := forest(r, 600)
			link(r, spans)
			sent := slices.Clone(spans)
			for range 60 {
				sent = append(sent, spans[r.IntN(len(spans))])
			}
			if seed%3 > 0 {
				r.Shuffle(len(sent), func(i, j int) { sent[i], sent[j] = sent[j], sent[i] })
			}
			dir := t.TempDir()
			counted := &callCounter{calls: map[edge][2]int64{}}
			s, stop := runJoined(t, dir, counted)
			for len(sent) > 0 {
				n := min(len(sent), 1+r.IntN(40))
				batch := slices.Clone(sent[:n])
				sent = sent[n:]
				switch r.IntN(12) {
				case 0:
					stop()
					s, stop = runJoined(t, dir, counted)
				case 1: // joined, but not kept
					if _, done, err := s.joiner.join(t.Context(), batch, nil); err != nil {
						t.Fatal(err)
					} else {
						done(false)
					}
				}
				for errors.Is(appendTo(t, s, batch), store.ErrOverloaded) {
				}
			}
			checkEdges(t, s, spans)
			if want := edgesOf(spans, everyHour); !maps.Equal(counted.calls, want) {
				t.Errorf("counted %v, want %v", counted.calls, want)
			}
			if counted.spans != len(spans) {
				t.Errorf("counted %d spans, want %d", counted.spans, len(spans))
			}
		})
	}
}

// callCounter counts what it is told.
type callCounter struct {
	mu    sync.Mutex
	spans int
	calls map[edge][2]int64
}

func (c *callCounter) Count(spans []store.Span, calls []store.Call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.spans += len(spans)
	for _, call := range calls {
		status := store.StatusOK
		if call.Fails {
			status = store.StatusError
		}
		count(c.calls, edge{call.Caller, call.Callee, call.Kind}, status)
	}
}

func appendTo(t *testing.T, s *Store, batch []store.Span) error {
	err := s.Append(t.Context(), batch)
	if err != nil && !errors.Is(err, store.ErrOverloaded) {
		t.Fatal(err)
	}
	return err
}

func runJoined(t *testing.T, dir string, counter Counter) (*Store, func()) {
	s := openTest(t, dir, Options{HeadBytes: 16 << 10, Counter: counter, Events: events.Events{Failed: func(what string, err error) { t.Errorf("%s: %v", what, err) }}})
	s.joiner.max = 100
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { s.Run(ctx) })
	stop := sync.OnceFunc(func() {
		cancel()
		running.Wait()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return s, stop
}

func TestDependenciesOfManyWriters(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 1))
	spans := forest(r, 4000)
	link(r, spans)
	order := slices.Clone(spans)
	r.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	s, _ := runJoined(t, t.TempDir(), nil)
	s.joiner.max = maxJoined
	var writers sync.WaitGroup
	for part := range slices.Chunk(order, 1000) {
		writers.Go(func() {
			for batch := range slices.Chunk(part, 50) {
				for errors.Is(appendTo(t, s, batch), store.ErrOverloaded) {
				}
			}
		})
	}
	writers.Wait()
	checkEdges(t, s, spans)
}

// TestZipkinSharesIDs sends client and server with one id, in any order and with
// a restart between them.
func TestZipkinSharesIDs(t *testing.T) {
	shared := store.Attrs{{Key: store.ZipkinShared, Value: store.Bool(true)}}
	span := func(service string, kind store.SpanKind, id, parent byte, attrs store.Attrs) store.Span {
		s := store.Span{TraceID: store.TraceID{9}, SpanID: store.SpanID{id}, Service: service, Kind: kind, Start: benchStart, End: benchStart + 1e6, Attrs: attrs}
		if parent > 0 {
			s.ParentID = store.SpanID{parent}
		}
		return s
	}
	spans := []store.Span{
		span("web", store.SpanServer, 1, 0, nil),
		span("web", store.SpanClient, 2, 1, nil), span("api", store.SpanServer, 2, 1, shared),
	}
	want := map[edge][2]int64{{"", "web", 0}: {1, 0}, {"web", "api", 0}: {1, 0}}
	r := rand.New(rand.NewPCG(1, 1))
	for range 30 {
		r.Shuffle(len(spans), func(i, j int) { spans[i], spans[j] = spans[j], spans[i] })
		dir := t.TempDir()
		for batch := range slices.Chunk(spans, 1+r.IntN(3)) {
			s := openTest(t, dir, Options{})
			if err := s.Append(t.Context(), batch); err != nil {
				t.Fatal(err)
			}
			s.Close()
		}
		if got := gotEdges(t, openTest(t, dir, Options{}), everyHour); !maps.Equal(got, want) {
			t.Fatalf("sent as %v: got %v, want %v", spans, got, want)
		}
	}
}

func TestLatencies(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	spans := forest(r, 2500)
	want := map[string]store.OperationLatency{}
	took := map[string]*cell{}
	for _, s := range spans {
		op := store.Operation{Name: s.Name, Kind: s.Kind}
		k := fmt.Sprint(s.Service, op)
		if took[k] == nil {
			took[k] = &cell{}
		}
		took[k].add(class(&s), s.Duration())
		o, ok := want[k]
		first := time.Unix(0, s.Start).Truncate(time.Minute)
		if !ok {
			o = store.OperationLatency{Service: s.Service, Operation: op, First: first, Last: first}
		}
		o.Spans, o.Errors, o.Latency = took[k].requests, took[k].errors, took[k].latency()
		if first.Before(o.First) {
			o.First = first
		}
		if last := first.Add(time.Minute); last.After(o.Last) {
			o.Last = last
		}
		want[k] = o
	}
	inStates(t, spans, func(t *testing.T, s *Store) {
		got, err := s.Latencies(t.Context(), "", everyHour)
		if err != nil || len(got) != len(want) {
			t.Fatalf("got %d operations of %d, %v", len(got), len(want), err)
		}
		for _, o := range got {
			if k := fmt.Sprint(o.Service, o.Operation); o != want[k] {
				t.Errorf("got %+v, want %+v", o, want[k])
			}
		}
		if one, err := s.Latencies(t.Context(), "db", everyHour); err != nil || len(one) == 0 || one[0].Service != "db" || one[len(one)-1].Service != "db" {
			t.Errorf("of one service: got %v, %v", one, err)
		}
	})
}

var everyHour = store.TimeRange{From: benchStart - int64(time.Hour), To: benchStart + int64(time.Hour)}

func TestSeen(t *testing.T) {
	id := func(n int) store.TraceID {
		return store.TraceID{1, byte(n), byte(n >> 8), byte(n >> 16), 9: byte(n >> 3)}
	}
	var all seen
	for part := range 3 {
		var s seen
		for n := part * 1000; n < (part+1)*1000; n++ {
			s.add(id(n).String())
			s.add(id(n).String())
		}
		if len(s.hashes) != 1000 {
			t.Fatalf("%d hashes of 1000 traces", len(s.hashes))
		}
		all.merge(&s)
	}
	r := reader{b: all.appendTo(nil)}
	all = r.seen()
	for n := range 3000 {
		if !all.has(seenHash(id(n))) {
			t.Fatalf("trace %d was seen", n)
		}
	}
	wrong := 0
	for n := 3000; n < 203_000; n++ {
		if all.has(seenHash(id(n))) {
			wrong++
		}
	}
	if wrong > 40 {
		t.Errorf("%d of 200,000 traces seem to be there", wrong)
	}
}
