package notify

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"

	"tripod/alerting"
)

// Receiver delivers notifications to one place. An error means that the
// notification may not have arrived and is sent again, sooner or later as a
// *RetryError in its chain says.
type Receiver interface {
	Name() string
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

// What says which news a notification brings.
type What string

// The kinds of news.
const (
	Firing   What = "firing"
	Repeat   What = "repeat" // nothing new; it has been firing for long
	Resolved What = "resolved"
)

// Notification is news about alerts of one rule and service.
type Notification struct {
	// ID is the same for every attempt at the same news, also after a restart.
	ID      string
	What    What
	Name    string // of the rule
	Service string // may be empty
	At      time.Time
	Items   []Item // at least one, longest firing first
	More    int    // further alerts with the same news that Items has no room for
}

// Item is one alert of a notification.
type Item struct {
	Labels       map[string]string
	Annotations  map[string]string
	StartsAt     time.Time
	ResolvedAt   time.Time // zero while it fires
	GeneratorURL string
}

// identify makes the ID of a notification about records.
func identify(lane string, what What, records []*record) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\xff%s", lane, what)
	for _, r := range records {
		h.Write([]byte("\xff" + r.key + "\xff" + strconv.FormatInt(r.Alert.StartsAt.UnixNano(), 10)))
		if what == Repeat {
			h.Write([]byte("\xff" + strconv.FormatInt(r.Sent.UnixNano(), 10)))
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:12])
}

func (n *Notification) delivery(receiver string) alerting.Delivery {
	d := alerting.Delivery{
		ID: n.ID, Receiver: receiver, What: string(n.What), Name: n.Name, Service: n.Service,
	}
	for _, item := range n.Items {
		d.Alerts = append(d.Alerts, alerting.Fingerprint(item.Labels))
	}
	return d
}
