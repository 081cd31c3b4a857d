package logs

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"tripod/store"
	"tripod/store/events"
)

// Options of a store; the zero value means the defaults.
type Options struct {
	Sync      string        // "interval" (default) or "batch", as in events.Options
	Retention time.Duration // 0 keeps everything
	MaxBytes  int64         // on disk; 0 means no bound
	Now       func() time.Time
	Events    events.Events

	// TallyTime bounds how long Facets, Values and Compare count all records
	// before they take the newest; 600 ms by default.
	TallyTime time.Duration

	// LogQL reads queries of store.LogQL; without it they are refused.
	LogQL func(text string) (Node, error)
}

// Store keeps log records in one folder.
type Store struct {
	events *events.Store
	now    func() time.Time
	logQL  func(string) (Node, error)

	followers followers
	slow      slowTallies
	tallying  chan struct{} // has as many as count at once
	tallyTime time.Duration
}

// Open takes over a folder, made if need be, and replays its journal.
func Open(dir string, o Options) (*Store, error) { return openWith(dir, o, events.Options{}) }

// openWith also tunes the engine.
func openWith(dir string, o Options, eo events.Options) (*Store, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.TallyTime <= 0 {
		o.TallyTime = maxTallyTime
	}
	eo.Sync, eo.Retention, eo.MaxBytes, eo.Now, eo.Events = o.Sync, o.Retention, o.MaxBytes, o.Now, o.Events
	eo.CountBy, eo.CountSame = wordService, resource+"service.name"
	eo.NewDigest = func() events.Digest { return newDigest() }
	es, err := events.Open(dir, eo)
	if err != nil {
		return nil, fmt.Errorf("logs in %s: %w", filepath.Base(dir), err)
	}
	return &Store{events: es, now: o.Now, logQL: o.LogQL, tallying: make(chan struct{}, maxTallies), tallyTime: o.TallyTime}, nil
}

// Run flushes, syncs and drops until its context ends.
func (s *Store) Run(ctx context.Context) error { return s.events.Run(ctx) }

// Close makes the journal durable and frees the files.
func (s *Store) Close() error { return s.events.Close() }

// Usage is what the store holds.
func (s *Store) Usage() store.Usage { return s.events.Usage() }

// Bounds of one record.
const (
	maxRecordBytes  = 1 << 20 // of its line, and of all texts beside it
	maxTakenBytes   = 2 << 20 // of what was taken out of its line, where names may repeat
	maxRecordFields = 8192
	maxValueDepth   = 24 // of lists and maps
)

// Append keeps records; it returns when they are in the journal. A record
// without a time gets that at which it was observed, or else now. Records that
// are too large are refused with a *store.PartialError while all others are
// kept. Nothing was kept when the error is store.ErrOverloaded or
// store.ErrFull. The records may be used again afterwards.
func (s *Store) Append(ctx context.Context, records []store.Record) error {
	m := appends.Get().(*appendMemory)
	defer m.free()
	refused := s.encode(m, records)
	batch := m.events
	if len(batch) > 0 {
		err := s.events.Append(ctx, batch)
		if p := (*store.PartialError)(nil); errors.As(err, &p) {
			refused.add(p.Rejected, p.Reason)
		} else if err != nil {
			return err
		}
		s.followers.tell(batch) // one that the engine refused may be among them
	}
	if refused.Rejected > 0 {
		return &refused.PartialError
	}
	return nil
}

// encode makes events of the records that fit.
func (s *Store) encode(m *appendMemory, records []store.Record) (refused refusals) {
	m.prepare(records)
	var e encoder
	e.ids.Grow(len(records), len(records))
	var f fitter
	for i := range records {
		r := &records[i]
		if err := f.fits(r); err != nil {
			refused.add(1, err.Error())
			continue
		}
		ev := e.encode(r, m.fields[len(m.fields):])
		m.fields = m.fields[:len(m.fields)+len(ev.Fields)]
		ev.Fields = ev.Fields[:len(ev.Fields):len(ev.Fields)]
		if ev.Time == 0 {
			ev.Time = s.timeOf(r)
		}
		m.events = append(m.events, ev)
	}
	return refused
}

// appendMemory is used again by the next batch.
type appendMemory struct {
	fields []events.Field
	events []events.Event
}

var appends = sync.Pool{New: func() any { return &appendMemory{} }}

// maxPooled bounds what is kept for the next batch: 10 MB of fields.
const maxPooled = 128 << 10

// prepare makes room for all, so that fields stay where they are.
func (m *appendMemory) prepare(records []store.Record) {
	total := 0
	for i := range records {
		total += fieldsOf(&records[i])
	}
	m.fields = slices.Grow(m.fields, total)
	m.events = slices.Grow(m.events, len(records))
}

// free keeps the memory for the next batch. What is in it stays until then, as
// its texts mostly do in memory of the sender's that is used again, too: to
// clear it takes longer than to write it.
func (m *appendMemory) free() {
	if cap(m.fields) > maxPooled || cap(m.events) > maxPooled {
		return
	}
	m.fields, m.events = m.fields[:0], m.events[:0]
	appends.Put(m)
}

// refusals adds up what was refused, and keeps the first reason.
type refusals struct{ store.PartialError }

func (r *refusals) add(n int, reason string) {
	if r.Rejected == 0 {
		r.Reason = reason
	}
	r.Rejected += n
}

func (s *Store) timeOf(r *store.Record) int64 {
	if r.Observed != 0 {
		return r.Observed
	}
	return s.now().UnixNano()
}

// Search yields matching records in order of time. The receiver owns them, but
// for Resource and Scope, which are shared and never change.
func (s *Store) Search(ctx context.Context, q store.LogQuery) iter.Seq2[store.Record, error] {
	return func(yield func(store.Record, error) bool) {
		eq, err := s.query(q)
		if err != nil {
			yield(store.Record{}, err)
			return
		}
		var d decoder
		for e, err := range s.events.Scan(ctx, eq) {
			var r store.Record
			if err == nil {
				r = d.record(e)
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

// query reads the text of a query in its language.
func (s *Store) query(q store.LogQuery) (events.Query, error) {
	n, err := s.parse(q)
	if err != nil {
		return events.Query{}, err
	}
	return ask(n, q), nil
}

func (s *Store) parse(q store.LogQuery) (Node, error) {
	n, err := s.parseText(q)
	if err != nil {
		return nil, err
	}
	return Narrow(n, q.Narrow)
}

// Narrow is a node and a search line that must match as well.
func Narrow(n Node, line string) (Node, error) {
	m, err := Parse(line)
	if err != nil {
		return nil, err
	}
	if _, all := m.(All); all {
		return n, nil
	}
	if _, all := n.(All); all {
		return m, nil
	}
	return And{n, m}, nil
}

func (s *Store) parseText(q store.LogQuery) (Node, error) {
	if q.Syntax == store.SearchLine {
		return Parse(q.Text)
	}
	if s.logQL == nil || q.Syntax != store.LogQL {
		return nil, &store.QueryError{Query: q.Text, Msg: "this query language is not spoken here"}
	}
	return s.logQL(q.Text)
}

// maxBuckets bounds the answer of Volume.
const maxBuckets = 20_000

// Volume counts matching records by level in steps of a range: every step,
// zeros included, with starts that are multiples of step. What could not be
// read is an error beside the counts of all else.
func (s *Store) Volume(ctx context.Context, q store.LogQuery, step time.Duration) ([]store.LogBucket, error) {
	if step <= 0 || q.Range.To > q.Range.From && (q.Range.To-q.Range.From)/int64(step) > maxBuckets {
		return nil, fmt.Errorf("step %v makes no or more than %d steps: %w", step, maxBuckets, store.ErrInvalid)
	}
	eq, err := s.query(q)
	if err != nil {
		return nil, err
	}
	return s.count(ctx, eq, step)
}

func (s *Store) count(ctx context.Context, eq events.Query, step time.Duration) ([]store.LogBucket, error) {
	buckets, err := s.events.Count(ctx, eq, step)
	out := make([]store.LogBucket, len(buckets))
	for i := range buckets {
		out[i].Start = buckets[i].Start
		copy(out[i].Counts[:], buckets[i].Counts[:])
	}
	return out, err
}
