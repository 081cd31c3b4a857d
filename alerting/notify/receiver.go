package notify

import (
	"context"
	"time"

	"tripod/alerting"
	"tripod/alerting/dispatch"
)

// Sender delivers notifications to one place. An error means that the
// notification may not have arrived and is sent again, sooner or later as a
// *RetryError in its chain says. It repeats no secret.
type Sender interface {
	Send(ctx context.Context, n Notification) error
}

// RetryError tells when to try again.
type RetryError struct {
	Err   error
	After time.Duration // the receiver asked for this pause, 0 if it did not
	// Refused says that the receiver is there but does not want this
	// notification, so that others may go on meanwhile.
	Refused bool
}

func (e *RetryError) Error() string { return e.Err.Error() }
func (e *RetryError) Unwrap() error { return e.Err }

// Notification is what is told, with what is known beyond the decision.
type Notification struct {
	*dispatch.Notification
	Details map[string]Detail // by fingerprint, for alerts of which more is known
}

// Detail is what somebody else knows of an alert.
type Detail struct {
	Chart    []float64 // values of its expression, oldest first, up to now
	Evidence string    // URL of what was kept when it fired, or empty
	// What stands out in it; nil when nothing does.
	Trace    *alerting.KeptTrace
	TraceURL string // where it can be seen, or empty
	Pattern  *alerting.KeptPattern
}

// What says which news a notification brings.
type What string

// The kinds of news.
const (
	Firing   What = "firing"
	Repeat   What = "repeat" // nothing new; it has been firing for long
	Resolved What = "resolved"
)

func whatOf(n *dispatch.Notification) What {
	switch {
	case n.Resolved():
		return Resolved
	case n.Reason == dispatch.ReasonRepeat:
		return Repeat
	}
	return Firing
}
