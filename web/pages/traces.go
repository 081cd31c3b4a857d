package pages

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"tripod/store"
	"tripod/ui"
	"tripod/ui/chart"
	"tripod/ui/screens"
)

// Traces asks for traces.
type Traces interface {
	Trace(ctx context.Context, id store.TraceID) (store.Trace, error)
	Search(ctx context.Context, q store.TraceQuery) ([]store.TraceSummary, error)
	Services(ctx context.Context) ([]string, error)
	Operations(ctx context.Context, service string) ([]store.Operation, error)
	RED(ctx context.Context, r store.TimeRange, step time.Duration) ([]store.RED, error)
}

// Latencies says how long the operations of services take, of all services when
// none is named.
type Latencies interface {
	Latencies(ctx context.Context, service string, r store.TimeRange) ([]store.OperationLatency, error)
}

const (
	maxTraces    = 500 // of one search
	traceRows    = 100 // of the list, until more are asked for
	maxScopeAsks = 8   // services in scope, each a search of its own
)

func (p *Pages) traces(mux *http.ServeMux) {
	p.get(mux, "GET /traces", p.tracesPage)
	p.get(mux, "GET /traces/complete", p.tracesComplete)
	p.get(mux, "GET /traces/compare", p.comparePage)
	p.get(mux, "GET /traces/{id}", p.tracePage)
	p.get(mux, "GET /traces/{id}/otlp.json", p.traceOTLP)
	p.get(mux, "GET /traces/{id}/find", p.traceFind)
	p.get(mux, "POST /traces/file", p.openFile)
}

func (p *Pages) tracesPage(w http.ResponseWriter, r *http.Request) error {
	if p.o.Traces == nil {
		return errNoDoor
	}
	ctx, cancel := context.WithTimeout(r.Context(), logTime)
	defer cancel()
	st := p.state(r)
	if q := st.Values.Get("q"); q != "" && st.Values.Get("tags") == "" { // as all other screens name their query
		st.Values.Set("tags", q)
		st.Values.Del("q")
	}
	st.tidy()
	pushTidy(w, r, st.Self())
	if st.Moving() {
		st.refreshDefault(logRefresh)
	}
	m := p.tracesView(ctx, st, r.Host)
	return p.show(w, r, p.page(ctx, st, "traces", "Traces", "traces.css", "traces.js"), screens.TracesPage(m))
}

// traceQuery reads the conditions; those that cannot be read are named.
func traceQuery(st *State) (store.TraceQuery, []string) {
	v := st.Values
	q := store.TraceQuery{Range: st.Range, Operation: v.Get("operation"), Errors: v.Get("result") == "errors", Limit: maxTraces}
	var problems []string
	bound := func(name, word string) time.Duration {
		d, ok := parseBound(v.Get(name))
		if !ok {
			problems = append(problems, fmt.Sprintf("%.40q is no duration, so %s was left out. Write 50ms or 1.5s.", v.Get(name), word))
		}
		return d
	}
	q.MinDuration, q.MaxDuration = bound("min", "the least duration"), bound("max", "the greatest duration")
	if isTraceQL(v.Get("tags")) {
		return q, problems
	}
	var wrong []string
	q.Tags, wrong = parseTags(v.Get("tags"))
	for _, s := range wrong {
		problems = append(problems, fmt.Sprintf("%.60q was left out: attributes are written name=value.", s))
	}
	return q, problems
}

// searchTraces asks a query when there is one, or else once per service in scope
// and joins the answers, newest first.
func (p *Pages) searchTraces(ctx context.Context, st *State, q store.TraceQuery) ([]store.TraceSummary, error) {
	services := st.Services
	if text := st.Values.Get("tags"); isTraceQL(text) {
		return p.findTraces(ctx, text, q, services)
	}
	if len(services) == 0 {
		return p.o.Traces.Search(ctx, q)
	}
	seen := map[store.TraceID]bool{}
	var out []store.TraceSummary
	for _, s := range services[:min(len(services), maxScopeAsks)] {
		q.Service = s
		found, err := p.o.Traces.Search(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, t := range found {
			if !seen[t.ID] {
				seen[t.ID] = true
				out = append(out, t)
			}
		}
	}
	slices.SortFunc(out, func(a, b store.TraceSummary) int {
		return cmp.Or(cmp.Compare(b.Start, a.Start), slices.Compare(a.ID[:], b.ID[:]))
	})
	return out[:min(len(out), q.Limit)], nil
}

func (p *Pages) tracesView(ctx context.Context, st State, host string) screens.Traces {
	q, problems := traceQuery(&st)
	m := screens.Traces{
		Action: st.Path, Problems: problems, Min: st.Values.Get("min"), Max: st.Values.Get("max"),
		Query: ui.Query{
			ID: "q", Name: "tags", Value: st.Values.Get("tags"), Label: "TraceQL, or attributes of a span",
			Placeholder: `{ span.http.route = "/api/v1/tasks" }`,
			Attrs: templ.Attributes{"role": "combobox", "aria-expanded": "false", "aria-controls": "ac", "aria-autocomplete": "list", "data-language": "traceql", "data-recent": "traces",
				"data-complete": "/traces/complete" + strings.TrimPrefix(st.With("tags", "", "rows", "", "before", ""), st.Path)},
		},
	}
	m.Files = p.o.TraceFiles != nil
	p.traceForm(ctx, &st, &m)
	if p.o.Thinned != nil {
		if at := p.o.Thinned(); !at.IsZero() && at.UnixNano() >= st.Range.From {
			m.Problems = append(m.Problems, "Up to "+chart.When(at.UTC(), st.Now)+" only traces with errors, and slow ones, are kept.")
		}
	}
	if len(st.Services) > maxScopeAsks && !isTraceQL(m.Query.Value) {
		m.Problems = append(m.Problems, fmt.Sprintf("Only the first %d services in scope were searched.", maxScopeAsks))
	}
	start := p.o.Now()
	mark, later := markOf(&st)
	if later {
		mark.narrow(&q)
	}
	found, err := p.searchTraces(ctx, &st, q)
	if err != nil && isTraceQL(m.Query.Value) {
		if m.Empty = p.numbers(ctx, &st, err); m.Empty != nil {
			return m
		}
	}
	if qe, ok := wrongQuery(m.Query.Value, err); ok {
		m.Query.Error = queryProblem(m.Query.Value, qe)
		m.Empty = &screens.TraceEmpty{Title: "This query cannot be read", Text: "Where it is wrong is underlined in the box."}
		return m
	}
	if err != nil {
		m.Error = p.reason(ctx, "trace search", err)
		return m
	}
	more := len(found) >= q.Limit
	if later {
		found, more = mark.behind(found, more)
	}
	all := found
	slow := st.Values.Get("result") == "slow"
	if slow {
		found = slowest(found)
	}
	m.Took = counted(len(found), "trace") + " in " + chart.Duration(p.o.Now().Sub(start).Round(time.Millisecond)).String()
	bad := 0
	for i := range found {
		if found[i].Errors > 0 {
			bad++
		}
	}
	m.OK, m.Bad = chart.Count(int64(len(found)-bad)), chart.Count(int64(bad))
	m.Results = []ui.Tab{
		{Text: "All", Href: st.With("result", "", "rows", "", "before", ""), On: !q.Errors && !slow},
		{Text: "Errors " + m.Bad, Href: st.With("result", "errors", "rows", "", "before", ""), On: q.Errors},
		{Text: "Slow", Href: st.With("result", "slow", "rows", "", "before", ""), On: slow, Attrs: templ.Attributes{"title": "The slowest twentieth"}},
	}
	switch {
	case len(found) == 0 && later:
		m.Empty = noOlder(&st, mark)
		return m
	case len(found) == 0:
		m.Empty = p.noTraces(ctx, &st, q, host)
		return m
	}
	traceParts(&st, all, more, &m)
	m.Rate = chartHref(&st, rateOf(&st, q))
	p.scatter(ctx, &st, found, &m)
	before := p.tracesBefore(ctx, &st, q, !more && !slow && !later)
	m.Latency = histogramOf(&st, found, before)
	p.traceTable(&st, found, &m)
	return m
}

// slowest are the traces that take longer than nineteen of twenty.
func slowest(found []store.TraceSummary) []store.TraceSummary {
	took := make([]float64, len(found))
	for i := range found {
		took[i] = float64(found[i].Duration())
	}
	slices.Sort(took)
	least := rank(took, 0.95)
	return slices.DeleteFunc(slices.Clone(found), func(t store.TraceSummary) bool { return float64(t.Duration()) < least })
}

func counted(n int, word string) string {
	if n != 1 {
		word += "s"
	}
	return chart.Count(int64(n)) + " " + word
}

// clockIn is a time with its day when the range is longer than one.
func clockIn(ns int64, st *State) string {
	t := time.Unix(0, ns).UTC()
	if st.Width() > 24*time.Hour {
		return t.Format("2 Jan 15:04")
	}
	return t.Format("15:04:05")
}

// tracesBefore are those of the same length of time before, when both sides
// are whole; otherwise a comparison would mislead.
func (p *Pages) tracesBefore(ctx context.Context, st *State, q store.TraceQuery, whole bool) []store.TraceSummary {
	if !whole {
		return nil
	}
	q.Range = store.TimeRange{From: st.Range.From - int64(st.Width()), To: st.Range.From}
	found, err := p.searchTraces(ctx, st, q)
	if err != nil || len(found) >= maxTraces {
		return nil
	}
	return found
}

func (p *Pages) traceForm(ctx context.Context, st *State, m *screens.Traces) {
	except := []string{"tags", "operation", "min", "max", "rows", "before", "service"}
	result := st.Values.Get("result")
	m.Results = []ui.Tab{
		{Text: "All", Href: st.Without("result"), On: result == ""}, {Text: "Errors", Href: st.With("result", "errors"), On: result == "errors"},
		{Text: "Slow", Href: st.With("result", "slow"), On: result == "slow"},
	}
	if len(st.Services) > 1 {
		m.Scope = strconv.Itoa(len(st.Services)) + " in scope"
		except = except[:6]
	}
	m.Keep = st.Hidden(except...)
	names, err := p.o.Traces.Services(ctx)
	if err != nil {
		p.o.Log.Warn("page", "part", "trace services", "err", err)
	}
	m.Services = []ui.Choice{{Text: "any"}}
	for _, n := range withChosen(names, st.Services) {
		m.Services = append(m.Services, ui.Choice{Text: n, Value: n, On: st.HasService(n)})
	}
	m.Operations = p.operations(ctx, st)
}

func (p *Pages) operations(ctx context.Context, st *State) []ui.Choice {
	chosen := st.Values.Get("operation")
	out := []ui.Choice{{Text: "any"}}
	seen := map[string]bool{"": true}
	add := func(name string) {
		if !seen[name] && len(out) < 300 {
			seen[name] = true
			out = append(out, ui.Choice{Text: cut(name, 80), Value: name, On: name == chosen})
		}
	}
	add(chosen)
	services := st.Services
	if len(services) == 0 {
		services, _ = p.o.Traces.Services(ctx) // an error leaves the list short, and was named with the services
	}
	for _, s := range services[:min(len(services), 20)] {
		ops, err := p.o.Traces.Operations(ctx, s)
		if err != nil {
			break
		}
		for _, o := range ops {
			add(o.Name)
		}
	}
	slices.SortFunc(out[1:], func(a, b ui.Choice) int { return cmp.Compare(a.Text, b.Text) })
	return out
}

func (p *Pages) traceTable(st *State, found []store.TraceSummary, m *screens.Traces) {
	slow, grouped := st.Sort == "slowest", st.Sort == "operation"
	m.Order = []ui.Tab{
		{Text: "Newest", Href: st.With("sort", "", "rows", ""), On: !slow && !grouped}, {Text: "Slowest", Href: st.With("sort", "slowest", "rows", ""), On: slow},
		{Text: "By operation", Href: st.With("sort", "operation", "rows", ""), On: grouped},
	}
	if grouped {
		m.Groups = p.traceGroups(st, found)
		return
	}
	m.Carry = carried(st)
	rows := slices.Clone(found)
	if slow {
		slices.SortStableFunc(rows, func(a, b store.TraceSummary) int { return cmp.Compare(b.Duration(), a.Duration()) })
	}
	n, err := strconv.Atoi(st.Values.Get("rows"))
	if err != nil || n < traceRows {
		n = traceRows
	}
	if len(rows) > n {
		m.More = st.With("rows", strconv.Itoa(n+traceRows))
		m.MoreText = fmt.Sprintf("Showing %d of %d. Show %d more", n, len(rows), min(traceRows, len(rows)-n))
		rows = rows[:n]
	} else if m.Older != "" && !slow {
		m.More, m.MoreText = m.Older, "Show the older ones"
	}
	lo, hi := durations(found)
	seen := map[string]bool{}
	for i := range rows {
		m.Rows = append(m.Rows, p.traceRow(st, &rows[i], lo, hi))
		for _, s := range rows[i].Services {
			if !seen[s.Service] && len(m.Legend) < 8 {
				seen[s.Service] = true
				m.Legend = append(m.Legend, p.service(*st, s.Service, ""))
			}
		}
	}
}

func (p *Pages) traceRow(st *State, t *store.TraceSummary, lo, hi float64) screens.TraceRow {
	start := time.Unix(0, t.Start).UTC()
	r := screens.TraceRow{
		ID: t.ID.String(), Short: t.ID.String()[:8], Href: st.Carry().Href("/traces/" + t.ID.String()),
		Started: clockIn(t.Start, st), Exact: chart.Exact(start),
		Service: p.service(*st, orDash(t.RootService), ""), Name: orDash(t.RootName),
		Duration: dur(t.Duration()), Error: t.Errors > 0,
		Width:  0.06 + 0.94*logShare(float64(t.Duration()), lo, hi),
		Result: t.Status, Spans: chart.Count(int64(t.Spans)),
	}
	if r.Result == "" {
		r.Result = "ok"
	}
	r.Bad = r.Result == "error" || strings.HasPrefix(r.Result, "5")
	if t.Errors > 0 && !r.Bad {
		r.Result = counted(t.Errors, "error") + " inside"
	}
	var self int64
	for _, s := range t.Services {
		self += max(0, s.Self)
	}
	var where []string
	for _, s := range t.Services {
		part := 1 / float64(len(t.Services))
		if self > 0 {
			part = float64(max(0, s.Self)) / float64(self)
		}
		r.Parts = append(r.Parts, ui.Share{Class: "c" + strconv.Itoa(p.o.Slots(s.Service)), Part: part})
		where = append(where, orDash(s.Service)+" "+chart.Percent(part).String())
	}
	r.Where = strings.Join(where, ", ")
	return r
}

// noTraces finds out which kind of nothing this is.
func (p *Pages) noTraces(ctx context.Context, st *State, q store.TraceQuery, host string) *screens.TraceEmpty {
	plain := store.TraceQuery{Range: q.Range, Limit: maxTraces}
	wide := ui.Button{Text: "Look back 24 h", Href: st.With("from", "now-24h", "to", ""), Small: true}
	if all, err := p.o.Traces.Search(ctx, plain); err == nil && len(all) > 0 {
		text := "Without conditions there are " + counted(len(all), "trace") + "."
		if len(all) >= maxTraces {
			text = "Without conditions there are " + chart.Count(maxTraces) + " traces or more."
		}
		return &screens.TraceEmpty{Title: "No traces match in this time range", Text: text, Actions: []ui.Button{
			{Text: "Clear the conditions", Href: st.Without("tags", "operation", "min", "max", "result", "service"), Small: true}, wide,
		}}
	}
	plain.Range = store.TimeRange{To: st.Now.UnixNano() + 1}
	plain.Limit = 1
	if any, err := p.o.Traces.Search(ctx, plain); err == nil && len(any) > 0 {
		t := time.Unix(0, any[0].Start).UTC()
		return &screens.TraceEmpty{
			Title: "No traces in this time range", Text: "The newest trace is from " + chart.When(t, st.Now) + ".",
			Actions: []ui.Button{{Text: "Show the traces before it", Small: true, Href: st.With(
				"from", unixMilli(t.Add(-30*time.Minute).UnixNano()), "to", unixMilli(t.Add(time.Second).UnixNano()))}},
		}
	}
	return &screens.TraceEmpty{
		Title: "No traces yet", Text: "Point an OpenTelemetry SDK at this appliance:",
		Snippet: snippet(host, "otelhttp"),
	}
}

// unixMilli writes a time in Unix ns as addresses have it.
func unixMilli(ns int64) string { return strconv.FormatInt(ns/int64(time.Millisecond), 10) }
