package alertapi

import (
	"time"

	"tripod/alerting"
)

// timeForm is that of go-openapi's date-time, with milliseconds.
const timeForm = "2006-01-02T15:04:05.000Z07:00"

// The forms below are those of Alertmanager's openapi.yaml, member by member.

type receiver struct {
	Name   string            `json:"name"`
	Labels map[string]string `json:"labels,omitempty"`
}

type managedAlert struct {
	Annotations  map[string]string `json:"annotations"`
	EndsAt       string            `json:"endsAt"`
	Fingerprint  string            `json:"fingerprint"`
	Receivers    []receiver        `json:"receivers"`
	StartsAt     string            `json:"startsAt"`
	Status       alertStatus       `json:"status"`
	UpdatedAt    string            `json:"updatedAt"`
	GeneratorURL string            `json:"generatorURL,omitempty"`
	Labels       map[string]string `json:"labels"`
}

type alertStatus struct {
	InhibitedBy []string `json:"inhibitedBy"`
	MutedBy     []string `json:"mutedBy"`
	SilencedBy  []string `json:"silencedBy"`
	State       string   `json:"state"` // active or suppressed
}

type alertGroup struct {
	Alerts      []managedAlert    `json:"alerts"`
	Labels      map[string]string `json:"labels"`
	RouteLabels map[string]string `json:"routeLabels"`
	Receiver    receiver          `json:"receiver"`
}

type postedAlert struct {
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	StartsAt     time.Time         `json:"startsAt"`
	EndsAt       time.Time         `json:"endsAt"`
	GeneratorURL string            `json:"generatorURL"`
}

type silenceForm struct {
	ID          string            `json:"id,omitempty"`
	Status      *silenceStatus    `json:"status,omitempty"`
	UpdatedAt   string            `json:"updatedAt,omitempty"`
	Annotations map[string]string `json:"annotations"`
	Comment     string            `json:"comment"`
	CreatedBy   string            `json:"createdBy"`
	EndsAt      string            `json:"endsAt"`
	Matchers    []matcher         `json:"matchers"`
	StartsAt    string            `json:"startsAt"`
}

type silenceStatus struct {
	State alerting.SilenceState `json:"state"`
}

type matcher struct {
	Name    string `json:"name"`
	Value   string `json:"value"`
	IsRegex bool   `json:"isRegex"`
	IsEqual *bool  `json:"isEqual,omitempty"` // true when absent
}

func alertForm(a alerting.AlertStatus) managedAlert {
	form := managedAlert{
		Annotations: filled(a.Annotations), EndsAt: a.EndsAt.UTC().Format(timeForm), Fingerprint: a.Fingerprint(), Receivers: []receiver{},
		StartsAt: a.StartsAt.UTC().Format(timeForm), UpdatedAt: a.UpdatedAt.UTC().Format(timeForm), GeneratorURL: a.GeneratorURL, Labels: filled(a.Labels),
		Status: alertStatus{InhibitedBy: list(a.InhibitedBy), MutedBy: list(a.MutedBy), SilencedBy: list(a.SilencedBy), State: "active"},
	}
	for _, name := range a.Receivers {
		form.Receivers = append(form.Receivers, receiver{Name: name})
	}
	if a.Held() {
		form.Status.State = "suppressed"
	}
	return form
}

func silenceOf(s alerting.Silence, now time.Time) silenceForm {
	form := silenceForm{
		ID: s.ID, Status: &silenceStatus{s.State(now)}, UpdatedAt: s.UpdatedAt.UTC().Format(timeForm), Annotations: filled(s.Annotations),
		Comment: s.Comment, CreatedBy: s.CreatedBy, StartsAt: s.StartsAt.UTC().Format(timeForm), EndsAt: s.EndsAt.UTC().Format(timeForm),
	}
	for _, m := range s.Matchers {
		form.Matchers = append(form.Matchers, matcher{m.Name, m.Value, m.IsRegex, &m.IsEqual})
	}
	return form
}

// list turns no slice into [].
func list(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}
