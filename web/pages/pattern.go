package pages

import (
	"context"

	"tripod/store"
	"tripod/ui/screens"
)

// LogPatterns groups log records by what their messages have in common.
type LogPatterns interface {
	Patterns(ctx context.Context, q store.PatternQuery) (store.LogPatterns, error)
}

// patternParts are a pattern's parts as the screens show them.
func patternParts(g *store.LogPattern) []screens.PatternPart {
	out := make([]screens.PatternPart, len(g.Parts))
	for i, p := range g.Parts {
		out[i] = screens.PatternPart{Text: p.Text}
		if p.Kind != "" {
			out[i] = screens.PatternPart{Text: "‹" + p.Kind + "›", Var: true}
		}
	}
	return out
}

// samePattern is the search line for the messages of a pattern.
func samePattern(text string) string {
	if text == "" {
		return "-msg:*" // no message
	}
	return "msg.pattern:" + forceQuote(text)
}

func floats(counts []int64) []float64 {
	out := make([]float64, len(counts))
	for i, n := range counts {
		out[i] = float64(n)
	}
	return out
}
