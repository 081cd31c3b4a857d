package appliance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/util/annotations"

	"tripod/alerting"
	"tripod/store"
)

// changes are new versions of services, of the configuration, and alerts that
// began to fire.
type changes struct {
	metrics interface {
		Range(ctx context.Context, expr string, from, to time.Time, step time.Duration) (promql.Matrix, annotations.Annotations, error)
	}
	traces interface {
		Versions(ctx context.Context) ([]store.ServiceVersion, error)
	}
}

// changeSteps says how exactly the beginning of an alert is known.
const changeSteps = 240

// Changes are in no order. Beside an error stands what is known.
func (c changes) Changes(ctx context.Context, from, to time.Time) ([]alerting.Change, error) {
	step := max(to.Sub(from)/changeSteps, time.Second).Truncate(time.Second)
	versions, err := c.versions(ctx, from, to)
	readings, err2 := c.readings(ctx, from, to, step)
	alerts, err3 := c.alerts(ctx, from, to, step)
	return slices.Concat(versions, readings, alerts), errors.Join(err, err2, err3)
}

// readings are when another configuration was read.
func (c changes) readings(ctx context.Context, from, to time.Time, step time.Duration) (out []alerting.Change, err error) {
	hashes, _, err := c.metrics.Range(ctx, `max(tripod_config_hash)`, from, to, step)
	if err != nil {
		return nil, fmt.Errorf("changes of the configuration: %w", err)
	}
	read, _, err := c.metrics.Range(ctx, `max(tripod_config_read_timestamp_seconds)`, from, to, step)
	if err != nil {
		return nil, fmt.Errorf("readings of the configuration: %w", err)
	}
	times := map[int64]time.Time{} // by that of the step
	for _, s := range read {
		for _, pt := range s.Floats {
			times[pt.T] = time.Unix(0, int64(pt.F*1e9))
		}
	}
	for _, s := range hashes {
		for i, pt := range s.Floats {
			if i == 0 || pt.F == s.Floats[i-1].F {
				continue
			}
			at, ok := times[pt.T]
			if !ok || at.Before(from) || at.After(to) {
				at = time.UnixMilli(pt.T)
			}
			out = append(out, alerting.Change{Time: at, Kind: alerting.ChangeConfig, Text: "config", Detail: "Tripod read another configuration"})
		}
	}
	return out, nil
}

// alerts are when they began to fire; what fires at the start of the range has
// begun before it.
func (c changes) alerts(ctx context.Context, from, to time.Time, step time.Duration) (out []alerting.Change, err error) {
	m, _, err := c.metrics.Range(ctx, `max by (alertname, service_name, service) (ALERTS{alertstate="firing"})`, from, to, step)
	if err != nil {
		return nil, fmt.Errorf("alerts that began to fire: %w", err)
	}
	for _, s := range m {
		name, service := s.Metric.Get("alertname"), alerting.ServiceOf(s.Metric.Map())
		detail := name + " began to fire"
		if service != "" {
			detail += " for " + service
		}
		before := from.UnixMilli() - step.Milliseconds()
		for _, pt := range s.Floats {
			if pt.T-before > step.Milliseconds() {
				out = append(out, alerting.Change{Time: time.UnixMilli(pt.T), Kind: alerting.ChangeAlert, Service: service, Text: name, Detail: detail})
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
	if err != nil {
		return nil, fmt.Errorf("versions of services: %w", err)
	}
	for i, v := range all { // in order of service and time
		if i == 0 || all[i-1].Service != v.Service || v.First.Before(from) || v.First.After(to) {
			continue
		}
		out = append(out, alerting.Change{
			Time: v.First, Kind: alerting.ChangeVersion, Service: v.Service, Text: v.Version,
			Detail: v.Service + " runs version " + v.Version + ", before it " + all[i-1].Version,
		})
	}
	return out, nil
}
