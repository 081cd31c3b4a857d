package parallel

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/annotations"
)

// round is how many series are evaluated before they are aggregated: their
// rows stay in the processor's cache on grids of up to a few hundred steps.
const round = 256

// reader evaluates the series of one fragment, in order, a round at a time.
type reader struct {
	f       *fragment
	o       Options
	series  []storage.ChunkSeries
	some    []bool // by series: whether it has a point
	workers []*worker
}

func newReader(f *fragment, series []storage.ChunkSeries, o Options) *reader {
	r := &reader{f: f, o: o, series: series, some: make([]bool, len(series))}
	for range max(1, min(o.Workers, len(series)/grain)) {
		r.workers = append(r.workers, newWorker(f))
	}
	return r
}

func (r *reader) evalAll(ctx context.Context) ([]promql.Series, error) {
	if r.f.agg == nil {
		return r.evalEach(ctx)
	}
	return r.evalGroups(ctx)
}

// evalEach makes a row of every series that has a point.
func (r *reader) evalEach(ctx context.Context) ([]promql.Series, error) {
	if err := r.bound(len(r.series)); err != nil {
		return nil, err
	}
	rows := make([]promql.Series, len(r.series))
	err := r.parallel(ctx, 0, len(rows), func(i int, w *worker) {
		r.evalOne(i, w, w.row)
		if r.some[i] && r.f.filter(w.row) {
			rows[i] = promql.Series{Metric: r.f.metric(r.series[i]), Floats: r.f.grid.points(w.row)}
		}
	})
	return slices.DeleteFunc(rows, func(s promql.Series) bool { return s.Floats == nil }), err
}

// evalGroups aggregates round by round, every step in the order of series.
func (r *reader) evalGroups(ctx context.Context) ([]promql.Series, error) {
	g := r.f.groups(r.series)
	if err := r.bound(len(g.metrics) * 4); err != nil {
		return nil, err
	}
	acc := accumulators[r.f.agg.Op](len(g.metrics), r.f.grid.steps)
	size := min(round, len(r.series))
	values := make([]float64, size*r.f.grid.steps)
	rowOf := func(i int) []float64 { return values[i*r.f.grid.steps:][:r.f.grid.steps] }
	for from := 0; from < len(r.series); from += size {
		to := min(from+size, len(r.series))
		if err := r.parallel(ctx, from, to, func(i int, w *worker) { r.evalOne(i, w, rowOf(i-from)) }); err != nil {
			return nil, err
		}
		r.bySteps(to-from, func(lo, hi int) {
			for i := from; i < to; i++ {
				if r.some[i] {
					acc.add(g.of[i], lo, rowOf(i - from)[lo:hi])
				}
			}
		})
	}
	return g.rows(r.f, acc, r.some), nil
}

// bound declines what would take more memory than a query may have.
func (r *reader) bound(rows int) error {
	if rows > r.o.MaxSamples/r.f.grid.steps {
		return errDeclined
	}
	return nil
}

// grain is how many series a worker takes at once; fewer are not worth a
// goroutine.
const grain = 16

// parallel calls do for each number on all workers.
func (r *reader) parallel(ctx context.Context, from, to int, do func(i int, w *worker)) error {
	var next atomic.Int64
	next.Store(int64(from))
	work := func(w *worker) {
		for {
			lo := int(next.Add(grain)) - grain
			if lo >= to || w.err != nil {
				return
			}
			if w.err = ctx.Err(); w.err != nil {
				return
			}
			for i := lo; i < min(lo+grain, to) && w.err == nil; i++ {
				do(i, w)
			}
		}
	}
	var wg sync.WaitGroup
	for _, w := range r.workers[1:] {
		wg.Go(func() { work(w) })
	}
	work(r.workers[0])
	wg.Wait()
	return r.check()
}

// check is the first error of a worker, or errDeclined when the stock engine
// would hold more samples at one time than a query may.
func (r *reader) check() error {
	points, widest := 0, 0
	for _, w := range r.workers {
		if w.err != nil {
			return w.err
		}
		points, widest = points+w.points, max(widest, w.tally.widest)
	}
	r.f.tally.peak = points + widest
	if r.f.keep != nil {
		r.f.tally.peak += points // what is compared, and what is kept of it
	}
	if r.f.tally.peak > r.o.MaxSamples {
		return errDeclined
	}
	return nil
}

// finish adds up what the workers counted and noted.
func (r *reader) finish() annotations.Annotations {
	var notes annotations.Annotations
	for _, w := range r.workers {
		w.layouts.count(&w.tally)
		r.f.tally.add(w.tally)
		if stock, ok := w.fn.(*stockSlide); ok {
			notes.Merge(stock.notes)
		}
	}
	return notes
}

// bySteps splits the grid where it is worth it, so that each step is
// aggregated by one worker.
func (r *reader) bySteps(rows int, do func(lo, hi int)) {
	steps := r.f.grid.steps
	parts := min(r.o.Workers, steps, 1+rows*steps/16384)
	var wg sync.WaitGroup
	for p := 1; p < parts; p++ {
		wg.Go(func() { do(p*steps/parts, (p+1)*steps/parts) })
	}
	do(0, steps/parts)
	wg.Wait()
}

// evalOne fills the row of one series.
func (r *reader) evalOne(i int, w *worker, out []float64) {
	if err := w.read(r.series[i]); err != nil {
		w.err = err
		return
	}
	n := w.evaluate(r.series[i].Labels(), out)
	w.points += n
	r.some[i] = n > 0
}

// worker is what one goroutine needs to evaluate series after series.
type worker struct {
	f       *fragment
	it      chunks.Iterator
	plain   chunkenc.Iterator // of chunks that are not XOR
	xor     xorReader
	samples samples   // of the series at hand
	row     []float64 // a value for each step
	fn      slide
	layouts layouts
	tally   tally // and what layouts have not yet counted
	points  int   // of all series, as the stock engine would hold them at one time
	err     error
}

func newWorker(f *fragment) *worker {
	w := &worker{f: f, layouts: layouts{f: f}, tally: newTally(f.grid.steps), row: make([]float64, f.grid.steps)}
	w.xor.mint, w.xor.maxt = f.reach()
	w.xor.unstale = f.call != nil
	if f.call == nil {
		w.fn = latest{}
	} else if own := slides[f.call.Func.Name]; own != nil {
		w.fn = own(f.of)
	} else {
		w.fn = newStockSlide(f)
	}
	return w
}

// evaluate fills out with a value for each step, and returns how many there
// are.
func (w *worker) evaluate(metric labels.Labels, out []float64) int {
	over := w.layouts.of(w.samples.times, &w.tally)
	least := w.fn.fill(out, metric, &w.samples, over)
	if !over.single {
		w.tally.widest = max(w.tally.widest, over.widest)
	}
	if least > 0 {
		over.rows[least]++
		return over.longer[least]
	}
	if over.single {
		return w.tally.latest(out)
	}
	over.rows[0]++
	return w.tally.some(out)
}

// read takes a series' samples; of chunks that are not XOR also some that are
// too early or too late, which are passed over. Stale markers end a series for
// a selector without range and are left out for one with.
func (w *worker) read(s storage.ChunkSeries) (err error) {
	w.it = s.Iterator(w.it)
	w.samples.reset()
	for w.it.Next() {
		chunk := w.it.At().Chunk
		switch chunk.Encoding() {
		case chunkenc.EncXOR:
			err = w.xor.read(&w.samples, chunk.Bytes())
		default:
			err = w.readPlain(chunk)
		}
		if err != nil {
			return err
		}
	}
	return w.it.Err()
}

func (w *worker) readPlain(chunk chunkenc.Chunk) error {
	w.plain = chunk.Iterator(w.plain)
	for {
		switch w.plain.Next() {
		case chunkenc.ValNone:
			return w.plain.Err()
		case chunkenc.ValFloat:
			if t, v := w.plain.At(); !w.xor.unstale || !value.IsStaleNaN(v) {
				w.samples.add(t, v)
			}
		default:
			return fmt.Errorf("native histograms: %w", errDeclined)
		}
	}
}
