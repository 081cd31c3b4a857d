package pages

import (
	"math"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"

	"tripod/appliance/catalog"
	"tripod/dashboard"
)

// oneSeries has the value of f at each step at which it is no NaN.
func oneSeries(f func(at time.Time) float64) *fakeMetrics {
	return &fakeMetrics{series: func(from, to time.Time, step time.Duration) promql.Matrix {
		s := promql.Series{Metric: labels.FromStrings("route", "/a")}
		for t := from; !t.After(to); t = t.Add(step) {
			if v := f(t); !math.IsNaN(v) {
				s.Floats = append(s.Floats, promql.FPoint{T: t.UnixMilli(), F: v})
			}
		}
		return promql.Matrix{s}
	}}
}

// numberPage is a page of one panel.
func numberPage(t *testing.T, m *fakeMetrics, p dashboard.Panel) string {
	t.Helper()
	p.ID, p.Place = 1, dashboard.Place{W: 10, H: 4}
	d := dashboard.Dashboard{Version: 1, Title: "Numbers", Rows: []dashboard.Row{{Panels: []dashboard.Panel{p}}}}
	c, err := catalog.Open(filepath.Join(t.TempDir(), "catalog.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	kept, err := c.Save(t.Context(), "", 0, "", &d)
	if err != nil {
		t.Fatal(err)
	}
	code, _, page := pageOf(t, newPages(t, Options{Metrics: m, Dashboards: c}), "/dashboards/"+kept.ID+"?from=now-1h")
	if code != 200 {
		t.Fatalf("got %d:\n%s", code, page)
	}
	return page
}

func TestStatSaysWhatIsUsual(t *testing.T) {
	stat := dashboard.Panel{Title: "Requests", Hint: "of all", Kind: dashboard.Stat, Usual: true, Unit: "/s", Queries: []dashboard.Query{{Text: "rate(x[5m])"}}}
	grown := stat
	grown.Queries = []dashboard.Query{{Text: "increase(x[$__range])"}}
	ago := func(at time.Time) time.Duration { return halfPastTwo.Sub(at) }
	for name, c := range map[string]struct {
		panel dashboard.Panel
		f     func(time.Time) float64
		want  []string
	}{
		"days before": {stat, func(at time.Time) float64 {
			switch days := int((ago(at) + time.Hour) / (24 * time.Hour)); days {
			case 0:
				return 90
			case 1, 2, 4:
				return float64(days)
			}
			return math.NaN()
		}, []string{">usually 2 /s<", `<span class="vh">of all; usually: the median of this time of day on 3 days before</span>`}},
		"no days before": {stat, func(at time.Time) float64 {
			if ago(at) > 2*time.Hour {
				return math.NaN()
			}
			if ago(at) < 5*time.Minute {
				return 90
			}
			return 7
		}, []string{">usually 7 /s<"}},
		"of the whole range": {grown, func(at time.Time) float64 {
			if ago(at) > 2*time.Hour {
				return math.NaN()
			}
			return 7
		}, []string{">of all<"}},
	} {
		t.Run(name, func(t *testing.T) { wants(t, numberPage(t, oneSeries(c.f), c.panel), c.want...) })
	}
}

func TestUsualIsOfTheNumberThatIsShown(t *testing.T) {
	one := []dashboard.Query{{Letter: "A", Text: "x"}}
	for name, p := range map[string]dashboard.Panel{
		"of another query": {Queries: []dashboard.Query{{Letter: "A", Text: "x", Hidden: true}, {Letter: "B", Language: dashboard.Math, Text: "$A * 100"}}},
		"the greatest":     {Queries: one, Reduce: "max"},
		"drawn downwards":  {Queries: one, Overrides: []dashboard.Override{{Query: "A", Negate: true}}},
		"no stat":          {Queries: one, Kind: dashboard.Gauge},
		"a trend":          {Queries: []dashboard.Query{{Text: "sum(x)", Table: true, Trend: true}}, Kind: dashboard.Table},
		"a trend of none":  {Queries: []dashboard.Query{{Text: "sum(x)", Table: true, Trend: true}}},
	} {
		t.Run(name, func(t *testing.T) {
			p.Title, p.Usual = "n", true
			if p.Kind == "" {
				p.Kind = dashboard.Stat
			}
			m := oneSeries(func(time.Time) float64 { return 7 })
			wants(t, numberPage(t, m, p), "!usually")
			if len(m.asked) != 1 {
				t.Errorf("asked %q, want one question", m.asked)
			}
		})
	}
	for _, how := range []string{"last", "lastnotnull"} {
		p := dashboard.Panel{Title: "n", Kind: dashboard.Stat, Usual: true, Queries: one, Reduce: how}
		wants(t, numberPage(t, oneSeries(func(time.Time) float64 { return 7 }), p), ">usually 7<")
	}
}

func TestPanelWithoutLabelsIsNoEndOfTheProcess(t *testing.T) {
	for name, matrix := range map[string]promql.Matrix{"no labels": {{Floats: []promql.FPoint{{T: 1, F: 1}}}}, "no answer": nil} {
		t.Run(name, func(t *testing.T) {
			m := &fakeMetrics{series: func(time.Time, time.Time, time.Duration) promql.Matrix { return matrix }}
			page := numberPage(t, m, dashboard.Panel{Title: "Up", Kind: dashboard.Table, Usual: true, Queries: []dashboard.Query{{Text: "sum(up)", Table: true, Trend: true}}})
			wants(t, page, "Up", "!cannot be drawn")
		})
	}
}

func TestPanelThatPanicsFailsAlone(t *testing.T) {
	m := &fakeMetrics{series: func(time.Time, time.Time, time.Duration) promql.Matrix { panic("out of paper") }}
	page := numberPage(t, m, dashboard.Panel{Title: "Up", Kind: dashboard.Stat, Queries: []dashboard.Query{{Text: "up"}}})
	wants(t, page, "Up", "The panel cannot be drawn", "!out of paper")
}

func TestTrendIsASmallLineInATable(t *testing.T) {
	page := numberPage(t, oneSeries(func(at time.Time) float64 { return float64(at.Minute()) }), dashboard.Panel{
		Title: "Routes", Kind: dashboard.Table, Transforms: []dashboard.Transform{{Kind: "merge"}, {Kind: "organize", Exclude: []string{"Time"}, Rename: map[string]string{"Trend #B": "over time"}}},
		Queries: []dashboard.Query{{Letter: "A", Text: "a", Instant: true, Table: true}, {Letter: "B", Text: "b", Table: true, Trend: true}},
	})
	wants(t, page, "over time", `<div class="trend" title="last `, `<span class="vh">last `, `<path class="ln k-mute"`, "/a", "!NaN")
}
