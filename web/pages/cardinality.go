package pages

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"tripod/store"
	"tripod/ui"
	"tripod/ui/chart"
	"tripod/ui/screens"
)

// Cardinality says what the series are made of, and what asking costs.
type Cardinality interface {
	Cardinality(ctx context.Context, limit int) (store.Cardinality, error)
	SlowQueries() []store.SlowQuery
}

// How many rows the tables have.
const (
	topCardinality   = 25
	topLabels        = 15
	shortCardinality = 6
)

func (p *Pages) cardinalityPage(w http.ResponseWriter, r *http.Request) error {
	st := p.state(r)
	st.refreshDefault(30 * time.Second)
	pg := p.page(r.Context(), st, "status", "Appliance", "status.css")
	pg.Crumbs = []ui.Crumb{{Text: "Appliance", Href: st.Carry().Href("/status")}, {Text: "Cardinality"}}
	s := p.cardinalityModel(r.Context(), st, topCardinality)
	if p.o.Cardinality != nil {
		for _, q := range p.o.Cardinality.SlowQueries() {
			s.Slow = append(s.Slow, slowRow(st, q))
		}
	}
	return p.show(w, r, pg, screens.CardinalityScreen(s))
}

func (p *Pages) cardinalityModel(ctx context.Context, st State, limit int) screens.Cardinality {
	s := screens.Cardinality{Tabs: statusTabs(st), More: st.Carry().Href("/status/cardinality")}
	if p.o.Cardinality == nil {
		s.Failed = errNoDoor.Error()
		return s
	}
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	c, err := p.o.Cardinality.Cardinality(ctx, limit)
	if err != nil {
		s.Failed = p.reason(ctx, "cardinality", err)
		return s
	}
	s.Tiles, s.Hint, s.New = cardinalityTiles(c, st.Now), chart.Count(c.Series)+" series", "New in "+newIn(c, st.Now)
	if c.Max > 0 {
		s.Hint += " of " + chart.Count(c.Max)
	}
	for _, m := range c.Metrics {
		s.Metrics = append(s.Metrics, metricRow(st, m, c))
	}
	c.Labels, c.Pairs = c.Labels[:min(topLabels, len(c.Labels))], c.Pairs[:min(topLabels, len(c.Pairs))]
	for _, l := range c.Labels {
		s.Labels = append(s.Labels, screens.LabelRow{
			Name: l.Name, Values: chart.Count(l.Values), Share: float64(l.Values) / float64(c.Labels[0].Values),
			Href: graph(st, fmt.Sprintf("topk(20, count by (%s) ({%s!=\"\"}))", quoteLabel(l.Name), quoteLabel(l.Name))),
		})
	}
	for _, x := range c.Pairs {
		s.Pairs = append(s.Pairs, screens.PairRow{
			Name: x.Name, Value: x.Value, Series: chart.Count(x.Series), Share: float64(x.Series) / float64(c.Pairs[0].Series),
			Href: graph(st, fmt.Sprintf("topk(20, count by (__name__) ({%s=%q}))", quoteLabel(x.Name), x.Value)),
		})
	}
	return s
}

func graph(st State, expr string) string { return st.Carry().Href("/graph", "q", expr) }

// quoteLabel is a label's name as PromQL takes it.
func quoteLabel(name string) string {
	for i, c := range name {
		if c != '_' && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (i == 0 || c < '0' || c > '9') {
			return strconv.Quote(name)
		}
	}
	return name
}

func newIn(c store.Cardinality, now time.Time) string {
	if d := now.Sub(c.Since); d < time.Hour-time.Second {
		return chart.Long(d.Round(time.Second))
	}
	return "1 h"
}

func cardinalityTiles(c store.Cardinality, now time.Time) []screens.Tile {
	series := screens.Tile{Name: "Series", Value: ui.Quantity{N: chart.Count(c.Series)}, Note: "of the last two to three hours"}
	if c.Max > 0 {
		series.Note = "of " + chart.Count(c.Max) + " that --max-series allows"
	}
	refused := screens.Tile{Name: "Refused", Value: ui.Quantity{N: chart.Count(c.Refused)}, Note: "no sample was refused for lack of room"}
	if c.Refused > 0 {
		refused.Note, refused.NoteTone = "samples of series that were too many", "t-warn"
	}
	return []screens.Tile{
		series,
		{Name: "New series", Value: ui.Quantity{N: chart.Count(c.New)}, Note: "in the last " + newIn(c, now)},
		{Name: "Metrics", Value: ui.Quantity{N: chart.Count(int64(c.Names))}, Note: perMetric(c)},
		refused,
	}
}

func perMetric(c store.Cardinality) string {
	if c.Names == 0 {
		return "no names yet"
	}
	return chart.Number(float64(c.Series)/float64(c.Names)) + " series each"
}

func metricRow(st State, m store.MetricSeries, c store.Cardinality) screens.MetricRow {
	row := screens.MetricRow{
		Name: m.Name, Series: chart.Count(m.Series), Share: float64(m.Series) / float64(c.Metrics[0].Series),
		New: chart.Count(m.New), Samples: chart.Count(m.Samples), Bytes: chart.Bytes(float64(m.Bytes)), Label: m.Label,
		Churns: churns(m, c, st.Now),
	}
	if m.Label != "" {
		row.Values = plural(m.Values, "value")
	}
	row.Href = graph(st, m.Name)
	if quoteLabel(m.Name) != m.Name {
		row.Href = graph(st, fmt.Sprintf("{%q}", m.Name))
	}
	return row
}

// churns: in the first hour every series is new, which says nothing.
func churns(m store.MetricSeries, c store.Cardinality, now time.Time) bool {
	return newIn(c, now) == "1 h" && m.New >= churnFrom && m.New >= m.Series/10
}

func slowRow(st State, q store.SlowQuery) screens.SlowRow {
	row := screens.SlowRow{
		Text: q.Text, Href: graph(st, q.Text), Took: chart.Duration(q.Took), Samples: chart.Count(q.Samples),
		Over: "a moment", When: ago(st.Now.Sub(q.At)), Failed: q.Failed,
	}
	if q.Range > 0 {
		row.Over = chart.Long(q.Range)
	}
	return row
}
