package pages

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"tripod/dashboard/selfmade"
	"tripod/store"
	"tripod/ui"
	"tripod/ui/chart"
	"tripod/ui/screens"
)

const (
	newVersion    = 24 * time.Hour // for so long a version is new
	operationRows = 15
	// An operation is the slowest of a service only with so many spans, if
	// there is one that has them.
	slowestSpans = 5
)

func (p *Pages) redTable(ctx context.Context, st State, a *servicesAnswers, all []load, against int) screens.RedTable {
	if a.redErr != nil {
		return screens.RedTable{Failed: p.reason(ctx, "services", a.redErr)}
	}
	t := screens.RedTable{}
	before := map[string]load{}
	for _, r := range a.before {
		before[r.Service] = judge(r, st.Range)
	}
	if a.beforeErr == nil && len(before) == 0 && len(all) > 0 {
		t.Note = "There is nothing to compare with: no requests " + againsts[against].before + "."
	}
	versions := lastVersions(a.versions)
	slowest := slowestOperations(a.ops)
	scale := latencyScale(all)
	for _, l := range all {
		name := l.red.Service
		if len(st.Services) > 0 && !st.HasService(name) {
			continue
		}
		r := screens.RedRow{
			ServiceRow: p.serviceRow(st, l, a.step), On: name == st.Sel && name != "",
			Choose: st.With("sel", name), Latency: latencyOf(store.Latency{P50: l.red.P50, P95: l.red.P95, P99: l.red.P99}, scale),
		}
		if r.On {
			r.Choose = st.Without("sel")
		}
		carry := st.Carry().In(name)
		r.Logs, r.Metrics, r.Traces = carry.Href("/logs"), spansGraph(st, name), carry.Href("/traces")
		r.Dashboard = st.Carry().Href("/dashboards/" + pathPart(selfmade.ServiceID(name)))
		p95 := l.red.P95
		if l.slow {
			p95 = l.recent
		}
		q := chart.Duration(p95)
		r.Millis, r.P95.Unit = q.N, q.Unit
		if p95 == 0 {
			r.Millis, r.P95.Unit = chart.Dash, ""
		}
		compare(&r, l, p95, before, a.beforeErr, againsts[against].before, st.Kept, a.kept)
		if v, ok := versions[name]; ok {
			r.Version = v.Version
			if age := st.Now.Sub(v.First); age < newVersion && v.first > 1 {
				r.Since, r.SinceAt = brief(age), "since "+chart.Exact(v.First.UTC())
			}
		}
		if o, ok := slowest[name]; ok {
			r.Slowest, r.Slow = o.Name, chart.Duration(o.Latency.P95).String()
			r.SlowHref = carry.Href("/traces", "operation", o.Name, "sort", "slowest")
		}
		t.Rows = append(t.Rows, r)
	}
	return t
}

// spansGraph shows the rates of a service's operations: whatever sends spans has
// these series.
func spansGraph(st State, service string) string {
	carry := st.Carry()
	carry.Services = nil
	return carry.Href("/graph", "q", "sum by (span_name) (rate(traces_spanmetrics_calls_total{service="+strconv.Quote(service)+"}[5m]))")
}

// compare says how a service did before; the rates are over the times given.
func compare(r *screens.RedRow, l load, p95 time.Duration, before map[string]load, err error, when string, now, past time.Duration) {
	if err != nil {
		return
	}
	was, ok := before[l.red.Service]
	if !ok {
		none := "no requests " + when
		r.Rate.Was, r.Share.Was, r.P95.Was = none, none, none
		return
	}
	rate, rateWas := perSec(l.red.Requests, now), perSec(was.red.Requests, past)
	shareWas := share(was.red.Errors, was.red.Requests)
	r.Rate.Was = chart.Brief(rateWas) + " a second " + when
	r.Share.Was = chart.Percent(shareWas).String() + " " + when
	r.P95.Was = chart.Duration(was.red.P95).String() + " " + when
	if differs(rate, rateWas, 0.2) {
		r.Rate.Change = chart.Change(rate, rateWas)
	}
	if d := l.share - shareWas; math.Abs(d) >= 0.005 {
		r.Share.Change, r.Share.Worse = inPoints(d), d > 0
	}
	if differs(float64(p95), float64(was.red.P95), 0.25) && (p95-was.red.P95).Abs() >= time.Millisecond {
		r.P95.Change, r.P95.Worse = chart.Change(float64(p95), float64(was.red.P95)), p95 > was.red.P95
	}
}

// differs says whether a number differs from what it was by more than a part.
func differs(now, was, part float64) bool { return math.Abs(now-was) > part*was }

// inPoints is a difference of two shares: +3.9 pt.
func inPoints(d float64) string {
	s := strings.TrimSuffix(chart.Percent(math.Abs(d)).String(), " %") + " pt"
	if d < 0 {
		return "−" + s
	}
	return "+" + s
}

// lastVersion is what a service runs now, and how many versions it has had.
type lastVersion struct {
	store.ServiceVersion
	first int
}

func lastVersions(all []store.ServiceVersion) map[string]lastVersion {
	out := map[string]lastVersion{}
	for _, v := range all { // in order of their beginning
		l := out[v.Service]
		l.first++
		if !v.Last.Before(l.Last) {
			l.ServiceVersion = v
		}
		out[v.Service] = l
	}
	return out
}

// slowestOperations are those of each service's entries with the highest p95.
func slowestOperations(ops []store.OperationLatency) map[string]store.OperationLatency {
	rank := func(o store.OperationLatency) int {
		return 2*boolInt(o.Spans >= slowestSpans) + boolInt(o.Kind == store.SpanServer || o.Kind == store.SpanConsumer)
	}
	out := map[string]store.OperationLatency{}
	for _, o := range ops {
		best, ok := out[o.Service]
		if !ok || cmp.Or(cmp.Compare(rank(o), rank(best)), cmp.Compare(o.Latency.P95, best.Latency.P95)) > 0 {
			out[o.Service] = o
		}
	}
	return out
}

// logScale is from a power of ten to another one.
type logScale struct{ from, to float64 }

func latencyScale(all []load) logScale {
	var ls []store.Latency
	for _, l := range all {
		ls = append(ls, store.Latency{P50: l.red.P50, P95: l.red.P95, P99: l.red.P99})
	}
	return scaleOf(ls)
}

func scaleOf(all []store.Latency) logScale {
	s := logScale{math.Inf(1), math.Inf(-1)}
	for _, l := range all {
		if l.P50 > 0 {
			s.from, s.to = min(s.from, math.Floor(math.Log10(float64(l.P50)))), max(s.to, math.Ceil(math.Log10(float64(l.P99))))
		}
	}
	return s
}

func (s logScale) of(d time.Duration) float64 {
	if s.to <= s.from {
		return 0.5
	}
	return (math.Log10(float64(d)) - s.from) / (s.to - s.from)
}

func latencyOf(l store.Latency, s logScale) *screens.LatencyBar {
	if l.P50 <= 0 {
		return nil
	}
	return &screens.LatencyBar{
		P50: s.of(l.P50), P95: s.of(l.P95), P99: s.of(l.P99),
		Label: "p50 " + chart.Duration(l.P50).String() + ", p95 " + chart.Duration(l.P95).String() + ", p99 " + chart.Duration(l.P99).String(),
	}
}

// operationsOf is the detail of the chosen service, those first that take the
// most time; nil where there are none.
func (p *Pages) operationsOf(ctx context.Context, st State, a *servicesAnswers) *screens.Operations {
	if st.Sel == "" {
		return nil
	}
	o := &screens.Operations{Service: ui.Service{Name: st.Sel, Slot: p.o.Slots(st.Sel)}, Close: st.Without("sel")}
	if a.opsErr != nil {
		o.Failed = p.reason(ctx, "operations", a.opsErr)
		return o
	}
	var ops []store.OperationLatency
	var ls []store.Latency
	for _, op := range a.ops {
		if op.Service == st.Sel {
			ops, ls = append(ops, op), append(ls, op.Latency)
		}
	}
	if len(ops) == 0 {
		return nil // a database, or a service that is gone
	}
	first, last := ops[0].First, ops[0].Last
	for _, op := range ops {
		if op.First.Before(first) {
			first = op.First
		}
		if op.Last.After(last) {
			last = op.Last
		}
	}
	o.Over = "all spans kept of " + chart.When(first.UTC(), st.Now) + " to " + chart.When(last.UTC(), st.Now) + ", most time first"
	spent := func(o store.OperationLatency) float64 { return float64(o.Spans) * float64(o.Latency.P50) }
	slices.SortStableFunc(ops, func(a, b store.OperationLatency) int { return cmp.Compare(spent(b), spent(a)) })
	if len(ops) > operationRows {
		o.More = len(ops) - operationRows
		ops = ops[:operationRows]
	}
	scale, carry := scaleOf(ls), st.Carry().In(st.Sel)
	for _, op := range ops {
		failed := share(op.Errors, op.Spans)
		o.Rows = append(o.Rows, screens.OperationRow{
			Name: op.Name, Kind: op.Kind.String(), Href: carry.Href("/traces", "operation", op.Name), Spans: chart.Count(op.Spans),
			Share: chart.Percent(failed).N, Failing: failed >= failShare, Latency: latencyOf(op.Latency, scale),
			P50: chart.Duration(op.Latency.P50).String(), P95: chart.Duration(op.Latency.P95).String(), P99: chart.Duration(op.Latency.P99).String(),
		})
	}
	return o
}
