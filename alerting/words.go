package alerting

import (
	"errors"
	"time"

	"github.com/prometheus/common/model"
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

// Fingerprint is 16 hexadecimal digits over the names and values of labels,
// those under which Alertmanager and its clients know an alert.
func Fingerprint(labels map[string]string) string {
	set := make(model.LabelSet, len(labels))
	for name, value := range labels {
		set[model.LabelName(name)] = model.LabelValue(value)
	}
	return set.Fingerprint().String()
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
	QueryOffset    time.Duration // the evaluation looks so far back
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

// Step is one thing that was decided about an alert, or happened to it.
type Step struct {
	Time     time.Time
	Alert    string // fingerprint
	Name     string // of the rule
	Kind     StepKind
	Group    string   // key of the group of alerts, or empty
	Receiver string   // or empty
	By       []string // ids of silences, fingerprints of alerts that inhibit, names of time intervals
	Detail   string   // a reason or an error, without secrets
	Delivery string   // ID of the notification, or empty
	Of       *Alert   // on steps with which an alert begins, else nil; not to be changed
}

// StepKind says what a Step is.
type StepKind string

// The kinds of steps, in the order of an alert's life.
const (
	StepPending    StepKind = "pending" // the condition holds, not yet for long enough
	StepFiring     StepKind = "firing"
	StepKept       StepKind = "kept firing" // by keep_firing_for alone
	StepOver       StepKind = "over"        // the rule has ended it
	StepFailing    StepKind = "failing"     // of a rule, without an alert: it cannot be evaluated
	StepWorks      StepKind = "works"       // of a rule: it can again
	StepReceived   StepKind = "received"    // the pipeline heard of a firing alert for the first time
	StepRouted     StepKind = "routed"      // into a group of a receiver
	StepInhibited  StepKind = "inhibited"   // by other alerts
	StepSilenced   StepKind = "silenced"    // by silences
	StepMuted      StepKind = "muted"       // by time intervals
	StepUnmuted    StepKind = "unmuted"     // none of the three holds any more
	StepDue        StepKind = "due"         // a notification is owed
	StepSending    StepKind = "sending"     // an attempt begins
	StepSent       StepKind = "sent"
	StepRetried    StepKind = "retried" // an attempt failed; Detail says how
	StepSuperseded StepKind = "superseded"
	StepGaveUp     StepKind = "gave up"
	StepResolved   StepKind = "resolved"
	StepUnsent     StepKind = "unsent" // it ended, and the receiver is not told of it
)

// Delivery is one notification and what became of it.
type Delivery struct {
	ID          string    // the same for every attempt at the same notification
	Time        time.Time // of the last attempt
	Receiver    string
	Integration string   // of the receiver: slack[0]
	Group       string   // ID of the group of alerts
	Reason      string   // in Alertmanager's words: "new alerts added"
	What        string   // "firing", "repeat" or "resolved"
	Name        string   // of the first rule
	Service     string   // may be empty
	Names       []string // of all rules in it
	Alerts      []string // fingerprints
	Result      Result
	Error       string        // of the last attempt, without secrets; empty when sent
	Took        time.Duration // the last attempt
	Attempts    int
	Next        time.Time // of the next attempt while retrying
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
