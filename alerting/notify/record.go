package notify

import (
	"time"

	"tripod/alerting"
)

// record is what is known and owed of one alert. Its life:
//
//	new ─→ firing, owed ─→ firing, told ─→ resolved, owed ─→ gone
//
// It is written to disk at each arrow, and before each attempt, so that a
// notification that may have arrived is never forgotten, and one that may not
// have arrived is sent again.
type record struct {
	key  string    // fingerprint
	ends time.Time // resolved then, if nothing is heard until then

	Alert    alerting.Alert
	ValidFor time.Duration // what each sending of the alert is good for
	Resolved time.Time     // zero while it fires

	Tried        bool      // a post that says "firing" may have arrived
	Sent         time.Time // of the last post that says so and did arrive
	ResolveTried bool      // a post that says "resolved" may have arrived
}

// defaultValidity stands in for an alert without an end, as Alertmanager's
// resolve_timeout does.
const defaultValidity = 5 * time.Minute

func newRecord(key string, a alerting.Alert, now time.Time) *record {
	r := &record{key: key, Alert: a}
	if r.Alert.StartsAt.IsZero() {
		r.Alert.StartsAt = now
	}
	r.hear(a, now)
	return r
}

// hear takes over what a further sending of a firing alert says.
func (r *record) hear(a alerting.Alert, now time.Time) {
	r.Alert.Annotations = bounded(a.Annotations)
	r.Alert.GeneratorURL = a.GeneratorURL
	r.ends = a.EndsAt
	if r.ends.IsZero() {
		r.ends = now.Add(defaultValidity)
	}
	r.ValidFor = r.ends.Sub(now)
}

// maxAnnotation bounds a text in characters: more than any message shows.
const maxAnnotation = 4000

func bounded(annotations map[string]string) map[string]string {
	for name, s := range annotations {
		if len(s) > maxAnnotation {
			annotations[name] = clip(s, maxAnnotation)
		}
	}
	return annotations
}

// awake gives an alert that was read from disk its full time again. Four
// evaluations fit into it, and after a restart one that still fires is heard
// of again at the third.
func (r *record) awake(now time.Time) { r.ends = now.Add(max(r.ValidFor, time.Second)) }

func (r *record) firing() bool { return r.Resolved.IsZero() }

func (r *record) resolve(at time.Time) {
	if at.Before(r.Alert.StartsAt) {
		at = r.Alert.StartsAt
	}
	r.Resolved = at
}

// fireAgain undoes a resolution of which nobody was told; if somebody was,
// a new firing begins.
func (r *record) fireAgain(a alerting.Alert, now time.Time) {
	if r.ResolveTried {
		*r = *newRecord(r.key, a, now)
		return
	}
	r.Resolved = time.Time{}
	r.hear(a, now)
}

// due is when the next post about the alert is owed.
func (r *record) due(repeat time.Duration) time.Time {
	switch {
	case !r.firing():
		return r.Resolved
	case r.Sent.IsZero():
		return r.Alert.StartsAt
	}
	return r.Sent.Add(repeat)
}

// lane is the line in which posts about the alert wait: one for each rule,
// service and kind of news, so that a refused one holds up only its like.
func (r *record) lane() string {
	what := Firing
	if !r.firing() {
		what = Resolved
	}
	return laneKey(what, r.Alert.Name(), r.Alert.Service())
}

func (r *record) item() Item {
	return Item{
		Labels: r.Alert.Labels, Annotations: r.Alert.Annotations,
		StartsAt: r.Alert.StartsAt, ResolvedAt: r.Resolved, GeneratorURL: r.Alert.GeneratorURL,
	}
}
