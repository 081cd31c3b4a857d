package dispatch

import (
	"cmp"
	"container/heap"
	"fmt"
	"slices"
	"time"

	"tripod/alerting"
)

// Group is alerts that are told together, in the form in which it is kept.
type Group struct {
	ID       string // of the receiver, the route and the labels
	Route    string // its ID
	Key      string // as Alertmanager writes it; PagerDuty knows the incident by its hash
	Receiver string
	Labels   map[string]string
	Alerts   map[string]bool  // fingerprints
	Next     time.Time        // when it opens
	Lanes    map[string]*Lane // by the name of the integration

	route  *Route
	orphan bool              // no route makes it any more: only ends are told
	said   map[string]string // why an alert is held back, by fingerprint
}

// Lane is what one integration was told of a group.
type Lane struct {
	At       time.Time            // of the last notification that arrived; zero before
	Firing   map[string]bool      // in that notification, unless their end may have arrived since
	Resolved map[string]bool      // in that notification
	Told     map[string]time.Time // alerts that may be known there as firing, with their start
	Due      time.Time            // since when a notification is owed; zero when none is

	until    time.Time // no attempt before
	busy     bool      // an attempt is under way
	last     time.Time // of the last attempt
	attempts int       // at what is owed
	id       string    // of the notification that was tried last
}

// at is when an attempt can be made.
func (l *Lane) at() time.Time {
	if l.until.After(l.Due) {
		return l.until
	}
	return l.Due
}

func integrationName(kind string, i int) string { return fmt.Sprintf("%s[%d]", kind, i) }

func compareIDs(a, b string) int { return cmp.Compare(a, b) }

// join puts a firing alert into its group of a route.
func (c *Core) join(now time.Time, r *Route, a *Alert) {
	set := r.groupLabels(a.Labels)
	id := r.groupID(a.Labels)
	g := c.groups[id]
	if g == nil {
		g = &Group{ID: id, Route: r.ID, Key: r.groupKey(set), Receiver: r.Receiver, Labels: set, Alerts: map[string]bool{}, route: r}
		c.settle(g)
		c.groups[id] = g
		g.Next = now.Add(r.GroupWait)
		if a.StartsAt.Add(r.GroupWait).Before(now) {
			g.Next = now // it has waited long enough elsewhere
		}
		c.timers.push(g)
	}
	if !g.Alerts[a.fingerprint] {
		g.Alerts[a.fingerprint] = true
		c.refs[a.fingerprint]++
		c.changed.groups[id] = true
		c.step(now, a, alerting.Step{Kind: alerting.StepRouted, Group: g.Key, Receiver: g.Receiver, Detail: c.opening(now, g)})
	}
}

// opening says when those of a group are told, or that nobody is.
func (c *Core) opening(now time.Time, g *Group) string {
	if len(c.integrations[g.Receiver]) == 0 {
		return alerting.TellsNobody
	}
	if wait := g.Next.Sub(now); wait > 0 {
		return "its group opens in " + wait.Round(time.Second).String()
	}
	return ""
}

// settle gives a group a lane for each integration of its receiver.
func (c *Core) settle(g *Group) {
	lanes := map[string]*Lane{}
	for _, i := range c.integrations[g.Receiver] {
		l := g.Lanes[i.Name]
		if l == nil {
			l = &Lane{}
		}
		if l.Told == nil {
			l.Told = map[string]time.Time{}
		}
		lanes[i.Name] = l
	}
	g.Lanes = lanes
	if g.said == nil {
		g.said = map[string]string{}
	}
}

// members are the alerts of a group in Alertmanager's order.
func (c *Core) members(g *Group) []*Alert {
	out := make([]*Alert, 0, len(g.Alerts))
	for f := range g.Alerts {
		if a := c.alerts[f]; a != nil {
			out = append(out, a)
		}
	}
	slices.SortFunc(out, before)
	return out
}

// flush decides for each integration whether something is owed.
func (c *Core) flush(now time.Time, g *Group) {
	all := c.members(g)
	for _, a := range all {
		c.explain(now, g, a)
	}
	for _, i := range c.integrations[g.Receiver] {
		l := g.Lanes[i.Name]
		d := c.decide(now, g, l, i)
		switch {
		case d.reason == "" || !l.Due.IsZero():
		case d.quiet:
			c.arrived(now, g, l, d)
		default:
			l.Due = now
			c.owed[g.ID], c.changed.groups[g.ID] = true, true
			for _, a := range d.alerts {
				c.step(now, a, alerting.Step{Kind: alerting.StepDue, Group: g.Key, Receiver: g.Receiver + "/" + i.Name, Detail: d.reason})
			}
		}
	}
	c.clean(now, g, now)
}

// clean drops the alerts that had ended by asOf and that nobody is owed, and
// the group when none is left.
func (c *Core) clean(now time.Time, g *Group, asOf time.Time) {
	for _, l := range g.Lanes {
		if !l.Due.IsZero() {
			return
		}
	}
	for f := range g.Alerts {
		a := c.alerts[f]
		if a != nil && (!a.ResolvedAt(asOf) || c.owesEnd(g, f)) {
			continue
		}
		delete(g.Alerts, f)
		delete(g.said, f)
		c.changed.groups[g.ID] = true
		c.refs[f]--
		c.dropIfAlone(f)
	}
	if len(g.Alerts) == 0 {
		delete(c.groups, g.ID)
		c.changed.groups[g.ID] = true
	}
}

// owesEnd says that somebody may know the alert as firing and wants to hear of its end.
func (c *Core) owesEnd(g *Group, fingerprint string) bool {
	for _, i := range c.integrations[g.Receiver] {
		if _, told := g.Lanes[i.Name].Told[fingerprint]; told && i.SendResolved {
			return true
		}
	}
	return false
}

// dropIfAlone forgets an alert that no group holds.
func (c *Core) dropIfAlone(fingerprint string) {
	if c.refs[fingerprint] > 0 {
		return
	}
	delete(c.refs, fingerprint)
	if a := c.alerts[fingerprint]; a != nil {
		delete(c.alerts, fingerprint)
		c.changed.alerts[fingerprint] = true
		for _, i := range c.inhibitions {
			i.forget(a)
		}
	}
}

// timers finds the group that opens next. Entries of groups that are gone or
// have moved are skipped.
type timers []timer

type timer struct {
	at time.Time
	id string
}

func (t timers) Len() int { return len(t) }
func (t timers) Less(i, j int) bool {
	return cmp.Or(t[i].at.Compare(t[j].at), compareIDs(t[i].id, t[j].id)) < 0
}
func (t timers) Swap(i, j int) { t[i], t[j] = t[j], t[i] }
func (t *timers) Push(x any)   { *t = append(*t, x.(timer)) }
func (t *timers) Pop() any {
	old := *t
	x := old[len(old)-1]
	*t = old[:len(old)-1]
	return x
}

func (t *timers) push(g *Group) { heap.Push(t, timer{g.Next, g.ID}) }

// first is when the next group opens, or zero.
func (t *timers) first(groups map[string]*Group) time.Time {
	for len(*t) > 0 {
		top := (*t)[0]
		if g := groups[top.id]; g != nil && g.Next.Equal(top.at) {
			return top.at
		}
		heap.Pop(t)
	}
	return time.Time{}
}

// pop is a group that opens by now, or nil.
func (t *timers) pop(now time.Time, groups map[string]*Group) *Group {
	if at := t.first(groups); at.IsZero() || at.After(now) {
		return nil
	}
	return groups[heap.Pop(t).(timer).id]
}
