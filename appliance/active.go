package appliance

import (
	"context"
	"strconv"
	"time"

	"tripod/alerting"
	"tripod/web/pages"
)

// activeAlerts are the alerts of all rules that are pending or firing, as the
// overview lists them.
type activeAlerts struct {
	rules interface{ Groups() []alerting.Group }
}

func (d activeAlerts) Active(context.Context) ([]pages.ActiveAlert, error) {
	var out []pages.ActiveAlert
	for _, g := range d.rules.Groups() {
		for _, r := range g.Rules {
			for _, al := range r.Alerts {
				out = append(out, activeAlert(r, al))
			}
		}
	}
	return out, nil
}

func activeAlert(r alerting.Rule, al alerting.ActiveAlert) pages.ActiveAlert {
	out := pages.ActiveAlert{
		Alert: alerting.Fingerprint(al.Labels), Name: r.Name, Service: alerting.ServiceOf(al.Labels), Summary: al.Annotations["summary"],
		Value: al.Annotations["value"], Firing: al.State == alerting.Firing, Since: al.ActiveAt,
	}
	if out.Value == "" {
		out.Value = strconv.FormatFloat(al.Value, 'g', 3, 64)
	}
	if out.Firing {
		out.Since = al.FiredAt
	} else {
		out.Fires = al.ActiveAt.Add(max(r.For, time.Duration(0)))
	}
	return out
}
