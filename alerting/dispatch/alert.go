package dispatch

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"tripod/alerting"
)

// Alert is an alert as the pipeline knows it, in the form in which it is kept.
type Alert struct {
	alerting.Alert
	UpdatedAt time.Time
	ValidFor  time.Duration // what its last sending was good for
	Timeout   bool          // EndsAt was made up, since the sender named none

	fingerprint string
}

// Fingerprint names it by its labels.
func (a *Alert) Fingerprint() string { return a.fingerprint }

// ResolvedAt says whether it has ended by then.
func (a *Alert) ResolvedAt(now time.Time) bool { return !a.EndsAt.IsZero() && !a.EndsAt.After(now) }

// setBack keeps an end that has come in the past, and one to come no further off
// than the last sending promised, when the clock is now at an earlier time. It
// tells whether the alert is another one on disk.
func (a *Alert) setBack(now time.Time) bool {
	switch promised := now.Add(a.ValidFor); {
	case !a.ended() && a.EndsAt.After(promised):
		a.EndsAt = promised
	case a.ended() && a.EndsAt.After(now):
		a.EndsAt = now
		if a.StartsAt.After(now) {
			a.StartsAt = now
		}
		return true
	}
	return false
}

// take makes an Alert of what came in, joined with what is known of it, as
// Alertmanager does: overlapping spans become one.
func (c *Core) take(a alerting.Alert, now time.Time) *Alert {
	n := &Alert{Alert: a, UpdatedAt: now, fingerprint: a.Fingerprint()}
	if n.StartsAt.IsZero() {
		n.StartsAt = now
		if !n.EndsAt.IsZero() && n.EndsAt.Before(now) {
			n.StartsAt = n.EndsAt
		}
	}
	if n.EndsAt.IsZero() {
		n.Timeout, n.EndsAt = true, now.Add(c.resolveTimeout)
	}
	if n.EndsAt.Before(n.StartsAt) {
		n.StartsAt = n.EndsAt
	}
	if !n.ResolvedAt(now) {
		n.ValidFor = n.EndsAt.Sub(now)
		// A duration from now on stays right when the wall clock jumps.
		n.EndsAt = now.Add(n.ValidFor)
	}
	n.Annotations = bounded(n.Annotations)
	if old := c.alerts[n.fingerprint]; old != nil {
		if inside(n.EndsAt, old) || inside(n.StartsAt, old) {
			n.merge(old, now)
		}
	}
	return n
}

func inside(t time.Time, a *Alert) bool { return t.After(a.StartsAt) && t.Before(a.EndsAt) }

// merge joins the span of an older alert with the same labels into n.
func (n *Alert) merge(old *Alert, now time.Time) {
	if old.StartsAt.Before(n.StartsAt) {
		n.StartsAt = old.StartsAt
	}
	switch {
	case n.ResolvedAt(now) && old.ResolvedAt(now) && old.EndsAt.After(n.EndsAt),
		!n.ResolvedAt(now) && old.EndsAt.After(n.EndsAt) && !old.Timeout:
		n.EndsAt = old.EndsAt
	}
	if !n.ResolvedAt(now) {
		n.ValidFor = n.EndsAt.Sub(now) // what was promised before holds
	}
}

// maxAnnotation bounds a text in bytes: more than any message shows.
const maxAnnotation = 16_000

func bounded(annotations map[string]string) map[string]string {
	for name, s := range annotations {
		if len(s) > maxAnnotation {
			annotations = maps.Clone(annotations)
			annotations[name] = strings.ToValidUTF8(s[:maxAnnotation], "") + "…"
		}
	}
	return annotations
}

// before is Alertmanager's order of alerts in a notification.
func before(a, b *Alert) int {
	for _, name := range [...]string{"job", "instance"} {
		av, aok := a.Labels[name]
		bv, bok := b.Labels[name]
		switch {
		case aok && !bok:
			return -1
		case !aok && bok:
			return 1
		case av != bv:
			return cmp.Compare(av, bv)
		}
	}
	an, bn := slices.Sorted(maps.Keys(a.Labels)), slices.Sorted(maps.Keys(b.Labels))
	for i := range min(len(an), len(bn)) {
		if an[i] != bn[i] {
			return cmp.Compare(an[i], bn[i])
		}
		if d := cmp.Compare(a.Labels[an[i]], b.Labels[bn[i]]); d != 0 {
			return d
		}
	}
	return cmp.Compare(len(an), len(bn))
}
