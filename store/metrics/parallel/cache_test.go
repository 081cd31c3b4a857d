package parallel_test

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"

	"tripod/store/metrics/parallel"
)

// since is a store of which everything from a moment on may have changed.
type since struct {
	at      int64
	version uint64
}

func (s *since) Version() uint64 { return s.version }

func (s *since) Earliest(version uint64, mint, maxt int64) int64 {
	if version == s.version {
		return maxt + 1
	}
	return max(mint, s.at)
}

// seen remembers the first time of the last selection.
type seen struct {
	storage.Queryable
	first int64
}

func (s *seen) ChunkQuerier(mint, maxt int64) (storage.ChunkQuerier, error) {
	q, err := s.Queryable.(storage.ChunkQueryable).ChunkQuerier(mint, maxt)
	return seenQuerier{q, s}, err
}

type seenQuerier struct {
	storage.ChunkQuerier
	in *seen
}

func (q seenQuerier) Select(ctx context.Context, sorted bool, hints *storage.SelectHints, ms ...*labels.Matcher) storage.ChunkSeriesSet {
	q.in.first = hints.Start
	return q.ChunkQuerier.Select(ctx, sorted, hints, ms...)
}

// TestAskedAgainReadsLess: of what was asked before only the steps are read
// that are new or may have changed.
func TestAskedAgainReadsLess(t *testing.T) {
	db := &seen{Queryable: world(t, rand.New(rand.NewPCG(1, 7)))}
	changes := &since{version: 1}
	e := parallel.New(stockEngine(1_000_000), parallel.Options{MaxSamples: 1_000_000, Changes: changes})
	step, window := 15*time.Second, 2*time.Minute
	ask := func(from, to int64, expr string) (value promql.Matrix, first int64) {
		t.Helper()
		db.first = 0
		q, err := e.NewRangeQuery(t.Context(), db, nil, expr, time.UnixMilli(from), time.UnixMilli(to), step)
		if err != nil {
			t.Fatal(err)
		}
		m, err := q.Exec(t.Context()).Matrix()
		if err != nil || len(m) == 0 {
			t.Fatalf("%d series, %v", len(m), err)
		}
		return m, db.first
	}
	const expr = "sum by (job) (rate(lat_bucket[2m]))"
	from, to := base+600_000, base+1_800_000
	reads := func(at int64) int64 { return at - window.Milliseconds() + 1 }
	if _, first := ask(from, to, expr); first != reads(from) {
		t.Errorf("the first time read from %d, want %d", first, reads(from))
	}
	if _, first := ask(from, to, expr); first != 0 {
		t.Errorf("the same again read from %d, want nothing", first)
	}
	ahead := step.Milliseconds() * 4
	if _, first := ask(from+ahead, to+ahead, expr); first != reads(to) {
		t.Errorf("a minute later read from %d, want the new steps from %d", first, reads(to))
	}
	changes.version, changes.at = 2, to-60_000+1
	if _, first := ask(from+ahead, to+ahead, expr); first != reads(to-60_000) {
		t.Errorf("with a late sample read from %d, want %d", first, reads(to-60_000))
	}
	changes.version, changes.at = 3, 0
	if _, first := ask(from+ahead, to+ahead, expr); first != reads(from+ahead) {
		t.Errorf("with a change anywhere read from %d, want %d", first, reads(from+ahead))
	}
	if _, first := ask(from, to, "sum("+expr+")"); first != reads(from) {
		t.Errorf("below a sum, to which order matters, read from %d, want %d", first, reads(from))
	}
}
