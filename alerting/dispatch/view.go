package dispatch

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"tripod/alerting"
)

// Alerts are those that fire now, by fingerprint.
func (c *Core) Alerts(now time.Time) []alerting.AlertStatus {
	out := []alerting.AlertStatus{}
	for _, f := range slices.Sorted(maps.Keys(c.alerts)) {
		a := c.alerts[f]
		if a.ResolvedAt(now) {
			continue
		}
		s := c.status(now, a)
		for _, r := range c.root.Match(a.Labels) {
			s.Receivers = append(s.Receivers, r.Receiver)
		}
		out = append(out, s)
	}
	return out
}

func (c *Core) status(now time.Time, a *Alert) alerting.AlertStatus {
	return alerting.AlertStatus{
		Alert: a.Alert, UpdatedAt: a.UpdatedAt, SilencedBy: c.silencedBy(a.Labels, now), InhibitedBy: c.inhibitedBy(a.Labels, now),
	}
}

// Groups are those with an alert that fires now, by labels and receiver.
func (c *Core) Groups(now time.Time) []alerting.AlertGroup {
	out := []alerting.AlertGroup{}
	for _, g := range c.sorted() {
		if g.orphan {
			continue
		}
		group := alerting.AlertGroup{Key: g.Key, Receiver: g.Receiver, Labels: g.Labels, RouteLabels: g.route.Labels}
		group.MutedBy, _ = c.mutedBy(now, g.route)
		for _, a := range c.members(g) {
			if a.ResolvedAt(now) {
				continue
			}
			s := c.status(now, a)
			s.Receivers, s.MutedBy = []string{g.Receiver}, group.MutedBy
			group.Alerts = append(group.Alerts, s)
		}
		if len(group.Alerts) > 0 {
			out = append(out, group)
		}
	}
	slices.SortStableFunc(out, func(a, b alerting.AlertGroup) int {
		return cmp.Or(cmp.Compare(labelText(a.Labels), labelText(b.Labels)), cmp.Compare(a.Receiver, b.Receiver))
	})
	return out
}

// Silenced are the alerts that fire now and that the matchers would silence.
func (c *Core) Silenced(now time.Time, list []alerting.Matcher) ([]alerting.AlertStatus, error) {
	ms, err := compile(list)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(c.Alerts(now), func(a alerting.AlertStatus) bool { return !matches(ms, a.Labels) }), nil
}

// Coming are those of some alerts, which need not fire yet, that the matchers
// would silence, with whom they would be told to.
func (c *Core) Coming(now time.Time, list []alerting.Matcher, alerts []alerting.Alert) ([]alerting.AlertStatus, error) {
	ms, err := compile(list)
	if err != nil {
		return nil, err
	}
	var out []alerting.AlertStatus
	for _, a := range alerts {
		if !matches(ms, a.Labels) {
			continue
		}
		s := c.status(now, &Alert{Alert: a})
		for _, r := range c.root.Match(a.Labels) {
			s.Receivers = append(s.Receivers, r.Receiver)
		}
		out = append(out, s)
	}
	return out, nil
}

// Trial is a notification that the real routes would make of an alert, with
// what would hold it back.
type Trial struct {
	*Notification
	HeldBack string
}

// Try makes, for each integration that the routes lead an alert to, the
// notification about it alone. It changes nothing.
func (c *Core) Try(now time.Time, a alerting.Alert) []Trial {
	x := &Alert{Alert: a, fingerprint: a.Fingerprint()}
	var out []Trial
	for _, r := range c.root.Match(a.Labels) {
		set := r.groupLabels(a.Labels)
		g := &Group{ID: r.groupID(a.Labels), Key: r.groupKey(set), Receiver: r.Receiver, Labels: set, route: r}
		why := ""
		if h := c.heldBack(now, g, x); h.kind != "" {
			why = string(h.kind) + " by " + strings.Join(h.by, ", ")
		}
		for _, i := range c.integrations[r.Receiver] {
			n := &Notification{
				Due: Due{Group: g.ID, Receiver: r.Receiver, Integration: i.Name}, Key: g.Key, Reason: ReasonFirst, At: now, Attempt: 1,
				GroupLabels: set, RouteLabels: maps.Clone(r.Labels), Alerts: []NotifiedAlert{notified(x, a.EndsAt.After(a.StartsAt))},
			}
			n.ID = identify(g, i, &Lane{At: now}, n.Alerts)
			out = append(out, Trial{n, why})
		}
	}
	return out
}
