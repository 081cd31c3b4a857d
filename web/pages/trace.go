package pages

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"tripod/store"
	"tripod/ui"
	"tripod/ui/chart"
	"tripod/ui/screens"
)

// Bounds on what one trace may put on the screen.
const (
	maxSpanRows  = 300 // rows of the waterfall on a page without script
	maxMiniBars  = 400
	maxKeptSpans = 100_000 // that the store gives of one trace
	maxTraceLogs = 500
	diffBelow    = 20 // rows behind which the sentence about the typical trace is still seen
	maxJSONSpans = 200
	traceLogSlop = 5 * time.Minute // lines may come from clocks that are wrong
)

func (p *Pages) tracePage(w http.ResponseWriter, r *http.Request) error {
	if p.o.Traces == nil {
		return errNoDoor
	}
	ctx, cancel := context.WithTimeout(r.Context(), logTime)
	defer cancel()
	st := p.state(r)
	id, err := store.ParseTraceID(r.PathValue("id"))
	if err != nil {
		return fmt.Errorf("%w: %w", err, store.ErrInvalid)
	}
	tr, file, err := p.lookUp(ctx, &st, id)
	if errors.Is(err, store.ErrNotFound) && !errors.Is(err, errFileGone) || err == nil && len(tr.Spans) == 0 {
		return p.traceWaiting(w, r, st, id)
	}
	if err != nil {
		return err
	}
	a := p.askTrace(ctx, st, tr)
	a.file = file
	p.askLatencies(ctx, a)
	if r.Header.Get("HX-Target") == "drawer" {
		return p.fragment(w, r, http.StatusOK, screens.DrawerBox(p.openSpan(ctx, a)))
	}
	p.askTypical(ctx, a)
	m := p.traceView(ctx, a, tr)
	pg := p.page(ctx, st, "traces", m.Name, "trace.css", "trace.js")
	pg.Flush = true
	pg.Crumbs = []ui.Crumb{{Text: "Traces", Href: st.Carry().Href("/traces")}, {Text: m.Name}, {Text: id.String()[:8], Mono: true}}
	return p.show(w, r, pg, screens.TracePage(m))
}

// traceWaiting is the page of a trace that is not there (yet).
func (p *Pages) traceWaiting(w http.ResponseWriter, r *http.Request, st State, id store.TraceID) error {
	st.refreshDefault(5 * time.Second)
	pg := p.page(r.Context(), st, "traces", "Trace "+id.String()[:8], "trace.css", "trace.js")
	pg.Flush = true
	pg.Crumbs = []ui.Crumb{{Text: "Traces", Href: st.Carry().Href("/traces")}, {Text: id.String()[:8], Mono: true}}
	m := screens.Trace{ID: id.String(), Waiting: true, LogsHref: st.Carry().Href("/logs", "q", "trace_id:"+id.String())}
	return p.send(w, r, http.StatusNotFound, ui.Shell(pg), screens.TracePage(m))
}

// traceAsk is a trace with what its view needs again and again.
type traceAsk struct {
	st   State
	t    *tree
	id   store.TraceID
	root *node
	logs []store.Record // by time
	cut  bool           // there are more lines
	err  error          // of the logs
	sel  string
	file *heldFile   // that it is from, nil for the store
	ops  []operation // once they were asked for

	typical *typical // of the root operation, nil when it is not known
	diff    difference
	latency map[spanKey]store.OperationLatency // of operations, nil when it is not known
}

func (p *Pages) askTrace(ctx context.Context, st State, tr store.Trace) *traceAsk {
	a := &traceAsk{st: st, t: growTree(tr.Spans), id: tr.ID, sel: st.Sel}
	a.t.markCritical()
	a.root = a.t.root()
	p.traceLogs(ctx, a)
	return a
}

func (p *Pages) traceView(ctx context.Context, a *traceAsk, tr store.Trace) screens.Trace {
	root, st := a.root.span, a.st
	m := screens.Trace{
		ID: tr.ID.String(), Name: orDash(root.Name), Service: p.service(st, orDash(root.Service), ""),
		Facts: a.facts(), Notes: a.notes(), View: viewOf(st.View),
		LogsHref: a.logsHref("trace_id:" + tr.ID.String()), File: a.fileView(), FileName: "trace-" + tr.ID.String()[:16] + ".json",
		Services: p.traceServices(a), Diff: a.diffView(),
	}
	if a.file == nil {
		m.JSONHref = "/api/traces/" + tr.ID.String()
	}
	if p.o.TraceFiles != nil {
		m.OTLPHref = address("/traces/"+tr.ID.String()+"/otlp.json", only(st.Values, "file"))
	}
	if root.Status == store.StatusError {
		m.Result = resultOf(root)
	}
	tab := func(text, view string) ui.Tab {
		t := ui.Tab{Text: text, Href: st.With("view", view), On: m.View == cmp.Or(view, "waterfall")}
		if view == "logs" {
			t.Count = logCount(a)
		}
		return t
	}
	m.Tabs = []ui.Tab{tab("Waterfall", ""), tab("Flame", "flame"), tab("Logs", "logs"), tab("Map", "map"), tab("JSON", "json")}
	switch m.View {
	case "flame":
		m.Flame = p.flameView(a)
	case "map":
		m.Map = p.mapView(a)
	case "logs":
		m.Logs, m.LogsNote = p.traceLogRows(ctx, a)
	case "json":
		m.JSON, m.JSONNote = traceJSON(tr)
	default:
		p.waterfall(a, &m)
	}
	m.Drawer = p.openSpan(ctx, a)
	return m
}

// only is the named ones of some parameters.
func only(v url.Values, names ...string) url.Values {
	out := url.Values{}
	for _, n := range names {
		if v.Has(n) {
			out[n] = v[n]
		}
	}
	return out
}

func viewOf(s string) string {
	switch s {
	case "flame", "logs", "map", "json":
		return s
	}
	return "waterfall"
}

func orDash(s string) string {
	if strings.TrimSpace(s) == "" {
		return chart.Dash
	}
	return cut(oneLine(s), 200)
}

// resultOf is an error in a word: a status code, the status message if it is
// short, else "error".
func resultOf(s *store.Span) string {
	for _, key := range [...]string{"http.response.status_code", "http.status_code", "rpc.grpc.status_code"} {
		if v := s.Attrs.Text(key); v != "" && v != "0" && v != "200" {
			return cut(v, 20)
		}
	}
	if v := s.Attrs.Text("error.type"); v != "" && len(v) <= 32 {
		return v
	}
	if n := len(s.StatusMessage); n > 0 && n <= 32 {
		return s.StatusMessage
	}
	return "error"
}

func (a *traceAsk) facts() []screens.Fact {
	start := time.Unix(0, a.t.start).UTC()
	services, bad := map[string]bool{}, 0
	for _, n := range a.t.nodes {
		if n.span == nil {
			continue
		}
		services[n.span.Service] = true
		if n.span.Status == store.StatusError {
			bad++
		}
	}
	whole := screens.Fact{N: dur(a.t.end - a.t.start), Text: "in all"}
	if a.typical != nil {
		whole.Text = "usually " + dur(a.typical.duration)
	}
	out := []screens.Fact{
		whole,
		{N: chart.Clock(start), Text: start.Format("2 Jan") + ", UTC"},
		countFact(a.t.spans, "span"),
		countFact(len(services), "service"),
	}
	if bad > 0 {
		out = append(out, screens.Fact{N: chart.Count(int64(bad)), Text: "with errors", Bad: true})
	}
	if ops, whole := a.operations(), a.t.end-a.t.start; len(ops) > 1 && whole > 0 {
		if share := float64(ops[0].own) / float64(whole); share >= 0.2 && share <= 1 {
			out = append(out, screens.Fact{N: chart.Percent(share).String(), Text: "spent in " + orDash(ops[0].name)})
		}
	}
	for _, key := range [...]string{"user.id", "enduser.id"} {
		if v := a.root.span.Attrs.Text(key); v != "" {
			return append(out, screens.Fact{N: cut(v, 60), Text: key, Mono: true, Before: true})
		}
	}
	return out
}

func countFact(n int, word string) screens.Fact {
	if n != 1 {
		word += "s"
	}
	return screens.Fact{N: chart.Count(int64(n)), Text: word}
}

func dur(ns int64) string { return chart.Duration(time.Duration(ns)).String() }

// notes are what must be known before the picture is believed.
func (a *traceAsk) notes() []string {
	var out []string
	if a.t.missing == 1 {
		out = append(out, "One parent span was not received. What it called is drawn below a row that stands for it; it may still arrive.")
	} else if a.t.missing > 1 {
		out = append(out, chart.Count(int64(a.t.missing))+" parent spans were not received. What they called is drawn below rows that stand for them; they may still arrive.")
	}
	if a.root.depth > 0 {
		out = append(out, "The first span of this trace was not received: name and result are those of the earliest span that was.")
	}
	if n := a.t.realRoots(); n > 1 {
		out = append(out, chart.Count(int64(n))+" spans of this trace have no parent; the earliest gives it its name.")
	}
	if a.t.circles > 0 {
		out = append(out, "Some spans are each other’s parents, in a circle. The circle is cut at one of them.")
	}
	if n := a.t.reversed(); n == 1 {
		out = append(out, "One span ends before it starts. It is drawn as if it took no time.")
	} else if n > 1 {
		out = append(out, chart.Count(int64(n))+" spans end before they start. They are drawn as if they took no time.")
	}
	if a.t.spans >= maxKeptSpans {
		out = append(out, "The trace is cut off: it has "+chart.Count(maxKeptSpans)+" spans or more, and the earliest "+chart.Count(maxKeptSpans)+" are shown.")
	}
	for i, s := range a.t.skews() {
		if i == 3 {
			out = append(out, "More services disagree about the time.")
			break
		}
		out = append(out, fmt.Sprintf("The clocks of %s and %s disagree: %s seems to start %s before it was called. Times are drawn as they were sent.",
			orDash(s.service), orDash(s.parent), orDash(s.service), dur(s.by)))
	}
	return out
}

func (p *Pages) traceServices(a *traceAsk) []ui.Service {
	var out []ui.Service
	for _, s := range a.t.services(12) {
		out = append(out, ui.Service{Name: orDash(s), Slot: p.o.Slots(s)})
	}
	return out
}

// waterfall draws the tree, or the part of it below one span, and the drawer.
func (p *Pages) waterfall(a *traceAsk, m *screens.Trace) {
	nodes := a.t.nodes
	if below := subtree(nodes, a.st.Values.Get("below")); below != nil {
		nodes = below
		m.Notes = append(m.Notes, "Only "+orDash(nodeName(nodes[0]))+" and what is below it is drawn.")
		m.Tabs[0].Href = a.st.Without("below", "row")
	}
	m.NoCritical, m.Lines = a.st.Values.Get("crit") == "off", a.st.Values.Get("lines") == "on"
	m.CriticalHref, m.LinesHref = a.flip("crit", "off", m.NoCritical), a.flip("lines", "on", m.Lines)
	m.LineCount = logCount(a)
	all := waterfallRows(a, nodes, true)
	if len(nodes) == len(a.t.nodes) {
		all = a.insertAbsent(all)
		m.Absent = len(a.diff.absent) > 0
	}
	m.DiffFirst = len(all) > diffBelow
	m.Data = p.rowsJSON(a, all)
	drawn := all
	if !m.Lines {
		drawn = slices.DeleteFunc(slices.Clone(all), func(r traceRow) bool { return r.kind == rowLine })
	}
	p.drawRows(a, m, drawn)
	step := max(1, (len(nodes)+maxMiniBars-1)/maxMiniBars)
	for i := 0; i < len(nodes); i += step {
		if n := nodes[i]; n.span != nil {
			m.Mini = append(m.Mini, screens.MiniBar{
				Slot: p.o.Slots(n.span.Service), Left: a.t.share(n.start), Width: a.t.share(n.end) - a.t.share(n.start),
				Top: float64(i) / float64(max(len(nodes), 12)),
			})
		}
	}
	m.Ticks = axisTicks(a.t.end - a.t.start)
	m.Critical = dur(a.root.end - a.root.start)
}

// flip is this view with a switch that is off by default turned the other way.
func (a *traceAsk) flip(name, value string, now bool) string {
	if now {
		value = ""
	}
	return a.st.With(name, value)
}

// drawRows draws a page of the rows, for who has no script, and for the time
// until the script draws from m.Data those that are seen.
func (p *Pages) drawRows(a *traceAsk, m *screens.Trace, rows []traceRow) {
	first := a.firstRow(rows)
	last := min(first+maxSpanRows, len(rows))
	kids := rowKids(rows)
	for i := first; i < last; i++ {
		m.Spans = append(m.Spans, p.spanRow(a, rows, i, kids[i]))
	}
	if first == 0 && last == len(rows) {
		return
	}
	m.More = fmt.Sprintf("Rows %s to %s of %s.", chart.Count(int64(first+1)), chart.Count(int64(last)), chart.Count(int64(len(rows))))
	if first > 0 {
		m.Before = a.st.With("row", strconv.Itoa(max(0, first-maxSpanRows)), "sel", "")
	}
	if last < len(rows) {
		m.After = a.st.With("row", strconv.Itoa(last), "sel", "")
	}
}

// firstRow is where the page of rows begins that the address asks for: the one
// with the selected span, or that of the parameter row.
func (a *traceAsk) firstRow(rows []traceRow) int {
	at, err := strconv.Atoi(a.st.Values.Get("row"))
	if err != nil || at < 0 || at >= len(rows) {
		at = 0
	}
	if a.sel != "" {
		for i := range rows {
			if r := &rows[i]; r.kind == rowSpan && r.n.id.String() == a.sel {
				at = i
				break
			}
		}
	}
	return at - at%maxSpanRows
}

// openSpan is the drawer of the selected span, nil for none.
func (p *Pages) openSpan(ctx context.Context, a *traceAsk) *screens.SpanDrawer {
	for _, n := range a.t.nodes {
		if n.span != nil && a.sel != "" && n.id.String() == a.sel {
			return p.drawer(ctx, a, n)
		}
	}
	return nil
}

func nodeName(n *node) string {
	if n.span == nil {
		return "missing span"
	}
	return n.span.Name
}

// subtree is a node and all below it, which stand together in the list; nil
// when no node has the id.
func subtree(nodes []*node, id string) []*node {
	for i, n := range nodes {
		if id == "" || n.id.String() != id {
			continue
		}
		end := i + 1
		for end < len(nodes) && nodes[end].depth > n.depth {
			end++
		}
		return nodes[i:end]
	}
	return nil
}

// axisTicks are round moments from the start of a trace.
func axisTicks(width int64) []screens.TraceTick {
	out := []screens.TraceTick{{At: 0, Text: "0"}}
	if width <= 0 {
		return out
	}
	step := roundStep(width, 6)
	for t := step; t <= width && len(out) <= 12; t += step {
		out = append(out, screens.TraceTick{At: float64(t) / float64(width), Text: dur(t)})
	}
	return out
}

// roundStep is 1, 2 or 5 times a power of ten (of nanoseconds; of minutes from
// there on), so that at most n of them fit.
func roundStep(width int64, n int64) int64 {
	if width > int64(2*time.Minute) {
		return int64(chart.Step(time.Duration(width), int(n)))
	}
	for unit := int64(1); ; unit *= 10 {
		for _, m := range [...]int64{1, 2, 5} {
			if width <= unit*m*n {
				return unit * m
			}
		}
	}
}
