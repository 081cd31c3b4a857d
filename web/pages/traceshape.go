package pages

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"tripod/store"
	"tripod/ui/chart"
	"tripod/ui/screens"
)

// widest is how many times as long the longest trace of a scale is as the
// shortest: of a trace of no time, which is often one of a coarse clock, others
// would stand in a corner.
const widest = 1e6

// durations are the shortest and the longest of some traces in ns, never 0; what
// is shorter by far stands with the shortest.
func durations(ts []store.TraceSummary) (lo, hi float64) {
	lo = math.Inf(1)
	for i := range ts {
		if d := float64(ts[i].Duration()); d > 0 {
			lo, hi = min(lo, d), max(hi, d)
		}
	}
	hi = max(hi, 1)
	return min(max(lo, hi/widest, 1), hi), hi
}

// logShare is where a value lies between two on a logarithmic scale, 0 to 1.
func logShare(v, lo, hi float64) float64 {
	if v <= lo || hi <= lo {
		if v >= hi && hi <= lo {
			return 1
		}
		return 0
	}
	return min(math.Log(v/lo)/math.Log(hi/lo), 1)
}

// decades are the powers of ten around two values; at least one lies between.
func decades(lo, hi float64) []float64 {
	first, last := math.Floor(math.Log10(lo)), math.Ceil(math.Log10(hi))
	if last <= first {
		last = first + 1
	}
	var out []float64
	for e := first; e <= last; e++ {
		out = append(out, math.Pow(10, e))
	}
	return out
}

// decadeText is a power of ten of ns as an axis has room for it.
func decadeText(ns float64) string {
	if ns >= 1e11 {
		return chart.Count(int64(ns/1e9)) + " s"
	}
	return dur(int64(ns))
}

// few are at most six of the values, evenly.
func few(values []float64) (out []float64) {
	step := (len(values) + 5) / 6
	for i := 0; i < len(values); i += step {
		out = append(out, values[i])
	}
	return out
}

// scatter is a dot per trace; a trace with errors is drawn on top.
func (p *Pages) scatter(ctx context.Context, st *State, found []store.TraceSummary, m *screens.Traces) {
	lo, hi := durations(found)
	at := decades(lo, hi)
	c := &chart.Points{
		Frame: chart.Frame{
			Label:  "Duration of " + counted(len(found), "trace") + " over time; the list below has the same traces",
			Height: 196, Left: 46, From: st.Range.From, To: st.Range.To,
			Format: decadeText,
			Marks:  p.flags(ctx, st, time.Unix(0, st.Range.From), time.Unix(0, st.Range.To), wideChart*2/3),
		},
		Log: true, Min: at[0], Max: at[len(at)-1], At: at, Box: true,
	}
	for _, bad := range []bool{false, true} {
		for i := range found {
			t := &found[i]
			if t.Errors > 0 != bad {
				continue
			}
			pt := chart.Point{At: t.Start, Y: max(float64(t.Duration()), at[0]), Class: "c8", Href: st.Carry().Href("/traces/" + t.ID.String())}
			pt.Title = fmt.Sprintf("%s %s, %s at %s", orDash(t.RootService), orDash(t.RootName), dur(t.Duration()), clockIn(t.Start, st))
			if bad {
				pt.Class = "k-err"
				pt.Title += ", " + counted(t.Errors, "error")
			}
			c.Points = append(c.Points, pt)
		}
	}
	m.Scatter = c
}

// perDecade is how finely the histogram cuts; 6 makes steps of about 1.5 times.
const perDecade = 6

// histogramOf counts traces by duration; before are those to compare with.
func histogramOf(st *State, found, before []store.TraceSummary) *screens.Histogram {
	lo, hi := durations(slices.Concat(found, before))
	first := int(math.Floor(math.Log10(lo) * perDecade))
	n := int(math.Floor(math.Log10(hi)*perDecade)) - first + 1
	for n < 6 { // a few bars stand in the middle
		first, n = first-1, n+2
	}
	edge := func(i int) float64 { return math.Pow(10, float64(first+i)/perDecade) }
	bucket := func(t *store.TraceSummary) int {
		b := int(math.Floor(math.Log10(max(float64(t.Duration()), 1))*perDecade)) - first
		return min(max(b, 0), n-1)
	}
	all, bad, old := make([]float64, n), make([]float64, n), make([]float64, n)
	most := 0.0
	shorter := false // some stand in the first bar that are shorter
	for i := range found {
		b := bucket(&found[i])
		shorter = shorter || float64(found[i].Duration()) < edge(0)
		all[b]++
		if found[i].Errors > 0 {
			bad[b]++
		}
		most = max(most, all[b])
	}
	for i := range before {
		b := bucket(&before[i])
		old[b]++
		most = max(most, old[b])
	}
	top := max(chart.Top(most), 2)
	h := &screens.Histogram{Height: 196, Top: chart.Tick(top), Half: chart.Tick(top / 2), Hint: "how many took how long, log scale"}
	for i := range n {
		bar := screens.HistogramBar{All: all[i] / top, Bad: bad[i] / top}
		if all[i] > 0 {
			from, to := boundText(edge(i), false), boundText(edge(i+1), true)
			bar.Title = counted(int(all[i]), "trace") + " from " + from + " to " + to
			if i == 0 && shorter {
				from, bar.Title = "", counted(int(all[i]), "trace")+" up to "+to
			}
			bar.Href = st.With("min", from, "max", to, "rows", "", "before", "")
			if bad[i] > 0 {
				bar.Title += ", " + chart.Count(int64(bad[i])) + " with errors"
			}
		}
		h.Bars = append(h.Bars, bar)
		if len(before) > 0 {
			h.Before = append(h.Before, old[i]/top)
		}
	}
	if len(before) > 0 {
		h.Hint = "dashed: the same length of time before"
	}
	place := func(d float64) float64 {
		return max(0, (math.Log10(d)*perDecade-float64(first))/float64(n))
	}
	inside := slices.DeleteFunc(decades(edge(0), edge(n)), func(d float64) bool { return d < edge(0) || d > edge(n) })
	for _, d := range few(inside) {
		h.Ticks = append(h.Ticks, screens.TraceTick{At: place(d), Text: decadeText(d)})
	}
	sorted := make([]float64, 0, len(found))
	for i := range found {
		sorted = append(sorted, max(float64(found[i].Duration()), 1))
	}
	slices.Sort(sorted)
	p50, p95 := rank(sorted, 0.5), rank(sorted, 0.95)
	h.Lines = []screens.TraceTick{{At: place(p50), Text: "p50 " + dur(int64(p50))}, {At: place(p95), Text: "p95 " + dur(int64(p95))}}
	h.Label = fmt.Sprintf("Latency of %s: half took up to %s, 95 %% up to %s, the longest %s",
		counted(len(found), "trace"), dur(int64(p50)), dur(int64(p95)), dur(int64(sorted[len(sorted)-1])))
	return h
}

// boundText writes a duration in ns as a bound of the search form, to three
// digits, rounded up or down: 1.47ms.
func boundText(ns float64, up bool) string {
	d := time.Duration(math.Floor(ns))
	unit := time.Duration(1)
	for d/unit >= 1000 {
		unit *= 10
	}
	if rest := d % unit; rest > 0 {
		d -= rest
		if up {
			d += unit
		}
	}
	return d.String()
}

// rank is the value below which a share of the sorted values lies.
func rank(sorted []float64, share float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	i := int(math.Ceil(share*float64(len(sorted)))) - 1
	return sorted[min(max(i, 0), len(sorted)-1)]
}
