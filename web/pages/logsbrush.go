package pages

import (
	"strconv"
	"strings"
	"time"

	"tripod/store"
	"tripod/ui"
	"tripod/ui/chart"
	"tripod/ui/screens"
)

// A brush is the part of the time range that is looked at, while the volume
// goes on showing all of it: brush=from-to in Unix milliseconds.

func parseBrush(s string, in store.TimeRange) (store.TimeRange, bool) {
	from, to, ok := strings.Cut(s, "-")
	f, errFrom := strconv.ParseInt(from, 10, 64)
	t, errTo := strconv.ParseInt(to, 10, 64)
	const most = int64(9e12) // ms, so that ns fit
	if !ok || errFrom != nil || errTo != nil || f < 0 || t > most || f >= t {
		return store.TimeRange{}, false
	}
	ms := int64(time.Millisecond)
	b := store.TimeRange{From: max(f*ms, in.From), To: min(t*ms, in.To)}
	return b, b.From < b.To
}

func brushText(r store.TimeRange) string {
	return msText(r.From) + "-" + msText(r.To)
}

func msText(ns int64) string { return strconv.FormatInt(ns/int64(time.Millisecond), 10) }

// takeBrush makes the brush of the address the range of the question, or drops
// it when the range has no part of it.
func (a *logAsk) takeBrush() {
	a.whole = a.st
	text := a.st.Values.Get("brush")
	b, ok := parseBrush(text, a.st.Range)
	a.whole.Values = clone(a.st.Values)
	a.whole.Values.Del("brush")
	if !ok {
		a.st.Values.Del("brush")
		return
	}
	a.brushed = true
	a.st.Range, a.st.Brush = b, b
	a.st.From, a.st.To = msText(b.From), msText(b.To)
}

// pick is the time control while a part of the range is brushed: it says that
// part, and works on the whole.
func (a *logAsk) pick() *ui.TimePick {
	t := a.whole.pick()
	if a.brushed {
		from, to := time.Unix(0, a.st.Range.From).UTC(), time.Unix(0, a.st.Range.To).UTC()
		t.Label, t.Abs = chart.Between(from, to, a.st.Now), chart.Long(to.Sub(from))+", brushed"
	}
	return t
}

// brush is the brush on the volume.
func (a *logAsk) brush(lines int64) *screens.LogBrush {
	if !a.brushed {
		return nil
	}
	r, w := a.st.Range, a.whole.Range
	at := func(t int64) float64 { return float64(t-w.From) / float64(w.To-w.From) }
	from, to := time.Unix(0, r.From).UTC(), time.Unix(0, r.To).UTC()
	return &screens.LogBrush{
		Left: at(r.From), Width: at(r.To) - at(r.From),
		Text:    chart.Between(from, to, a.st.Now) + ", " + countLines(lines),
		Zoom:    a.whole.With("from", msText(r.From), "to", msText(r.To), "sel", ""),
		Compare: a.st.With("view", viewCompare, "with", "", "by", "", "sel", ""),
		Traces:  a.st.Carry().Href("/traces"),
		Clear:   a.whole.With("sel", ""),
		From:    chart.Exact(from), To: chart.Exact(to),
		FromMS: r.From / int64(time.Millisecond), ToMS: r.To / int64(time.Millisecond),
	}
}

func countLines(n int64) string {
	if n == 1 {
		return "1 line"
	}
	return chart.Count(n) + " lines"
}
