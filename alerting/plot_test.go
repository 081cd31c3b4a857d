package alerting

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/util/annotations"
)

// zones answers every expression with a series of each of so many zones; that
// of zone n has n everywhere, but for a gap at the second step.
type zones struct {
	n     int
	asked []string
	err   error
}

func (z *zones) Range(_ context.Context, expr string, from, to time.Time, step time.Duration) (m promql.Matrix, _ annotations.Annotations, _ error) {
	z.asked = append(z.asked, expr)
	for i := range z.n {
		s := promql.Series{Metric: labels.FromStrings("__name__", "errors", "zone", fmt.Sprint(i))}
		for k, t := 0, from; !t.After(to); k, t = k+1, t.Add(step) {
			if k != 1 {
				s.Floats = append(s.Floats, promql.FPoint{T: t.UnixMilli(), F: float64(i)})
			}
		}
		m = append(m, s)
	}
	return m, nil, z.err
}

// TestPlot takes expressions apart: what is asked, and what it is compared with.
func TestPlot(t *testing.T) {
	for expr, want := range map[string]string{
		"errors > 0.5":                             "errors | > 0.5",
		"-2 < (errors)":                            "errors | > -2",
		"errors":                                   "errors | ",
		"absent(errors)":                           "absent(errors) | ",
		"errors > 14.4 * (1 - 0.999)":              "errors | > 0.0144",
		"errors > 1 and on (zone) other > 2":       "errors | > 1",
		"(errors >= 1) unless other":               "errors | >= 1",
		"errors > 1 or other > 2":                  "errors > 1 or other > 2 | ",
		"sum by (zone) (errors) > on (zone) other": "sum by (zone) (errors), other | >",
		"errors == bool 1":                         "errors == bool 1 | ",
	} {
		run(t, "groups: [{name: g, rules: [{alert: A, for: 2m, expr: '"+expr+"'}]}]", func(r *running) {
			time.Sleep(time.Minute)
			z := &zones{n: 3}
			to := time.Now()
			p, err := r.Plot(context.Background(), z, Alert{Labels: map[string]string{"alertname": "A", "zone": "1"}}, to.Add(-time.Hour), to)
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(z.asked, ", ") + " | " + p.Op
			if p.Threshold != nil {
				got += fmt.Sprintf(" %.6g", float64(*p.Threshold))
			}
			if got != want {
				t.Errorf("%s: got %s, want %s", expr, got, want)
			}
			if !p.Lines[0].Own || p.Lines[0].Labels["zone"] != "1" || p.Lines[1].Labels["zone"] != "2" || p.For != 2*time.Minute {
				t.Errorf("%s: lines %+v", expr, p.Lines)
			}
			if limit := p.Lines[len(p.Lines)-1]; limit.Limit != strings.Contains(want, ", ") || limit.Limit && limit.Labels["zone"] != "1" {
				t.Errorf("%s: the last line is %+v", expr, limit)
			}
			if v := p.Lines[0].Values; len(v) != 121 || p.Step != 30*time.Second || v[0] != 1 || !math.IsNaN(float64(v[1])) || v[120] != 1 || !p.From.Add(120*p.Step).Equal(to) {
				t.Errorf("%s: %d values each %s from %s", expr, len(v), p.Step, p.From)
			}
		})
	}
}

func TestPlotIsBounded(t *testing.T) {
	run(t, "groups: [{name: g, rules: [{alert: A, expr: errors > 1}, {alert: A, expr: other > 1}]}]", func(r *running) {
		time.Sleep(time.Minute)
		a := Alert{Labels: map[string]string{"alertname": "A", "zone": "5"}, GeneratorURL: r.linkOf("other > 1")}
		z := &zones{n: 300}
		p, err := r.Plot(context.Background(), z, a, time.Now().Add(-time.Hour), time.Now())
		if err != nil || len(p.Lines) != plotLines || p.More != 290 || p.Lines[0].Labels["zone"] != "5" || p.Lines[1].Labels["zone"] != "299" {
			t.Errorf("%d lines and %d more, %v", len(p.Lines), p.More, err)
		}
		if z.asked[0] != "other" {
			t.Errorf("asked %q: of two rules of a name the alert's link tells", z.asked)
		}
		if p, err := r.Plot(context.Background(), &zones{err: errors.New("too many samples")}, a, time.Now().Add(-time.Hour), time.Now()); err == nil || p == nil || p.Expr != "other" {
			t.Errorf("a query that fails: %+v, %v", p, err)
		}
	})
}

// An alert of another Prometheus has its expression in its link.
func TestPlotOfAStranger(t *testing.T) {
	run(t, "groups: [{name: g, rules: [{alert: A, expr: errors > 1}]}]", func(r *running) {
		time.Sleep(time.Minute)
		for link, want := range map[string]string{
			"https://prom.example/graph?g0.expr=rate%28x%5B5m%5D%29+%3E+3&g0.tab=1": "rate(x[5m])",
			"https://prom.example/graph?g0.expr=not+promql+%28":                     "",
			"https://prom.example/alerts":                                           "",
			"://":                                                                   "",
			"https://prom.example/graph?g0.expr=" + strings.Repeat("x", maxLink): "",
		} {
			z := &zones{n: 2}
			a := Alert{Labels: map[string]string{"alertname": "Theirs", "zone": "1"}, GeneratorURL: link}
			p, err := r.Plot(context.Background(), z, a, time.Now().Add(-time.Hour), time.Now())
			if err != nil || strings.Join(z.asked, "") != want || want == "" != (p == nil) || p != nil && float64(*p.Threshold) != 3 {
				t.Errorf("%.80s: asked %q, %+v, %v", link, z.asked, p, err)
			}
			if p, err := r.Plot(context.Background(), &zones{}, a, time.Now().Add(-time.Hour), time.Now()); p != nil || err != nil {
				t.Errorf("%.80s: without samples here: %+v, %v", link, p, err)
			}
		}
	})
}

// An alert of another Prometheus may have the name of a rule of ours.
func TestPlotOfANamesake(t *testing.T) {
	run(t, "groups: [{name: g, rules: [{alert: A, expr: errors > 1}]}]", func(r *running) {
		time.Sleep(time.Minute)
		for link, want := range map[string]string{
			"":                       "errors",
			r.linkOf("errors > 2"):   "errors", // as the rule was before it was edited
			r.linkOf("errors > 1"):   "errors",
			r.linkOf("errors")[:25]:  "errors", // a long one is cut
			"https://prom.example/x": "",
			"https://prom.example/graph?g0.expr=theirs+%3E+3&g0.tab=1": "theirs",
			"http://tripod.example/xyz/graph?g0.expr=theirs+%3E+3":     "theirs",
			"http://tripod.example.org/x/graph?g0.expr=theirs+%3E+3":   "theirs",
		} {
			z := &zones{n: 2}
			a := Alert{Labels: map[string]string{"alertname": "A", "zone": "1"}, GeneratorURL: link}
			p, err := r.Plot(context.Background(), z, a, time.Now().Add(-time.Hour), time.Now())
			if err != nil || strings.Join(z.asked, "") != want || want == "" != (p == nil) {
				t.Errorf("%s: asked %q, want %q; %+v, %v", link, z.asked, want, p, err)
			}
		}
	})
}
