package dispatch

import (
	"slices"
	"time"

	"tripod/alerting"
)

// maxMuted is how far ahead the end of a mute interval is looked for.
const maxMuted = 8 * 24 * time.Hour

// Outlooks says of each group with an alert that fires what its integrations
// were told, and when they are told again.
func (c *Core) Outlooks(now time.Time) (out []alerting.Outlook) {
	routes := map[*Route]alerting.Outlook{} // looking ahead is dear, and they have many groups
	for _, g := range c.sorted() {
		if g.orphan {
			continue
		}
		var firing []string
		for _, a := range c.members(g) {
			if !a.ResolvedAt(now) {
				firing = append(firing, a.fingerprint)
			}
		}
		if len(firing) == 0 {
			continue
		}
		ahead, known := routes[g.route]
		if !known {
			ahead = c.outlook(now, g.route)
			routes[g.route] = ahead
		}
		for _, i := range c.integrations[g.Receiver] {
			o := ahead
			o.Integration, o.Group, o.Alerts, o.Opens = i.Name, g.Key, firing, g.Next
			l := g.Lanes[i.Name]
			if o.Told, o.Owed = l.At, !l.Due.IsZero(); o.Owed {
				o.NextTry = l.at()
			}
			if !o.Owed && !l.At.IsZero() {
				o.NextRepeat = repeatAt(g, l)
			}
			out = append(out, o)
		}
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

// Routed says where alerts with these labels would go, without a group.
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
