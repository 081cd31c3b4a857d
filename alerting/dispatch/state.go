package dispatch

import (
	"time"

	"tripod/alerting"
)

// changes are the keys of what must be written since Changes was called last.
type changes struct{ alerts, groups, silences map[string]bool }

func newChanges() changes {
	return changes{map[string]bool{}, map[string]bool{}, map[string]bool{}}
}

// State is what must survive a restart, by key; nil stands for what is gone.
type State struct {
	Alerts   map[string]*Alert            // by fingerprint
	Groups   map[string]*Group            // by ID
	Silences map[string]*alerting.Silence // by ID
}

// Changes gives what changed since it was called last. The values are the
// core's own: write them before the core is used again.
func (c *Core) Changes() State {
	s := State{map[string]*Alert{}, map[string]*Group{}, map[string]*alerting.Silence{}}
	for f := range c.changed.alerts {
		s.Alerts[f] = c.alerts[f]
	}
	for id := range c.changed.groups {
		s.Groups[id] = c.groups[id]
	}
	for id := range c.changed.silences {
		s.Silences[id] = nil
		if held := c.silences[id]; held != nil {
			s.Silences[id] = &held.Silence
		}
	}
	c.changed = newChanges()
	return s
}

// Empty says that nothing changed.
func (s *State) Empty() bool { return len(s.Alerts)+len(s.Groups)+len(s.Silences) == 0 }

// Restore takes over the state of a former process, or, with awake false, of a
// core with another configuration. Alerts that fired get their full time again
// when awake: their sender could not reach us.
func (c *Core) Restore(now time.Time, s State, awake bool) error {
	for _, held := range s.Silences {
		if err := c.putSilence(*held); err != nil {
			return err
		}
	}
	for _, a := range s.Alerts {
		a.fingerprint = a.Alert.Fingerprint()
		if awake && !a.ended() {
			a.EndsAt = now.Add(max(a.ValidFor, time.Second))
		}
		c.store(a)
		if a.setBack(now) { // the clock may have been while we were away
			c.changed.alerts[a.fingerprint] = true
		}
	}
	for _, g := range s.Groups {
		c.adopt(now, g)
	}
	for _, a := range s.Alerts {
		if !a.ResolvedAt(now) {
			for _, r := range c.root.Match(a.Labels) {
				c.join(now, r, a)
			}
		}
	}
	return nil
}

// ended says that the alert is on disk as one that has ended: its end is not
// the one that its last sending promised.
func (a *Alert) ended() bool { return a.ValidFor <= 0 }

// adopt finds the route of a group that was kept. One that no route makes any
// more stays until the ends of its alerts are told.
func (c *Core) adopt(now time.Time, g *Group) {
	r := c.routes[g.Route]
	if r == nil || r.Receiver != g.Receiver {
		r = c.root
		g.orphan = true
	} else {
		g.orphan = false
	}
	g.route = r
	c.settle(g)
	if g.Alerts == nil {
		g.Alerts = map[string]bool{}
	}
	for f := range g.Alerts {
		c.refs[f]++
	}
	for _, l := range g.Lanes {
		if !l.Due.IsZero() {
			c.owed[g.ID] = true
		}
	}
	// Counted from now it stays right when the wall clock jumps.
	g.Next = now.Add(min(g.Next.Sub(now), max(r.GroupWait, r.GroupInterval)))
	c.groups[g.ID] = g
	c.timers.push(g)
}

// Tell says that every receiver of these alerts, by fingerprint, knows of them,
// as it is when the state comes from a time before groups. Those that have
// ended by now are owed their end.
func (c *Core) Tell(now time.Time, told map[string]bool) {
	for f := range told {
		a := c.alerts[f]
		if a == nil {
			continue
		}
		for _, r := range c.root.Match(a.Labels) {
			c.join(now, r, a)
			for _, l := range c.groups[r.groupID(a.Labels)].Lanes {
				if l.Firing == nil {
					l.Firing = map[string]bool{}
				}
				l.At, l.Firing[f], l.Told[f] = now, true, a.StartsAt
			}
		}
	}
	for f := range c.alerts {
		c.dropIfAlone(f)
	}
}

// Reconfigure moves everything into a core with another configuration.
func (c *Core) Reconfigure(now time.Time, next *Core) error {
	s := State{c.alerts, c.groups, map[string]*alerting.Silence{}}
	for id, held := range c.silences {
		s.Silences[id] = &held.Silence
	}
	pending := c.changed
	if err := next.Restore(now, s, false); err != nil {
		return err
	}
	for id := range pending.alerts {
		next.changed.alerts[id] = true
	}
	for id := range c.groups {
		next.changed.groups[id] = true
	}
	next.steps = c.steps
	return nil
}
