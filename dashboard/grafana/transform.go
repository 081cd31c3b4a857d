package grafana

import (
	"cmp"
	"maps"
	"slices"
	"strconv"

	"tripod/dashboard"
)

// transforms are the steps between the answers and the picture.
func (im *importer) transforms(at string, p node, out *dashboard.Panel) {
	for i, t := range p.nodes("transformations") {
		at := at + ".transformations[" + strconv.Itoa(i) + "]"
		if t.bool("disabled") {
			continue
		}
		if len(out.Transforms) >= 90 {
			im.lost(at, "further transformations", "a panel has at most 90")
			return
		}
		steps, ok := im.transform(at, t.str("id"), t.sub("options"), out)
		if !ok {
			im.lost(at, "the transformation "+strconv.Quote(cut(t.str("id"), 60)), "it is not known here")
		}
		out.Transforms = append(out.Transforms, steps...)
	}
}

func one(t dashboard.Transform) ([]dashboard.Transform, bool) { return []dashboard.Transform{t}, true }

func (im *importer) transform(at, id string, o node, out *dashboard.Panel) ([]dashboard.Transform, bool) {
	switch id {
	case "merge":
		return one(dashboard.Transform{Kind: "merge"})
	case "organize":
		return one(organize(o))
	case "filterFieldsByName", "filterByName":
		return im.filterByName(at, o), true
	case "renameByRegex":
		p := im.pattern(at+".options.regex", o.str("regex"))
		if p == "" {
			return nil, true
		}
		return one(dashboard.Transform{Kind: "rename", Match: p, With: cut(o.str("renamePattern"), dashboard.MaxName)})
	case "reduce":
		if o.str("mode") == "reduceFields" {
			im.lost(at+".options.mode", "reduce fields", "each series becomes a row")
		}
		var names []string
		for _, r := range o.strs("reducers") {
			if known := im.reducer(at+".options.reducers", r); known != "" && len(names) < 20 {
				names = append(names, known)
			}
		}
		return one(dashboard.Transform{Kind: "reduce", Names: names})
	case "calculateField":
		return im.calculate(at, o), true
	case "labelsToFields":
		if o.str("mode") == "rows" || o.str("valueLabel") != "" {
			im.lost(at+".options", "labels as rows, or one label as the name", "each label becomes a column")
		}
		return one(dashboard.Transform{Kind: "labels"})
	case "groupBy":
		return one(im.groupBy(at, o))
	case "sortBy":
		by := o.nodes("sort")
		if len(by) == 0 {
			return nil, true
		}
		return one(dashboard.Transform{Kind: "sort", Names: []string{cut(by[0].str("field"), dashboard.MaxName)}, Desc: by[0].bool("desc")})
	case "limit":
		n := o.whole("limitField")
		if n <= 0 {
			n = 10
		}
		return one(dashboard.Transform{Kind: "limit", Limit: n})
	case "joinByField", "seriesToColumns":
		by := cut(cmp.Or(o.str("byField"), "Time"), dashboard.MaxName)
		if o.str("mode") == "inner" {
			im.lost(at+".options.mode", "an inner join", "rows that only one side has stay")
		}
		return one(dashboard.Transform{Kind: "join", Names: []string{by}})
	case "seriesToRows":
		return one(dashboard.Transform{Kind: "seriestorows"})
	case "filterByValue":
		return im.filterByValue(at, o), true
	case "timeSeriesTable":
		im.smallLines(at, out)
		return nil, true
	case "prepareTimeSeries", "formatTime":
		return nil, true // it is so already
	case "histogram":
		out.Kind = dashboard.Histogram
		return nil, true
	}
	return nil, false
}

// smallLines makes each series a row with a small line.
func (im *importer) smallLines(at string, out *dashboard.Panel) {
	for i := range out.Queries {
		switch q := &out.Queries[i]; {
		case q.Language != dashboard.PromQL && !q.Hidden:
			im.lost(at, `the transformation "timeSeriesTable" of query `+q.Letter, "only answers in PromQL become small lines")
		case q.Language == dashboard.PromQL && !q.Instant:
			q.Table, q.Trend = true, true
		}
	}
}

func organize(o node) dashboard.Transform {
	t := dashboard.Transform{Kind: "organize"}
	for _, name := range slices.Sorted(maps.Keys(o.sub("excludeByName"))) {
		if o.bool("excludeByName", name) && len(t.Exclude) < 500 {
			t.Exclude = append(t.Exclude, name)
		}
	}
	index := o.sub("indexByName")
	order := slices.Sorted(maps.Keys(index))
	slices.SortStableFunc(order, func(a, b string) int { return cmp.Compare(index.whole(a), index.whole(b)) })
	t.Names = order[:min(len(order), 500)]
	for _, name := range slices.Sorted(maps.Keys(o.sub("renameByName"))) {
		if to := o.str("renameByName", name); to != "" && len(t.Rename) < 500 {
			if t.Rename == nil {
				t.Rename = map[string]string{}
			}
			t.Rename[name] = cut(to, dashboard.MaxName)
		}
	}
	return t
}

func (im *importer) filterByName(at string, o node) []dashboard.Transform {
	var out []dashboard.Transform
	for _, side := range [...]struct {
		name string
		out  bool
	}{{"include", false}, {"exclude", true}} {
		in := o.sub(side.name)
		names := in.strs("names")
		p := im.pattern(at+".options."+side.name+".pattern", in.str("pattern"))
		if len(names) > 0 || p != "" {
			out = append(out, dashboard.Transform{Kind: "filter", Names: names[:min(len(names), 500)], Match: p, Desc: side.out})
		}
	}
	return out
}

func (im *importer) calculate(at string, o node) []dashboard.Transform {
	t := dashboard.Transform{Kind: "calculate", As: cut(o.str("alias"), dashboard.MaxName)}
	switch mode := cmp.Or(o.str("mode"), "reduceRow"); mode {
	case "binary":
		operand := func(side string) string {
			return cut(cmp.Or(o.str("binary", side), o.str("binary", side, "matcher", "options"), o.str("binary", side, "fixed")), dashboard.MaxName)
		}
		t.Names = []string{operand("left"), operand("right")}
		t.With = cmp.Or(o.str("binary", "operator"), "+")
		if t.As == "" {
			t.As = cut(t.Names[0]+" "+t.With+" "+t.Names[1], dashboard.MaxName)
		}
	case "reduceRow":
		names := o.strs("reduce", "include")
		t.Names = names[:min(len(names), 500)]
		t.With = im.reducer(at+".options.reduce.reducer", cmp.Or(o.str("reduce", "reducer"), "sum"))
		t.As = cmp.Or(t.As, "Total")
	default:
		im.lost(at+".options.mode", "a calculation of the mode "+strconv.Quote(cut(mode, 60)), "fields are calculated from two fields, or from all of a row")
		return nil
	}
	out := []dashboard.Transform{t}
	if o.bool("replaceFields") {
		out = append(out, dashboard.Transform{Kind: "filter", Names: []string{t.As, "Time"}})
	}
	return out
}

func (im *importer) groupBy(at string, o node) dashboard.Transform {
	t := dashboard.Transform{Kind: "group"}
	fields := o.sub("fields")
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		f := fields.sub(name)
		switch f.str("operation") {
		case "groupby":
			t.Names = append(t.Names, cut(name, dashboard.MaxName))
		case "aggregate":
			how := f.strs("aggregations")
			if len(how) > 1 {
				im.lost(at+".options.fields."+name, "several aggregations of one field", "the first is taken")
			}
			if r := im.reducer(at+".options.fields."+name, cmp.Or(first(how), "last")); r != "" {
				if t.Reduce == nil {
					t.Reduce = map[string]string{}
				}
				t.Reduce[cut(name, dashboard.MaxName)] = r
			}
		}
		if len(t.Names)+len(t.Reduce) > 500 {
			break
		}
	}
	return t
}

// filterByValue takes filters by text; those by number are not told apart here.
func (im *importer) filterByValue(at string, o node) []dashboard.Transform {
	var out []dashboard.Transform
	for i, f := range o.nodes("filters") {
		at := at + ".options.filters[" + strconv.Itoa(i) + "]"
		t := dashboard.Transform{Kind: "where", Names: []string{cut(f.str("fieldName"), dashboard.MaxName)}, Desc: o.str("type") == "exclude"}
		switch id := f.str("config", "id"); id {
		case "regex":
			t.Match = im.pattern(at, f.str("config", "options", "value"))
		case "equal":
			t.Match = "^" + quoteMeta(f.str("config", "options", "value")) + "$"
		case "notEqual":
			t.Match, t.Desc = "^"+quoteMeta(f.str("config", "options", "value"))+"$", !t.Desc
		case "isNull":
			t.Match = "^$"
		case "isNotNull":
			t.Match, t.Desc = "^$", !t.Desc
		default:
			im.lost(at, "rows by "+strconv.Quote(cut(id, 60)), "rows are kept by text; > and < of PromQL do the same for numbers")
			continue
		}
		if t.Match != "" && len(t.Match) < 1000 && len(out) < 20 {
			out = append(out, t)
		}
	}
	return out
}
