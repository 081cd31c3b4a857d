package pages

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"tripod/store"
	"tripod/ui/screens"
)

// Bounds on columns.
const (
	maxColumns    = 12
	maxColumnName = 200 // bytes
)

// defaultColumns stand between time and message unless the address says others.
var defaultColumns = []string{"level", "service"}

// noColumns is how an address says that there are none.
const noColumns = "-"

// columns are those between time and message, in their order.
func (a *logAsk) columns() []string {
	if len(a.st.Cols) == 0 {
		return defaultColumns
	}
	var out []string
	for _, c := range a.st.Cols {
		if c != "" && c != noColumns && len(c) <= maxColumnName && utf8.ValidString(c) && len(out) < maxColumns && !slices.Contains(out, c) {
			out = append(out, c)
		}
	}
	return out
}

// withColumns is this list's address with other columns.
func (a *logAsk) withColumns(cols []string) string {
	v := clone(a.st.Values)
	v.Del("cols")
	switch {
	case len(cols) == 0:
		v.Set("cols", noColumns)
	case !slices.Equal(cols, defaultColumns):
		v["cols"] = cols
	}
	if a.context() {
		v.Set("around", a.around.String())
	}
	return address(a.st.Path, v)
}

// addColumn appends a column that is not there yet.
func addColumn(cols []string, name string) []string {
	if slices.Contains(cols, name) {
		return cols
	}
	return append(slices.Clone(cols), name)
}

func withoutColumn(cols []string, i int) []string {
	return slices.Delete(slices.Clone(cols), i, i+1)
}

// swapped exchanges a column with the next one.
func swapped(cols []string, i int) []string {
	out := slices.Clone(cols)
	out[i], out[i+1] = out[i+1], out[i]
	return out
}

// logColumns are the columns and, as far as the facets know them, the fields
// that could be others.
func (p *Pages) logColumns(a *logAsk, page logPage, facets []store.Facet) screens.LogColumns {
	cols := a.columns()
	m := screens.LogColumns{Time: 92}
	if a.crossesDays() {
		m.Time = 138
	}
	for i, name := range cols {
		c := screens.LogColumn{Name: name, Width: columnWidth(name, page), Remove: a.withColumns(withoutColumn(cols, i))}
		if i > 0 {
			c.Before = a.withColumns(swapped(cols, i-1))
		}
		if i+1 < len(cols) {
			c.After = a.withColumns(swapped(cols, i))
		}
		m.Shown = append(m.Shown, c)
	}
	if !slices.Equal(cols, defaultColumns) {
		m.Reset = a.withColumns(defaultColumns)
	}
	if len(cols) < maxColumns {
		for _, name := range otherFields(facets, page) {
			if !slices.Contains(cols, name) {
				m.Others = append(m.Others, screens.LogColumn{Name: name, Add: a.withColumns(addColumn(cols, name))})
			}
		}
	}
	return m
}

// maxOffered bounds the fields that are offered as columns.
const maxOffered = 200

// otherFields are the fields of the answer: the commonest first, then others of
// this page.
func otherFields(facets []store.Facet, page logPage) []string {
	out := slices.Clone(defaultColumns)
	add := func(name string) {
		if name != "" && len(name) <= maxColumnName && len(out) < maxOffered && !isService(name) && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	for _, f := range facets {
		add(f.Field)
	}
	for i := range page.records {
		r := &page.records[i]
		for _, at := range r.Attrs {
			add(at.Key)
		}
		if r.Resource != nil {
			for _, at := range r.Resource.Attrs {
				add(at.Key)
			}
		}
	}
	add("trace_id")
	add("span_id")
	return out
}

// columnWidth is in px: room for nine values of ten, in steps that keep the
// columns still while lines come and go.
func columnWidth(name string, page logPage) int {
	switch {
	case name == "level":
		return 42
	case isService(name):
		return 122
	}
	widths := []int{utf8.RuneCountInString(name) - 1}
	for i := range page.records {
		if v, ok := page.records[i].Lookup(name); ok {
			widths = append(widths, utf8.RuneCountInString(v.Text()))
		}
	}
	slices.Sort(widths)
	chars := widths[len(widths)*9/10]
	chars = min(max((chars+3)/4*4, 6), 36)
	return chars * 29 / 4 // 7.25 px each
}

// columnGrid is the template of the lines' grid.
func columnGrid(m screens.LogColumns) string {
	var b strings.Builder
	b.WriteString(strconv.Itoa(m.Time) + "px ")
	for _, c := range m.Shown {
		b.WriteString(strconv.Itoa(c.Width) + "px ")
	}
	b.WriteString("minmax(0,1fr)")
	return b.String()
}
