package alerting

import (
	"errors"
	"time"
)

// ErrNotFound says that there is no silence of that id.
var ErrNotFound = errors.New("not found")

// Silence holds notifications about alerts back for a while.
type Silence struct {
	ID          string
	Matchers    []Matcher // an alert must fit all of them
	StartsAt    time.Time
	EndsAt      time.Time
	UpdatedAt   time.Time
	CreatedBy   string
	Comment     string
	Annotations map[string]string
}

// Matcher is one condition on a label; a label that is absent has the empty value.
type Matcher struct {
	Name    string
	Value   string
	IsRegex bool // anchored at both ends
	IsEqual bool // false negates
}

func (m Matcher) String() string {
	op := map[[2]bool]string{{false, true}: "=", {false, false}: "!=", {true, true}: "=~", {true, false}: "!~"}[[2]bool{m.IsRegex, m.IsEqual}]
	return m.Name + op + `"` + m.Value + `"`
}

// SilenceState is where a silence stands in its life, in Alertmanager's words.
type SilenceState string

// The states of a silence.
const (
	SilencePending SilenceState = "pending"
	SilenceActive  SilenceState = "active"
	SilenceExpired SilenceState = "expired"
)

// State is that at a moment.
func (s *Silence) State(now time.Time) SilenceState {
	switch {
	case now.Before(s.StartsAt):
		return SilencePending
	case now.After(s.EndsAt) || now.Equal(s.EndsAt):
		return SilenceExpired
	}
	return SilenceActive
}

// AlertStatus is an alert of the pipeline with what holds it back now.
type AlertStatus struct {
	Alert
	UpdatedAt   time.Time
	Receivers   []string
	SilencedBy  []string // ids of silences
	InhibitedBy []string // fingerprints of alerts
	MutedBy     []string // names of time intervals; of an alert in a group only
}

// Held says that silences, alerts or time intervals hold it back.
func (a *AlertStatus) Held() bool {
	return len(a.SilencedBy)+len(a.InhibitedBy)+len(a.MutedBy) > 0
}

// AlertGroup is alerts that are told together.
type AlertGroup struct {
	Key         string
	Receiver    string
	Labels      map[string]string
	RouteLabels map[string]string
	MutedBy     []string // names of time intervals
	Alerts      []AlertStatus
}

// TestResult is what became of a test of one integration.
type TestResult struct {
	Receiver    string
	Integration string
	Group       string // key
	HeldBack    string // what would have held a real alert back: "silenced by …"; empty if nothing
	Error       string // of the attempt, without secrets; empty when it arrived
	Took        time.Duration
}
