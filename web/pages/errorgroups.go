package pages

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"tripod/store"
	"tripod/ui"
	"tripod/ui/chart"
	"tripod/ui/screens"
)

// group is the errors of one pattern, level and service.
type group struct {
	key         string
	parts       []screens.PatternPart
	phrase      string // words by which its lines can be found
	level       store.Level
	service     string
	example     string
	n           int64
	first, last int64
	lines       []float64
}

func (p *Pages) errorsModel(ctx context.Context, st State, a *overviewAnswers) screens.Errors {
	carry := st.Carry()
	t := st.pick()
	e := screens.Errors{All: carry.Href("/logs", "q", "level:>=error"), Range: t.Label}
	if len(t.Label) > 16 {
		e.Range = "In this range"
	}
	if a.errorsErr != nil {
		e.Failed = p.reason(ctx, "errors", a.errorsErr)
		return e
	}
	groups := grouped(a.errors, st)
	if n := len(groups); n > 0 {
		e.Hint = "grouped by pattern, " + chart.Count(int64(len(a.errors))) + " lines read as " + chart.Count(int64(n))
		if a.cut {
			e.Hint = "grouped by pattern, the newest " + chart.Count(int64(len(a.errors))) + " lines read as " + chart.Count(int64(n))
		}
	}
	for _, g := range groups[:min(len(groups), errorPatterns)] {
		e.Rows = append(e.Rows, p.errorRow(st, g, a.cut))
	}
	return e
}

func grouped(records []store.Record, st State) []*group {
	byKey := map[string]*group{}
	var out []*group
	for i := range records {
		r := &records[i]
		parts := pattern(r.Message())
		phrase := longest(parts)
		if why := reasonOf(r); why != "" {
			parts = pattern(r.Message() + ": " + why)
		}
		key := r.Service + "\x00" + r.Level.Word() + "\x00" + patternKey(parts)
		g := byKey[key]
		if g == nil {
			g = &group{key: key, parts: parts, phrase: phrase, level: r.Level, service: r.Service, example: clip(r.Message(), 300), first: r.Time, last: r.Time, lines: make([]float64, sparkPoints)}
			byKey[key] = g
			out = append(out, g)
		}
		g.n++
		g.first, g.last = min(g.first, r.Time), max(g.last, r.Time)
		if at := float64(r.Time-st.Range.From) / float64(st.Width()) * sparkPoints; at >= 0 && at < sparkPoints {
			g.lines[int(at)]++
		}
	}
	slices.SortStableFunc(out, func(a, b *group) int {
		return cmp.Or(-cmp.Compare(a.n, b.n), -cmp.Compare(a.last, b.last), cmp.Compare(a.key, b.key))
	})
	return out
}

func (p *Pages) errorRow(st State, g *group, cut bool) screens.ErrorRow {
	first, last := time.Unix(0, g.first).UTC(), time.Unix(0, g.last).UTC()
	q := "level:>=error"
	if g.phrase != "" {
		q += " " + quote(g.phrase)
	}
	carry := st.Carry()
	if g.service != "" {
		carry = carry.In(g.service)
	}
	r := screens.ErrorRow{
		Level: g.level.Word(), Pattern: g.parts, Example: g.example,
		Service: ui.Service{Name: g.service, Slot: p.o.Slots(g.service)},
		Lines:   g.lines, Count: chart.Count(g.n),
		First: chart.When(first, st.Now), FirstAt: chart.Exact(first),
		Last: chart.Age(st.Now.Sub(last)), LastAt: chart.Exact(last),
		Href: carry.Href("/logs", "q", q),
	}
	// Only when everything was read can it be said that it was not there before.
	r.New = !cut && g.n > 1 && g.first > st.Range.From+int64(st.Width())/4
	if cut {
		r.Count += "+"
	}
	return r
}

// reasonOf is why something failed, where a record says so beside its message.
func reasonOf(r *store.Record) string {
	for _, name := range [...]string{"exception.message", "err.message", "error.message", "err.msg", "error", "err"} {
		if why := r.Attrs.Text(name); why != "" {
			if strings.Contains(r.Message(), why) {
				return ""
			}
			return clip(why, 200)
		}
	}
	return ""
}

// quote makes a phrase of the search line.
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}
