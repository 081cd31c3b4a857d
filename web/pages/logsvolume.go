package pages

import (
	"context"
	"slices"
	"time"

	"tripod/ui/chart"
	"tripod/ui/screens"
)

// logVolume draws the lines per step, quiet levels on top; levels that the
// line excludes are faint.
func (p *Pages) logVolume(ctx context.Context, a logAsk, ans logAnswer, m *screens.LogHead) {
	if ans.volumeErr != nil {
		m.Failed = "The volume is missing. " + p.reason(ctx, "log volume", ans.volumeErr)
		return
	}
	total := matched(ans)
	m.Lines = chart.Count(total)
	lines := " lines in "
	if total == 1 {
		lines = " line in "
	}
	m.Took = m.Lines + lines + chart.Duration(ans.took.Round(time.Millisecond)).String()
	if len(ans.volume) == 0 {
		return
	}
	layers := []chart.Stack{
		{Class: "k-warn", Name: "warn"},
		{Class: "k-err", Name: "error and fatal"},
		{Class: "k-info", Name: "info"},
		{Class: "k-debug", Name: "debug and less"},
		{Class: "unmatched", Name: "excluded by level"},
	}
	b := chart.Bars{Step: a.st.Step(logBars), Frame: chart.Frame{
		Label:  "Lines per " + chart.Long(a.st.Step(logBars)) + " by level, " + m.Lines + " in all",
		Height: 74, Left: 30, From: a.st.Range.From, To: a.st.Range.To, Brush: true, Ticks: 8,
	}}
	for i := range layers {
		layers[i].Values = make([]float64, len(ans.volume))
	}
	for i := range ans.volume {
		b.Starts = append(b.Starts, ans.volume[i].Start)
		for slot, n := range ans.volume[i].Counts {
			layers[layer(slot, ans.level)].Values[i] += float64(n)
		}
	}
	b.Stacks = slices.DeleteFunc(layers, func(s chart.Stack) bool {
		return !slices.ContainsFunc(s.Values, func(v float64) bool { return v > 0 })
	})
	m.Volume = &b
}

func layer(slot int, level split) int {
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
