package pages

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strconv"
	"strings"

	"tripod/store"
	"tripod/ui"
	"tripod/ui/chart"
	"tripod/ui/layers"
	"tripod/ui/screens"
)

// The map is laid out on the server. Its width is the page's, from
// leastMapWidth on.
const (
	maxServiceNodes = 100
	maxServiceEdges = 400
	leastMapWidth   = 1040 // px
	mapColumn       = 228  // px, at least: five columns fit on a screen of 1440 px
	rowHeight       = 66   // px
	mapMargin       = 40   // px above and below the outermost nodes
	nodeWidth       = 152  // px, as --nw
	nodeHeight      = 44
	widestMap       = 2000  // px
	badEdge         = 0.005 // share of errors from which an edge is red
)

// mapping is a map in the making.
type mapping struct {
	p      *Pages
	st     State
	byLoad map[string]load
	nodes  []string // the outside is the one without a name
	number map[string]int
	deps   []store.Dependency
	p95    bool // edges say how long calls take
}

func (p *Pages) serviceMap(ctx context.Context, st State, a *servicesAnswers, all []load) *screens.ServiceMap {
	m := &screens.ServiceMap{Hint: "requests flow left to right, line width is rate, red is more than 0.5 % errors"}
	failing := st.Values.Get("path") == "failing"
	p95 := st.Values.Get("edges") == "p95"
	m.Facts = []ui.Tab{
		{Text: "Rate and errors", Href: st.Without("edges"), On: !p95},
		{Text: "p95", Href: st.With("edges", "p95"), On: p95},
	}
	m.Failing = ui.Button{Text: "Only the failing path", Icon: "filter", Small: true, Href: st.With("path", "failing")}
	if failing {
		m.Failing.Kind, m.Failing.Href = "on", st.Without("path")
	}
	if a.depsErr != nil {
		m.Failed = p.reason(ctx, "dependencies", a.depsErr)
		return m
	}
	g := &mapping{p: p, st: st, byLoad: map[string]load{}, number: map[string]int{}, p95: p95}
	for _, l := range all {
		g.byLoad[l.red.Service] = l
	}
	g.choose(a.deps, all, failing)
	m.LeftOut = g.leftOut(a.deps, failing)
	g.draw(m)
	return m
}

// rate is a number of calls in a second.
func (g *mapping) rate(calls int64) float64 { return perSec(calls, g.st.Kept) }

// choose takes the calls that are shown, the busiest if they are too many.
func (g *mapping) choose(deps []store.Dependency, all []load, failing bool) {
	busiest := slices.SortedStableFunc(slices.Values(deps), func(a, b store.Dependency) int { return cmp.Compare(b.Calls, a.Calls) })
	add := func(name string) bool {
		if _, ok := g.number[name]; !ok {
			if len(g.nodes) == maxServiceNodes {
				return false
			}
			g.number[name] = len(g.nodes)
			g.nodes = append(g.nodes, name)
		}
		return true
	}
	for _, d := range busiest {
		in := len(g.st.Services) == 0 || g.st.HasService(d.Caller) || g.st.HasService(d.Callee)
		if !in || failing && share(d.Errors, d.Calls) <= badEdge || len(g.deps) == maxServiceEdges || d.Caller == d.Callee {
			continue
		}
		if add(d.Caller) && add(d.Callee) {
			g.deps = append(g.deps, d)
		}
	}
	for _, l := range all {
		if !failing && (len(g.st.Services) == 0 || g.st.HasService(l.red.Service)) {
			add(l.red.Service)
		}
	}
}

func (g *mapping) leftOut(all []store.Dependency, failing bool) string {
	calls := 0
	for _, d := range all {
		calls += boolInt(d.Caller != d.Callee)
	}
	if failing || len(g.st.Services) > 0 || len(g.deps) >= calls {
		return ""
	}
	return "The " + chart.Count(int64(len(g.deps))) + " busiest of " + chart.Count(int64(calls)) + " dependencies are shown. Choose services to see theirs."
}

func (g *mapping) draw(m *screens.ServiceMap) {
	if len(g.nodes) == 0 {
		return
	}
	edges := make([]layers.Edge, len(g.deps))
	for i, d := range g.deps {
		edges[i] = layers.Edge{From: g.number[d.Caller], To: g.number[d.Callee], Weight: math.Log1p(float64(d.Calls))}
	}
	drawn := layers.Draw(len(g.nodes), edges)
	m.Width = max(leastMapWidth, drawn.Columns*mapColumn)
	m.Height = 2*mapMargin + int(math.Ceil(drawn.Rows*rowHeight))
	at := paper{columns: drawn.Columns, least: float64(m.Width), widest: widestMap, width: nodeWidth, row: rowHeight, top: mapMargin}
	for i, name := range g.nodes {
		x, y := at.x(drawn.Nodes[i].X), at.y(drawn.Nodes[i].Y)
		m.Nodes = append(m.Nodes, g.node(name, x, y))
		at.take(x, y, nodeHeight)
	}
	most := 0.0
	for _, d := range g.deps {
		most = max(most, g.rate(d.Calls))
	}
	labels := make([]mapLabel, len(g.deps))
	for i, d := range g.deps {
		c := at.curve(drawn.Edges[i])
		e := g.edge(d, c, most)
		end := drawn.Edges[i][len(drawn.Edges[i])-1]
		e.X, e.Y = at.x(end.X), at.y(end.Y)
		m.Edges = append(m.Edges, e)
		m.Calls = append(m.Calls, g.call(d))
		labels[i] = mapLabel{c: c, width: labelWidth(e.Label.Text, e.Label.Strong), rank: labelRank(e, d)}
	}
	at.placeLabels(labels)
	for i, l := range labels {
		to := &m.Edges[i].Label
		to.X, to.Y, to.Width, to.Crowded = l.x, l.y, l.width, l.crowded
	}
}

func (g *mapping) node(name string, x, y float64) screens.ServiceNode {
	n := screens.ServiceNode{Name: name, X: x, Y: y, Slot: g.p.o.Slots(name), On: name == g.st.Sel && name != "", Faded: g.faded(name)}
	if name == "" {
		n.Name, n.Outside, n.Href, n.Rate = "Outside", true, g.st.Carry().Href("/traces"), chart.Brief(g.rateFrom(""))+"/s"
		return n
	}
	var calls, errs int64
	var slowest store.Latency
	for _, d := range g.deps {
		if d.Callee == name {
			calls, errs = calls+d.Calls, errs+d.Errors
			slowest.P95 = max(slowest.P95, d.Latency.P95)
		}
	}
	n.Href, n.Word = g.st.With("sel", name), "healthy"
	if n.On {
		n.Href = g.st.Without("sel")
	}
	if l, ok := g.byLoad[name]; ok {
		row := g.p.serviceRow(g.st, l, g.st.Step(sparkPoints))
		n.Health, n.Word, n.Failing = row.Health, row.Word, l.failing
		n.Rate, n.Share = row.Rate+"/s", chart.Percent(l.share).String()
		slowest.P95 = l.red.P95
	} else {
		n.Rate, n.Share, n.Failing = chart.Brief(g.rate(calls))+"/s", chart.Percent(share(errs, calls)).String(), share(errs, calls) >= failShare
		if n.Failing {
			n.Health, n.Word = "warn", "not well"
		}
	}
	if slowest.P95 > 0 {
		n.P95 = chart.Duration(slowest.P95).String()
	}
	return n
}

// rateFrom is how many calls a second a service makes.
func (g *mapping) rateFrom(caller string) (rate float64) {
	for _, d := range g.deps {
		if d.Caller == caller {
			rate += g.rate(d.Calls)
		}
	}
	return rate
}

// faded says that a service is neither chosen nor beside the chosen one.
func (g *mapping) faded(name string) bool {
	if _, ok := g.number[g.st.Sel]; !ok || g.st.Sel == "" || name == g.st.Sel {
		return false
	}
	return !slices.ContainsFunc(g.deps, func(d store.Dependency) bool {
		return d.Caller == g.st.Sel && d.Callee == name || d.Callee == g.st.Sel && d.Caller == name
	})
}

func (g *mapping) edge(d store.Dependency, c curve, most float64) screens.ServiceEdge {
	rate := g.rate(d.Calls)
	e := screens.ServiceEdge{Kind: "k0", Stroke: 1.4 + 3*math.Log1p(rate)/math.Max(math.Log1p(most), 1e-9), Title: g.sentence(d), Path: c.svg(), Back: c.back}
	failed := share(d.Errors, d.Calls)
	label := &e.Label
	label.Text, label.Href = chart.Brief(rate)+"/s", g.traces(d)
	switch {
	case failed > badEdge:
		e.Kind, label.Strong = "k1", chart.Percent(failed).String()
	case d.Kind == store.DependencyQueue:
		e.Kind, label.Strong = "k2", "queue"
	}
	if g.p95 {
		label.Text, label.Strong = chart.Duration(d.Latency.P95).String(), ""
	}
	if sel := g.st.Sel; sel != "" && !g.faded(sel) {
		_, known := g.number[sel]
		e.Faded = known && d.Caller != sel && d.Callee != sel
	}
	return e
}

// labelRank puts the calls of the chosen service first, then those that fail,
// then the busiest.
func labelRank(e screens.ServiceEdge, d store.Dependency) float64 {
	rank := math.Log1p(float64(d.Calls)) // below 44
	if e.Kind == "k1" {
		rank += 100
	}
	if !e.Faded {
		rank += 1000
	}
	return rank
}

func (g *mapping) sentence(d store.Dependency) string {
	from := cmp.Or(d.Caller, "Outside")
	return from + " to " + d.Callee + ": " + chart.Brief(g.rate(d.Calls)) + " calls a second, " +
		chart.Percent(share(d.Errors, d.Calls)).String() + " errors, p95 " + chart.Duration(d.Latency.P95).String()
}

// traces finds those with such a call.
func (g *mapping) traces(d store.Dependency) string {
	callee := `{ resource.service.name = ` + strconv.Quote(d.Callee)
	if share(d.Errors, d.Calls) > badEdge {
		callee += " && status = error"
	}
	carry := g.st.Carry()
	carry.Services = nil
	caller := `{ resource.service.name = ` + strconv.Quote(d.Caller)
	switch {
	case d.Caller == "":
		return carry.Href("/traces", "tags", callee+" && nestedSetParent < 0 }")
	case d.Kind == store.DependencyDatabase:
		system := strconv.Quote(systemOf(d.Callee))
		return carry.Href("/traces", "tags", caller+` && (span.db.system.name = `+system+` || span.db.system = `+system+`) }`)
	}
	return carry.Href("/traces", "tags", caller+` } > `+callee+" }")
}

// systemOf is the sqlite of planner (sqlite).
func systemOf(database string) string {
	if _, system, ok := strings.Cut(database, " ("); ok {
		return strings.TrimSuffix(system, ")")
	}
	return database
}

func (g *mapping) call(d store.Dependency) screens.CallRow {
	failed := share(d.Errors, d.Calls)
	return screens.CallRow{
		Caller: ui.Service{Name: d.Caller, Slot: g.p.o.Slots(d.Caller)}, Callee: ui.Service{Name: d.Callee, Slot: g.p.o.Slots(d.Callee)},
		Queue: d.Kind == store.DependencyQueue, Calls: chart.Count(d.Calls), Rate: chart.Brief(g.rate(d.Calls)),
		Share: strings.TrimSuffix(chart.Percent(failed).String(), " %"), Failing: failed > badEdge, Href: g.traces(d),
		P50: chart.Duration(d.Latency.P50).String(), P95: chart.Duration(d.Latency.P95).String(), P99: chart.Duration(d.Latency.P99).String(),
	}
}
