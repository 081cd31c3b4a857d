package grafana

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"tripod/dashboard"
)

// kinds are the panels that have one here.
var kinds = map[string]dashboard.Kind{
	"timeseries": dashboard.TimeSeries, "graph": dashboard.TimeSeries, "stat": dashboard.Stat, "singlestat": dashboard.Stat, "grafana-singlestat-panel": dashboard.Stat,
	"gauge": dashboard.Gauge, "bargauge": dashboard.BarGauge, "table": dashboard.Table, "table-old": dashboard.Table,
	"heatmap": dashboard.Heatmap, "heatmap-new": dashboard.Heatmap, "histogram": dashboard.Histogram, "barchart": dashboard.BarChart,
	"piechart": dashboard.Pie, "grafana-piechart-panel": dashboard.Pie, "text": dashboard.Text, "logs": dashboard.Logs, "traces": dashboard.Traces,
}

// add translates a panel into a row.
func (im *importer) add(row int, at string, p node, place dashboard.Place) {
	if im.panels >= dashboard.MaxPanels {
		im.lost(at, "panel "+p.str("title"), "a dashboard has at most "+strconv.Itoa(dashboard.MaxPanels)+" panels")
		return
	}
	im.panels++
	out := dashboard.Panel{
		ID: im.id(p), Title: cut(p.str("title"), dashboard.MaxName), Place: place,
		Repeat: im.repeat(p), RepeatDown: p.str("repeatDirection") == "v",
	}
	if hint, _, _ := strings.Cut(strings.TrimSpace(p.str("description")), "\n"); hint != "" {
		out.Hint = cut(hint, 200)
	}
	if lib := p.sub("libraryPanel"); lib != nil {
		if model := lib.sub("model"); model != nil {
			for k, v := range model {
				if _, own := p[k]; !own {
					p[k] = v
				}
			}
		} else if !p.has("targets") && !p.has("options") {
			im.placeholder(at, &out, "the library panel "+strconv.Quote(cmp.Or(lib.str("name"), lib.str("uid"))), "a library panel is not in the file of the dashboard")
			im.put(row, out)
			return
		}
	}
	kind := p.str("type")
	if known, ok := kinds[kind]; ok {
		out.Kind = known
		im.fill(at, p, &out)
	} else {
		im.placeholder(at, &out, fmt.Sprintf("a panel of the kind %q", cut(cmp.Or(kind, "unknown"), 60)), "there is no such kind of panel here")
	}
	im.put(row, out)
}

func (im *importer) put(row int, p dashboard.Panel) {
	im.out.Rows[row].Panels = append(im.out.Rows[row].Panels, p)
}

// placeholder stands for a panel and says what it was.
func (im *importer) placeholder(at string, out *dashboard.Panel, what, why string) {
	out.Kind = dashboard.Placeholder
	out.Text = "Here was " + what + ": " + why + "."
	im.lost(at, what, why)
}

func (im *importer) fill(at string, p node, out *dashboard.Panel) {
	of := im.targets(at, p, out)
	im.fields(at, p, of, out)
	im.options(at, p, out)
	switch p.str("type") {
	case "graph":
		im.oldGraph(at, p, out)
	case "singlestat", "grafana-singlestat-panel":
		im.oldStat(at, p, out)
	case "table-old":
		im.oldTable(at, p, out)
	case "table":
		if p.has("styles") {
			im.oldTable(at, p, out)
		}
	case "heatmap":
		im.oldHeatmap(p, out)
	case "text":
		im.text(at, p, out)
	}
	im.transforms(at, p, out)
	for _, gone := range [...]struct{ name, why string }{
		{"alert", "alert rules of panels are not taken over; write them as Prometheus rules"},
		{"timeFrom", "all panels show the range of the page"}, {"timeShift", "all panels show the range of the page; offset in the query does the same"},
	} {
		if v := p.at(gone.name); v != nil && textOf(v) != "" || p.sub(gone.name) != nil {
			im.lost(at+"."+gone.name, gone.name+" "+cut(textOf(v), 40), gone.why)
		}
	}
	if len(p.nodes("links")) > 0 {
		im.lost(at+".links", "links of the panel", "panels lead to where their question can be asked on")
	}
}

// options of new panels.
func (im *importer) options(at string, p node, out *dashboard.Panel) {
	o := p.sub("options")
	if calcs := o.strs("reduceOptions", "calcs"); len(calcs) > 0 {
		out.Reduce = im.reducer(at+".options.reduceOptions.calcs", calcs[0])
	}
	if o.bool("reduceOptions", "values") {
		im.lost(at+".options.reduceOptions.values", "all values", "a number is shown for each series, not for each of its values")
	}
	out.Spark = out.Kind == dashboard.Stat && o.str("graphMode") == "area"
	switch o.str("legend", "displayMode") {
	case "table":
		out.Legend = "table"
	case "hidden":
		out.Legend = "none"
	}
	if v, ok := o.at("legend", "showLegend").(bool); ok && !v {
		out.Legend = "none"
	}
	if by := o.nodes("sortBy"); len(by) > 0 {
		out.Sort = cut(by[0].str("displayName"), dashboard.MaxName-1)
		if by[0].bool("desc") && out.Sort != "" {
			out.Sort = "-" + out.Sort
		}
	}
	if out.Kind == dashboard.TimeSeries {
		im.drawn(at+".fieldConfig.defaults.custom", p.sub("fieldConfig", "defaults", "custom"), out)
	}
	if n := o.whole("reduceOptions", "limit"); n > 0 {
		out.Limit = min(n, 10000)
	}
}

// drawn is how lines are drawn.
func (im *importer) drawn(at string, c node, out *dashboard.Panel) {
	switch c.str("drawStyle") {
	case "bars":
		out.Draw = dashboard.Bars
	case "points":
		out.Draw = dashboard.Points
	case "line", "":
		out.Draw = dashboard.Lines
		if f, _ := c.num("fillOpacity"); f > 5 {
			out.Draw = dashboard.Area
		}
	}
	switch mode := c.str("stacking", "mode"); mode {
	case "normal":
		out.Stack = true
	case "percent":
		out.Stack = true
		im.lost(at+".stacking", "stacking to 100 %", "series are stacked with their own values")
	}
	if c.str("axisPlacement") == "right" {
		im.lost(at+".axisPlacement", "axis at the right", "a panel has one axis, at the left")
	}
	if s := c.str("scaleDistribution", "type"); s == "log" || s == "symlog" {
		im.lost(at+".scaleDistribution", "logarithmic scale", "the axis is linear")
	}
}

// text panels have their text in options, or right in the panel when they are old.
func (im *importer) text(at string, p node, out *dashboard.Panel) {
	mode := cmp.Or(p.str("options", "mode"), p.str("mode"), "markdown")
	out.Text = cmp.Or(p.str("options", "content"), p.str("content"))
	switch mode {
	case "html":
		out.Text = strings.TrimSpace(tags.ReplaceAllString(noise.ReplaceAllString(out.Text, ""), " "))
		im.lost(at+".options.content", "HTML", "its text is shown without its form; scripts and pictures are left out")
	case "text", "code":
		out.Text = "```\n" + out.Text + "\n```"
	}
	out.Text = cut(out.Text, dashboard.MaxText)
}

var (
	noise = regexp.MustCompile(`(?is)<(script|style)\b.*?(</(script|style)\s*>|$)`)
	tags  = regexp.MustCompile(`(?s)<[^>]*>`)
)

var reducers = map[string]string{
	"last": "last", "lastNotNull": "lastnotnull", "current": "lastnotnull", "first": "first", "firstNotNull": "firstnotnull",
	"min": "min", "max": "max", "mean": "mean", "avg": "mean", "sum": "sum", "total": "sum", "count": "count", "range": "range",
	"diff": "diff", "delta": "delta", "diffperc": "diffperc", "distinctCount": "distinct", "median": "median",
}

func (im *importer) reducer(at, name string) string {
	if r, ok := reducers[name]; ok {
		return r
	}
	im.lost(at, "the calculation "+strconv.Quote(name), "it is not known here; the last value is shown")
	return ""
}
