package alerting

import (
	"context"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
)

// The bounds of a Plot, in series and in values of each.
const (
	plotLines  = 10
	plotPoints = 121
	maxLink    = 4 << 10 // bytes of a link from a stranger
)

// Plot draws the expression of an alert's rule, with the series that made the
// alert before the others. Of an alert that no rule of ours made it draws the
// expression that its link shows, if that has a value here. It is nil when
// there is nothing to draw.
func (r *Rules) Plot(ctx context.Context, s Series, a Alert, from, to time.Time) (*Plot, error) {
	rule := r.ruleOf(&a)
	if rule != nil {
		return plot(ctx, s, &a, rule.Query(), rule.HoldDuration(), from, to)
	}
	e := r.linked(a.GeneratorURL)
	if e == nil {
		return nil, nil
	}
	p, err := plot(ctx, s, &a, e, 0, from, to)
	if err == nil && len(p.Lines) == 0 {
		return nil, nil // its samples are elsewhere
	}
	return p, err
}

// linked is the expression of a link to Prometheus's graph, or nil.
func (r *Rules) linked(link string) parser.Expr {
	u, err := url.Parse(link)
	if err != nil || len(link) > maxLink {
		return nil
	}
	e, err := r.o.Parser.ParseExpr(u.Query().Get("g0.expr"))
	if err != nil {
		return nil
	}
	return e
}

func plot(ctx context.Context, s Series, a *Alert, e parser.Expr, hold time.Duration, from, to time.Time) (*Plot, error) {
	step := max(to.Sub(from)/(plotPoints-1), time.Second).Truncate(time.Second)
	from = to.Add(-to.Sub(from).Truncate(step))
	m := measure(e)
	p := &Plot{Expr: m.left.String(), For: hold, From: from, Step: step}
	if m.compared {
		p.Op = m.op.String()
	}
	if m.compared && m.right == nil {
		limit := Value(m.limit)
		p.Threshold = &limit
	}
	series, _, err := s.Range(unseen(ctx), p.Expr, from, to, step)
	if err != nil {
		return p, fmt.Errorf("the expression: %w", err)
	}
	p.add(series, a.Labels, to)
	if m.right != nil {
		limits, _, err := s.Range(unseen(ctx), m.right.String(), from, to, step)
		if err != nil {
			return p, fmt.Errorf("what it is compared with: %w", err)
		}
		for _, l := range limits {
			if within(l.Metric, a.Labels) {
				p.Lines = append(p.Lines, PlotLine{Labels: named(l.Metric), Limit: true, Values: p.values(l, to)})
				break
			}
		}
	}
	return p, nil
}

// ruleOf finds the rule that made an alert: that of its name and, if there are
// several, the one that its link shows. An alert whose link leads elsewhere is
// not of a rule here, whatever it is called.
func (r *Rules) ruleOf(a *Alert) (found *rules.AlertingRule) {
	ours := a.GeneratorURL == "" || strings.HasPrefix(a.GeneratorURL, strings.TrimSuffix(r.o.ExternalURL, "/")+"/")
	for _, rule := range r.manager.AlertingRules() {
		if rule.Name() != a.Name() {
			continue
		}
		if r.linkOf(rule.Query().String()) == a.GeneratorURL {
			return rule
		}
		if found == nil && ours {
			found = rule
		}
	}
	return found
}

// add takes the series that fit best: the alert's own, then the highest.
func (p *Plot) add(m promql.Matrix, alert map[string]string, to time.Time) {
	own := -1
	for i, s := range m {
		if within(s.Metric, alert) && (own < 0 || s.Metric.Len() > m[own].Metric.Len()) {
			own = i
		}
	}
	if own < 0 && len(m) == 1 {
		own = 0 // it went by other labels through the comparison
	}
	for i, s := range m {
		p.Lines = append(p.Lines, PlotLine{Labels: named(s.Metric), Own: i == own, Values: p.values(s, to)})
	}
	slices.SortStableFunc(p.Lines, func(a, b PlotLine) int {
		switch {
		case a.Own != b.Own && a.Own:
			return -1
		case a.Own != b.Own:
			return 1
		case a.last() > b.last():
			return -1
		case a.last() < b.last():
			return 1
		}
		return 0
	})
	if len(p.Lines) > plotLines {
		p.More = len(p.Lines) - plotLines
		p.Lines = p.Lines[:plotLines]
	}
}

func (l *PlotLine) last() float64 {
	for _, v := range slices.Backward(l.Values) {
		if !math.IsNaN(float64(v)) {
			return float64(v)
		}
	}
	return math.Inf(-1)
}

func named(l labels.Labels) map[string]string {
	m := l.Map()
	delete(m, labels.MetricName)
	return m
}

func (p *Plot) values(s promql.Series, to time.Time) []Value {
	out := make([]Value, int(to.Sub(p.From)/p.Step)+1)
	for i := range out {
		out[i] = Value(math.NaN())
	}
	for _, f := range s.Floats {
		if i := int((f.T - p.From.UnixMilli()) / p.Step.Milliseconds()); i >= 0 && i < len(out) {
			out[i] = Value(f.F)
		}
	}
	return out
}
