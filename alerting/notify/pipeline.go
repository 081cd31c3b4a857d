package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"tripod/alerting"
)

// Options of Open; the zero value of a field means its default.
type Options struct {
	Dir        string        // alerting.db is in it; required
	Receiver   Receiver      // nil keeps state and tells nobody
	Repeat     time.Duration // of a firing notification; default 4 h
	MinBackoff time.Duration // after the first failure, doubling from there; default 1 s
	MaxBackoff time.Duration // default 5 min
	Timeout    time.Duration // of one attempt; default 15 s
	GiveUp     time.Duration // age at which an undelivered "resolved" is dropped; default 72 h
	MaxAlerts  int           // known at one time; further ones are refused; default 10,000
	History    int           // deliveries remembered; default 500
	Log        *slog.Logger  // nil means silence
	Events     Events
}

// Events are told of what happens in the background; each may be nil.
type Events struct {
	Attempt func(receiver string, took time.Duration, err error)
	Refused func() // an alert was refused because of MaxAlerts
}

func (o *Options) fill() {
	def := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
	def(&o.Repeat, 4*time.Hour)
	def(&o.MinBackoff, time.Second)
	def(&o.MaxBackoff, 5*time.Minute)
	def(&o.Timeout, 15*time.Second)
	def(&o.GiveUp, 72*time.Hour)
	if o.MaxAlerts <= 0 {
		o.MaxAlerts = 10_000
	}
	if o.History <= 0 {
		o.History = 500
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
}

// Pipeline knows which alerts fire and who was told; it fits alerting.Pipeline.
type Pipeline struct {
	o    Options
	db   *db
	wake chan struct{} // capacity 1; something may be due earlier than thought

	mu      sync.Mutex // guards all below, and the order of writes to db
	records map[string]*record
	history history
	lanes   map[string]*lane
	pause   pause // of the receiver as a whole
}

// Open reads back what a former process owed.
func Open(o Options) (*Pipeline, error) {
	if o.Dir == "" {
		return nil, fmt.Errorf("alert state without a directory: %w", alerting.ErrInvalid)
	}
	o.fill()
	d, err := openDB(o.Dir)
	if err != nil {
		return nil, err
	}
	records, entries, err := d.load()
	if err != nil {
		return nil, errors.Join(err, d.close())
	}
	p := &Pipeline{
		o: o, db: d, wake: make(chan struct{}, 1),
		records: make(map[string]*record, len(records)),
		history: newHistory(o.History, entries),
		lanes:   reopen(entries),
	}
	now := time.Now()
	for _, r := range records {
		r.awake(now)
		p.records[r.key] = r
	}
	return p, nil
}

// Close must come after Run has returned.
func (p *Pipeline) Close() error { return p.db.close() }

// Receivers names who is told.
func (p *Pipeline) Receivers() []string {
	if p.o.Receiver == nil {
		return nil
	}
	return []string{p.o.Receiver.Name()}
}

// Deliveries are the last notifications, newest first.
func (p *Pipeline) Deliveries() []alerting.Delivery {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.history.list()
}

// Send takes alerts that fire or are resolved; what changes is on disk when it
// returns.
func (p *Pipeline) Send(_ context.Context, alerts ...alerting.Alert) {
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	var c change
	for _, a := range alerts {
		p.take(&c, a, now)
	}
	p.save(&c)
	if !c.empty() {
		p.kick()
	}
}

func (p *Pipeline) take(c *change, a alerting.Alert, now time.Time) {
	key := a.Fingerprint()
	r := p.records[key]
	if !a.EndsAt.IsZero() && !a.EndsAt.After(now) {
		if r != nil && r.firing() {
			p.resolve(c, r, a.EndsAt)
		}
		return
	}
	switch {
	case r == nil && len(p.records) >= p.o.MaxAlerts:
		if p.o.Events.Refused != nil {
			p.o.Events.Refused()
		}
		p.o.Log.Error("alert refused: too many at one time", "alert", a.Name(), "limit", p.o.MaxAlerts)
		return
	case r == nil:
		r = newRecord(key, a, now)
		p.records[key] = r
	case !r.firing():
		r.fireAgain(a, now)
	default:
		r.hear(a, now) // nothing that must be on disk
		return
	}
	c.put = append(c.put, r)
}

// resolve ends a firing alert. When nobody was told that it fires and nobody
// can be told now, it is forgotten.
func (p *Pipeline) resolve(c *change, r *record, at time.Time) {
	if p.o.Receiver == nil && !r.Tried {
		p.drop(c, r)
		return
	}
	r.resolve(at)
	c.put = append(c.put, r)
}

func (p *Pipeline) drop(c *change, r *record) {
	delete(p.records, r.key)
	c.drop = append(c.drop, r.key)
}

// Keep puts off the end of firing alerts of which no more is heard than that
// their condition holds.
func (p *Pipeline) Keep(fingerprints []string, until time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, key := range fingerprints {
		if r := p.records[key]; r != nil && r.firing() && r.ends.Before(until) {
			r.ends = until
		}
	}
}

// save writes a change. A disk that takes no writes must not keep people from
// being told, so the pipeline goes on with what it has in memory.
func (p *Pipeline) save(c *change) {
	if err := p.db.write(c); err != nil {
		p.o.Log.Error("alert state not written; a restart may repeat or forget a notification", "err", err)
	}
}

func (p *Pipeline) kick() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}
