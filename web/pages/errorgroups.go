package pages

import (
	"time"

	"tripod/store"
	"tripod/ui"
	"tripod/ui/chart"
	"tripod/ui/screens"
)

func (p *Pages) errorsModel(st State, a *overviewAnswers) screens.Errors {
	carry := st.Carry()
	t := st.pick()
	e := screens.Errors{All: carry.Href("/logs", "q", "level:>=error"), Range: t.Label}
	if len(t.Label) > 16 {
		e.Range = "In this range"
	}
	if found := a.errors; found.Kinds > 0 {
		e.Hint = "grouped by pattern, " + chart.Count(found.Lines) + " lines read as " + chart.Count(int64(found.Kinds))
		if found.Read < found.Lines {
			e.Hint = "grouped by pattern, counts from " + chart.Count(found.Read) + " of " + chart.Count(found.Lines) + " lines"
		}
	}
	for i := range a.errors.List {
		e.Rows = append(e.Rows, p.errorRow(st, &a.errors.List[i], a.errors.Read == a.errors.Lines))
	}
	return e
}

func (p *Pages) errorRow(st State, g *store.LogPattern, exact bool) screens.ErrorRow {
	first, last := time.Unix(0, g.First).UTC(), time.Unix(0, g.Last).UTC()
	carry := st.Carry()
	if g.Service != "" {
		carry = carry.In(g.Service)
	}
	r := screens.ErrorRow{
		Level: g.Level.Word(), Pattern: patternParts(g), Example: g.Example,
		Service: ui.Service{Name: g.Service, Slot: p.o.Slots(g.Service)},
		Lines:   floats(g.Steps), Count: chart.Count(g.Lines),
		First: chart.When(first, st.Now), FirstAt: chart.Exact(first),
		Last: chart.Age(st.Now.Sub(last)), LastAt: chart.Exact(last),
		Href: carry.Href("/logs", "q", "level:>=error "+samePattern(g.Text)),
	}
	// Only when everything was read can it be said that it was not there before.
	r.New = exact && g.Lines > 1 && g.First > st.Range.From+int64(st.Width())/4
	return r
}
