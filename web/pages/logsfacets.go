package pages

import (
	"slices"
	"strconv"
	"time"

	"tripod/store"
	"tripod/ui/chart"
	"tripod/ui/screens"
)

// shownFacets are listed beside the lines; all are in the Fields view.
const (
	shownFacets = 14
	openFacets  = 6
	// facetServices is how many services are shown: that one of them has fewer
	// lines than others is no reason to hide it.
	facetServices = 40
)

// logFacets are level and service, which also show what the query excludes,
// then the other fields as the door ranks them; more is what is not listed.
func (p *Pages) logFacets(a *logAsk, ans *logAnswer) (out []screens.LogFacet, more screens.LogMore) {
	if ans.volumeErr == nil {
		if f := levelFacet(ans); len(f.Values) > 0 {
			out = append(out, p.logFacet(a, f))
		}
	}
	left := 0
	for _, f := range a.listed(ans) {
		if len(out) >= shownFacets {
			left++
			continue
		}
		m := p.logFacet(a, f)
		m.Closed = (len(out) >= openFacets || f.More || f.Distinct > facetTop+2 || sameOnAll(&f, &ans.facets)) && !a.on(f.Field).narrowed() && f.Field != "service" && a.st.Values.Get("facet") != f.Field
		out = append(out, m)
	}
	if left > 0 {
		more = screens.LogMore{Text: chart.Count(int64(left)) + " more fields", Href: a.st.With("view", viewFields, "sel", "")}
	}
	return out, more
}

// listed are the fields but for the level: those that the query narrows with
// all their values, and last those that say the same on every line.
func (a *logAsk) listed(ans *logAnswer) []store.Facet {
	var out []store.Facet
	for _, f := range ans.facets.Fields {
		if isService(f.Field) {
			f.Field = "service"
		}
		if o, ok := ans.others[f.Field]; ok {
			f.Values, f.Distinct, f.More = withOthers(f, o), max(f.Distinct, o.Distinct), o.More
		}
		if f.Field != "level" && f.Distinct > 0 {
			out = append(out, f)
		}
	}
	for _, field := range a.narrowedFields() {
		has := slices.ContainsFunc(out, func(f store.Facet) bool { return f.Field == field })
		if o, ok := ans.others[field]; ok && !has && o.Distinct > 0 {
			out = append([]store.Facet{o}, out...)
		}
	}
	slices.SortStableFunc(out, func(x, y store.Facet) int { return lateness(&x, &ans.facets) - lateness(&y, &ans.facets) })
	return out
}

func lateness(f *store.Facet, all *store.Facets) int {
	switch {
	case f.Field == "service":
		return 0
	case sameOnAll(f, all):
		return 2
	}
	return 1
}

// sameOnAll says that a field does not narrow: almost every line has the same
// value.
func sameOnAll(f *store.Facet, all *store.Facets) bool {
	return f.Distinct == 1 && f.Lines*10 >= all.Lines*9 && f.Field != "service"
}

// withOthers are the values of a narrowed field, the chosen ones as counted,
// and those that the query excludes.
func withOthers(f, others store.Facet) []store.FacetValue {
	out := slices.Clone(others.Values)
	for _, v := range f.Values {
		if !slices.ContainsFunc(out, func(o store.FacetValue) bool { return o.Value == v.Value }) {
			out = append(out, v)
		}
	}
	return out
}

// levelFacet counts the levels of the volume, loudest first.
func levelFacet(ans *logAnswer) store.Facet {
	f := store.Facet{Field: "level"}
	for slot := len(store.LevelNames); slot >= 0; slot-- {
		var n int64
		for i := range ans.brushed {
			n += ans.brushed[i].Counts[slot]
		}
		word := slotWord(slot)
		if n > 0 || ans.level.narrowed() && slot > 0 && ans.level.match(word) {
			f.Values = append(f.Values, store.FacetValue{Value: word, Count: n})
		}
	}
	f.Distinct = len(f.Values)
	return f
}

func (p *Pages) logFacet(a *logAsk, f store.Facet) screens.LogFacet {
	m := screens.LogFacet{Field: f.Field, Note: facetNote(&f)}
	n := a.on(f.Field)
	all := make([]string, len(f.Values))
	var most int64 = 1
	for i, v := range f.Values {
		all[i] = v.Value
		most = max(most, v.Count)
	}
	shown := a.facetShown(f.Field)
	beyond := facetTop // chosen ones that are not common; field:* chooses every value
	for i, v := range f.Values {
		on := n.narrowed() && n.match(v.Value)
		if i >= shown {
			if !on || beyond == 0 {
				continue
			}
			beyond--
		}
		m.Values = append(m.Values, screens.LogFacetValue{
			Value: cut(v.Value, rowValue), Count: chart.Count(v.Count), Share: float64(v.Count) / float64(most),
			Class: p.facetClass(f.Field, v.Value), On: on, Off: n.narrowed() && !on,
			Href: a.toggled(f.Field, v.Value, all),
		})
	}
	m.More = a.facetMore(&f, len(m.Values))
	return m
}

// facetShown is how many values of a field are shown, the commonest.
func (a *logAsk) facetShown(field string) int {
	switch {
	case a.st.Values.Get("facet") == field:
		return facetAll
	case field == "service":
		return facetServices
	}
	return facetTop
}

// facetMore leads to the values of a field that are not shown, and back.
func (a *logAsk) facetMore(f *store.Facet, shown int) screens.LogMore {
	left := f.Distinct - shown
	switch {
	case a.st.Values.Get("facet") == f.Field && shown > facetTop:
		m := screens.LogMore{Text: "Fewer", Href: a.st.With("facet", "")}
		switch {
		case f.More:
			m.Note = "the " + chart.Count(int64(shown)) + " commonest"
		case left > 0:
			m.Note = "the " + chart.Count(int64(shown)) + " commonest of " + chart.Count(int64(f.Distinct))
		}
		return m
	case left > 0 && len(f.Values) > shown:
		text := chart.Count(int64(min(left, len(f.Values)-shown))) + " more"
		if f.More {
			text = "More"
		}
		return screens.LogMore{Text: text, Href: a.st.With("facet", f.Field)}
	}
	return screens.LogMore{}
}

// facetNote says what a closed field hides.
func facetNote(f *store.Facet) string {
	switch {
	case f.Kind != store.TextField && f.Low < f.High:
		return between(f)
	case f.More:
		return "over " + chart.Count(int64(f.Distinct)) + " values"
	case f.Distinct > facetTop && f.Field != "service":
		return chart.Count(int64(f.Distinct)) + " values"
	}
	return ""
}

// between is the range of a field's numbers or durations.
func between(f *store.Facet) string {
	return fieldValue(f, f.Low) + " to " + fieldValue(f, f.High)
}

func fieldValue(f *store.Facet, v float64) string {
	if f.Kind == store.DurationField {
		return chart.Duration(time.Duration(v)).String()
	}
	return chart.Number(v)
}

func (p *Pages) facetClass(field, value string) string {
	switch field {
	case "level":
		switch value {
		case "fatal", "error":
			return "err"
		case "warn":
			return "warn"
		}
		return ""
	case "service":
		return "c" + strconv.Itoa(p.o.Slots(value))
	}
	return ""
}
