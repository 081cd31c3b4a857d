package notify

import (
	"context"
	"sync"
	"time"
)

// lookAgain bounds a sleep, so that a clock that was set is noticed.
const lookAgain = time.Minute

// Run delivers what is owed until ctx ends: one attempt at a time for each
// integration, all integrations side by side.
func (p *Pipeline) Run(ctx context.Context) error {
	var attempts sync.WaitGroup
	defer attempts.Wait()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		next := p.start(ctx, &attempts)
		timer.Reset(min(time.Until(next), lookAgain))
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-p.wake:
		}
	}
	return nil
}

// start begins what can be tried now and returns when to look again.
func (p *Pipeline) start(ctx context.Context, attempts *sync.WaitGroup) time.Time {
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.core.Advance(now)
	next := now.Add(lookAgain)
	var c change
	for _, d := range p.core.Waiting() {
		key := laneKey(d.Receiver, d.Integration)
		at := d.At
		if pause := p.pauses[key]; pause != nil && pause.until.After(at) {
			at = pause.until
		}
		switch {
		case p.busy[key]: // it wakes us when it is done
		case at.After(now):
			next = earliest(next, at)
		default:
			n := p.core.Begin(now, d)
			p.begin(&c, d, n)
			if n != nil {
				p.busy[key] = true
				sender := p.senders[key]
				attempts.Go(func() { p.deliver(ctx, sender, n) })
			}
		}
	}
	p.save(&c)
	if at := p.core.Opens(); !at.IsZero() {
		next = earliest(next, at)
	}
	return next
}

func earliest(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// laneKey names an integration of a receiver.
func laneKey(parts ...string) string {
	key := ""
	for _, p := range parts {
		key += p + "\xff"
	}
	return key
}
