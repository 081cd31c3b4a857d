package traces

import (
	"context"
	"math"
	"slices"
	"time"

	"tripod/store"
	"tripod/store/events"
)

// Options of a store; the zero value means the defaults of events.Options.
type Options struct {
	Sync      string
	HeadBytes int64
	Retention time.Duration
	MaxBytes  int64
	Now       func() time.Time
	Events    events.Events
	Counter   Counter // may be nil

	// KeepFor is how long traces with an error stay, where it is longer than
	// Retention, and those with a span that takes KeepSlow or longer, unless
	// that is 0. Everything else goes after Retention.
	KeepFor  time.Duration
	KeepSlow time.Duration
}

// blockRows is smaller than the engine's default: a trace by id decodes whole
// blocks, mostly one.
const blockRows = 1024

// Store keeps spans.
type Store struct {
	events  *events.Store
	joiner  *joiner
	counter Counter
}

// Open takes over a folder, made if need be.
func Open(dir string, o Options) (*Store, error) {
	kept := &tail{slow: o.KeepSlow}
	eo := events.Options{
		Sync: o.Sync, HeadBytes: o.HeadBytes, MaxBlockRows: blockRows,
		Retention: o.Retention, MaxBytes: o.MaxBytes,
		Now: o.Now, Events: o.Events,
		CountBy:   fService,
		CountSame: resourcePrefix + "service.name",
		NewDigest: func() events.Digest { return newDigest() },
	}
	if o.KeepFor > o.Retention {
		eo.Thin, eo.RetentionThin = kept.thin, o.KeepFor
	}
	ev, err := events.Open(dir, eo)
	if err != nil {
		return nil, err
	}
	s := over(ev)
	s.counter, kept.s = o.Counter, s
	return s, nil
}

func over(ev *events.Store) *Store {
	s := &Store{events: ev, joiner: newJoiner()}
	s.joiner.earlier = s.earlier
	return s
}

// Run does the background work until its context ends.
func (s *Store) Run(ctx context.Context) error { return s.events.Run(ctx) }

// Close makes everything durable; Run has ended before.
func (s *Store) Close() error { return s.events.Close() }

// Usage is what the store holds.
func (s *Store) Usage() store.Usage { return s.events.Usage() }

// Append keeps spans, with the errors and promises of events.Store.Append. A
// span without a trace or span id is refused by a *store.PartialError.
func (s *Store) Append(ctx context.Context, spans []store.Span) error {
	kept := spans
	refused := &store.PartialError{Reason: "span without a trace id or span id"}
	if slices.ContainsFunc(spans, nameless) {
		kept = slices.DeleteFunc(slices.Clone(spans), nameless)
		refused.Rejected = len(spans) - len(kept)
	}
	err := s.keep(ctx, kept)
	if refused.Rejected == 0 {
		return err
	}
	return joinPartial(refused, err)
}

func nameless(s store.Span) bool { return s.TraceID.IsZero() || s.SpanID.IsZero() }

// keep joins spans to those of their traces before them, and keeps them.
func (s *Store) keep(ctx context.Context, spans []store.Span) error {
	calls, done, err := s.joiner.join(ctx, spans)
	if err != nil {
		return err
	}
	kept := false
	defer func() { done(kept) }()
	e := encoders.Get().(*encoder)
	err = s.events.Append(ctx, e.encode(spans, calls))
	e.free()
	if kept = err == nil; kept {
		s.count(spans, calls)
	}
	return err
}

// always is every time that an event can have.
var always = store.TimeRange{From: math.MinInt64, To: math.MaxInt64}
