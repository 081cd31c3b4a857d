package dispatch

import (
	"maps"
	"slices"
	"time"

	"github.com/prometheus/alertmanager/timeinterval"

	"tripod/alerting"
	"tripod/alerting/config"
)

// Options of New; the zero value of a field means its default.
type Options struct {
	MaxAlerts int  // known at one time; further ones are refused; default 10,000
	Steps     bool // remember decisions until Steps is called
}

// Core holds alerts, groups, silences and what receivers were told. It is not
// for several goroutines at a time.
type Core struct {
	o              Options
	root           *Route
	routes         map[string]*Route // by ID
	integrations   map[string][]Integration
	intervals      map[string][]timeinterval.TimeInterval
	inhibitions    []*inhibition
	resolveTimeout time.Duration

	alerts   map[string]*Alert
	groups   map[string]*Group
	silences map[string]*silence
	refs     map[string]int  // groups that hold an alert, by fingerprint
	owed     map[string]bool // IDs of the groups with something due
	timers   timers
	last     time.Time // of Advance

	changed changes
	steps   []alerting.Step
}

// Integration is one way in which a receiver is told.
type Integration struct {
	Name         string // slack[0]
	SendResolved bool
}

// New makes a core without alerts. config has been checked by its parser.
func New(c *config.Config, o Options) *Core {
	if o.MaxAlerts <= 0 {
		o.MaxAlerts = 10_000
	}
	core := &Core{
		o: o, root: newRoute(c.Route, nil, 0), routes: map[string]*Route{}, integrations: map[string][]Integration{},
		intervals: c.Intervals(), resolveTimeout: time.Duration(c.Global.ResolveTimeout),
		alerts: map[string]*Alert{}, groups: map[string]*Group{}, silences: map[string]*silence{},
		refs: map[string]int{}, owed: map[string]bool{}, changed: newChanges(),
	}
	core.root.walk(func(r *Route) { core.routes[r.ID] = r })
	for i := range c.Receivers {
		core.integrations[c.Receivers[i].Name] = Integrations(&c.Receivers[i])
	}
	for _, r := range c.InhibitRules {
		core.inhibitions = append(core.inhibitions, newInhibition(r))
	}
	return core
}

// Integrations are those of a receiver that are supported here.
func Integrations(r *config.Receiver) []Integration {
	var out []Integration
	for i, s := range r.Slack {
		out = append(out, Integration{integrationName("slack", i), s.SendResolved})
	}
	for i, p := range r.PagerDuty {
		if p.RoutingKey != "" || p.RoutingKeyFile != "" {
			out = append(out, Integration{integrationName("pagerduty", i), p.SendResolved})
		}
	}
	for i, w := range r.Webhook {
		out = append(out, Integration{integrationName("webhook", i), w.SendResolved})
	}
	for i, e := range r.Email {
		out = append(out, Integration{integrationName("email", i), e.SendResolved})
	}
	for i, a := range r.Alertmanagers {
		out = append(out, Integration{integrationName("alertmanager", i), a.SendResolved})
	}
	return out
}

// Put takes alerts that fire or are resolved and returns how many were refused
// because of MaxAlerts.
func (c *Core) Put(now time.Time, alerts ...alerting.Alert) (refused int) {
	c.watch(now)
	for _, a := range alerts {
		old := c.alerts[a.Fingerprint()]
		n := c.take(a, now)
		switch {
		case n.ResolvedAt(now) && (old == nil || old.ResolvedAt(now)):
			// Nothing is known of it, or it is known: senders repeat themselves.
		case n.ResolvedAt(now):
			c.store(n)
			c.changed.alerts[n.fingerprint] = true
			c.step(now, n, alerting.Step{Kind: alerting.StepResolved})
		case old == nil && len(c.alerts) >= c.o.MaxAlerts:
			refused++
		default:
			if old == nil || old.ResolvedAt(now) {
				c.changed.alerts[n.fingerprint] = true
				c.step(now, n, alerting.Step{Kind: alerting.StepReceived, Detail: n.Annotations[alerting.ValueAnnotation], Of: &n.Alert})
			}
			c.store(n)
			for _, r := range c.root.Match(n.Labels) {
				c.join(now, r, n)
			}
		}
	}
	return refused
}

func (c *Core) store(a *Alert) {
	c.alerts[a.fingerprint] = a
	for _, i := range c.inhibitions {
		i.learn(a)
	}
}

// Keep puts off the end of firing alerts of which no more is heard than that
// their condition holds.
func (c *Core) Keep(now time.Time, fingerprints []string, until time.Time) {
	for _, f := range fingerprints {
		if a := c.alerts[f]; a != nil && !a.ResolvedAt(now) && a.EndsAt.Before(until) {
			a.EndsAt = now.Add(until.Sub(now))
		}
	}
}

// Advance opens the groups whose time has come: after it Ready knows what is owed.
func (c *Core) Advance(now time.Time) {
	c.watch(now)
	for {
		g := c.timers.pop(now, c.groups)
		if g == nil {
			break
		}
		g.Next = now.Add(g.route.GroupInterval)
		c.flush(now, g)
		if c.groups[g.ID] == g {
			c.timers.push(g)
		}
	}
	c.forgetSilences(now)
}

// watch notices that the clock was set back.
func (c *Core) watch(now time.Time) {
	if now.Before(c.last.Add(-time.Second)) {
		c.setBack(now)
	}
	c.last = now
}

// setBack brings times that lie too far ahead nearer, after the clock was set
// back: nobody waits longer than they would have from now on, and what has ended
// does not fire again.
func (c *Core) setBack(now time.Time) {
	for _, a := range c.alerts {
		if a.setBack(now) {
			c.changed.alerts[a.fingerprint] = true
		}
	}
	for _, g := range c.sorted() {
		if at := now.Add(max(g.route.GroupWait, g.route.GroupInterval)); g.Next.After(at) {
			g.Next = at
			c.timers.push(g)
		}
		for _, l := range g.Lanes {
			if l.At.After(now) {
				l.At = now
			}
			if l.until.After(now.Add(time.Hour)) {
				l.until = now
			}
			if l.Due.After(now) {
				l.Due = now
			}
		}
	}
}

func (c *Core) sorted() []*Group {
	out := slices.Collect(maps.Values(c.groups))
	slices.SortFunc(out, func(a, b *Group) int { return compareIDs(a.ID, b.ID) })
	return out
}

// Opens is when the next group opens, or zero for never.
func (c *Core) Opens() time.Time { return c.timers.first(c.groups) }

// Next is when Advance or Ready have something to do again, or zero for never.
func (c *Core) Next() time.Time {
	next := c.Opens()
	for _, d := range c.Waiting() {
		if next.IsZero() || d.At.Before(next) {
			next = d.At
		}
	}
	return next
}

func (c *Core) step(now time.Time, a *Alert, s alerting.Step) {
	if !c.o.Steps {
		return
	}
	s.Time, s.Alert, s.Name = now, a.fingerprint, a.Name()
	c.steps = append(c.steps, s)
}

// Steps returns what was decided since it was called last, in order.
func (c *Core) Steps() []alerting.Step {
	out := c.steps
	c.steps = nil
	return out
}
