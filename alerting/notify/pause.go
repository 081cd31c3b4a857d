package notify

import "time"

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
