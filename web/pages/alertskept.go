package pages

import (
	"context"
	"time"

	"tripod/alerting"
)

// alertKept bounds the evidence of one rule that is looked at for links.
const alertKept = 200

// keptEvidence is the latest evidence of a rule; links are left out when it
// cannot be had.
type keptEvidence []alerting.EvidenceHead

func (p *Pages) keptEvidence(ctx context.Context, rule string) keptEvidence {
	if p.o.Alerts.Evidence == nil {
		return nil
	}
	heads, err := p.o.Alerts.Evidence.EvidenceList(ctx, alerting.EvidenceQuery{Name: rule, Limit: alertKept})
	if err != nil {
		p.reason(ctx, "evidence of alerts", err)
	}
	return heads
}

// during is the page of what was kept of an alert between two times, the last
// of them when there is more than one; an end of zero is now.
func (k keptEvidence) during(fingerprint string, from, to time.Time) string {
	for _, h := range k {
		if h.Alert == fingerprint && !h.FiredAt.Before(from.Add(-alerting.FiredEarly)) && (to.IsZero() || !h.FiredAt.After(to)) {
			return evidencePath + h.ID
		}
	}
	return ""
}
