package pages

import (
	"strconv"

	"tripod/store"
	"tripod/ui/chart"
	"tripod/ui/screens"
)

// logFacets are level and service, which also show what the line excludes,
// then the other fields as the door ranks them.
func (p *Pages) logFacets(a logAsk, ans logAnswer) []screens.LogFacet {
	var out []screens.LogFacet
	if ans.volumeErr == nil {
		if f := levelFacet(ans); len(f.Values) > 0 {
			out = append(out, p.logFacet(a, f, ans.level))
		}
	}
	services := ans.facets.Fields
	if ans.service.narrowed() && ans.services.Fields != nil {
		services = ans.services.Fields
	}
	for _, f := range services {
		if isService(f.Field) && len(f.Values) > 0 {
			f.Field = "service"
			out = append(out, p.logFacet(a, f, ans.service))
			break
		}
	}
	for _, f := range ans.facets.Fields {
		if f.Field == "level" || isService(f.Field) || len(f.Values) == 0 || f.Distinct > 100 || f.More {
			continue
		}
		s := splitField(a.typed, f.Field)
		m := p.logFacet(a, f, s)
		m.Closed = (len(out) >= 6 || f.Distinct > 5*facetTop) && !s.narrowed()
		out = append(out, m)
	}
	return out
}

// levelFacet counts the levels of the volume, loudest first.
func levelFacet(ans logAnswer) store.Facet {
	f := store.Facet{Field: "level"}
	for slot := len(store.LevelNames); slot >= 0; slot-- {
		var n int64
		for i := range ans.volume {
			n += ans.volume[i].Counts[slot]
		}
		word := slotWord(slot)
		if n > 0 || ans.level.narrowed() && slot > 0 && ans.level.match(word) {
			f.Values = append(f.Values, store.FacetValue{Value: word, Count: n})
		}
	}
	f.Distinct = len(f.Values)
	return f
}

func (p *Pages) logFacet(a logAsk, f store.Facet, s split) screens.LogFacet {
	m := screens.LogFacet{Field: f.Field}
	if f.Distinct > len(f.Values) {
		m.Note = chart.Count(int64(f.Distinct)) + " values"
	}
	all := make([]string, len(f.Values))
	var most int64 = 1
	for i, v := range f.Values {
		all[i] = v.Value
		most = max(most, v.Count)
	}
	for _, v := range f.Values {
		on := s.narrowed() && s.match(v.Value)
		fv := screens.LogFacetValue{
			Value: cut(v.Value, rowValue), Count: chart.Count(v.Count), Share: float64(v.Count) / float64(most),
			Class: p.facetClass(f.Field, v.Value), On: on, Off: s.narrowed() && !on,
			Href: a.st.With("q", toggle(a.typed, f.Field, v.Value, all), "sel", "", "cursor", ""),
		}
		m.Values = append(m.Values, fv)
	}
	return m
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
