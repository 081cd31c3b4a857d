package pages

import (
	"cmp"
	"slices"

	"tripod/store"
	"tripod/ui/chart"
	"tripod/ui/screens"
)

// saidKinds are the kinds of fields in words.
var saidKinds = [...]string{store.TextField: "text", store.NumberField: "number", store.DurationField: "duration"}

// fieldsView lists the fields of the lines.
func (p *Pages) fieldsView(a *logAsk, ans *logAnswer, m *screens.Logs) {
	all := &ans.facets
	if all.Lines == 0 {
		return
	}
	by := a.st.Values.Get("by")
	out := screens.LogFields{}
	col := func(text, name string, right bool) {
		c := screens.LogSort{Text: text, Right: right}
		if text == "Range" {
			c.Class = "w-range"
		}
		if name != "-" {
			c.Href, c.On = a.st.With("by", name, "sel", ""), by == name
		}
		out.Columns = append(out.Columns, c)
	}
	col("Field", "name", false)
	col("Kind", "-", false)
	col("Of the lines", "", false)
	col("Values", "distinct", true)
	col("Range", "-", false)
	col("Commonest", "-", false)
	list := slices.Clone(all.Fields)
	slices.SortStableFunc(list, func(x, y store.Facet) int {
		switch by {
		case "name":
			return cmp.Compare(x.Field, y.Field)
		case "distinct":
			return cmp.Compare(y.Distinct, x.Distinct)
		}
		return cmp.Compare(y.Lines, x.Lines)
	})
	for i := range list {
		out.Rows = append(out.Rows, fieldRow(a, all, &list[i]))
	}
	if all.Cut {
		out.Note = "Of the newest " + chart.Count(all.Lines) + " lines."
	}
	m.Fields = &out
}

func fieldRow(a *logAsk, all *store.Facets, f *store.Facet) screens.LogFieldRow {
	part := float64(f.Lines) / float64(all.Lines)
	r := screens.LogFieldRow{
		Name: f.Field, Kind: saidKinds[f.Kind], Share: part, Percent: chart.Percent(part).String(),
		Distinct: chart.Count(int64(f.Distinct)), Href: a.narrowedIn("", fieldName(f.Field)+":*"),
	}
	if f.More {
		r.Distinct = "over " + r.Distinct
		if f.Distinct == 0 {
			r.Distinct = "many"
		}
	}
	if f.Kind != store.TextField {
		if f.Low < f.High {
			r.Range = between(f) + ", median " + fieldValue(f, f.Median)
		}
	}
	for _, v := range f.Values[:min(len(f.Values), 3)] {
		if v.Value == "" {
			continue
		}
		r.Values = append(r.Values, screens.LogFacetValue{
			Value: cut(oneLine(v.Value), 60), Count: chart.Count(v.Count), Href: a.narrowedIn("", fieldName(f.Field)+":"+quoteTerm(v.Value)),
		})
	}
	return r
}

// narrowedIn is another view of this question, with one more condition.
func (a *logAsk) narrowedIn(view, term string) string {
	b := *a
	b.st.Values = clone(a.st.Values)
	b.st.Values.Del("by")
	b.st.Values.Del("with")
	if b.st.Values.Del("view"); view != "" {
		b.st.Values.Set("view", view)
	}
	return b.narrowed(term)
}
