package appliance

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"tripod/alerting"
	"tripod/alerting/evidence"
)

// openEvidence comes before notifications, whose steps it takes; it asks the
// rules only while everything runs.
func (a *Appliance) openEvidence() (err error) {
	a.changes = changes{a.metrics, a.traces}
	a.evidence, err = evidence.Open(evidence.Options{
		Dir: filepath.Join(a.o.Data, "state"), Keep: a.o.RetentionEvidence, Log: a.log, Gathered: a.told.evidence,
		Doors: evidence.Doors{Expression: plots{a}, Traces: a.traces, Logs: a.logs, Changes: a.changes},
	})
	if err != nil {
		return fmt.Errorf("evidence of alerts: %w", err)
	}
	a.life.onClose("evidence of alerts", a.evidence.Close)
	a.life.onRun(background, "evidence of alerts", a.evidence.Run)
	return nil
}

// alertSteps hands the steps of the pipeline on.
func (a *Appliance) alertSteps(steps []alerting.Step) {
	a.evidence.Note(steps)
	a.chronicle.Add(steps)
}

// remindEvidence gives an ID to alerts that fire and have none: a process may
// have died before it was written.
func (a *Appliance) remindEvidence() {
	for _, s := range a.notify.Alerts() {
		if _, err := a.evidence.Of(s.Alert); err != nil {
			a.log.Error("evidence of alerts", "err", err)
			return
		}
	}
}

// evidenceOf is the ID of an alert's evidence, or empty.
func (a *Appliance) evidenceOf(alert alerting.Alert) string {
	id, err := a.evidence.Of(alert)
	if err != nil {
		a.log.Error("a notification goes out without its evidence", "alert", alert.Name(), "err", err)
		return ""
	}
	return id
}

// evidenceTime is how long a message waits for its evidence: most of it is there
// in a tenth of that, and a message without it is better than one that is late.
const evidenceTime = time.Second

// awaitEvidence gives it when it is there in time.
func (a *Appliance) awaitEvidence(ctx context.Context, id string) (*alerting.Evidence, bool) {
	ctx, cancel := context.WithTimeout(ctx, evidenceTime)
	defer cancel()
	e, err := a.evidence.Await(ctx, id)
	if err != nil {
		a.log.Warn("a notification goes out without what its evidence tells", "evidence", id, "err", err)
	}
	return &e, err == nil && !e.GatheredAt.IsZero()
}

// plots draws what the rule of an alert measured.
type plots struct{ a *Appliance }

func (p plots) Plot(ctx context.Context, alert alerting.Alert, from, to time.Time) (*alerting.Plot, error) {
	return p.a.rules.Plot(ctx, p.a.metrics, alert, from, to)
}
