package dispatch

import (
	"cmp"
	"slices"
	"time"

	"tripod/alerting"
)

// maxMuted is how far ahead the end of a mute interval is looked for.
const maxMuted = 8 * 24 * time.Hour

// Outlooks says of each group with an alert that fires what its integrations
// were told, and when they are told again. The answer is worked out by the
// function that it returns, which is of this moment and may be called while
// the core is used again: looking ahead is dear, and nobody shall wait for it.
func (c *Core) Outlooks(now time.Time) func() []alerting.Outlook {
	seen := make([]outlooked, 0, len(c.groups))
	for _, g := range c.groups {
		if g.orphan {
			continue
		}
		var firing []string
		for f := range g.Alerts {
			if a := c.alerts[f]; a != nil && !a.ResolvedAt(now) {
				firing = append(firing, f)
			}
		}
		if len(firing) == 0 {
			continue
		}
		for at, i := range c.integrations[g.Receiver] {
			l := g.Lanes[i.Name]
			o := alerting.Outlook{Integration: i.Name, Group: g.Key, Alerts: firing, Opens: g.Next, Told: l.At, Owed: !l.Due.IsZero()}
			switch {
			case o.Owed:
				o.NextTry = l.at()
			case !l.At.IsZero():
				o.NextRepeat = repeatAt(g, l)
			}
			seen = append(seen, outlooked{g.ID, at, g.route, o})
		}
	}
	return func() []alerting.Outlook { return c.lookAhead(now, seen) }
}

// outlooked is an outlook without what its route makes of it.
type outlooked struct {
	group       string // ID
	integration int
	route       *Route
	alerting.Outlook
}

// lookAhead reads of the core only what never changes: routes and intervals.
func (c *Core) lookAhead(now time.Time, seen []outlooked) (out []alerting.Outlook) {
	slices.SortFunc(seen, func(a, b outlooked) int {
		return cmp.Or(compareIDs(a.group, b.group), cmp.Compare(a.integration, b.integration))
	})
	routes := map[*Route]alerting.Outlook{} // they have many groups
	for _, s := range seen {
		ahead, known := routes[s.route]
		if !known {
			ahead = c.outlook(now, s.route)
			routes[s.route] = ahead
		}
		o := s.Outlook
		o.Receiver, o.GroupBy, o.ByAll, o.Repeat = ahead.Receiver, ahead.GroupBy, ahead.ByAll, ahead.Repeat
		o.MutedBy, o.MutedUntil = ahead.MutedBy, ahead.MutedUntil
		if s.integration == 0 { // the integrations of a group share the list
			slices.Sort(o.Alerts)
		}
		out = append(out, o)
	}
	return out
}

// repeatAt is the first look at the group that is later than a repeat interval
// after the last word.
func repeatAt(g *Group, l *Lane) time.Time {
	at, due := g.Next, l.At.Add(g.route.RepeatInterval)
	if g.route.GroupInterval > 0 && !at.After(due) {
		at = at.Add((due.Sub(at)/g.route.GroupInterval + 1) * g.route.GroupInterval)
	}
	return at
}

// Routed says where alerts with these labels would go, without a group. It
// reads only what never changes, and may be called while the core is used.
func (c *Core) Routed(now time.Time, labels map[string]string) (out []alerting.Outlook) {
	for _, r := range c.root.Match(labels) {
		out = append(out, c.outlook(now, r))
	}
	return out
}

func (c *Core) outlook(now time.Time, r *Route) alerting.Outlook {
	o := alerting.Outlook{Receiver: r.Receiver, GroupBy: r.GroupBy, ByAll: r.All, Repeat: r.RepeatInterval}
	if o.MutedBy, _ = c.mutedBy(now, r); len(o.MutedBy) > 0 {
		o.MutedUntil = c.mutedUntil(now, r)
	}
	return o
}

// mutedUntil is the first minute in which no interval holds the route back.
func (c *Core) mutedUntil(now time.Time, r *Route) time.Time {
	turns := c.turns(r)
	for at := now.Truncate(time.Minute).Add(time.Minute); at.Before(now.Add(maxMuted)); at = at.Add(time.Minute) {
		if !turns[at.Minute()%quarter] {
			continue
		}
		if by, _ := c.mutedBy(at, r); len(by) == 0 {
			return at
		}
	}
	return time.Time{}
}

// quarter is of an hour, in minutes. Zones differ by whole ones since 1972, therefore
// the minute of the quarter is the same in each.
const quarter = 15

// turns are the minutes of a quarter in which an interval of the route may
// begin or end: the bounds of its times, and the first one for days and zones.
func (c *Core) turns(r *Route) (at [quarter]bool) {
	at[0] = true
	for _, name := range slices.Concat(r.MuteIntervals, r.ActiveIntervals) {
		for _, i := range c.intervals[name] {
			for _, t := range i.Times {
				at[t.StartMinute%quarter], at[t.EndMinute%quarter] = true, true
			}
		}
	}
	return at
}
