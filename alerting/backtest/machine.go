package backtest

import (
	"fmt"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"

	"tripod/alerting"
)

// Episode is one time that an alert was pending, and perhaps fired.
type Episode struct {
	ActiveAt   time.Time
	FiredAt    time.Time // zero if it never fired
	ResolvedAt time.Time // of one that fired; zero if it fires at the end
	Value      float64   // when it began to fire
}

// machine follows alerts through their states as Prometheus's rule does:
// pending, firing once the condition held for long enough, and resolved at the
// first evaluation without it, or after keep_firing_for.
type machine struct {
	rule   *Rule
	step   time.Duration
	named  *naming
	alerts map[uint64]*tracked // by the labels of the alert
	ids    map[uint64]*tracked // by the labels of the series
}

// tracked is one alert. It is open from its first evaluation with the
// condition to the one at which it is over.
type tracked struct {
	labels   labels.Labels // of the alert
	series   labels.Labels
	episodes []Episode // those that fired
	open     bool
	now      Episode   // if open
	keepFrom time.Time // since when only keep_firing_for holds it; zero if the condition does
	last     time.Time // evaluation at which the condition held
}

func newMachine(r *Rule, step time.Duration) *machine {
	return &machine{rule: r, step: step, named: newNaming(r), alerts: map[uint64]*tracked{}, ids: map[uint64]*tracked{}}
}

// piece takes the answer to the expression at the evaluations from one to
// another, both included. Pieces follow on one another.
func (m *machine) piece(answer promql.Matrix, from, to time.Time) error {
	seen := make(map[*tracked]bool, len(answer))
	for _, s := range answer {
		if len(s.Histograms) > 0 {
			return fmt.Errorf("%s: an answer of native histograms is no condition: %w", m.rule.Name, alerting.ErrInvalid)
		}
		if m.named.valued {
			if err := m.valued(s, from, to, seen); err != nil {
				return err
			}
			continue
		}
		a := m.of(s.Metric, s.Floats[0].F, time.UnixMilli(s.Floats[0].T))
		if seen[a] {
			return m.twice(a)
		}
		seen[a] = true
		m.follow(a, s.Floats, from, to)
	}
	for _, a := range m.alerts {
		if a.open && !seen[a] {
			m.follow(a, nil, from, to)
		}
	}
	return nil
}

func (m *machine) twice(a *tracked) error {
	return fmt.Errorf("%s: two series are one alert, %s, which fails every evaluation: %w", m.rule.Name, a.labels, alerting.ErrInvalid)
}

// of finds the alert of a series.
func (m *machine) of(series labels.Labels, v float64, at time.Time) *tracked {
	id := series.Hash()
	if a := m.ids[id]; a != nil {
		return a
	}
	a := m.alertOf(series, v, at)
	if !m.named.valued {
		m.ids[id] = a
	}
	return a
}

func (m *machine) alertOf(series labels.Labels, v float64, at time.Time) *tracked {
	ls := m.named.of(series, v, at)
	a := m.alerts[ls.Hash()]
	if a == nil {
		a = &tracked{labels: ls, series: series}
		m.alerts[ls.Hash()] = a
	}
	return a
}

// valued takes a series whose points may each be another alert.
func (m *machine) valued(s promql.Series, from, to time.Time, seen map[*tracked]bool) error {
	parts := map[*tracked][]promql.FPoint{}
	for _, p := range s.Floats {
		a := m.of(s.Metric, p.F, time.UnixMilli(p.T))
		parts[a] = append(parts[a], p)
	}
	for a, points := range parts {
		if seen[a] {
			return m.twice(a)
		}
		seen[a] = true
		m.follow(a, points, from, to)
	}
	return nil
}

// follow goes through the evaluations of a piece for one alert; points are
// those at which the condition held.
func (m *machine) follow(a *tracked, points []promql.FPoint, from, to time.Time) {
	for _, p := range points {
		at := time.UnixMilli(p.T)
		if first := at.Add(-m.step); a.open && a.last.Before(first) && !first.Before(from) {
			m.without(a, maxTime(a.last.Add(m.step), from), first)
		}
		m.with(a, at, p.F)
	}
	if a.open && a.last.Before(to) {
		m.without(a, maxTime(a.last.Add(m.step), from), to)
	}
}

func maxTime(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// with is an evaluation at which the condition holds.
func (m *machine) with(a *tracked, at time.Time, v float64) {
	if !a.open {
		a.open, a.now = true, Episode{ActiveAt: at}
	}
	a.last, a.keepFrom = at, time.Time{}
	if a.now.FiredAt.IsZero() && at.Sub(a.now.ActiveAt) >= m.rule.For {
		a.now.FiredAt, a.now.Value = at, v
	}
}

// without are the evaluations from one to another at which the condition does
// not hold, of an alert that is open.
func (m *machine) without(a *tracked, from, to time.Time) {
	if a.now.FiredAt.IsZero() {
		a.open = false // pending alerts go at once
		return
	}
	if a.keepFrom.IsZero() {
		a.keepFrom = from
	}
	end := a.keepFrom
	if m.rule.KeepFiringFor > 0 {
		end = a.keepFrom.Add(m.rule.KeepFiringFor)
		// the first evaluation that is not before it
		if past := end.Sub(from); past > 0 {
			end = from.Add((past + m.step - 1) / m.step * m.step)
		} else {
			end = from
		}
	}
	if end.After(to) {
		return // it is kept
	}
	a.now.ResolvedAt = end
	a.episodes = append(a.episodes, a.now)
	a.open = false
}

// Alert is an alert that fired, and when.
type Alert struct {
	Labels   map[string]string
	Episodes []Episode // in order of time
	series   labels.Labels
}

// finish ends the test: what fires, fires on. Alerts are in the order in which
// they first fired.
func (m *machine) finish() []Alert {
	var out []Alert
	for _, a := range m.alerts {
		if a.open && !a.now.FiredAt.IsZero() {
			a.episodes = append(a.episodes, a.now)
			a.open = false
		}
		if len(a.episodes) > 0 {
			out = append(out, Alert{Labels: a.labels.Map(), Episodes: a.episodes, series: a.series})
		}
	}
	slices.SortFunc(out, func(a, b Alert) int {
		if c := a.Episodes[0].FiredAt.Compare(b.Episodes[0].FiredAt); c != 0 {
			return c
		}
		return labels.Compare(labels.FromMap(a.Labels), labels.FromMap(b.Labels))
	})
	return out
}
