package pages

import (
	"context"
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
	"github.com/prometheus/prometheus/util/stats"

	"tripod/store"
	"tripod/ui"
	"tripod/ui/chart"
	"tripod/ui/screens"
)

// Metrics asks for series, and for what can be asked.
type Metrics interface {
	Measurer
	Catalog
}

// Measurer answers PromQL over a time range and says what that took.
type Measurer interface {
	Measured(ctx context.Context, expr string, from, to time.Time, step time.Duration) (promql.Matrix, annotations.Annotations, *stats.QuerySamples, error)
	Exemplars(ctx context.Context, expr string, from, to time.Time) ([]exemplar.QueryResult, error)
}

// Catalog says what metrics there are.
type Catalog interface {
	Metadata(metric string) map[string]metadata.Metadata // of all when empty
	Series(ctx context.Context, selectors []string, from, to time.Time, limit int) ([]labels.Labels, error)
}

const (
	metricsStep   = 5 * time.Second // the least distance of two points
	metricsHeight = 346
	metricsLeft   = 58
)

// firstQuery shows something useful before anything was asked, and its
// exemplars lead to traces.
const firstQuery = `histogram_quantile(0.95, sum by (le, service_name) (rate(http_server_request_duration_seconds_bucket[$__rate])))`

func (p *Pages) metrics(mux *http.ServeMux) {
	p.get(mux, "GET /graph", p.metricsPage)
	p.get(mux, "GET /graph/export.csv", p.metricsExport)
	mux.HandleFunc("GET /graph/check", p.metricsCheck)
	p.get(mux, "POST /graph/pin", p.pin)
}

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
	m := p.metricsView(ctx, st, r.Host)
	if r.Header.Get("HX-Request") == "true" && slices.ContainsFunc(m.Queries, func(q screens.MetricsQuery) bool { return q.Box.Error != nil }) {
		w.Header().Set("HX-Retarget", "#q-msg")
		w.Header().Set("HX-Reswap", "innerHTML")
		w.Header().Set("HX-Reselect", ".qmsg")
		w.Header().Set("HX-Push-Url", "false")
		return p.fragment(w, r, http.StatusOK, screens.MetricsMessages(m.Queries))
	}
	pushTidy(w, r, st.Self())
	pg := p.page(ctx, st, "graph", "Metrics", "plot.css", "metrics.css", "metrics.js", "promql.js")
	pg.Flush = true
	return p.show(w, r, pg, screens.MetricsPage(m))
}

// metricsView asks everything and makes the screen of it.
func (p *Pages) metricsView(ctx context.Context, st State, host string) screens.Metrics {
	a := p.metricsAsk(&st)
	m := screens.Metrics{Action: st.Path, Step: "a point every " + chart.Long(a.step), Keep: keptFields(&st)}
	a.run(ctx)
	for i := range a.answers {
		m.Queries = append(m.Queries, a.box(i))
	}
	m.Notes = a.notes
	a.tools(&m)
	m.Browser = p.metricBrowser(ctx, &st, a.queries, a.given)
	p.metricsDraw(ctx, a, &m)
	m.Pin = p.metricsPin(ctx, a)
	if !m.Drawn() {
		m.Nothing = p.metricsNothing(ctx, a, &m, host)
	}
	return m
}

// keptFields are those of the address that the form has no box for.
func keptFields(st *State) []ui.Param {
	return slices.DeleteFunc(st.Hidden("q", "metric"), func(h ui.Param) bool { return ofPrometheus(h.Name) })
}

// ofPrometheus says whether a parameter is of Prometheus's own graph page.
func ofPrometheus(name string) bool {
	return len(name) > 1 && name[0] == 'g' && name[1] >= '0' && name[1] <= '9'
}

// metricsHref is this view with other queries.
func metricsHref(st *State, queries []string, pairs ...string) string {
	v := clone(st.Values)
	for name := range v {
		if ofPrometheus(name) {
			v.Del(name)
		}
	}
	v["q"] = queries
	for i := 0; i+1 < len(pairs); i += 2 {
		if v.Del(pairs[i]); pairs[i+1] != "" {
			v.Set(pairs[i], pairs[i+1])
		}
	}
	return address(st.Path, v)
}

// hiddenOf are the letters whose queries are not shown, a bit each.
func hiddenOf(s string) (bits int) {
	for _, c := range s {
		if c >= 'A' && c < 'A'+maxQueries {
			bits |= 1 << (c - 'A')
		}
	}
	return bits
}

func hideText(bits int) string {
	var b strings.Builder
	for i := range maxQueries {
		if bits>>i&1 == 1 {
			b.WriteString(letterOf(i))
		}
	}
	return b.String()
}

// removed are the bits without one, those above it moved down.
func removed(bits, i int) int {
	low := bits & (1<<i - 1)
	return low | bits>>(i+1)<<i
}

// box is one query with what can be done with it.
func (a *metricsAsk) box(i int) screens.MetricsQuery {
	an := &a.answers[i]
	letter := letterOf(i)
	out := screens.MetricsQuery{
		Box: ui.Query{
			ID: "q" + strconv.Itoa(i), Name: "q", Value: a.queries[i], Letter: letter, Lines: 2, Editor: true,
			Label: "PromQL query " + letter, Placeholder: "a metric, any PromQL, or a formula such as A / B * 100", Error: an.problem,
		},
		Hidden: an.hidden, Receipt: an.receipt(),
		Hide: metricsHref(a.st, a.queries, "hide", hideText(a.hidden^1<<i)),
	}
	if an.asked {
		out.Count = countSeries(an.total)
	}
	out.Alert = a.alertOn(i)
	if len(a.queries) > 1 {
		out.Remove = metricsHref(a.st, a.queries.without(a.p.o.Alerts.Parser, i), "hide", hideText(removed(a.hidden, i)))
	}
	return out
}

func countSeries(n int) string {
	if n == 1 {
		return "1 series"
	}
	return chart.Count(int64(n)) + " series"
}

// tools are the links above the chart.
func (a *metricsAsk) tools(m *screens.Metrics) {
	st := a.st
	if len(a.queries) < maxQueries {
		m.AddQuery = metricsHref(st, append(slices.Clone(a.queries), ""))
		if next := a.queries.nextFormula(a.p.o.Alerts.Parser); next != "" {
			m.AddFormula = metricsHref(st, append(slices.Clone(a.queries), next))
		}
	}
	for _, v := range metricViews {
		m.Views = append(m.Views, ui.Tab{Text: v.text, Href: st.With("view", v.name), On: v.name == a.view})
	}
	if a.view == "" || a.view == "area" {
		log := st.Values.Get("y") == "log"
		m.Scale = []ui.Tab{{Text: "Linear", Href: st.Without("y"), On: !log}, {Text: "Log", Href: st.With("y", "log"), On: log}}
	}
	if slices.ContainsFunc(a.answers, func(an metricAnswer) bool { return an.limited }) {
		for _, s := range st.Services {
			m.Chips = append(m.Chips, screens.Chip{Before: "service_name is", Value: s, Remove: st.withoutService(s)})
		}
	}
	if a.total() > 0 {
		v := clone(st.Values)
		v.Set("from", msText(st.Range.From))
		v.Set("to", msText(st.Range.To))
		v["q"] = a.queries
		m.Export = address(st.Path+"/export.csv", v)
	}
}

// metricViews are the ways to show the answers.
var metricViews = [...]struct{ name, text string }{
	{"", "Lines"}, {"area", "Area"}, {"stacked", "Stacked"}, {"bars", "Bars"}, {"heatmap", "Heatmap"}, {"table", "Table"},
}

// gridOf aligns a range with the step, so that a refresh asks for the same
// moments again and lines do not shiver.
func gridOf(r store.TimeRange, step time.Duration) (from, to time.Time) {
	s := int64(step)
	a := (r.From + s - 1) / s * s
	b := max(r.To/s*s, a)
	return time.Unix(0, a).UTC(), time.Unix(0, b).UTC()
}
