package metrics

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
	"github.com/prometheus/prometheus/util/compression"
	"github.com/prometheus/prometheus/util/features"

	"tripod/store/metrics/asked"
	"tripod/store/metrics/parallel"
)

// Options of a Store; zero means default.
type Options struct {
	Retention    time.Duration // of blocks; default 15 days
	MaxBytes     int64         // blocks, journal and head together; 0 means no bound
	OutOfOrder   time.Duration // how late a sample may be; default 48 h
	MaxSeries    int           // in the head, those of the last two to three hours; default 1,000,000, which are 4 GB
	OTLPLabels   []string      // resource attributes that become labels of every series; all are labels of target_info; default defaultOTLPLabels
	OTLPScope    bool          // name, version and attributes of OTLP scopes become labels otel_scope_*
	MaxExemplars int           // kept in memory, the newest of all; default 20,000
	MaxSamples   int           // in memory at once for one query; default 20,000,000 (16 B each)
	Timeout      time.Duration // of one query; default 1 min
	Concurrency  int           // queries at once, the others wait; default 8
	Lookback     time.Duration // how old a sample may be and still count; default 5 min
	Features     Features
	Told         features.Collector // is told what engine and tsdb can; may be nil
	Languages    asked.Languages    // that selectors may ask in; may be nil
	Log          *slog.Logger       // tsdb's own messages; nil discards them
	Now          func() time.Time
}

func (o *Options) defaults() {
	setDefault(&o.Retention, 15*24*time.Hour)
	setDefault(&o.OutOfOrder, 48*time.Hour)
	setDefault(&o.MaxSeries, 1_000_000)
	setDefault(&o.MaxExemplars, 20_000)
	setDefault(&o.MaxSamples, 20_000_000)
	setDefault(&o.Timeout, time.Minute)
	setDefault(&o.Concurrency, 8)
	setDefault(&o.Lookback, 5*time.Minute)
	if o.OTLPLabels == nil {
		o.OTLPLabels = defaultOTLPLabels
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
}

// defaultOTLPLabels become labels of every series; job and instance come from
// service.name, service.namespace and service.instance.id in any case.
var defaultOTLPLabels = []string{"service.name", "service.version", "deployment.environment", "deployment.environment.name"}

func setDefault[T comparable](p *T, v T) {
	if *p == *new(T) {
		*p = v
	}
}

func (o *Options) validate() error {
	var errs []error
	for name, n := range map[string]int64{
		"retention": int64(o.Retention), "max bytes": o.MaxBytes, "out of order": int64(o.OutOfOrder),
		"max series": int64(o.MaxSeries), "max exemplars": int64(o.MaxExemplars), "max samples": int64(o.MaxSamples), "timeout": int64(o.Timeout),
		"concurrency": int64(o.Concurrency), "lookback": int64(o.Lookback),
	} {
		if n < 0 {
			errs = append(errs, fmt.Errorf("%s is negative", name))
		}
	}
	return errors.Join(errs...)
}

// Store is one tsdb under one PromQL engine.
type Store struct {
	o        Options
	db       *tsdb.DB
	engine   promql.QueryEngine
	stock    promql.QueryEngine // the same, or the one behind it
	parser   parser.Parser
	meta     families
	otlp     converters
	changes  changes
	accepted atomic.Int64
	rejected atomic.Int64
	head     headCount
	births   *births
	counted  counted
	slow     slow
	refusals refusals
	opened   time.Time
	dir      string
	counts   prometheus.Gatherer // tsdb's own
}

// The blocks of the first level, in milliseconds.
const headRange = int64(2 * time.Hour / time.Millisecond)

// Open replays the journal of dir. Blocks are not compacted before Run.
func Open(dir string, o Options) (*Store, error) {
	o.defaults()
	if err := o.validate(); err != nil {
		return nil, fmt.Errorf("metrics options: %w", err)
	}
	b := &births{max: int64(o.MaxSeries), now: o.Now}
	settings := tsdbOptions(&o)
	settings.SeriesLifecycleCallback = b
	counts := prometheus.NewRegistry()
	db, err := tsdb.Open(dir, o.Log, counts, settings, nil)
	if err != nil {
		return nil, fmt.Errorf("open metrics in %s: %w", dir, err)
	}
	db.DisableCompactions()
	p := o.Languages.Parser(o.Features.Syntax)
	s := &Store{o: o, db: db, parser: p, births: b, opened: o.Now(), dir: dir, counts: counts}
	b.replayed.Store(true)
	s.changes.oldest = s.oldestBlock
	stock := promql.NewEngine(promql.EngineOpts{
		Logger:                   o.Log,
		MaxSamples:               o.MaxSamples,
		Timeout:                  o.Timeout,
		ActiveQueryTracker:       newGate(o.Concurrency),
		LookbackDelta:            o.Lookback,
		NoStepSubqueryIntervalFn: func(int64) int64 { return time.Minute.Milliseconds() },
		EnableAtModifier:         true,
		EnableNegativeOffset:     true,
		EnablePerStepStats:       true,
		EnableDelayedNameRemoval: o.Features.DelayedNames,
		Parser:                   p,
		FeatureRegistry:          o.Told,
	})
	s.engine, s.stock = stock, stock
	if !o.Features.DelayedNames { // which the parallel one does not know
		s.engine = parallel.New(stock, parallel.Options{MaxSamples: o.MaxSamples, Changes: &s.changes})
	}
	return s, nil
}

// oldestBlock is when the first block begins; the newest moment that there is
// while there is none.
func (s *Store) oldestBlock() int64 {
	if blocks := s.db.Blocks(); len(blocks) > 0 {
		return blocks[0].Meta().MinTime
	}
	return math.MaxInt64
}

// tsdbOptions are Prometheus's, but small: one appliance holds thousands of
// series where a Prometheus server holds millions. A stripe costs 200 bytes
// whether used or not, so that 1,024 instead of 16,384 save 3 MB.
func tsdbOptions(o *Options) *tsdb.Options {
	t := tsdb.DefaultOptions()
	t.RetentionDuration = o.Retention.Milliseconds()
	t.MaxBytes = o.MaxBytes
	t.MinBlockDuration = headRange
	t.MaxBlockDuration = max(headRange, min(o.Retention/10, 31*24*time.Hour).Milliseconds())
	t.WALCompression = compression.Snappy
	t.WALSegmentSize = 32 << 20
	t.StripeSize = 1 << 10
	t.HeadChunksWriteBufferSize = 256 << 10
	t.OutOfOrderTimeWindow = o.OutOfOrder.Milliseconds()
	t.NoLockfile = true           // the owner of the data directory locks all of it
	t.EnableSTAsZeroSample = true // an OTLP counter begins with 0 when its sender started
	t.EnableExemplarStorage = true
	t.MaxExemplars = int64(o.MaxExemplars)
	t.FeatureRegistry = o.Told
	return t
}

// Run compacts the head into blocks and applies the retention until ctx ends.
func (s *Store) Run(ctx context.Context) error {
	s.db.EnableCompactions()
	defer s.db.DisableCompactions()
	<-ctx.Done()
	return nil
}

// Close waits for a running compaction and closes the journal.
func (s *Store) Close() error { return s.db.Close() }

// Querier reads samples from mint to maxt, in Unix milliseconds, both included.
func (s *Store) Querier(mint, maxt int64) (storage.Querier, error) { return s.db.Querier(mint, maxt) }

// ChunkQuerier reads samples as they are packed.
func (s *Store) ChunkQuerier(mint, maxt int64) (storage.ChunkQuerier, error) {
	return s.db.ChunkQuerier(mint, maxt)
}

// ExemplarQuerier reads exemplars.
func (s *Store) ExemplarQuerier(ctx context.Context) (storage.ExemplarQuerier, error) {
	return s.db.ExemplarQuerier(ctx)
}

// Queryable is the store as rules read it.
func (s *Store) Queryable() storage.Queryable { return s }
