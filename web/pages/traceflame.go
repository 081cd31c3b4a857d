package pages

import (
	"cmp"
	"container/heap"
	"fmt"
	"slices"

	"tripod/store"
	"tripod/ui/chart"
	"tripod/ui/screens"
)

// Bounds on what the flame view draws.
const (
	maxFrames   = 3000
	maxLanes    = 200
	smallFlame  = 1500   // a trace of up to so many spans is drawn whole
	leastFrame  = 0.0005 // share of the width, about half a pixel
	maxOpRows   = 200
	laneHeight  = 24 // px
	framesLeast = 2  // lanes that the view is high at least
)

// frame is a span in the flame view. No two of a lane overlap, and what is
// below a span is in lanes below its own.
type frame struct {
	n    *node
	lane int
}

// block is a node with all that is below it, as one box of time and lanes.
type block struct {
	from, to int64 // of all spans in it, Unix ns
	lanes    int   // it is high
	offset   int   // lanes from its parent's to its own, less one
}

// flame lays out nodes that stand together in depth-first order. Children that
// run at the same time lie side by side in tracks of their own.
func flame(nodes []*node) ([]frame, int) {
	at := make(map[*node]int, len(nodes))
	for i, n := range nodes {
		at[n] = i
	}
	blocks := make([]block, len(nodes))
	for i, n := range slices.Backward(nodes) {
		blocks[i] = block{from: n.start, to: n.end}
		kids := make([]*block, 0, len(n.children))
		for _, c := range n.children {
			if k, ok := at[c]; ok && k > i {
				kids = append(kids, &blocks[k])
				blocks[i].from, blocks[i].to = min(blocks[i].from, blocks[k].from), max(blocks[i].to, blocks[k].to)
			}
		}
		blocks[i].lanes = 1 + stackTracks(kids)
	}
	var tops []*block
	base := nodes[0].depth
	for i, n := range nodes {
		if n.depth == base {
			tops = append(tops, &blocks[i])
		}
	}
	height := stackTracks(tops)
	out := make([]frame, len(nodes))
	lanes := []int{-1} // of the ancestors of a node, by depth
	for i, n := range nodes {
		d := n.depth - base
		lane := lanes[d] + 1 + blocks[i].offset
		lanes = append(lanes[:d+1], lane)
		out[i] = frame{n, lane}
	}
	return out, height
}

// stackTracks gives blocks offsets so that none of them overlap, and says how
// many lanes they take.
func stackTracks(kids []*block) int {
	slices.SortStableFunc(kids, func(a, b *block) int { return cmp.Compare(a.from, b.from) })
	var free tracks
	track := make([]int, len(kids))
	var high []int // lanes of each track
	for i, k := range kids {
		// a track whose last block ends before this one begins, else a new one
		if len(free) == 0 || free[0].end > k.from {
			heap.Push(&free, trackEnd{number: len(high)})
			high = append(high, 0)
			free[0].end = k.to
			track[i] = len(high) - 1
		} else {
			track[i] = free[0].number
			free[0].end = k.to
		}
		heap.Fix(&free, 0)
		high[track[i]] = max(high[track[i]], k.lanes)
	}
	first := make([]int, len(high))
	sum := 0
	for t, h := range high {
		first[t] = sum
		sum += h
	}
	for i, k := range kids {
		k.offset = first[track[i]]
	}
	return sum
}

// tracks is a heap with the track that is free the earliest in front.
type tracks []trackEnd

type trackEnd struct {
	end    int64
	number int
}

func (t tracks) Len() int { return len(t) }
func (t tracks) Less(i, j int) bool {
	return cmp.Or(cmp.Compare(t[i].end, t[j].end), cmp.Compare(t[i].number, t[j].number)) < 0
}
func (t tracks) Swap(i, j int) { t[i], t[j] = t[j], t[i] }
func (t *tracks) Push(x any)   { *t = append(*t, x.(trackEnd)) }
func (t *tracks) Pop() any     { last := (*t)[len(*t)-1]; *t = (*t)[:len(*t)-1]; return last }

// flameView draws all spans, or one and what is below it across the whole width.
func (p *Pages) flameView(a *traceAsk) *screens.Flame {
	f := &screens.Flame{Ops: p.opRows(a)}
	nodes := a.t.nodes
	from, to := a.t.start, a.t.end
	if below := subtree(nodes, a.st.Values.Get("below")); below != nil {
		nodes, from, to = below, below[0].start, below[0].end
		f.ZoomOut = a.st.Without("below")
		f.Zoomed = orDash(nodeName(below[0])) + ", " + dur(to-from)
	}
	frames, lanes := flame(nodes)
	place := func(t int64) float64 {
		if to <= from {
			return 0
		}
		return min(max(float64(t-from)/float64(to-from), 0), 1)
	}
	drawn := slices.DeleteFunc(slices.Clone(frames), func(fr frame) bool {
		return fr.lane >= maxLanes || len(nodes) > smallFlame && place(fr.n.end)-place(fr.n.start) < leastFrame
	})
	if len(drawn) > maxFrames {
		slices.SortStableFunc(drawn, func(x, y frame) int { return cmp.Compare(y.n.end-y.n.start, x.n.end-x.n.start) })
		drawn = drawn[:maxFrames]
	}
	if n := len(a.operations()); n > maxOpRows {
		f.OpsNote = fmt.Sprintf("These are the %d operations of %s that took the most time of their own.", maxOpRows, chart.Count(int64(n)))
	}
	if left := len(frames) - len(drawn); left > 0 {
		f.Note = fmt.Sprintf("%s are too narrow to be drawn; zoom in to see them.", counted(left, "span"))
	}
	f.Height = max(min(lanes, maxLanes), framesLeast) * laneHeight
	for _, fr := range drawn {
		f.Frames = append(f.Frames, p.flameFrame(a, fr, place(fr.n.start), place(fr.n.end)))
	}
	return f
}

func (p *Pages) flameFrame(a *traceAsk, fr frame, left, right float64) screens.FlameFrame {
	n := fr.n
	out := screens.FlameFrame{Slot: 8, Left: left, Width: right - left, Top: fr.lane * laneHeight, Name: orDash(nodeName(n)), Duration: dur(n.end - n.start)}
	out.Title = out.Name + " " + out.Duration
	if n.span == nil {
		return out
	}
	id := n.id.String()
	out.Slot, out.Error, out.Selected = p.o.Slots(n.span.Service), n.span.Status == store.StatusError, id == a.sel
	out.Title = orDash(n.span.Service) + ": " + out.Title
	out.Href = a.st.With("sel", id)
	if len(n.children) > 0 {
		out.Href = a.st.With("sel", id, "below", id)
	}
	return out
}

// operation is all spans of a service that have one name.
type operation struct {
	service, name string
	calls, errors int
	own           int64 // ns
}

// operations are those of a trace, the one with the most time of its own first.
func (t *tree) operations() []operation {
	var out []operation
	at := map[[2]string]int{}
	for _, n := range t.nodes {
		if n.span == nil {
			continue
		}
		key := [2]string{n.span.Service, n.span.Name}
		i, ok := at[key]
		if !ok {
			i = len(out)
			at[key] = i
			out = append(out, operation{service: n.span.Service, name: n.span.Name})
		}
		out[i].calls++
		out[i].own += ownTime(n)
		if n.span.Status == store.StatusError {
			out[i].errors++
		}
	}
	slices.SortStableFunc(out, func(a, b operation) int { return cmp.Compare(b.own, a.own) })
	return out
}

func (p *Pages) opRows(a *traceAsk) []screens.OpRow {
	var out []screens.OpRow
	whole := float64(max(a.t.end-a.t.start, 1))
	for _, o := range a.operations()[:min(len(a.operations()), maxOpRows)] {
		share := float64(o.own) / whole
		usually := ""
		if own, ok := a.typical.ownOf(o.service, o.name); ok {
			usually = dur(own)
		}
		out = append(out, screens.OpRow{
			Usually: usually,
			Service: p.service(a.st, orDash(o.service), ""), Name: orDash(o.name), Calls: chart.Count(int64(o.calls)),
			Own: dur(o.own), Share: min(share, 1), Percent: chart.Percent(share).String(), Much: share >= 0.05,
		})
	}
	return out
}

// operations are worked out once.
func (a *traceAsk) operations() []operation {
	if a.ops == nil {
		a.ops = a.t.operations()
	}
	return a.ops
}
