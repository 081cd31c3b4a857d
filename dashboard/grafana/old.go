package grafana

import (
	"cmp"
	"strconv"
	"strings"

	"tripod/dashboard"
)

// oldGraph is what the panel "graph" says outside of fieldConfig.
func (im *importer) oldGraph(at string, p node, out *dashboard.Panel) {
	axes := p.nodes("yaxes")
	if len(axes) > 0 && axes[0] != nil {
		if f := axes[0].str("format"); f != "" {
			out.Unit = im.unit(at+".yaxes[0].format", f)
		}
		out.Min, out.Max = axes[0].pointer("min"), axes[0].pointer("max")
		if axes[0].str("logBase") != "" && axes[0].str("logBase") != "1" {
			im.lost(at+".yaxes[0].logBase", "logarithmic scale", "the axis is linear")
		}
	}
	if d := decimals(p); d != nil {
		out.Decimals = d
	}
	switch {
	case p.bool("bars"):
		out.Draw = dashboard.Bars
	case p.bool("points") && !p.bool("lines"):
		out.Draw = dashboard.Points
	default:
		out.Draw = dashboard.Lines
		if f, _ := p.num("fill"); f > 0 && p.bool("stack") {
			out.Draw = dashboard.Area
		}
	}
	out.Stack = p.bool("stack")
	if p.bool("percentage") {
		im.lost(at+".percentage", "stacking to 100 %", "series are stacked with their own values")
	}
	if l := p.sub("legend"); l != nil {
		switch {
		case l.has("show") && !l.bool("show"):
			out.Legend = "none"
		case l.bool("alignAsTable"):
			out.Legend = "table"
		}
	}
	switch p.str("xaxis", "mode") {
	case "histogram":
		out.Kind = dashboard.Histogram
	case "series":
		out.Kind = dashboard.BarChart
		out.Reduce = im.reducer(at+".xaxis.values", cmp.Or(first(p.strs("xaxis", "values")), "current"))
	}
	for i, o := range p.nodes("seriesOverrides") {
		if len(out.Overrides) < 500 {
			im.seriesOverride(at+".seriesOverrides["+strconv.Itoa(i)+"]", o, out)
		}
	}
	for _, t := range p.nodes("thresholds") {
		tone := map[string]string{"critical": "err", "warning": "warn", "ok": "ok"}[t.str("colorMode")]
		if v := t.pointer("value"); v != nil && tone != "" && t.str("op") != "lt" && len(out.Thresholds) < 50 {
			out.Thresholds = append(out.Thresholds, dashboard.Threshold{At: v, Tone: tone})
		}
	}
}

func first(s []string) string {
	if len(s) == 0 {
		return ""
	}
	return s[0]
}

func (im *importer) seriesOverride(at string, o node, out *dashboard.Panel) {
	alias := o.str("alias")
	var to dashboard.Override
	if strings.HasPrefix(alias, "/") {
		to.Match = im.pattern(at+".alias", alias)
	} else {
		to.Name = cut(alias, dashboard.MaxName)
	}
	if to.Name == "" && to.Match == "" {
		return
	}
	to.Negate = o.str("transform") == "negative-Y"
	to.Colour, to.Tone = colour(o.str("color"))
	switch {
	case o.bool("bars"):
		to.Draw = dashboard.Bars
	case o.whole("fill") > 0:
		to.Draw = dashboard.Area
	}
	if o.whole("yaxis") == 2 {
		im.lost(at+".yaxis", "a second axis for "+alias, "a panel has one axis, at the left")
	}
	out.Overrides = append(out.Overrides, to)
}

// oldStat is what the panel "singlestat" says.
func (im *importer) oldStat(at string, p node, out *dashboard.Panel) {
	if f := p.str("format"); f != "" {
		out.Unit = im.unit(at+".format", f)
	}
	if d := decimals(p); d != nil {
		out.Decimals = d
	}
	if name := p.str("valueName"); name == "name" {
		im.lost(at+".valueName", "the name of the series", "the number is shown")
	} else if name != "" {
		out.Reduce = im.reducer(at+".valueName", name)
	}
	out.Spark = p.bool("sparkline", "show")
	if p.bool("gauge", "show") {
		out.Kind = dashboard.Gauge
		out.Min, out.Max = p.pointer("gauge", "minValue"), p.pointer("gauge", "maxValue")
	}
	colours := p.strs("colors")
	for i, s := range strings.Split(p.str("thresholds"), ",") {
		v, ok := numberOf(s)
		if !ok || i+1 >= len(colours) || i > 10 {
			continue
		}
		if _, tone := colour(colours[0]); i == 0 && tone != "" && tone != "ok" {
			out.Thresholds = append(out.Thresholds, dashboard.Threshold{Tone: tone})
		}
		_, tone := colour(colours[i+1])
		out.Thresholds = append(out.Thresholds, dashboard.Threshold{At: &v, Tone: tone})
	}
	for _, m := range p.nodes("valueMaps") {
		if len(out.Mappings) < 200 && m.str("text") != "" && p.whole("mappingType") != 2 {
			out.Mappings = append(out.Mappings, oldMapping(m))
		}
	}
	if p.whole("mappingType") == 2 {
		for _, m := range p.nodes("rangeMaps") {
			if f, t := m.pointer("from"), m.pointer("to"); (f != nil || t != nil) && len(out.Mappings) < 200 {
				out.Mappings = append(out.Mappings, dashboard.Mapping{From: f, To: t, Text: cut(m.str("text"), 500)})
			}
		}
	}
	for _, name := range [...]string{"prefix", "postfix"} {
		if s := p.str(name); s != "" {
			im.lost(at+"."+name, name+" "+strconv.Quote(cut(s, 40)), "units stand behind numbers, from the field of the unit")
		}
	}
}

// oldTable is what tables said in styles, columns and transform.
func (im *importer) oldTable(at string, p node, out *dashboard.Panel) {
	for i, s := range p.nodes("styles") {
		at := at + ".styles[" + strconv.Itoa(i) + "]"
		pattern := s.str("pattern")
		if pattern == "" || len(out.Overrides) >= 500 {
			continue
		}
		var o dashboard.Override
		if strings.HasPrefix(pattern, "/") {
			o.Match = im.pattern(at+".pattern", pattern)
		} else {
			o.Name = cut(pattern, dashboard.MaxName)
		}
		if o.Name == "" && o.Match == "" || o.Match == ".*" && s.str("alias") == "" && s.str("unit") == "short" {
			continue
		}
		o.Title = cut(s.str("alias"), dashboard.MaxName)
		switch s.str("type") {
		case "hidden":
			o.Hidden = true
		case "number":
			if u := s.str("unit"); u != "" {
				unit := im.unit(at+".unit", u)
				o.Unit = &unit
			}
			o.Decimals = decimals(s)
		}
		if s.bool("link") {
			im.lost(at+".link", "a link of cells", "values of tables have no links of their own")
		}
		out.Overrides = append(out.Overrides, o)
	}
	switch how := p.str("transform"); how {
	case "timeseries_aggregations":
		var names []string
		for _, c := range p.nodes("columns") {
			if r := im.reducer(at+".columns", cmp.Or(c.str("value"), "current")); r != "" && len(names) < 20 {
				names = append(names, r)
			}
		}
		out.Transforms = append(out.Transforms, dashboard.Transform{Kind: "reduce", Names: names})
	case "timeseries_to_columns":
		out.Transforms = append(out.Transforms, dashboard.Transform{Kind: "join", Names: []string{"Time"}})
	case "timeseries_to_rows":
		out.Transforms = append(out.Transforms, dashboard.Transform{Kind: "seriestorows"})
	case "table", "":
		if len(out.Queries) > 1 {
			out.Transforms = append(out.Transforms, dashboard.Transform{Kind: "merge"})
		}
	default:
		im.lost(at+".transform", "the transform "+strconv.Quote(cut(how, 60)), "it is not known here")
	}
}

// oldHeatmap had its unit at its axis.
func (im *importer) oldHeatmap(p node, out *dashboard.Panel) {
	if u := cmp.Or(p.str("yAxis", "format"), p.str("options", "yAxis", "unit")); u != "" && out.Unit == "" {
		out.Unit = units[u]
	}
	for i := range out.Queries {
		if out.Queries[i].Table {
			out.Queries[i].Table = false // a heat map is over time
		}
	}
}
