package pages

import (
	"math"
	"slices"

	"tripod/store"
	"tripod/ui/chart"
	"tripod/ui/layers"
	"tripod/ui/screens"
)

// maxMapNodes bounds the map; what comes later in the trace is one node.
const maxMapNodes = 60

// others is the name of the node for services that are not drawn one by one.
const others = "other services"

// traceMap is which service of a trace called which.
type traceMap struct {
	nodes []mapNode // by first appearance
	edges []mapEdge // by first call
}

type mapNode struct {
	name   string
	remote bool  // known only by who called it: a database, a service without spans
	own    int64 // ns in its spans outside their children
	errors int
}

type mapEdge struct {
	from, to int // nodes
	calls    int
	errors   int
	time     int64  // ns, of all calls
	result   string // of the last call that failed
}

// mapOf makes the map of a trace.
func mapOf(t *tree) *traceMap {
	m := &traceMap{}
	at := map[string]int{}
	edges := map[[2]int]int{}
	node := func(name string, remote bool) int {
		key := name
		if remote {
			key = "\x00" + name // a service may have the name of a database
		}
		i, ok := at[key]
		if ok {
			return i
		}
		if len(m.nodes) >= maxMapNodes {
			name, key, remote = others, "\x00\x00", false
			if i, ok := at[key]; ok {
				return i
			}
		}
		i = len(m.nodes)
		at[key] = i
		m.nodes = append(m.nodes, mapNode{name: name, remote: remote})
		return i
	}
	call := func(from, to int, s *store.Span) {
		i, ok := edges[[2]int{from, to}]
		if !ok {
			i = len(m.edges)
			edges[[2]int{from, to}] = i
			m.edges = append(m.edges, mapEdge{from: from, to: to})
		}
		e := &m.edges[i]
		e.calls++
		e.time += s.Duration()
		if s.Status == store.StatusError {
			e.errors++
			e.result = resultOf(s)
		}
	}
	for _, n := range t.nodes {
		if n.span == nil {
			continue
		}
		own := node(n.span.Service, false)
		if s := n.span; s.Status == store.StatusError {
			m.nodes[own].errors++
		}
		if peer := peerOf(n); peer != "" {
			to := node(peer, true)
			call(own, to, n.span)
			m.nodes[to].own += ownTime(n)
		} else {
			m.nodes[own].own += ownTime(n)
		}
		for _, c := range n.children {
			if c.span != nil && c.span.Service != n.span.Service {
				call(own, node(c.span.Service, false), c.span)
			}
		}
	}
	m.edges = slices.DeleteFunc(m.edges, func(e mapEdge) bool { return e.from == e.to })
	return m
}

// peerOf is what a span calls that has no spans of its own in the trace: the
// kind of a database, or the peer's name.
func peerOf(n *node) string {
	if n.span.Kind != store.SpanClient && n.span.Kind != store.SpanProducer {
		return ""
	}
	for _, c := range n.children {
		if c.span != nil && c.span.Service != n.span.Service {
			return ""
		}
	}
	for _, key := range [...]string{"peer.service", "db.system.name", "db.system", "messaging.system"} {
		if v := n.span.Attrs.Text(key); v != "" {
			return v
		}
	}
	return ""
}

// Sizes of the drawing, in px.
const (
	mapRow      = 92
	mapSide     = 61  // above and below the outermost nodes
	mapBoxWidth = 168 // the width of a node, as --nw
	mapBoxHigh  = 48
	mapStep     = 340 // from column to column, at least
	mapWideStep = 420 // at most
	mapLeast    = 210
)

// mapView places the nodes in columns and the words of the calls between them.
func (p *Pages) mapView(a *traceAsk) *screens.TraceMap {
	m := mapOf(a.t)
	edges := make([]layers.Edge, len(m.edges))
	for i, e := range m.edges {
		edges[i] = layers.Edge{From: e.from, To: e.to, Weight: 1}
	}
	drawn := layers.Draw(len(m.nodes), edges)
	steps := max(0, drawn.Columns-1)
	const ends = mapBoxWidth + 8
	v := &screens.TraceMap{
		Height: max(mapLeast, int(drawn.Rows*mapRow)+2*mapSide),
		Least:  steps*mapStep + ends, Most: steps*mapWideStep + ends, Note: a.mapNote(m),
	}
	at := paper{columns: drawn.Columns, least: float64(v.Least), widest: float64(v.Most), width: mapBoxWidth, row: mapRow}
	at.top = (float64(v.Height) - drawn.Rows*mapRow) / 2
	worst := a.slowest(m)
	for i, n := range m.nodes {
		x, y := at.x(drawn.Nodes[i].X), at.y(drawn.Nodes[i].Y)
		box := p.mapBox(a, n, x, y, i == worst)
		at.take(x, y, n.height())
		v.Nodes = append(v.Nodes, box)
	}
	labels := make([]mapLabel, len(m.edges))
	for i, e := range m.edges {
		c := at.curve(drawn.Edges[i])
		line := mapLine(m, e, c)
		labels[i] = mapLabel{c: c, width: min(labelWidth(line.Text, line.Result), mapStep-mapBoxWidth), rank: math.Log1p(float64(e.time))}
		if line.Bad {
			labels[i].rank += 100 // above all that do not fail: the logarithm of a time is below 44
		}
		v.Edges = append(v.Edges, line)
	}
	at.placeLabels(labels)
	for i, l := range labels {
		to := &v.Edges[i]
		to.X, to.Y, to.Width, to.Crowded = l.x, l.y, l.width, l.crowded
	}
	return v
}

func (p *Pages) mapBox(a *traceAsk, n mapNode, x, y float64, worst bool) screens.MapNode {
	box := screens.MapNode{Name: orDash(n.name), Slot: p.o.Slots(n.name), X: x, Y: y, Own: dur(n.own) + " own time", Bad: n.errors > 0, Slow: worst}
	if n.remote {
		box.Slot, box.Own = 8, dur(n.own)+" waited for it"
	} else if n.name != others {
		box.Href = a.st.With("view", "", "find", n.name)
	}
	if n.errors > 0 {
		box.Errors = counted(n.errors, "error")
	}
	return box
}

// slowest is the node with the most time of its own.
func (a *traceAsk) slowest(m *traceMap) int {
	worst := 0
	for i, n := range m.nodes {
		if n.own > m.nodes[worst].own {
			worst = i
		}
	}
	return worst
}

// height is in px; errors have a line of their own.
func (n mapNode) height() float64 {
	if n.errors > 0 {
		return mapBoxHigh + 16
	}
	return mapBoxHigh
}

func mapLine(m *traceMap, e mapEdge, c curve) screens.MapEdge {
	out := screens.MapEdge{Path: c.svg(), Bad: e.errors > 0, Text: counted(e.calls, "call") + ", " + dur(e.time)}
	if e.errors > 0 {
		out.Result = e.result
		if e.calls > 1 {
			out.Result = counted(e.errors, "error")
		}
	}
	out.Title = orDash(m.nodes[e.from].name) + " to " + orDash(m.nodes[e.to].name) + ": " + out.Text
	if out.Result != "" {
		out.Title += ", " + out.Result
	}
	return out
}

// mapNote says where the time went, in the numbers of the map.
func (a *traceAsk) mapNote(m *traceMap) screens.MapNote {
	n := m.nodes[a.slowest(m)]
	text := orDash(n.name) + " spent the most time of its own: " + dur(n.own)
	if n.remote {
		text = "Most time was spent waiting for " + orDash(n.name) + ": " + dur(n.own)
	}
	if whole := a.t.end - a.t.start; whole > 0 && n.own <= whole { // what runs side by side may take longer than all
		text += ", " + chart.Percent(float64(n.own)/float64(whole)).String() + " of the trace"
	}
	for _, o := range a.operations() {
		if !n.remote && o.service == n.name {
			return screens.MapNote{Text: text + ", of it " + dur(o.own) + " in ", Operation: orDash(o.name), Rest: " (" + counted(o.calls, "span") + ")."}
		}
	}
	return screens.MapNote{Text: text + "."}
}
