package lokiapi

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"tripod/store"
)

// Bounds of patterns.
const (
	maxPatternLines = 50_000 // newest lines that are looked at
	maxPatterns     = 300    // that are answered, the commonest
	maxPatternKinds = 20_000 // that are told apart
	maxPatternLine  = 2048   // bytes of a line that make its pattern
)

type pattern struct {
	text    string
	total   int64
	samples map[int64]int64 // by the step's start, in seconds
}

// patterns answers with the shapes of the newest lines: what holds a digit is
// masked. It writes counts for each step.
func (a *API) patterns(w http.ResponseWriter, r *http.Request) {
	query, rng, err := a.ranged(w, r)
	var step time.Duration
	if err == nil {
		step, err = durationParam(r, "step", defaultStep(rng))
	}
	found := map[string]*pattern{}
	if err == nil {
		step = max(step.Truncate(time.Second), time.Second)
		err = a.findPatterns(r, query, rng, step, found)
	}
	if err != nil {
		writeError(w, err)
		return
	}
	type answer struct {
		Pattern string     `json:"pattern"`
		Samples [][2]int64 `json:"samples"`
	}
	out := []answer{}
	for _, p := range commonest(found) {
		an := answer{Pattern: p.text}
		for at, n := range p.samples {
			an.Samples = append(an.Samples, [2]int64{at, n})
		}
		slices.SortFunc(an.Samples, func(a, b [2]int64) int { return cmp.Compare(a[0], b[0]) })
		out = append(out, an)
	}
	writeData(w, out)
}

func (a *API) findPatterns(r *http.Request, query string, rng store.TimeRange, step time.Duration, found map[string]*pattern) error {
	q := store.LogQuery{Text: query, Syntax: store.LogQL, Range: rng, Limit: maxPatternLines}
	for e, err := range a.doors.Query.Lines(r.Context(), q) {
		if err != nil {
			return err
		}
		text := masked(e.Line)
		p := found[text]
		if p == nil {
			if len(found) >= maxPatternKinds {
				continue
			}
			p = &pattern{text: text, samples: map[int64]int64{}}
			found[text] = p
		}
		p.total++
		p.samples[e.Time/int64(step)*int64(step/time.Second)]++
	}
	return nil
}

func commonest(found map[string]*pattern) []*pattern {
	list := make([]*pattern, 0, len(found))
	for _, p := range found {
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b *pattern) int {
		return cmp.Or(cmp.Compare(b.total, a.total), cmp.Compare(a.text, b.text))
	})
	return list[:min(maxPatterns, len(list))]
}

// masked writes <_> for each run of letters, digits and what joins them in ids
// that holds a digit.
func masked(line string) string {
	line = line[:min(len(line), maxPatternLine)]
	var b strings.Builder
	for i := 0; i < len(line); {
		end, digit := i, false
		for end < len(line) && inID(line[end]) {
			digit = digit || line[end] >= '0' && line[end] <= '9'
			end++
		}
		switch {
		case end == i:
			b.WriteByte(line[i])
			end++
		case digit:
			b.WriteString("<_>")
		default:
			b.WriteString(line[i:end])
		}
		i = end
	}
	return strings.ToValidUTF8(b.String(), "")
}

func inID(c byte) bool {
	return c|0x20 >= 'a' && c|0x20 <= 'z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.'
}
