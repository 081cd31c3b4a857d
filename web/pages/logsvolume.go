package pages

import (
	"context"
	"slices"
	"strings"
	"time"

	"tripod/store"
	"tripod/ui/chart"
	"tripod/ui/screens"
)

// layers of the volume, from the bottom: what is loud stands on the base.
var volumeLayers = [...]chart.Stack{
	{Class: "k-warn", Name: "warn"},
	{Class: "k-err", Name: "error"},
	{Class: "k-info", Name: "info"},
	{Class: "k-debug", Name: "debug"},
	{Class: "unmatched", Name: "excluded by level"},
}

// logVolume draws the lines per step of the whole range, and the brush; levels
// that the query excludes are faint.
func (p *Pages) logVolume(ctx context.Context, a logAsk, ans logAnswer, m *screens.LogHead) {
	if ans.volumeErr != nil {
		m.Failed = "The volume is missing. " + p.reason(ctx, "log volume", ans.volumeErr)
		return
	}
	m.Lines = chart.Count(ans.count)
	m.Took = countLines(ans.count) + " in " + chart.Duration(ans.took.Round(time.Millisecond)).String()
	if len(ans.volume) == 0 {
		return
	}
	step := a.whole.Step(logBars)
	b := chart.Bars{Step: step, Frame: chart.Frame{
		Label:  "Lines per " + chart.Long(step) + " by level, " + m.Lines + " in all",
		Height: 74, Left: 30, From: a.whole.Range.From, To: a.whole.Range.To, Ticks: 8,
		Marks: p.flags(ctx, &a.whole, time.Unix(0, a.whole.Range.From), time.Unix(0, a.whole.Range.To), wideChart),
	}}
	layers := slices.Clone(volumeLayers[:])
	for i := range layers {
		layers[i].Values = make([]float64, len(ans.volume))
	}
	v := &screens.LogVolume{Brush: a.brush(ans.count), FromMS: b.From / int64(time.Millisecond), ToMS: b.To / int64(time.Millisecond), StepMS: step.Milliseconds()}
	for i := range ans.volume {
		b.Starts = append(b.Starts, ans.volume[i].Start)
		for slot, n := range ans.volume[i].Counts {
			layers[layer(slot, &ans.level)].Values[i] += float64(n)
		}
		v.Bars = append(v.Bars, a.bar(&ans.volume[i], step, layers, i))
	}
	b.Stacks = slices.DeleteFunc(layers, func(s chart.Stack) bool {
		return !slices.ContainsFunc(s.Values, func(v float64) bool { return v > 0 })
	})
	v.Chart = b
	m.Volume = v
}

// bar is the link that brushes one bar, and what the bar says.
func (a *logAsk) bar(b *store.LogBucket, step time.Duration, layers []chart.Stack, i int) screens.LogBar {
	w := a.whole.Range
	r := store.TimeRange{From: max(b.Start, w.From), To: min(b.Start+int64(step), w.To)}
	var parts []string
	for _, l := range layers {
		if n := l.Values[i]; n > 0 {
			parts = append(parts, l.Name+" "+chart.Count(int64(n)))
		}
	}
	title := time.Unix(0, r.From).UTC().Format("15:04:05") + " · " + strings.Join(parts, ", ")
	if len(parts) == 0 {
		title = time.Unix(0, r.From).UTC().Format("15:04:05") + " · no lines"
	}
	width := float64(w.To - w.From)
	return screens.LogBar{
		Left: float64(r.From-w.From) / width, Width: float64(r.To-r.From) / width,
		Href: a.st.With("brush", brushText(r), "sel", ""), Title: title,
	}
}

func layer(slot int, level *narrowing) int {
	word := slotWord(slot)
	if !level.match(word) {
		return 4
	}
	switch word {
	case "warn":
		return 0
	case "error", "fatal":
		return 1
	case "info":
		return 2
	}
	return 3
}
