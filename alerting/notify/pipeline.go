package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"tripod/alerting"
	"tripod/alerting/config"
	"tripod/alerting/dispatch"
)

// Options of Open; the zero value of a field means its default.
type Options struct {
	Dir         string         // alerting.db is in it; required
	Config      *config.Config // nil keeps state and tells nobody
	ExternalURL string         // where people reach the appliance; empty leaves links out
	MinBackoff  time.Duration  // after the first failure, doubling from there; default 1 s
	MaxBackoff  time.Duration  // default 5 min
	Timeout     time.Duration  // of one attempt; default 15 s
	GiveUp      time.Duration  // age at which an undelivered "resolved" is dropped; default 72 h
	MaxAlerts   int            // known at one time; further ones are refused; default 10,000
	History     int            // deliveries remembered; default 500
	Log         *slog.Logger   // nil means silence
	Events      Events
	// Detail adds to an alert what others know of it; nil adds nothing. All of a
	// message have 2 s together, and it must return when its context ends.
	Detail func(ctx context.Context, a alerting.Alert) Detail
	// Sender stands in for what the configuration would make; nil of it, or
	// from it, leaves that to the configuration.
	Sender func(receiver, integration string) Sender
}

// Events are told of what happens in the background; each may be nil.
type Events struct {
	Attempt func(receiver string, took time.Duration, err error)
	Refused func() // an alert was refused because of MaxAlerts
	// Steps gets every decision, in order, once it is on disk; it must return soon.
	Steps func([]alerting.Step)
}

func (o *Options) fill() {
	def := func(d *time.Duration, v time.Duration) {
		if *d <= 0 {
			*d = v
		}
	}
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
	if o.Config == nil {
		o.Config = Default("", 0)
	}
}

// Pipeline knows which alerts fire and who was told; it fits alerting.Pipeline.
type Pipeline struct {
	o    Options
	db   *db
	wake chan struct{} // capacity 1; something may be due earlier than thought

	mu      sync.Mutex // guards all below, and the order of writes to db
	cfg     *config.Config
	core    *dispatch.Core
	senders map[string]Sender // by receiver and integration
	pauses  map[string]*pause // of an integration as a whole
	busy    map[string]bool   // integrations with an attempt under way
	history history
	open    map[string]string // unfinished deliveries by group, receiver and integration
}

// Open reads back what a former process owed.
func Open(o Options) (*Pipeline, error) {
	if o.Dir == "" {
		return nil, fmt.Errorf("alert state without a directory: %w", alerting.ErrInvalid)
	}
	o.fill()
	senders, err := o.makeSenders(o.Config)
	if err != nil {
		return nil, err
	}
	d, err := openDB(o.Dir)
	if err != nil {
		return nil, err
	}
	told, err := d.takeOver()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", d.bolt.Path(), err), d.close())
	}
	state, entries, err := d.load()
	if err != nil {
		return nil, errors.Join(err, d.close())
	}
	p := &Pipeline{
		o: o, db: d, wake: make(chan struct{}, 1), cfg: o.Config, core: dispatch.New(o.Config, o.core()), senders: senders,
		pauses: map[string]*pause{}, busy: map[string]bool{}, history: newHistory(o.History, entries), open: unfinished(entries),
	}
	if err := p.core.Restore(time.Now(), state, true); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", d.bolt.Path(), err), d.close())
	}
	p.core.Tell(time.Now(), told)
	p.save(&change{})
	return p, nil
}

func (o *Options) core() dispatch.Options {
	return dispatch.Options{MaxAlerts: o.MaxAlerts, Steps: o.Events.Steps != nil}
}

// Close must come after Run has returned.
func (p *Pipeline) Close() error { return p.db.close() }

// Reload puts another configuration in place of the one before; what is owed stays owed.
func (p *Pipeline) Reload(c *config.Config) error {
	senders, err := p.o.makeSenders(c)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	next := dispatch.New(c, p.o.core())
	if err := p.core.Reconfigure(time.Now(), next); err != nil {
		return err
	}
	p.cfg, p.core, p.senders, p.pauses = c, next, senders, map[string]*pause{}
	p.save(&change{})
	p.kick()
	return nil
}

// Receivers names who is told.
func (p *Pipeline) Receivers() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var names []string
	for i := range p.cfg.Receivers {
		if r := &p.cfg.Receivers[i]; len(dispatch.Integrations(r)) > 0 {
			names = append(names, r.Name)
		}
	}
	return names
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
	p.mu.Lock()
	defer p.mu.Unlock()
	if refused := p.core.Put(time.Now(), alerts...); refused > 0 {
		if p.o.Events.Refused != nil {
			for range refused {
				p.o.Events.Refused()
			}
		}
		p.o.Log.Error("alerts refused: too many at one time", "alerts", refused, "limit", p.o.MaxAlerts)
	}
	p.save(&change{})
	p.kick()
}

// Keep puts off the end of firing alerts of which no more is heard than that
// their condition holds.
func (p *Pipeline) Keep(fingerprints []string, until time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.core.Keep(time.Now(), fingerprints, until)
}

// save writes what changed. A disk that takes no writes must not keep people
// from being told, so the pipeline goes on with what it has in memory.
func (p *Pipeline) save(c *change) {
	c.State = p.core.Changes()
	if err := p.db.write(c); err != nil {
		p.o.Log.Error("alert state not written; a restart may repeat or forget a notification", "err", err)
	}
	if steps := p.core.Steps(); len(steps) > 0 {
		p.o.Events.Steps(steps)
	}
}

func (p *Pipeline) kick() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}
