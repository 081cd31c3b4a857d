package alertapi

import (
	"strconv"
	"time"

	"tripod/alerting"
)

// The forms below are Prometheus's, member by member; its clients read them.

type ruleDiscovery struct {
	Groups    []ruleGroup `json:"groups"`
	NextToken string      `json:"groupNextToken,omitempty"`
}

type ruleGroup struct {
	Name           string    `json:"name"`
	File           string    `json:"file"`
	Rules          []any     `json:"rules"` // alertingRule or recordingRule, in the order of the file
	Interval       float64   `json:"interval"`
	Limit          int       `json:"limit"`
	EvaluationTime float64   `json:"evaluationTime"`
	LastEvaluation time.Time `json:"lastEvaluation"`
}

type alertingRule struct {
	State          alerting.State    `json:"state"`
	Name           string            `json:"name"`
	Query          string            `json:"query"`
	Duration       float64           `json:"duration"`
	KeepFiringFor  float64           `json:"keepFiringFor"`
	Labels         map[string]string `json:"labels"`
	Annotations    map[string]string `json:"annotations"`
	Alerts         []alert           `json:"alerts"`
	Health         alerting.Health   `json:"health"`
	LastError      string            `json:"lastError,omitempty"`
	EvaluationTime float64           `json:"evaluationTime"`
	LastEvaluation time.Time         `json:"lastEvaluation"`
	Type           alerting.Kind     `json:"type"`
}

type recordingRule struct {
	Name           string            `json:"name"`
	Query          string            `json:"query"`
	Labels         map[string]string `json:"labels"`
	Health         alerting.Health   `json:"health"`
	LastError      string            `json:"lastError,omitempty"`
	EvaluationTime float64           `json:"evaluationTime"`
	LastEvaluation time.Time         `json:"lastEvaluation"`
	Type           alerting.Kind     `json:"type"`
}

type alertDiscovery struct {
	Alerts []alert `json:"alerts"`
}

type alert struct {
	Labels          map[string]string `json:"labels"`
	Annotations     map[string]string `json:"annotations"`
	State           alerting.State    `json:"state"`
	ActiveAt        *time.Time        `json:"activeAt,omitempty"`
	KeepFiringSince *time.Time        `json:"keepFiringSince,omitempty"`
	Value           string            `json:"value"`
}

func groupForm(g alerting.Group) ruleGroup {
	return ruleGroup{
		Name: g.Name, File: g.File, Rules: []any{},
		Interval: g.Interval.Seconds(), Limit: g.Limit,
		EvaluationTime: g.EvaluationTime.Seconds(), LastEvaluation: g.LastEvaluation,
	}
}

func ruleForm(r alerting.Rule, withAlerts bool) any {
	if r.Kind == alerting.Recording {
		return recordingRule{
			Name: r.Name, Query: r.Expr, Labels: filled(r.Labels),
			Health: r.Health, LastError: r.LastError,
			EvaluationTime: r.EvaluationTime.Seconds(), LastEvaluation: r.LastEvaluation, Type: r.Kind,
		}
	}
	out := alertingRule{
		State: r.State, Name: r.Name, Query: r.Expr,
		Duration: r.For.Seconds(), KeepFiringFor: r.KeepFiringFor.Seconds(),
		Labels: filled(r.Labels), Annotations: filled(r.Annotations),
		Health: r.Health, LastError: r.LastError,
		EvaluationTime: r.EvaluationTime.Seconds(), LastEvaluation: r.LastEvaluation, Type: r.Kind,
	}
	if withAlerts {
		out.Alerts = alertsOf(r)
	}
	return out
}

func alertsOf(r alerting.Rule) []alert {
	out := make([]alert, 0, len(r.Alerts))
	for _, a := range r.Alerts {
		form := alert{
			Labels: filled(a.Labels), Annotations: filled(a.Annotations), State: a.State,
			ActiveAt: &a.ActiveAt, Value: strconv.FormatFloat(a.Value, 'e', -1, 64),
		}
		if !a.KeepFiringSince.IsZero() {
			form.KeepFiringSince = &a.KeepFiringSince
		}
		out = append(out, form)
	}
	return out
}

// filled turns no map into {}, as Prometheus writes labels.
func filled(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}
