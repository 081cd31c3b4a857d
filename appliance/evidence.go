package appliance

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"time"

	"tripod/alerting"
	"tripod/alerting/evidence"
	"tripod/store/metrics"
	"tripod/store/traces"
)

// openEvidence comes before notifications, whose steps it takes; it asks the
// rules only while everything runs.
func (a *Appliance) openEvidence() (err error) {
	a.changes = changes{a.metrics, a.traces}
	a.evidence, err = evidence.Open(evidence.Options{
		Dir: filepath.Join(a.o.Data, "state"), Keep: a.o.RetentionEvidence, Log: a.log,
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

// evidenceLink is where the evidence of an alert can be seen.
func (a *Appliance) evidenceLink(alert alerting.Alert) string {
	id, err := a.evidence.Of(alert)
	if err != nil {
		a.log.Error("a notification goes out without its evidence", "alert", alert.Name(), "err", err)
		return ""
	}
	return a.URL() + "/alerts/evidence/" + id
}

// plots draws what the rule of an alert measured.
type plots struct{ a *Appliance }

func (p plots) Plot(ctx context.Context, alert alerting.Alert, from, to time.Time) (*alerting.Plot, error) {
	return p.a.rules.Plot(ctx, p.a.metrics, alert, from, to)
}

// changes are new versions of services, readings of the configuration, and
// alerts that began to fire.
type changes struct {
	metrics *metrics.Store
	traces  *traces.Store
}

// changeStep is how exactly the beginning of an alert is known.
const changeSteps = 240

func (c changes) Changes(ctx context.Context, from, to time.Time) ([]alerting.Change, error) {
	out, err := c.versions(ctx, from, to)
	if err != nil {
		return nil, fmt.Errorf("versions of services: %w", err)
	}
	step := max(to.Sub(from)/changeSteps, time.Second).Truncate(time.Second)
	read, _, err := c.metrics.Range(ctx, `max(tripod_config_read_timestamp_seconds)`, from, to, step)
	if err != nil {
		return out, fmt.Errorf("readings of the configuration: %w", err)
	}
	for _, s := range read {
		before := math.NaN()
		for _, pt := range s.Floats {
			if at := time.Unix(0, int64(pt.F*1e9)); pt.F != before && !at.Before(from) && !at.After(to) {
				out = append(out, alerting.Change{Time: at, Kind: alerting.ChangeConfig, Text: "config", Detail: "Tripod read its configuration"})
			}
			before = pt.F
		}
	}
	firing, _, err := c.metrics.Range(ctx, `max by (alertname) (ALERTS{alertstate="firing"})`, from, to, step)
	if err != nil {
		return out, fmt.Errorf("alerts that began to fire: %w", err)
	}
	for _, s := range firing {
		name := s.Metric.Get("alertname")
		before := from.UnixMilli() - step.Milliseconds() // what fires at the start has begun before
		for _, pt := range s.Floats {
			if pt.T-before > step.Milliseconds() {
				out = append(out, alerting.Change{Time: time.UnixMilli(pt.T), Kind: alerting.ChangeAlert, Text: name, Detail: name + " began to fire"})
			}
			before = pt.T
		}
	}
	return out, nil
}

// versions are those that were seen first in the range, of services that had
// another one before.
func (c changes) versions(ctx context.Context, from, to time.Time) (out []alerting.Change, err error) {
	all, err := c.traces.Versions(ctx)
	for i, v := range all { // in order of service and time
		if i == 0 || all[i-1].Service != v.Service || v.First.Before(from) || v.First.After(to) {
			continue
		}
		out = append(out, alerting.Change{
			Time: v.First, Kind: alerting.ChangeVersion, Service: v.Service, Text: v.Version,
			Detail: v.Service + " runs version " + v.Version + ", before it " + all[i-1].Version,
		})
	}
	return out, err
}
