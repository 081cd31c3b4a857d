package dispatch

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"tripod/alerting"
)

// The reasons for which a notification is sent, in Alertmanager's words.
const (
	ReasonFirst       = "first notification"
	ReasonNewAlerts   = "new alerts added"
	ReasonSomeEnded   = "some alerts resolved"
	ReasonAllEnded    = "all alerts resolved"
	ReasonRepeat      = "repeat interval elapsed"
	heldByNoRoute     = "no route any more"
	heldByOutOfHours  = "outside of "
	heldByMuteTimes   = "within "
	heldBySilences    = "silences"
	heldByInhibitions = "alerts"
)

// decision is what an integration would be told now.
type decision struct {
	reason string // empty: nothing
	quiet  bool   // it counts as told without a word, since ends are not wanted there
	alerts []*Alert
	firing map[string]bool
	ended  map[string]bool
}

// held says why a firing alert is not told, or kind is empty.
type held struct {
	kind alerting.StepKind
	by   []string
	why  string
}

// heldBack follows the order of Alertmanager's stages.
func (c *Core) heldBack(now time.Time, g *Group, a *Alert) held {
	if g.orphan {
		return held{alerting.StepMuted, nil, heldByNoRoute}
	}
	if by := c.inhibitedBy(a.Labels, now); len(by) > 0 {
		return held{alerting.StepInhibited, by, heldByInhibitions}
	}
	if by, why := c.mutedBy(now, g.route); len(by) > 0 {
		return held{alerting.StepMuted, by, why}
	}
	if by := c.silencedBy(a.Labels, now); len(by) > 0 {
		return held{alerting.StepSilenced, by, heldBySilences}
	}
	return held{}
}

// named says what holds an alert back in the words of those who made it.
func (c *Core) named(h held) string {
	var names []string
	for _, by := range h.by {
		name := ""
		switch silence, alert := c.silences[by], c.alerts[by]; {
		case h.kind == alerting.StepSilenced && silence != nil:
			name = cmp.Or(silence.Comment, by)
			if silence.CreatedBy != "" {
				name += " (" + silence.CreatedBy + ")"
			}
		case h.kind == alerting.StepInhibited && alert != nil:
			name = alert.Name()
		}
		if name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return h.why
	}
	return strings.Join(names, ", ")
}

// mutedBy names the time intervals that hold a route back.
func (c *Core) mutedBy(now time.Time, r *Route) (by []string, why string) {
	if r == nil {
		return nil, ""
	}
	inside := func(name string) bool {
		for _, t := range c.intervals[name] {
			if t.ContainsTime(now.UTC()) {
				return true
			}
		}
		return false
	}
	if len(r.ActiveIntervals) > 0 && !slices.ContainsFunc(r.ActiveIntervals, inside) {
		return r.ActiveIntervals, heldByOutOfHours + strings.Join(r.ActiveIntervals, ", ")
	}
	for _, name := range r.MuteIntervals {
		if inside(name) {
			by = append(by, name)
		}
	}
	return by, heldByMuteTimes + strings.Join(by, ", ")
}

// explain notes when the reason changes for which an alert is held back, and
// when it ends without a word from its sender.
func (c *Core) explain(now time.Time, g *Group, a *Alert) {
	if a.ResolvedAt(now) {
		delete(g.said, a.fingerprint)
		if a.ValidFor > 0 {
			a.ValidFor = 0
			c.changed.alerts[a.fingerprint] = true // its end is on disk from here on
			c.step(now, a, alerting.Step{Kind: alerting.StepResolved, Detail: "its sender was not heard of in time"})
		}
		return
	}
	h := c.heldBack(now, g, a)
	said := string(h.kind) + strings.Join(h.by, ",")
	if said == g.said[a.fingerprint] {
		return
	}
	g.said[a.fingerprint] = said
	s := alerting.Step{Kind: h.kind, Group: g.Key, Receiver: g.Receiver, By: h.by, Detail: c.named(h)}
	if h.kind == "" {
		s.Kind = alerting.StepUnmuted
	}
	c.step(now, a, s)
}

// decide says what the integration would be told now, and why.
func (c *Core) decide(now time.Time, g *Group, l *Lane, i Integration) decision {
	d := decision{firing: map[string]bool{}, ended: map[string]bool{}}
	owed := false
	if by, _ := c.mutedBy(now, g.route); len(by) > 0 && !g.orphan {
		return d // ends wait for the end of the interval; see clean
	}
	for _, a := range c.members(g) {
		_, told := l.Told[a.fingerprint]
		ended := a.ResolvedAt(now)
		if c.heldBack(now, g, a).kind != "" && !(ended && told && i.SendResolved) {
			continue
		}
		d.alerts = append(d.alerts, a)
		if ended {
			d.ended[a.fingerprint] = true
			owed = owed || told
		} else {
			d.firing[a.fingerprint] = true
		}
	}
	d.reason = why(now, l, i, d, g.route.RepeatInterval)
	if d.reason == "" && owed && i.SendResolved {
		d.reason = ReasonSomeEnded
		if len(d.firing) == 0 {
			d.reason = ReasonAllEnded
		}
	}
	d.quiet = d.reason != "" && len(d.firing) == 0 && !i.SendResolved
	return d
}

// why is Alertmanager's question to its notification log.
func why(now time.Time, l *Lane, i Integration, d decision, repeat time.Duration) string {
	switch {
	case len(d.alerts) == 0:
		return ""
	case l.At.IsZero():
		if len(d.firing) > 0 {
			return ReasonFirst
		}
		return ""
	case !subset(d.firing, l.Firing):
		if len(l.Firing) == 0 {
			return ReasonFirst
		}
		return ReasonNewAlerts
	case len(d.firing) == 0:
		if len(l.Firing) > 0 {
			return ReasonAllEnded
		}
		return ""
	case i.SendResolved && !subset(d.ended, l.Resolved):
		return ReasonSomeEnded
	case l.At.Before(now.Add(-repeat)):
		return ReasonRepeat
	}
	return ""
}

func subset(a, of map[string]bool) bool {
	for f := range a {
		if !of[f] {
			return false
		}
	}
	return true
}
