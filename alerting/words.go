package alerting

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"maps"
	"slices"
	"time"
)

// ErrInvalid says that a rule file, an option or the state on disk is not what
// it must be, and that trying again does not help.
var ErrInvalid = errors.New("invalid")

// Alert is one alert as it leaves the rules, in the form in which Prometheus
// sends it to Alertmanager.
type Alert struct {
	Labels       map[string]string // "alertname" is always among them; they are the identity
	Annotations  map[string]string // texts for people; they may change while the alert lasts
	StartsAt     time.Time         // when it began to fire
	EndsAt       time.Time         // past: resolved then; to come: resolved then, if nothing is heard until then
	GeneratorURL string            // where its expression can be seen
}

// Name is the name of the rule that made the alert.
func (a *Alert) Name() string { return a.Labels["alertname"] }

// Service is the service that the alert is about, or empty.
func (a *Alert) Service() string { return ServiceOf(a.Labels) }

// Fingerprint names the alert by its labels; it is the same after a restart.
func (a *Alert) Fingerprint() string { return Fingerprint(a.Labels) }

// ServiceOf finds the service among labels, by the names under which
// OpenTelemetry and Prometheus know it, or returns an empty string.
func ServiceOf(labels map[string]string) string {
	for _, name := range [...]string{"service_name", "service", "job"} {
		if s := labels[name]; s != "" {
			return s
		}
	}
	return ""
}

// Fingerprint is 16 hexadecimal digits over the names and values of labels.
func Fingerprint(labels map[string]string) string {
	h := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		h.Write([]byte(name))
		h.Write([]byte{0xff})
		h.Write([]byte(labels[name]))
		h.Write([]byte{0xfe})
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// Kind tells the two kinds of rules apart, in the words of Prometheus's API.
type Kind string

// The kinds of rules.
const (
	Alerting  Kind = "alerting"
	Recording Kind = "recording"
)

// State is the state of an alert, or the worst one among those of a rule, in
// the words of Prometheus's API.
type State string

// The states, and the one of a rule that was never evaluated.
const (
	Unknown  State = "unknown"
	Inactive State = "inactive"
	Pending  State = "pending"
	Firing   State = "firing"
)

// Health says how the last evaluation of a rule went.
type Health string

// The healths of a rule.
const (
	HealthUnknown Health = "unknown"
	HealthOK      Health = "ok"
	HealthErr     Health = "err"
)

// Group is a group of rules that are evaluated together, one after the other.
type Group struct {
	File           string // path, or Builtin
	Name           string
	Interval       time.Duration
	Limit          int           // of alerts or series per rule, 0 means none
	LastEvaluation time.Time     // zero before the first
	EvaluationTime time.Duration // that the last one took
	Rules          []Rule
}

// Rule is one rule with its state at one moment.
type Rule struct {
	Kind           Kind
	Name           string
	Expr           string
	For            time.Duration
	KeepFiringFor  time.Duration
	Labels         map[string]string // as written, with their templates
	Annotations    map[string]string // as written, with their templates
	State          State             // worst of its alerts; empty for a recording rule
	Health         Health
	LastError      string // empty when healthy
	LastEvaluation time.Time
	EvaluationTime time.Duration
	Alerts         []ActiveAlert // firing first, then oldest first
}

// ActiveAlert is an alert that is pending or firing.
type ActiveAlert struct {
	Labels          map[string]string
	Annotations     map[string]string
	State           State
	Value           float64   // of the expression at the last evaluation
	ActiveAt        time.Time // when the condition became true
	FiredAt         time.Time // zero while pending
	KeepFiringSince time.Time // zero unless only keep_firing_for holds it
}

// Delivery is one notification and what became of it.
type Delivery struct {
	ID       string    // the same for every attempt at the same notification
	Time     time.Time // of the last attempt
	Receiver string
	What     string // "firing", "repeat" or "resolved"
	Name     string // of the rule
	Service  string // may be empty
	Alerts   []string
	Result   Result
	Error    string        // of the last attempt, without secrets; empty when sent
	Took     time.Duration // the last attempt
	Attempts int
	Next     time.Time // of the next attempt while retrying
}

// Result is what became of a notification so far.
type Result string

// The results of a delivery.
const (
	Sending    Result = "sending"
	Sent       Result = "sent"
	Retrying   Result = "retrying"
	Superseded Result = "superseded" // a later notification says it all
	GaveUp     Result = "gave up"
)
