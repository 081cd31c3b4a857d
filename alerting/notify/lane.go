package notify

import (
	"time"

	"tripod/alerting"
)

// pause is an exponential back-off.
type pause struct {
	failures int
	until    time.Time
}

func (p *pause) fail(now time.Time, o *Options, asked time.Duration) time.Duration {
	wait := o.MinBackoff << min(p.failures, 20)
	if wait > o.MaxBackoff {
		wait = o.MaxBackoff
	}
	// A receiver that asks for a long pause gets it, up to an hour.
	wait = max(wait, min(asked, time.Hour))
	p.failures++
	p.until = now.Add(wait)
	return wait
}

// lane is the state of one line of posts; see record.lane.
type lane struct {
	pause
	last time.Time // of the last attempt
	id   string    // of the notification that waits for its next attempt
}

// reopen finds the lanes of what a former process did not finish.
func reopen(entries []entry) map[string]*lane {
	lanes := map[string]*lane{}
	for _, e := range entries {
		if e.Result == alerting.Sending || e.Result == alerting.Retrying {
			lanes[laneKey(What(e.What), e.Name, e.Service)] = &lane{last: e.Time, id: e.ID}
		}
	}
	return lanes
}

// laneKey puts firing and repeat into one lane.
func laneKey(what What, name, service string) string {
	if what != Resolved {
		what = Firing
	}
	return string(what) + "\xff" + name + "\xff" + service
}
