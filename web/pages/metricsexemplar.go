package pages

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"

	"tripod/store"
	"tripod/ui/screens"
)

const (
	maxExemplars  = 60 // diamonds of one chart
	exemplarTable = 8  // rows
)

// thinned keeps of many exemplars the largest of each service in each of 40
// parts of the range, so that the lines under them can still be seen.
func thinned(all []measured) []measured {
	if len(all) <= maxExemplars/2 {
		return all
	}
	type place struct{ column, slot int }
	taken := map[place]bool{}
	var out []measured
	for _, e := range all { // the largest first
		at := place{int(e.X * 40), e.Slot}
		if !taken[at] && len(out) < maxExemplars {
			taken[at] = true
			out = append(out, e)
		}
	}
	return out
}

// measured is an exemplar with what places it.
type measured struct {
	screens.MetricsExemplar
	labels labels.Labels // of its series
	value  float64
}

// of says whether an exemplar is of a drawn series: whether each label of the
// series, which an aggregation may have made fewer, is a label of its own.
func (m *measured) of(series labels.Labels) bool {
	all := true
	series.Range(func(l labels.Label) {
		all = all && (l.Name == labels.MetricName || m.labels.Get(l.Name) == l.Value)
	})
	return all
}

// exemplars are the measured requests behind the queries that have a trace,
// each trace once, the largest first.
func (p *Pages) exemplars(ctx context.Context, a *metricsAsk) []measured {
	var all []measured
	seen := map[store.TraceID]bool{}
	width := float64(max(a.to.Sub(a.from), 1))
	for i := range a.answers {
		if !a.answers[i].asked {
			continue
		}
		found, err := p.o.Metrics.Exemplars(ctx, a.answers[i].expr, a.from, a.to)
		if err != nil {
			a.note(letterOf(i) + ": the exemplars are missing. " + p.reason(ctx, "exemplars", err))
			continue
		}
		for _, r := range found {
			for _, e := range r.Exemplars {
				id, err := store.ParseTraceID(cmp.Or(e.Labels.Get("trace_id"), e.Labels.Get("traceID"), e.Labels.Get("traceId")))
				at := time.UnixMilli(e.Ts).UTC()
				if err != nil || seen[id] || at.Before(a.from) || at.After(a.to) || math.IsNaN(e.Value) || math.IsInf(e.Value, 0) {
					continue
				}
				seen[id] = true
				all = append(all, p.measured(a.st, r.SeriesLabels, e, id, float64(at.Sub(a.from))/width))
			}
		}
	}
	slices.SortStableFunc(all, func(a, b measured) int { return cmp.Compare(b.value, a.value) })
	return all
}

func (p *Pages) measured(st *State, series labels.Labels, e exemplar.Exemplar, id store.TraceID, x float64) measured {
	service := series.Get("service_name")
	m := measured{labels: series, value: e.Value, MetricsExemplar: screens.MetricsExemplar{
		Slot: p.o.Slots(service), X: x, At: e.Ts,
		Time:  time.UnixMilli(e.Ts).UTC().Format("15:04:05"),
		Text:  strings.TrimSpace(service + " " + cmp.Or(series.Get("http_route"), series.Get("route"), series.Get("span_name"))),
		Value: quantity(e.Value, exemplarUnit(series.Get(labels.MetricName))).String(),
		ID:    id.String()[:8], Href: st.Carry().Href("/traces/"+id.String(), "sel", e.Labels.Get("span_id")),
	}}
	m.Title = strings.TrimSpace("Trace " + m.ID + ", " + m.Value + " " + m.Text)
	return m
}

// place puts each exemplar at its own value where the axis has its unit, and
// on the base of the chart otherwise.
func (d *drawing) place(all []measured) []measured {
	if len(all) > 0 {
		d.m.InView = counted(len(all), "trace") + " behind these points"
	}
	shown := thinned(all)
	if len(shown) < len(all) {
		d.m.InView += ", " + counted(len(shown), "diamond")
	}
	for i := range shown {
		e := &shown[i]
		if d.unit == "s" && !d.piles() {
			if y := d.s.share(e.value); !math.IsNaN(y) {
				e.Y = min(max(y, 0), 1)
			}
		}
		d.m.Diamonds = append(d.m.Diamonds, e.MetricsExemplar)
		if i < exemplarTable {
			d.m.InTable = append(d.m.InTable, e.MetricsExemplar)
		}
	}
	return shown
}

func exemplarUnit(metric string) string {
	if strings.Contains(metric, "_seconds") {
		return "s"
	}
	return ""
}
