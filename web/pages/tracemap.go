package pages

import (
	"cmp"
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
	mapRow   = 92
	mapSide  = 61 // above and below the outermost nodes
	mapLabel = 19 // labels of calls stand so far from each other
	mapLeast = 210
)

// mapView places the nodes in columns and the words of the calls between them.
func (p *Pages) mapView(a *traceAsk) *screens.TraceMap {
	m := mapOf(a.t)
	edges := make([]layers.Edge, len(m.edges))
	for i, e := range m.edges {
		edges[i] = layers.Edge{From: e.from, To: e.to, Weight: 1}
	}
	drawn := layers.Draw(len(m.nodes), edges)
	v := &screens.TraceMap{Height: max(mapLeast, int(drawn.Rows*mapRow)+2*mapSide), Columns: drawn.Columns, Note: a.mapNote(m)}
	top := (float64(v.Height) - drawn.Rows*mapRow) / 2
	at := func(pt layers.Point) [2]float64 { // percent of the width, px
		if drawn.Columns < 2 {
			return [2]float64{50, top + pt.Y*mapRow}
		}
		return [2]float64{12 + 76*pt.X/float64(drawn.Columns-1), top + pt.Y*mapRow}
	}
	worst := a.slowest(m)
	for i, n := range m.nodes {
		xy := at(drawn.Nodes[i])
		v.Nodes = append(v.Nodes, p.mapBox(a, n, xy[0]/100, xy[1], i == worst))
	}
	for i, e := range m.edges {
		c := curve{}
		for _, pt := range drawn.Edges[i] {
			c.at = append(c.at, at(pt))
		}
		v.Edges = append(v.Edges, mapLine(e, c))
	}
	spread(v.Edges, float64(v.Height))
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

func mapLine(e mapEdge, c curve) screens.MapEdge {
	x, y := c.point(0.5)
	out := screens.MapEdge{Path: c.svg(), X: x / 100, Y: y, Bad: e.errors > 0, Text: counted(e.calls, "call") + ", " + dur(e.time)}
	if e.errors > 0 {
		out.Result = e.result
		if e.calls > 1 {
			out.Result = counted(e.errors, "error")
		}
	}
	return out
}

// spread moves labels that stand over each other apart.
func spread(edges []screens.MapEdge, height float64) {
	order := make([]int, len(edges))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(edges[a].X, edges[b].X), cmp.Compare(edges[a].Y, edges[b].Y))
	})
	for k := 1; k < len(order); k++ {
		before, e := &edges[order[k-1]], &edges[order[k]]
		if e.X-before.X < 0.12 && e.Y < before.Y+mapLabel {
			e.Y = min(before.Y+mapLabel, height-8)
		}
	}
}

// mapNote says where the time went, in the numbers of the map.
func (a *traceAsk) mapNote(m *traceMap) screens.MapNote {
	n := m.nodes[a.slowest(m)]
	text := orDash(n.name) + " spent the most time of its own: " + dur(n.own)
	if n.remote {
		text = "Most time was spent waiting for " + orDash(n.name) + ": " + dur(n.own)
	}
	if whole := a.t.end - a.t.start; whole > 0 {
		text += ", " + chart.Percent(float64(n.own)/float64(whole)).String() + " of the trace"
	}
	for _, o := range a.operations() {
		if !n.remote && o.service == n.name {
			return screens.MapNote{Text: text + ", of it " + dur(o.own) + " in ", Operation: orDash(o.name), Rest: " (" + counted(o.calls, "span") + ")."}
		}
	}
	return screens.MapNote{Text: text + "."}
}
