package lokiapi

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"tripod/store"
)

// Patterns groups lines by what they have in common.
type Patterns interface {
	Patterns(ctx context.Context, q store.PatternQuery) (store.LogPatterns, error)
}

// Bounds of patterns.
const (
	maxPatternLines = 50_000 // that are looked at
	maxPatterns     = 300    // that are answered, the commonest
	maxPatternSteps = 200    // a shorter step is made longer
)

// patterns answers with the patterns of lines and counts for each step.
func (a *API) patterns(w http.ResponseWriter, r *http.Request) {
	query, rng, err := a.ranged(w, r)
	var step time.Duration
	if err == nil {
		step, err = durationParam(r, "step", defaultStep(rng))
	}
	if err == nil {
		step = max(step.Truncate(time.Second), time.Second)
		if n := time.Duration(rng.To-rng.From) / step; n > maxPatternSteps {
			step *= n/maxPatternSteps + 1
		}
	}
	var found store.LogPatterns
	if err == nil {
		found, err = a.doors.Patterns.Patterns(r.Context(), store.PatternQuery{
			LogQuery: store.LogQuery{Text: query, Syntax: store.LogQL, Range: rng, Limit: maxPatternLines}, Step: step, Top: maxPatterns, Whole: true,
		})
	}
	if err != nil {
		writeError(w, err)
		return
	}
	writeData(w, merged(found, rng.From, step))
}

type patternAnswer struct {
	Pattern string     `json:"pattern"`
	Samples [][2]int64 `json:"samples"` // seconds, lines
	total   int64
	steps   []int64
}

// merged are patterns whatever their service and level, the commonest first.
func merged(found store.LogPatterns, from int64, step time.Duration) []*patternAnswer {
	out := []*patternAnswer{}
	byText := map[string]*patternAnswer{}
	for _, p := range found.List {
		text := p.Text
		if rest, cut := strings.CutSuffix(text, "…"); cut {
			text = rest + store.Blank // so that |> matches the rest of a long line
		}
		an := byText[text]
		if an == nil {
			an = &patternAnswer{Pattern: text, steps: make([]int64, len(p.Steps))}
			byText[text] = an
			out = append(out, an)
		}
		an.total += p.Lines
		for i, n := range p.Steps {
			an.steps[i] += n
		}
	}
	slices.SortStableFunc(out, func(a, b *patternAnswer) int { return cmp.Compare(b.total, a.total) })
	first := from / int64(step)
	for _, an := range out {
		for i, n := range an.steps {
			if n > 0 {
				an.Samples = append(an.Samples, [2]int64{(first + int64(i)) * int64(step/time.Second), n})
			}
		}
	}
	return out
}
