package traffic

import (
	"context"
	"fmt"
	"sync"
	"time"

	"tripod/planner"
)

// The names of the faults.
const (
	SlowDB        = "slow-db"
	PoolExhausted = "pool-exhausted"
	CacheDown     = "cache-down"
	BadDeploy     = "bad-deploy"
)

// Names are those of all faults, in the order in which they are listed.
func Names() []string { return []string{SlowDB, PoolExhausted, CacheDown, BadDeploy} }

var definitions = []planner.Fault{
	{Name: SlowDB, Title: "Slow database",
		Description: "A long-running writer keeps the database's write lock. Saving waits for it; reading does not."},
	{Name: PoolExhausted, Title: "Connection pool exhausted",
		Description: "The pool is down to one connection, and somebody does not give it back. Requests wait, and then fail with 503."},
	{Name: CacheDown, Title: "Cache down",
		Description: "The cache drops its connections and refuses new ones. The planner goes on with the database alone, and says so."},
	{Name: BadDeploy, Title: "Bad deploy",
		Description: "planner-api is deployed as 1.18.0, which writes to a column whose migration was forgotten. Most new tasks fail with 500."},
}

// Start makes a fault happen until stop is called. It must not fail halfway.
type Start func() (stop func(), err error)

// Faults is the switchboard. A fault that is on ends at its time, or with Close.
type Faults struct {
	starts  map[string]Start
	changed func(ctx context.Context, f planner.Fault)
	now     func() time.Time

	mu     sync.Mutex
	on     map[string]*running
	closed bool
}

type running struct {
	until time.Time
	stop  func()
	timer *time.Timer
}

// FaultOptions: Starts has one entry for each name; Changed may be nil.
type FaultOptions struct {
	Starts  map[string]Start
	Changed func(ctx context.Context, f planner.Fault)
	Now     func() time.Time
}

// NewFaults has everything off.
func NewFaults(o FaultOptions) *Faults {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Changed == nil {
		o.Changed = func(context.Context, planner.Fault) {}
	}
	return &Faults{starts: o.Starts, changed: o.Changed, now: o.Now, on: map[string]*running{}}
}

// List has every fault, on or off, always in the same order.
func (f *Faults) List() []planner.Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := make([]planner.Fault, len(definitions))
	for i, d := range definitions {
		list[i] = f.seen(d)
	}
	return list
}

func (f *Faults) seen(d planner.Fault) planner.Fault {
	if r := f.on[d.Name]; r != nil {
		d.On, d.Until = true, r.until
	}
	return d
}

// Switch turns a fault on for a while, or off. One that is on gets the new end.
// An unknown name is planner.ErrNotFound.
func (f *Faults) Switch(ctx context.Context, name string, on bool, d time.Duration) (planner.Fault, error) {
	def, ok := define(name)
	if !ok || f.starts[name] == nil {
		return planner.Fault{}, fmt.Errorf("fault %.40q: %w", name, planner.ErrNotFound)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	was := f.on[name] != nil
	if err := f.turn(name, on, d); err != nil {
		return planner.Fault{}, fmt.Errorf("fault %s: %w", name, err)
	}
	now := f.seen(def)
	if now.On != was {
		f.changed(ctx, now)
	}
	return now, nil
}

func (f *Faults) turn(name string, on bool, d time.Duration) error {
	r := f.on[name]
	switch {
	case !on && r != nil:
		r.timer.Stop()
		r.stop()
		delete(f.on, name)
	case on && r != nil:
		r.until = f.now().Add(d)
		r.timer.Reset(d)
	case on && f.closed:
		return planner.ErrUnavailable
	case on:
		stop, err := f.starts[name]()
		if err != nil {
			return err
		}
		f.on[name] = &running{until: f.now().Add(d), stop: stop,
			timer: time.AfterFunc(d, func() { f.expire(name) })}
	}
	return nil
}

// expire ends a fault whose time has come, unless it was given more meanwhile.
func (f *Faults) expire(name string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r := f.on[name]
	if r == nil || f.now().Before(r.until.Add(-time.Millisecond)) {
		return
	}
	f.turn(name, false, 0) // turning off cannot fail
	def, _ := define(name)
	f.changed(context.Background(), def)
}

// Close turns everything off, for good.
func (f *Faults) Close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	for name := range f.on {
		f.turn(name, false, 0)
	}
}

func define(name string) (planner.Fault, bool) {
	for _, d := range definitions {
		if d.Name == name {
			return d, true
		}
	}
	return planner.Fault{}, false
}
