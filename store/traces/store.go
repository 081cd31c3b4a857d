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
	keeps   time.Duration // how long spans stay at most; 0 for ever
	now     func() time.Time
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
		Pairs:     events.Pairs{Texts: []string{fName, fService}, Number: fDuration},
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
	s.keeps = o.Retention
	if s.now = o.Now; s.now == nil {
		s.now = time.Now
	}
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
// span without a trace or span id, and one that retention would drop at once,
// is refused by a *store.PartialError.
func (s *Store) Append(ctx context.Context, spans []store.Span) error {
	kept := spans
	refused := &store.PartialError{}
	why := s.unfit()
	for i := range spans {
		reason := why(&spans[i])
		if reason != "" && refused.Rejected == 0 {
			refused.Reason, kept = reason, slices.Clone(spans[:i])
		}
		if reason != "" {
			refused.Rejected++
		} else if refused.Rejected > 0 {
			kept = append(kept, spans[i])
		}
	}
	err := s.keep(ctx, kept)
	if refused.Rejected == 0 {
		return err
	}
	return joinPartial(refused, err)
}

// unfit says why a span cannot be kept, or nothing.
func (s *Store) unfit() func(*store.Span) string {
	oldest := int64(math.MinInt64)
	if s.keeps > 0 {
		oldest = s.now().Add(-s.keeps).UnixNano()
	}
	return func(span *store.Span) string {
		switch {
		case span.TraceID.IsZero() || span.SpanID.IsZero():
			return "span without a trace id or span id"
		case max(span.Start, span.End) < oldest:
			return "span that ended before the time that is kept"
		}
		return ""
	}
}

// keep joins spans to those of their traces before them, and keeps them.
func (s *Store) keep(ctx context.Context, spans []store.Span) error {
	e := encoders.Get().(*encoder)
	defer e.free()
	calls, done, err := s.joiner.join(ctx, spans, e.calls[:0])
	if err != nil {
		return err
	}
	e.calls = calls
	kept := false
	defer func() { done(kept) }()
	err = s.events.Append(ctx, e.encode(spans, calls))
	if kept = err == nil; kept {
		s.count(spans, calls)
	}
	return err
}

// always is every time that an event can have.
var always = store.TimeRange{From: math.MinInt64, To: math.MaxInt64}
