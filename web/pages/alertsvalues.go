package pages

import (
	"cmp"
	"context"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"tripod/alerting"
	"tripod/ui"
	"tripod/ui/chart"
	"tripod/ui/screens"
)

// What quiet rules measure is asked for while the list is made, the cheapest
// first, for so long; then by the list itself, once it is shown.
const (
	valuesSoon  = 80 * time.Millisecond
	valuesLater = 10 * time.Second
	valuesOld   = 10 * time.Minute // after which a value is not shown any more
	maxValues   = 5000             // remembered ones
)

// quietValue is what a quiet rule measures: of its series the one that is
// nearest to firing.
type quietValue struct {
	value   float64 // NaN when there is none
	service string
	at      time.Time
}

// quietValues are those that were asked for lately, by what is compared and how:
// which series is nearest to firing depends on both.
type quietValues struct {
	mu  sync.Mutex
	all map[quietKey]quietValue
}

type quietKey struct {
	left string
	op   parser.ItemType
}

func (q *quietValues) get(c comparison, now time.Time) (quietValue, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	v, ok := q.all[quietKey{c.left, c.op}]
	return v, ok && now.Sub(v.at) < valuesOld
}

func (q *quietValues) put(c comparison, v quietValue) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.all) >= maxValues || q.all == nil {
		q.all = map[quietKey]quietValue{}
	}
	q.all[quietKey{c.left, c.op}] = v
}

// measureQuiet asks what quiet rules measure, as far as the time allows, and
// says whether some is left to ask.
func (p *Pages) measureQuiet(ctx context.Context, entries []alertEntry, now time.Time, within time.Duration) (left bool) {
	if p.o.Alerts.Series == nil {
		return false
	}
	entries = slices.DeleteFunc(slices.Clone(entries), func(e alertEntry) bool {
		return e.rule.Kind != alerting.Alerting || alertSection(e.rule) != "Quiet" || e.rule.Health == alerting.HealthUnknown
	})
	slices.SortStableFunc(entries, func(a, b alertEntry) int { return cmp.Compare(a.rule.EvaluationTime, b.rule.EvaluationTime) })
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	for _, e := range entries {
		c, ok := splitComparison(p.o.Alerts.Parser, e.rule.Expr)
		if !ok {
			continue
		}
		if v, known := p.values.get(c, now); known && now.Sub(v.at) < max(e.group.Interval, time.Second) {
			continue
		}
		if ctx.Err() != nil {
			return true
		}
		at := now.Add(-e.group.QueryOffset)
		m, err := alertGrid{from: at, to: at, step: time.Second, n: 1}.measured(ctx, p.o.Alerts.Series, e.rule.Expr, c, true)
		if err != nil {
			left = left || ctx.Err() != nil
			continue // its chart says why
		}
		found := quietValue{value: math.NaN(), at: now}
		for _, s := range m {
			for _, f := range s.Floats {
				if !math.IsNaN(f.F) && (math.IsNaN(found.value) || c.nearer(f.F, found.value)) {
					found.value, found.service = f.F, alerting.ServiceOf(s.Metric.Map())
				}
			}
		}
		p.values.put(c, found)
	}
	return left
}

// quietItem adds to a quiet rule in the list what it measures, and within what
// it is quiet.
func (p *Pages) quietItem(it *screens.AlertItem, r alerting.Rule, now time.Time) {
	c, ok := splitComparison(p.o.Alerts.Parser, r.Expr)
	if !ok {
		it.Note = "holds for nothing"
		return
	}
	unit := ruleUnit(p.o.Alerts.Parser, r.Expr, r.Annotations)
	it.Note = c.quiet(unit)
	service := selected(p.o.Alerts.Parser, r.Expr)
	if v, known := p.values.get(c, now); known {
		it.Value = quantity(v.value, unit).String()
		service = cmp.Or(v.service, service)
		switch {
		case math.IsNaN(v.value):
			it.Value, it.Title = chart.Dash, "no data"
		case c.plain != c.left && c.holds(v.value):
			it.Note = "a further condition does not hold"
		}
	}
	if service != "" {
		it.Service = &ui.Service{Name: service, Slot: p.o.Slots(service)}
	}
}

// selected is the one service that all selectors of an expression name, or empty.
func selected(read parser.Parser, expr string) (service string) {
	e, err := parsePromQL(read, expr)
	if err != nil {
		return ""
	}
	for _, matchers := range parser.ExtractSelectors(e) {
		named := map[string]string{}
		for _, m := range matchers {
			if m.Type == labels.MatchEqual {
				named[m.Name] = m.Value
			}
		}
		name := alerting.ServiceOf(named)
		if name == "" || service != "" && service != name {
			return ""
		}
		service = name
	}
	return service
}
