package pages

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/exemplar"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/metadata"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/util/annotations"

	"tripod/store"
	"tripod/ui"
	"tripod/ui/chart"
	"tripod/ui/screens"
)

// Metrics asks for series, and for what can be asked.
type Metrics interface {
	Ranger
	Catalog
}

// Ranger answers PromQL over a time range.
type Ranger interface {
	Range(ctx context.Context, expr string, from, to time.Time, step time.Duration) (promql.Matrix, annotations.Annotations, error)
	Exemplars(ctx context.Context, expr string, from, to time.Time) ([]exemplar.QueryResult, error)
}

// Catalog says what metrics there are.
type Catalog interface {
	Metadata(metric string) map[string]metadata.Metadata // of all when empty
	Series(ctx context.Context, selectors []string, from, to time.Time, limit int) ([]labels.Labels, error)
}

const (
	maxQueries    = 6
	maxSeries     = 50 // lines of one chart
	metricsPoints = 300
	metricsStep   = 5 * time.Second // the least; scrapes come every 15 s
	metricsHeight = 346
	metricsLeft   = 52
	maxExemplars  = 80
)

// firstQuery shows something useful before anything was asked, and its
// exemplars lead to traces.
const firstQuery = `histogram_quantile(0.95, sum by (le, service_name) (rate(http_server_request_duration_seconds_bucket[$__rate])))`

func (p *Pages) metrics(mux *http.ServeMux) { p.get(mux, "GET /graph", p.metricsPage) }

func (p *Pages) metricsPage(w http.ResponseWriter, r *http.Request) error {
	if p.o.Metrics == nil {
		return errNoDoor
	}
	ctx, cancel := context.WithTimeout(r.Context(), logTime)
	defer cancel()
	st := p.state(r)
	st.tidy()
	if st.Moving() {
		st.refreshDefault(15 * time.Second)
	}
	m := p.metricsView(ctx, st)
	if r.Header.Get("HX-Request") == "true" && slices.ContainsFunc(m.Queries, func(q screens.MetricsQuery) bool { return q.Box.Error != nil }) {
		w.Header().Set("HX-Retarget", "#q-msg")
		w.Header().Set("HX-Reswap", "innerHTML")
		w.Header().Set("HX-Reselect", ".qmsg")
		w.Header().Set("HX-Push-Url", "false")
		return p.fragment(w, r, http.StatusOK, screens.MetricsMessages(m.Queries))
	}
	pushTidy(w, r, st.Self())
	pg := p.page(ctx, st, "graph", "Metrics", "plot.css", "metrics.css", "metrics.js")
	pg.Flush = true
	return p.show(w, r, pg, screens.MetricsPage(m))
}

// metricsQueries are those of the address: q, or Prometheus's g0.expr, g1.expr …
func metricsQueries(st *State) []string {
	out := slices.Clone(st.Queries)
	for i := 0; len(out) == 0 || i > 0; i++ {
		expr := st.Values.Get("g" + strconv.Itoa(i) + ".expr")
		if expr == "" || i >= maxQueries {
			break
		}
		out = append(out, expr)
	}
	return out[:min(len(out), maxQueries)]
}

// metricsHref is this view with other queries.
func metricsHref(st *State, queries []string, pairs ...string) string {
	v := clone(st.Values)
	for name := range v {
		if len(name) > 1 && name[0] == 'g' && name[1] >= '0' && name[1] <= '9' {
			v.Del(name) // Prometheus's own parameters
		}
	}
	v["q"] = queries
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return address(st.Path, v)
}

// drawn is a series with where it came from.
type drawn struct {
	letter string
	query  int
	labels labels.Labels
	values []float64 // NaN is a gap
	slot   int
	last   float64 // NaN when it has none
}

func (p *Pages) metricsView(ctx context.Context, st State) screens.Metrics {
	queries := metricsQueries(&st)
	given := len(queries) > 0
	if !given {
		queries = []string{firstQuery}
	}
	step := max(st.Step(metricsPoints), metricsStep)
	from, to := gridOf(st.Range, step)
	m := screens.Metrics{
		Action: st.Path, Step: "a point every " + chart.Long(step),
		Views: []ui.Tab{
			{Text: "Lines", Href: st.Without("view"), On: st.View != "area"},
			{Text: "Area", Href: st.With("view", "area"), On: st.View == "area"},
		},
	}
	for _, h := range st.Hidden("q", "metric") {
		if len(h.Name) < 2 || h.Name[0] != 'g' || h.Name[1] < '0' || h.Name[1] > '9' {
			m.Keep = append(m.Keep, h)
		}
	}
	for _, s := range st.Services {
		m.Chips = append(m.Chips, screens.Chip{Before: "service_name is", Value: s, Remove: st.withoutService(s)})
	}
	if len(queries) < maxQueries {
		m.Add = metricsHref(&st, append(slices.Clone(queries), ""))
	}
	var all []drawn
	var units []string
	for i, q := range queries {
		box := screens.MetricsQuery{Box: ui.Query{
			ID: "q" + strconv.Itoa(i), Name: "q", Value: q, Letter: string(rune('A' + i)),
			Label: "PromQL query " + string(rune('A'+i)), Placeholder: "a metric, or any PromQL",
		}}
		if len(queries) > 1 {
			box.Remove = metricsHref(&st, slices.Delete(slices.Clone(queries), i, i+1))
		}
		if strings.TrimSpace(q) != "" {
			series, err := p.ask(ctx, &st, q, from, to, step, &m)
			if err != nil {
				box.Box.Error = p.metricsProblem(ctx, q, err)
			} else {
				box.Count = countSeries(len(series))
				units = append(units, unitOf(q))
			}
			for _, s := range series {
				s.letter, s.query = box.Box.Letter, i
				all = append(all, s)
			}
		}
		m.Queries = append(m.Queries, box)
	}
	m.Browser = p.metricBrowser(ctx, &st, queries, given)
	p.metricsDraw(ctx, &st, all, units, queries, from, to, step, &m)
	return m
}

func countSeries(n int) string {
	if n == 1 {
		return "1 series"
	}
	return chart.Count(int64(n)) + " series"
}

// gridOf aligns a range with the step, so that a refresh asks for the same
// moments again and lines do not shiver.
func gridOf(r store.TimeRange, step time.Duration) (from, to time.Time) {
	s := int64(step)
	a := (r.From + s - 1) / s * s
	b := max(r.To/s*s, a)
	return time.Unix(0, a).UTC(), time.Unix(0, b).UTC()
}

// ask evaluates one query in the scope and puts the points on the grid.
func (p *Pages) ask(ctx context.Context, st *State, q string, from, to time.Time, step time.Duration, m *screens.Metrics) ([]drawn, error) {
	expr := inScope(expandRate(q, step), st.Services)
	matrix, warnings, err := p.o.Metrics.Range(ctx, expr, from, to, step)
	if err != nil {
		return nil, err
	}
	for _, w := range warnings.AsErrors() {
		if len(m.Notes) < 3 {
			m.Notes = append(m.Notes, cut(w.Error(), 300))
		}
	}
	n := int(to.Sub(from)/step) + 1
	out := make([]drawn, 0, len(matrix))
	for _, s := range matrix {
		d := drawn{labels: s.Metric, values: make([]float64, n), last: math.NaN()}
		for i := range d.values {
			d.values[i] = math.NaN()
		}
		put := func(t int64, v float64) {
			if i := int((t - from.UnixMilli()) / step.Milliseconds()); i >= 0 && i < n && !math.IsInf(v, 0) {
				d.values[i] = v
			}
		}
		for _, pt := range s.Floats {
			put(pt.T, pt.F)
		}
		for _, pt := range s.Histograms {
			put(pt.T, pt.H.Sum/max(pt.H.Count, 1)) // the mean is what a line can show of a histogram
		}
		for _, v := range slices.Backward(d.values) {
			if !math.IsNaN(v) {
				d.last = v
				break
			}
		}
		out = append(out, d)
	}
	return out, nil
}

// metricsProblem is an error in the words of the query as it was typed.
func (p *Pages) metricsProblem(ctx context.Context, typed string, err error) *ui.QueryProblem {
	if own := parseProblem(typed); own != nil {
		return queryProblem(typed, own)
	}
	var qe *store.QueryError
	if errors.As(err, &qe) {
		return queryProblem(typed, &store.QueryError{Pos: min(max(qe.Pos, 0), len(typed)), End: min(max(qe.End, 0), len(typed)), Msg: qe.Msg, Hint: qe.Hint})
	}
	return &ui.QueryProblem{Text: p.reason(ctx, "metrics query", err)}
}

// metricsDraw fills the chart, the legend and the exemplars.
func (p *Pages) metricsDraw(ctx context.Context, st *State, all []drawn, units, queries []string, from, to time.Time, step time.Duration, m *screens.Metrics) {
	if len(all) == 0 {
		m.Empty, m.Hint = "No series in this time range", "Choose a metric on the left, or another time range."
		if slices.ContainsFunc(m.Queries, func(q screens.MetricsQuery) bool { return q.Box.Error != nil }) {
			m.Empty, m.Hint = "The query cannot be answered", "Nothing was drawn."
		}
		if len(m.Browser.Metrics) == 0 && m.Browser.Failed == "" {
			m.Empty, m.Hint = "No metric has been received yet", "Scrapes come every 15 s; OTLP and remote-write are taken at once."
		}
		return
	}
	slices.SortStableFunc(all, func(a, b drawn) int { return compareLast(b, a) })
	if len(all) > maxSeries {
		m.Notes = append(m.Notes, fmt.Sprintf("Drawn are the %d series with the largest last values of %s. An aggregation or topk() shows less at once.", maxSeries, chart.Count(int64(len(all)))))
		all = all[:maxSeries]
	}
	p.colours(all)
	unit := ""
	if len(units) > 0 && !slices.ContainsFunc(units, func(u string) bool { return u != units[0] }) {
		unit = units[0]
	}
	found := p.exemplars(ctx, st, queries, from, to)
	highest := 0.0
	if unit == "s" && len(found) > 0 {
		highest = found[0].value
	}
	lo, top := axisOf(all, highest)
	placeExemplars(found, unit == "s", lo, top, m)
	m.Data = screens.MetricsData{From: from.Unix(), To: to.Unix(), Min: lo, Top: top, Unit: unit, Fill: st.View == "area"}
	for t := from; !t.After(to); t = t.Add(step) {
		m.Data.Times = append(m.Data.Times, t.Unix())
	}
	byService := map[string]int{}
	for _, e := range found {
		byService[e.service]++
	}
	c := &chart.Lines{Max: top - lo, Frame: chart.Frame{
		Label:  "Line chart of " + countSeries(len(all)) + "; the table below has the same numbers",
		Height: metricsHeight, Left: metricsLeft, From: from.UnixNano(), To: to.UnixNano(), Brush: true, Ticks: 7,
		Format: func(v float64) string { return tickOf(v+lo, unit) },
	}}
	for i := range all {
		d := &all[i]
		before, main, after := seriesText(d.labels)
		full := before + main + after
		row := screens.MetricsSeries{
			Letter: d.letter, Slot: d.slot, Before: before, Main: main, After: after, Full: full, Values: shifted(d.values, minOf(d.values)),
			Last: quantity(d.last, unit),
		}
		least, mean, most := stats(d.values)
		row.Min, row.Avg, row.Max = quantity(least, unit), quantity(mean, unit), quantity(most, unit)
		if n := byService[d.labels.Get("service_name")]; n > 0 && d.labels.Has("service_name") {
			row.Exemplars = chart.Count(int64(n))
		}
		m.Series = append(m.Series, row)
		c.Series = append(c.Series, chart.Line{Class: "c" + strconv.Itoa(d.slot), Name: full, Values: shifted(d.values, lo), Fill: m.Data.Fill || len(all) == 1})
		m.Data.Series = append(m.Data.Series, screens.MetricsLine{Name: shortName(d.letter, full, main, len(queries) > 1), Slot: d.slot, Values: nullable(d.values)})
	}
	m.Data.Fill = m.Data.Fill || len(all) == 1
	slices.Reverse(c.Series) // the first of the table is drawn on top
	m.Chart = c
}

// compareLast orders by the last value; series without one come first, so that
// the reverse has them at the end.
func compareLast(a, b drawn) int {
	x, y := a.last, b.last
	switch {
	case math.IsNaN(x) && math.IsNaN(y), x == y:
		return labels.Compare(b.labels, a.labels)
	case math.IsNaN(x) || x < y:
		return -1
	}
	return 1
}

// colours gives each line the slot of its service, when services tell all
// lines apart; other lines start at the last slot and count down.
func (p *Pages) colours(all []drawn) {
	seen := map[string]bool{}
	services := true
	for i := range all {
		s := all[i].labels.Get("service_name")
		services = services && s != "" && !seen[s]
		seen[s] = true
	}
	for i := range all {
		all[i].slot = 10 - i%10
		if services {
			all[i].slot = p.o.Slots(all[i].labels.Get("service_name"))
		}
	}
}
