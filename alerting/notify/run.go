package notify

import (
	"cmp"
	"context"
	"time"

	"tripod/alerting"
)

// Run delivers what is owed until ctx ends.
func (p *Pipeline) Run(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		job, next := p.next(time.Now())
		if job != nil {
			p.deliver(ctx, job)
			continue
		}
		timer.Reset(time.Until(next))
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-p.wake:
		}
	}
	return nil
}

// next ends the alerts whose time is over and returns what is to be delivered
// now, or else when to look again.
func (p *Pipeline) next(now time.Time) (*job, time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	later := p.expire(now)
	if p.o.Receiver == nil {
		return nil, later
	}
	waiting := map[string][]*record{}
	used := map[string]bool{}
	for _, r := range p.records {
		key := r.lane()
		used[key] = true
		if at := p.ready(r, key); at.After(now) {
			later = earliest(later, at)
		} else {
			waiting[key] = append(waiting[key], r)
		}
	}
	p.leave(used)
	if len(waiting) == 0 {
		return nil, later
	}
	return p.begin(p.longestWaiting(waiting), waiting, now), now
}

// ready is when a post about the alert can be tried.
func (p *Pipeline) ready(r *record, key string) time.Time {
	at := latest(r.due(p.o.Repeat), p.pause.until)
	if l := p.lanes[key]; l != nil {
		at = latest(at, l.until)
	}
	return at
}

// leave forgets the lanes in which no alert is any more. What waited there was
// overtaken: an alert was resolved before anybody could be told that it fires.
func (p *Pipeline) leave(used map[string]bool) {
	var c change
	for key, l := range p.lanes {
		if !used[key] {
			p.close(&c, l.id, alerting.Superseded)
			delete(p.lanes, key)
		}
	}
	p.save(&c)
}

// expire resolves what was not heard of in time, and gives up what could not
// be delivered for too long. It returns when the next such thing happens.
func (p *Pipeline) expire(now time.Time) time.Time {
	var c change
	next := now.Add(time.Hour)
	for _, r := range p.records {
		switch {
		case r.firing() && r.ends.After(now):
			next = earliest(next, r.ends)
		case r.firing():
			p.resolve(&c, r, r.ends)
		case r.Resolved.Add(p.o.GiveUp).After(now):
			next = earliest(next, r.Resolved.Add(p.o.GiveUp))
		default:
			p.giveUp(&c, r)
		}
	}
	p.save(&c)
	return next
}

func (p *Pipeline) giveUp(c *change, r *record) {
	key := r.lane()
	if l := p.lanes[key]; l != nil {
		p.close(c, l.id, alerting.GaveUp)
		delete(p.lanes, key)
	}
	p.o.Log.Error("notification given up", "alert", r.Alert.Name(), "service", r.Alert.Service(), "what", Resolved)
	p.drop(c, r)
}

// close ends an unfinished delivery without an attempt.
func (p *Pipeline) close(c *change, id string, result alerting.Result) {
	i := p.history.find(id)
	if i < 0 || p.history.entries[i].Result == alerting.Sent {
		return
	}
	d := p.history.entries[i].Delivery
	d.Result, d.Next = result, time.Time{}
	p.history.put(c, d)
}

// longestWaiting goes round the lanes, so that none starves.
func (p *Pipeline) longestWaiting(waiting map[string][]*record) string {
	var best string
	for key := range waiting {
		if best == "" || cmp.Or(p.tried(key).Compare(p.tried(best)), cmp.Compare(key, best)) < 0 {
			best = key
		}
	}
	return best
}

func (p *Pipeline) tried(key string) time.Time {
	if l := p.lanes[key]; l != nil {
		return l.last
	}
	return time.Time{}
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
