package logs_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"tripod/store"
	"tripod/store/events"
	"tripod/store/logs"
	"tripod/store/logs/logql"
)

// normal is a record as it comes back: empty things are nil.
func normal(r store.Record) string {
	show := func(a store.Attrs) string { return store.Map(a).Text() + kinds(store.Map(a)) }
	s := fmt.Sprintf("%d %d %d %q %q %s%s %q %v %v %d %s %d %q %d %v %q", r.Time, r.Observed, r.Level, r.LevelText, r.Service,
		r.Body.Text(), kinds(r.Body), r.EventName, r.TraceID, r.SpanID, r.Flags, show(r.Attrs), r.Dropped, r.Raw, r.Ahead, r.Opaque, r.LevelFrom)
	if r.Resource != nil {
		s += fmt.Sprintf(" resource %s %d %q", show(r.Resource.Attrs), r.Resource.Dropped, r.Resource.SchemaURL)
	}
	if r.Scope != nil {
		s += fmt.Sprintf(" scope %q %q %s %d %q", r.Scope.Name, r.Scope.Version, show(r.Scope.Attrs), r.Scope.Dropped, r.Scope.SchemaURL)
	}
	return s
}

func kinds(v store.Value) string {
	s := fmt.Sprint(v.Kind)
	for _, a := range v.In() {
		s += fmt.Sprintf("[%q%s]", a.Key, kinds(a.Value))
	}
	return s
}

// inStates runs a test on the same records where some lie in the head and some
// in flushed parts, after a restart, and when all lie in parts.
func inStates(t *testing.T, records []store.Record, test func(t *testing.T, s *logs.Store)) {
	dir := t.TempDir()
	s, flushed := running(t, dir, events.Options{HeadBytes: 10 << 10, MaxBlockRows: 50, HeadAge: time.Hour})
	n := 0
	for batch := range slices.Chunk(records, 20) {
		err := s.Append(context.Background(), batch)
		for ; errors.Is(err, store.ErrOverloaded); err = s.Append(context.Background(), batch) {
			n += <-flushed
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for n == 0 {
		n = <-flushed
	}
	t.Run("head and parts", func(t *testing.T) { test(t, s.Store) })
	s.stop()
	for len(flushed) > 0 {
		n += <-flushed
	}
	if n == 0 || n == len(records) {
		t.Errorf("%d of %d records flushed: nothing is left in the head", n, len(records))
	}
	s, flushed = running(t, dir, events.Options{MaxBlockRows: 50, HeadAge: 1})
	t.Run("restarted", func(t *testing.T) { test(t, s.Store) })
	for n < len(records) {
		n += <-flushed
	}
	t.Run("parts", func(t *testing.T) { test(t, s.Store) })
}

type runningStore struct {
	*logs.Store
	stop func()
}

// running opens a store that runs until stop, and tells what it flushes.
func running(t *testing.T, dir string, eo events.Options) (runningStore, chan int) {
	t.Helper()
	flushed := make(chan int, 1000)
	o := logs.Options{LogQL: logql.Parse}
	o.Events.Flushed = func(rows int, _ int64, _ time.Duration) { flushed <- rows }
	o.Events.Failed = func(what string, err error) { t.Errorf("%s: %v", what, err) }
	s, err := logs.OpenTuned(dir, o, eo)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { s.Run(ctx); close(done) }()
	stop := sync.OnceFunc(func() {
		cancel()
		<-done
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return runningStore{s, stop}, flushed
}

func TestSearchAgreesWithTheOracle(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	records := make([]store.Record, 400)
	for i := range records {
		records[i] = randomRecord(rnd, i)
	}
	queries := make([]store.LogQuery, 120)
	for i := range queries {
		from := scriptStart.Add(time.Duration(rnd.IntN(100)) * time.Second)
		queries[i] = store.LogQuery{Text: randomQuery(rnd, 0), Range: store.Between(from, from.Add(time.Duration(rnd.IntN(200))*time.Second)),
			Oldest: rnd.IntN(2) == 0, Limit: pick(rnd, []int{0, 0, 1, 20})}
	}
	found := 0
	inStates(t, records, func(t *testing.T, s *logs.Store) {
		for _, q := range queries {
			want := oracleSearch(t, records, q)
			got := search(t, s, q)
			found += len(got)
			if !slices.Equal(got, want) {
				t.Fatalf("%s (%+v): got %d records, want %d\ngot  %.300s\nwant %.300s", q.Text, q, len(got), len(want), first(got, want), first(want, got))
			}
			volumeAgrees(t, s, records, q)
		}
	})
	if found < 5000 {
		t.Errorf("only %d records found by all queries: the test says little", found)
	}
}

// first is the first of a that b has not at the same place.
func first(a, b []string) string {
	for i := range a {
		if i >= len(b) || a[i] != b[i] {
			return a[i]
		}
	}
	return "none"
}

func oracleSearch(t *testing.T, records []store.Record, q store.LogQuery) []string {
	n, err := logs.Parse(q.Text)
	if err != nil {
		t.Fatalf("%s: %v", q.Text, err)
	}
	var out []string
	for i := range records {
		r := &records[i]
		if !q.Oldest {
			r = &records[len(records)-1-i]
		}
		if q.Range.Has(r.Time) && oracle(n, r) && (q.Limit == 0 || len(out) < q.Limit) {
			out = append(out, normal(*r))
		}
	}
	return out
}

func search(t *testing.T, s *logs.Store, q store.LogQuery) []string {
	var out []string
	for r, err := range s.Search(context.Background(), q) {
		if err != nil {
			t.Fatalf("%s: %v", q.Text, err)
		}
		out = append(out, normal(r))
	}
	return out
}

func volumeAgrees(t *testing.T, s *logs.Store, records []store.Record, q store.LogQuery) {
	n, _ := logs.Parse(q.Text)
	const step = 7 * time.Second
	got, err := s.Volume(context.Background(), q, step)
	if err != nil {
		t.Fatal(err)
	}
	want := map[int64][7]int64{}
	for i := range records {
		if r := &records[i]; q.Range.Has(r.Time) && oracle(n, r) {
			b := want[r.Time/int64(step)]
			b[store.LevelSlot(r.Level)]++
			want[r.Time/int64(step)] = b
		}
	}
	for i, b := range got {
		if b.Start%int64(step) != 0 || i > 0 && b.Start != got[i-1].Start+int64(step) {
			t.Fatalf("bucket %d begins at %d", i, b.Start)
		}
		if b.Counts != want[b.Start/int64(step)] {
			t.Fatalf("%s: bucket %d: got %v, want %v", q.Text, i, b.Counts, want[b.Start/int64(step)])
		}
		delete(want, b.Start/int64(step))
	}
	if len(want) > 0 {
		t.Fatalf("%s: no buckets for %v", q.Text, want)
	}
}
