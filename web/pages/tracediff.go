package pages

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"tripod/store"
	"tripod/ui/chart"
	"tripod/ui/screens"
)

// difference is how a trace differs from the typical one.
type difference struct {
	absent []absent // what usually runs and did not, depth first
	extra  []*shape // what ran and seldom does, the highest of each
	longer []longer // what took more time of its own, the most first
}

// absent is a shape of the typical trace that a trace lacks; under is the span
// below which it usually runs.
type absent struct {
	u     *usual
	under *node // nil at the top
	top   bool  // what it usually runs in did run
}

type longer struct {
	s  *shape
	u  *usual
	by int64 // ns
}

// maxAbsent bounds the rows that stand for what did not run.
const maxAbsent = 40

// maxUsualServices bounds the services of a trace whose operations are looked up.
const maxUsualServices = 12

// seldom is the share of the traces that have what is called extra, at most.
const seldom = 0.1

// against compares a trace, by its shapes, with the typical one. What took
// longer is named from a twentieth of the trace's duration on.
func (ty *typical) against(top *shape, duration int64) difference {
	var d difference
	var lack func(u *usual, under *node, first bool)
	lack = func(u *usual, under *node, first bool) {
		if len(d.absent) >= maxAbsent {
			return
		}
		d.absent = append(d.absent, absent{u, under, first})
		for _, k := range u.kids {
			if ty.most(k) {
				lack(k, under, false)
			}
		}
	}
	var walk func(u *usual, s *shape)
	walk = func(u *usual, s *shape) {
		for _, k := range u.kids {
			mine := s.kid(k.service, k.name)
			if mine == nil && ty.most(k) {
				lack(k, s.first, true)
			} else if mine != nil {
				if by := mine.own - k.own; by >= max(duration/20, 1) {
					d.longer = append(d.longer, longer{mine, k, by})
				}
				walk(k, mine)
			}
		}
		for _, k := range s.kids {
			if mine := u.kid(k.service, k.name); mine == nil || float64(mine.traces) <= seldom*float64(ty.traces) {
				d.extra = append(d.extra, k)
			}
		}
	}
	walk(ty.top, top)
	slices.SortStableFunc(d.longer, func(a, b longer) int { return cmp.Compare(b.by, a.by) })
	slices.SortStableFunc(d.extra, func(a, b *shape) int { return cmp.Compare(b.time, a.time) })
	return d
}

// askTypical compares the trace with the typical one of its root operation.
func (p *Pages) askTypical(ctx context.Context, a *traceAsk) {
	ty, err := p.typicalOf(ctx, a)
	if err != nil || ty == nil {
		return // a page without a comparison is still a page
	}
	a.typical = ty
	a.diff = ty.against(shapesOf(a.t), a.t.end-a.t.start)
}

// spanKey is what spans have in common that usually take as long as each other.
type spanKey struct {
	service, name string
	kind          store.SpanKind
}

// askLatencies finds how long the spans of each operation take.
func (p *Pages) askLatencies(ctx context.Context, a *traceAsk) {
	if p.o.Latencies == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, typicalTime)
	defer cancel()
	a.latency = map[spanKey]store.OperationLatency{}
	for _, service := range a.t.services(maxUsualServices) {
		all, err := p.o.Latencies.Latencies(ctx, service, store.TimeRange{From: a.t.start - int64(typicalBefore), To: a.t.end + 1})
		if err != nil {
			return
		}
		for _, l := range all {
			if l.Spans >= typicalLeast {
				a.latency[spanKey{l.Service, l.Name, l.Kind}] = l
			}
		}
	}
}

// usually is how long spans like one usually take, in ns; -1 when that is not
// known. Where the store has no figures, the typical trace may have some.
func (a *traceAsk) usually(s *store.Span) int64 {
	if l, ok := a.latency[spanKey{s.Service, s.Name, s.Kind}]; ok {
		return int64(l.Latency.P50)
	}
	if a.typical != nil {
		if took, ok := a.typical.took[[2]string{s.Service, s.Name}]; ok {
			return took
		}
	}
	return -1
}

// muchLonger says whether a duration is worth a word beside the usual one: at
// least twice as long, and of some weight in its trace.
func (a *traceAsk) muchLonger(took, usual int64) bool {
	return took >= 2*usual && took-usual >= (a.t.end-a.t.start)/50
}

// diffView says in words how the trace differs from the typical one.
func (a *traceAsk) diffView() *screens.TraceDiff {
	ty := a.typical
	if ty == nil {
		return nil
	}
	v := &screens.TraceDiff{
		Stands: fmt.Sprintf("median of %d %s", ty.traces, clockSpan(time.Unix(0, ty.from), time.Unix(0, ty.to))),
		Href:   a.compareHref(ty.id), Typical: ty.id.String()[:8],
	}
	for _, l := range a.diff.longer[:min(len(a.diff.longer), 3)] {
		text := " took " + dur(l.by) + " longer"
		if l.s.calls != l.u.calls {
			text += fmt.Sprintf(" (%s, usually %d)", counted(l.s.calls, "call"), l.u.calls)
		}
		v.Parts = append(v.Parts, screens.DiffPart{Names: []string{orDash(l.s.name)}, Text: text})
	}
	var names []string
	for _, b := range a.diff.absent {
		if b.top && !slices.Contains(names, orDash(b.u.name)) {
			names = append(names, orDash(b.u.name))
		}
	}
	v.Add(names, " never ran")
	names = nil
	for _, s := range a.diff.extra {
		if !slices.Contains(names, orDash(s.name)) {
			names = append(names, orDash(s.name))
		}
	}
	v.Add(names, " ran, which is rare")
	return v
}

// clockSpan is a stretch of time to the minute.
func clockSpan(from, to time.Time) string {
	a, b := from.UTC().Format("15:04"), to.UTC().Format("15:04")
	if a == b {
		return "at " + a
	}
	return "from " + a + " to " + b
}

func (a *traceAsk) compareHref(with store.TraceID) string {
	return a.st.Carry().Href("/traces/compare", "a", a.id.String(), "b", with.String(), "file", a.st.Values.Get("file"))
}

// insertAbsent puts rows for what did not run where they usually stand: below
// the span in which they run, in front of what begins later.
func (a *traceAsk) insertAbsent(rows []traceRow) []traceRow {
	if a.typical == nil || len(a.diff.absent) == 0 {
		return rows
	}
	at := make(map[*node]int, len(rows))
	for i := range rows {
		if rows[i].kind == rowSpan {
			at[rows[i].n] = i
		}
	}
	kids := rowKids(rows)
	before := map[int][]traceRow{} // rows by the place in front of which they go
	for i := 0; i < len(a.diff.absent); {
		last := i + 1
		for last < len(a.diff.absent) && !a.diff.absent[last].top {
			last++
		}
		b := a.diff.absent[i]
		under, ok := at[b.under]
		if ok {
			place := under + kids[under] + 1
			for _, c := range b.under.children {
				if c.start-b.under.start > b.u.start {
					place = at[c]
					break
				}
			}
			for _, b := range a.diff.absent[i:last] {
				before[place] = append(before[place], traceRow{
					kind: rowAbsent, name: orDash(b.u.name), service: b.u.service, usual: -1,
					depth: rows[under].depth + b.u.depth - a.diff.absent[i].u.depth + 1,
					start: rows[under].start + a.diff.absent[i].u.start, dur: b.u.time,
				})
			}
		}
		i = last
	}
	out := make([]traceRow, 0, len(rows)+len(a.diff.absent))
	for i := range rows {
		out = append(append(out, before[i]...), rows[i])
	}
	return append(out, before[len(rows)]...)
}

// usualDrawer are the bars that compare a span with those like it.
func (a *traceAsk) usualDrawer(s *store.Span) *screens.UsualBars {
	l, ok := a.latency[spanKey{s.Service, s.Name, s.Kind}]
	if !ok {
		return nil
	}
	took, p50, p99 := s.Duration(), int64(l.Latency.P50), int64(l.Latency.P99)
	most := float64(max(took, p50, p99, 1))
	bar := func(name string, ns int64, kind string) screens.UsualBar {
		return screens.UsualBar{Name: name, Value: dur(ns), Share: float64(ns) / most, Kind: kind}
	}
	kind := ""
	if took > p99 {
		kind = "err"
	}
	return &screens.UsualBars{
		Bars:   []screens.UsualBar{bar("this span", took, kind), bar("typical p50", p50, ""), bar("typical p99", p99, "")},
		Stands: chart.Count(l.Spans) + " spans " + clockSpan(l.First, l.Last),
	}
}
