package dispatch

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"time"

	"tripod/alerting"
)

// Due is a notification that is owed: by which group, to whom.
type Due struct {
	Group       string // ID
	Receiver    string
	Integration string
	Since       time.Time // it is owed
	At          time.Time // of the next attempt, at the earliest
	last        time.Time // attempt
}

// Notification is what one integration is told of one group.
type Notification struct {
	Due
	ID          string // the same for every attempt at the same news, also after a restart
	Key         string // of the group
	Reason      string
	At          time.Time
	GroupLabels map[string]string
	RouteLabels map[string]string
	Alerts      []NotifiedAlert // at least one
	Attempt     int             // from 1

	firing, ended map[string]bool
}

// NotifiedAlert is an alert of a notification; EndsAt is zero while it fires.
type NotifiedAlert struct {
	alerting.Alert
	Fingerprint string
	Resolved    bool
}

// Resolved says that nothing in it fires any more.
func (n *Notification) Resolved() bool {
	return !slices.ContainsFunc(n.Alerts, func(a NotifiedAlert) bool { return !a.Resolved })
}

// Waiting lists what is owed and not under way, in the order in which it is to
// be tried: those that were tried longest ago first, so that none starves.
func (c *Core) Waiting() []Due {
	var out []Due
	for id := range c.owed {
		g, owed := c.groups[id], false
		if g != nil {
			for name, l := range g.Lanes {
				owed = owed || !l.Due.IsZero()
				if !l.Due.IsZero() && !l.busy {
					out = append(out, Due{g.ID, g.Receiver, name, l.Due, l.at(), l.last})
				}
			}
		}
		if !owed {
			delete(c.owed, id)
		}
	}
	slices.SortFunc(out, func(a, b Due) int {
		return cmp.Or(a.last.Compare(b.last), a.Since.Compare(b.Since), cmp.Compare(a.Group, b.Group), cmp.Compare(a.Integration, b.Integration))
	})
	return out
}

// Ready is what of it can be tried now.
func (c *Core) Ready(now time.Time) []Due {
	return slices.DeleteFunc(c.Waiting(), func(d Due) bool { return d.At.After(now) })
}

func (c *Core) lane(d Due) (*Group, *Lane, Integration) {
	g := c.groups[d.Group]
	if g == nil {
		return nil, nil, Integration{}
	}
	for _, i := range c.integrations[g.Receiver] {
		if i.Name == d.Integration {
			return g, g.Lanes[i.Name], i
		}
	}
	return nil, nil, Integration{}
}

// Begin makes what is owed of what is true now. It returns nil when nothing is
// owed any more. From here on the news may have arrived, whatever happens.
func (c *Core) Begin(now time.Time, due Due) *Notification {
	g, l, i := c.lane(due)
	if l == nil || l.Due.IsZero() {
		return nil
	}
	d := c.decide(now, g, l, i)
	if d.reason == "" || d.quiet {
		for f := range g.Alerts {
			if a := c.alerts[f]; a != nil {
				c.step(now, a, alerting.Step{Kind: alerting.StepUnsent, Group: g.Key, Receiver: g.Receiver + "/" + i.Name})
			}
		}
		c.settled(now, g, l, d)
		c.clean(now, g, now)
		return nil
	}
	n := &Notification{
		Due: due, Key: g.Key, Reason: d.reason, At: now, GroupLabels: maps.Clone(g.Labels), RouteLabels: maps.Clone(g.route.Labels),
		firing: d.firing, ended: d.ended,
	}
	for _, a := range d.alerts {
		ended := d.ended[a.fingerprint]
		if ended && !i.SendResolved {
			continue
		}
		n.Alerts = append(n.Alerts, notified(a, ended))
		if ended {
			delete(l.Firing, a.fingerprint) // its end may have arrived
		} else {
			l.Told[a.fingerprint] = a.StartsAt
		}
	}
	n.ID = identify(g, i, l, n.Alerts)
	if l.id != n.ID {
		l.attempts = 0
	}
	l.id, l.busy, l.last = n.ID, true, now
	l.attempts++
	n.Attempt = l.attempts
	c.changed.groups[g.ID] = true
	c.tell(now, n, alerting.StepSending, d.reason)
	return n
}

func notified(a *Alert, ended bool) NotifiedAlert {
	n := NotifiedAlert{a.Alert, a.fingerprint, ended}
	if !ended {
		n.EndsAt = time.Time{}
	}
	return n
}

func identify(g *Group, i Integration, l *Lane, alerts []NotifiedAlert) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\xff%s\xff%d", g.ID, i.Name, l.At.UnixNano())
	for _, a := range alerts {
		fmt.Fprintf(h, "\xff%s %d %v", a.Fingerprint, a.StartsAt.UnixNano(), a.Resolved)
	}
	return hex.EncodeToString(h.Sum(nil)[:12])
}

// Succeed says that the notification has arrived.
func (c *Core) Succeed(now time.Time, n *Notification) {
	g, l, _ := c.lane(n.Due)
	if l == nil {
		return
	}
	c.tell(now, n, alerting.StepSent, "")
	c.settled(now, g, l, decision{reason: n.Reason, firing: n.firing, ended: n.ended})
	c.clean(now, g, n.At)
}

// settled ends what was owed.
func (c *Core) settled(now time.Time, g *Group, l *Lane, d decision) {
	l.Due, l.until, l.busy, l.attempts, l.id = time.Time{}, time.Time{}, false, 0, ""
	if d.reason != "" {
		c.arrived(now, g, l, d)
	}
}

// arrived writes into the lane what is known there.
func (c *Core) arrived(now time.Time, g *Group, l *Lane, d decision) {
	l.At, l.Firing, l.Resolved = now, d.firing, d.ended
	for f := range d.ended {
		delete(l.Told, f)
	}
	c.changed.groups[g.ID] = true
}

// Fail says that it may not have arrived; there is no further attempt before until.
func (c *Core) Fail(now time.Time, n *Notification, until time.Time, why string) {
	if _, l, _ := c.lane(n.Due); l != nil {
		l.busy, l.until = false, until
		c.tell(now, n, alerting.StepRetried, why)
	}
}

// Stop says that the attempt was broken off; it is owed as before.
func (c *Core) Stop(n *Notification) {
	if _, l, _ := c.lane(n.Due); l != nil {
		l.busy = false
	}
}

// GiveUp forgets what cannot be delivered, as though it had arrived.
func (c *Core) GiveUp(now time.Time, n *Notification) {
	g, l, _ := c.lane(n.Due)
	if l == nil {
		return
	}
	c.tell(now, n, alerting.StepGaveUp, "")
	c.settled(now, g, l, decision{reason: n.Reason, firing: n.firing, ended: n.ended})
	c.clean(now, g, n.At)
}

// Owes says whether anybody waits for a word about an alert that fires, or the
// end of one that they know.
func (c *Core) Owes(now time.Time) bool {
	for _, g := range c.groups {
		for _, i := range c.integrations[g.Receiver] {
			l := g.Lanes[i.Name]
			if !l.Due.IsZero() || c.decide(now, g, l, i).reason != "" {
				return true
			}
		}
	}
	return false
}

func (c *Core) tell(now time.Time, n *Notification, kind alerting.StepKind, detail string) {
	if !c.o.Steps {
		return
	}
	for _, a := range n.Alerts {
		c.steps = append(c.steps, alerting.Step{
			Time: now, Alert: a.Fingerprint, Name: a.Name(), Kind: kind, Group: n.Key,
			Receiver: n.Receiver + "/" + n.Integration, Detail: detail, Delivery: n.ID,
		})
	}
}
