package alerting

import (
	"cmp"
	"slices"

	"github.com/prometheus/prometheus/rules"
)

// Groups are all groups with their rules and alerts, ordered by file and name.
// Before Run there are none.
func (r *Rules) Groups() []Group {
	var out []Group
	for _, g := range r.manager.RuleGroups() {
		group := Group{
			File:           g.File(),
			Name:           g.Name(),
			Interval:       g.Interval(),
			QueryOffset:    g.QueryOffset(),
			Limit:          g.Limit(),
			LastEvaluation: g.GetLastEvaluation(),
			EvaluationTime: g.GetEvaluationTime(),
		}
		for _, rule := range g.Rules() {
			group.Rules = append(group.Rules, view(rule))
		}
		out = append(out, group)
	}
	return out
}

// Firing is the number of alerts that fire now.
func (r *Rules) Firing() int { return r.count(rules.StateFiring) }

// Pending is the number of alerts whose condition holds, but not yet for long enough.
func (r *Rules) Pending() int { return r.count(rules.StatePending) }

func (r *Rules) count(state rules.AlertState) int {
	n := 0
	for _, rule := range r.manager.AlertingRules() {
		rule.ForEachActiveAlert(func(a *rules.Alert) {
			if a.State == state {
				n++
			}
		})
	}
	return n
}

func view(rule rules.Rule) Rule {
	out := Rule{
		Kind:           Recording,
		Name:           rule.Name(),
		Expr:           rule.Query().String(),
		Labels:         rule.Labels().Map(),
		Health:         Health(rule.Health()),
		LastEvaluation: rule.GetEvaluationTimestamp(),
		EvaluationTime: rule.GetEvaluationDuration(),
	}
	if err := rule.LastError(); err != nil {
		out.LastError = err.Error()
	}
	alerting, ok := rule.(*rules.AlertingRule)
	if !ok {
		return out
	}
	out.Kind = Alerting
	out.For = alerting.HoldDuration()
	out.KeepFiringFor = alerting.KeepFiringFor()
	out.Annotations = alerting.Annotations().Map()
	out.State = State(alerting.State().String())
	out.Alerts = activeAlerts(alerting)
	return out
}

func activeAlerts(rule *rules.AlertingRule) []ActiveAlert {
	var out []ActiveAlert
	for _, a := range rule.ActiveAlerts() {
		out = append(out, ActiveAlert{
			Labels:          a.Labels.Map(),
			Annotations:     a.Annotations.Map(),
			State:           State(a.State.String()),
			Value:           a.Value,
			ActiveAt:        a.ActiveAt,
			FiredAt:         a.FiredAt,
			KeepFiringSince: a.KeepFiringSince,
		})
	}
	slices.SortFunc(out, func(a, b ActiveAlert) int {
		return cmp.Or(
			cmp.Compare(order(a.State), order(b.State)),
			a.ActiveAt.Compare(b.ActiveAt),
			cmp.Compare(Fingerprint(a.Labels), Fingerprint(b.Labels)),
		)
	})
	return out
}

func order(s State) int {
	if s == Firing {
		return 0
	}
	return 1
}
