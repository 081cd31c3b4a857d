package backtest

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"tripod/alerting"
	"tripod/alerting/dispatch"
)

// Notice is a notification that would have been sent.
type Notice struct {
	Time        time.Time
	Receiver    string
	Integration string // of the receiver: slack[0]
	Reason      string // in Alertmanager's words
	Firing      int    // alerts in it
	Resolved    int
	Night       bool // from ten in the evening to seven in the morning
}

// event is an alert that begins to fire or is over.
type event struct {
	at    time.Time
	alert alerting.Alert
	other bool // it is not of the rule that is tested
}

// never is after every end of a test.
var never = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// tell runs the pipeline's decisions over what fired, beside the alerts of
// others; every notification arrives at once.
func (r *Report) tell(o Options, others []event) error {
	if o.Config == nil {
		return nil
	}
	core := dispatch.New(o.Config, dispatch.Options{MaxAlerts: len(r.Alerts) + len(others) + 1, Steps: true})
	for _, s := range o.Silences {
		if !s.EndsAt.After(r.From) {
			continue
		}
		id := s.ID
		s.ID = "" // a new one, in a core that knows none
		if _, err := core.SetSilence(r.From, s, id); err != nil {
			return fmt.Errorf("silence %s: %w", id, err)
		}
	}
	own := map[string]map[string]string{} // labels by fingerprint
	for _, a := range r.Alerts {
		own[alerting.Fingerprint(a.Labels)] = a.Labels
	}
	zone := o.Zone
	if zone == nil {
		zone = time.UTC
	}
	for now, events := r.From, r.events(others); ; {
		for len(events) > 0 && !events[0].at.After(now) {
			core.Put(now, events[0].alert)
			events = events[1:]
		}
		core.Advance(now)
		for _, due := range core.Ready(now) {
			if n := core.Begin(now, due); n != nil {
				core.Succeed(now, n)
				if told := notice(n, now.In(zone), own); told.Firing+told.Resolved > 0 {
					r.Notices = append(r.Notices, told)
				}
			}
		}
		for _, s := range core.Steps() {
			if held := s.Kind == alerting.StepInhibited || s.Kind == alerting.StepSilenced || s.Kind == alerting.StepMuted; held && own[s.Alert] != nil {
				r.Held = append(r.Held, Held{s.Time, own[s.Alert], s.Receiver, alerting.Held(s)})
			}
		}
		next := core.Next()
		if len(events) > 0 && (next.IsZero() || events[0].at.Before(next)) {
			next = events[0].at
		}
		if next.IsZero() || next.After(r.To) {
			return nil
		}
		now = maxTime(next, now.Add(time.Millisecond))
	}
}

// notice counts those of a notification that are the rule's own.
func notice(n *dispatch.Notification, now time.Time, own map[string]map[string]string) Notice {
	out := Notice{Time: now, Receiver: n.Receiver, Integration: n.Integration, Reason: n.Reason, Night: now.Hour() >= 22 || now.Hour() < 7}
	for _, a := range n.Alerts {
		if own[a.Fingerprint] == nil {
			continue
		}
		if a.Resolved {
			out.Resolved++
		} else {
			out.Firing++
		}
	}
	return out
}

// events are the beginnings and ends of what fired, in order of time; at one
// moment others come first, so that they hold back from the start.
func (r *Report) events(others []event) []event {
	out := slices.Clone(others)
	for _, a := range r.Alerts {
		for _, e := range a.Episodes {
			alert := alerting.Alert{Labels: a.Labels, Annotations: map[string]string{}, StartsAt: e.FiredAt, EndsAt: never}
			for name, text := range r.Rule.Annotations {
				alert.Annotations[name] = expand(r.Rule.Name, text, a.series, e.Value, e.FiredAt)
			}
			out = append(out, event{at: e.FiredAt, alert: alert})
			if !e.ResolvedAt.IsZero() {
				alert.EndsAt = e.ResolvedAt
				out = append(out, event{at: e.ResolvedAt, alert: alert})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b event) int {
		return cmp.Or(a.at.Compare(b.at), -compareBool(a.other, b.other), cmp.Compare(a.alert.Fingerprint(), b.alert.Fingerprint()))
	})
	return out
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}
