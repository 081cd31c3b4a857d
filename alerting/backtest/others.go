package backtest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"

	"tripod/alerting"
	"tripod/alerting/dispatch"
)

// maxOthers bounds how often alerts of other rules may begin in a test.
const maxOthers = 100_000

// others are the alerts of other rules that fired in that time and could hold
// back what fired in the test: those that an inhibition rule of the
// configuration names as sources. The series ALERTS, which the rules leave
// behind, tells of them, to a step.
func (o *Options) others(ctx context.Context, reports []*Report, step time.Duration) ([]event, error) {
	if o.Config == nil || len(o.Config.InhibitRules) == 0 {
		return nil, nil
	}
	core := dispatch.New(o.Config, dispatch.Options{})
	selectors := map[string]bool{}
	for _, r := range reports {
		for _, a := range r.Alerts {
			for _, source := range core.Sources(a.Labels) {
				selectors[selector(source, r.Rule.Name)] = true
			}
		}
	}
	begun := map[string]*span{}
	var out []event
	for _, s := range slices.Sorted(maps.Keys(selectors)) {
		clear(begun) // an alert of several selectors comes several times, which is as once
		more, err := o.spans(ctx, s, step, begun)
		if err != nil {
			return nil, err
		}
		if out = append(out, more...); len(out) > 2*maxOthers {
			return nil, fmt.Errorf("alerts of other rules, which inhibition rules name, began more than %d times: %w", maxOthers, alerting.ErrInvalid)
		}
	}
	return out, nil
}

// selector asks for the firing alerts that fit, but for those of the rule that
// is tested: it stands in for its own past.
func selector(source []alerting.Matcher, tested string) string {
	parts := []string{`"__name__"="ALERTS"`, `"alertstate"="firing"`, `"alertname"!=` + strconv.Quote(tested)}
	for _, m := range source {
		op := map[[2]bool]string{{false, true}: "=", {false, false}: "!=", {true, true}: "=~", {true, false}: "!~"}[[2]bool{m.IsRegex, m.IsEqual}]
		parts = append(parts, strconv.Quote(m.Name)+op+strconv.Quote(m.Value))
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// span is an alert that fires: since when, and the last step at which it did.
type span struct {
	labels      map[string]string
	since, last time.Time
}

// spans reads the range piece by piece, as the test does.
func (o *Options) spans(ctx context.Context, selector string, step time.Duration, begun map[string]*span) (out []event, err error) {
	var end time.Time // of the range
	err = o.pieces(ctx, "alerts of other rules", selector, 0, step, func(answer promql.Matrix, _, to time.Time) error {
		for _, s := range answer {
			out = join(out, begun, s, step)
		}
		end = to
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, s := range begun {
		out = append(out, s.begin())
		if over := s.last.Add(step); !over.After(end) {
			out = append(out, s.end(over))
		}
	}
	return out, nil
}

// join follows one series through a piece.
func join(out []event, begun map[string]*span, s promql.Series, step time.Duration) []event {
	key := s.Metric.String()
	for _, p := range s.Floats {
		at := time.UnixMilli(p.T)
		now := begun[key]
		if now != nil && !at.After(now.last.Add(step)) {
			now.last = at
			continue
		}
		if now != nil {
			out = append(out, now.begin(), now.end(now.last.Add(step)))
		}
		begun[key] = &span{labels: alertLabels(s.Metric), since: at, last: at}
	}
	return out
}

// alertLabels are those of the alert that a series of ALERTS stands for.
func alertLabels(series labels.Labels) map[string]string {
	out := series.Map()
	delete(out, labels.MetricName)
	delete(out, "alertstate")
	return out
}

func (s *span) begin() event {
	return event{at: s.since, alert: alerting.Alert{Labels: s.labels, StartsAt: s.since, EndsAt: never}, other: true}
}

func (s *span) end(at time.Time) event {
	return event{at: at, alert: alerting.Alert{Labels: s.labels, StartsAt: s.since, EndsAt: at}, other: true}
}
