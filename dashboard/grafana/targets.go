package grafana

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"tripod/dashboard"
)

// targets are the questions of a panel.
func (im *importer) targets(at string, p node, out *dashboard.Panel) {
	for i, t := range p.nodes("targets") {
		at := at + ".targets[" + strconv.Itoa(i) + "]"
		if !im.ofPanel(p, t) {
			im.ask(at, p, t, out)
			continue
		}
		from := im.panelOf[t.whole("panelId")]
		own := slices.DeleteFunc(from.nodes("targets"), func(t node) bool { return im.ofPanel(from, t) })
		if len(own) == 0 {
			im.lost(at, "the answers of panel "+t.str("panelId"), "there is no such panel with queries of its own")
		}
		if t.bool("withTransforms") && len(from.nodes("transformations")) > 0 {
			im.lost(at+".withTransforms", "the transformations of panel "+t.str("panelId"), "its queries are taken, without the steps behind them")
		}
		for _, other := range own {
			im.ask(at, from, other, out)
		}
	}
}

// ofPanel says whether a target shows the answers of another panel.
func (im *importer) ofPanel(p, t node) bool {
	typ := im.sourceType(t.at("datasource"))
	if typ == "" {
		typ = im.sourceType(p.at("datasource"))
	}
	return typ == "-- Dashboard --"
}

// ask adds one question to a panel.
func (im *importer) ask(at string, p, t node, out *dashboard.Panel) {
	if len(out.Queries) >= dashboard.MaxQueries {
		im.lost(at, "query "+t.str("refId"), "a panel has at most "+strconv.Itoa(dashboard.MaxQueries))
		return
	}
	if q, ok := im.target(at, p, t, out.Kind); ok {
		if q.Letter == "" {
			q.Letter = string(rune('A' + len(out.Queries)))
		}
		out.Queries = append(out.Queries, q)
	}
}

func (im *importer) target(at string, p, t node, kind dashboard.Kind) (dashboard.Query, bool) {
	q := dashboard.Query{Letter: cut(t.str("refId"), 20), Hidden: t.bool("hide")}
	if im.sourceType(t.at("datasource")) == "__expr__" {
		q.Language = dashboard.Math
		return q, im.expression(at, t, &q)
	}
	lang, typ := im.language(p, t)
	if lang == "" {
		im.lost(at, "a query of the data source "+typ, "only Prometheus, Loki and Tempo are asked here")
		return q, false
	}
	q.Language = lang
	q.Text = cut(cmp.Or(t.str("expr"), t.str("query")), dashboard.MaxText)
	if strings.TrimSpace(q.Text) == "" {
		switch {
		case len(t.nodes("filters")) > 0 && lang == dashboard.TraceQL:
			q.Text = fromFilters(t.nodes("filters"))
		case t.str("queryType") == "serviceMap":
			im.lost(at, "a service map", "the map is on the screen Services")
			return q, false
		default:
			return q, false
		}
	}
	if t.str("queryType") == "serviceMap" || t.str("queryType") == "nativeSearch" && !strings.HasPrefix(strings.TrimSpace(q.Text), "{") {
		im.lost(at, "a query of the type "+t.str("queryType"), "Tempo is asked in TraceQL only")
		return q, false
	}
	if legend := t.str("legendFormat"); legend != "" {
		q.Legend = cut(legend, dashboard.MaxName)
	}
	q.Instant = t.bool("instant") && !t.bool("range") || t.str("queryType") == "instant"
	q.Table = t.str("format") == "table"
	if kind == dashboard.Table && q.Table && !t.has("instant") && !t.has("range") && !p.has("fieldConfig") {
		q.Instant = true // old tables show the last value of each series
	}
	q.Step = step(cmp.Or(t.str("interval"), t.str("step"), p.str("interval")))
	return q, true
}

var (
	plainStep = regexp.MustCompile(`^>?(\d+(ms|s|m|h|d)|\$\{?\w+\}?)$`)
	bareStep  = regexp.MustCompile(`^\d+$`)
)

func step(s string) string {
	switch s = strings.TrimSpace(s); {
	case bareStep.MatchString(s) && len(s) < 8:
		return s + "s"
	case plainStep.MatchString(s) && len(s) < 60:
		return strings.TrimPrefix(s, ">")
	}
	return ""
}

// language is in what a target asks, by its data source; typ is the source's
// type as the file has it.
func (im *importer) language(p, t node) (lang dashboard.Language, typ string) {
	typ = im.sourceType(t.at("datasource"))
	if typ == "" || typ == "mixed" {
		typ = cmp.Or(im.sourceType(p.at("datasource")), typ)
	}
	expr := cmp.Or(t.str("expr"), t.str("query"))
	switch typ {
	case "prometheus", "mimir", "thanos", "victoriametrics-datasource", "victoriametrics-metrics-datasource", "grafana-amazonprometheus-datasource":
		return dashboard.PromQL, typ
	case "loki", "victoriametrics-logs-datasource":
		return dashboard.LogQL, typ
	case "tempo":
		return dashboard.TraceQL, typ
	case "", "mixed", "datasource":
		switch {
		case t.str("expr") == "" && (strings.HasPrefix(t.str("queryType"), "traceql") || t.has("filters")):
			return dashboard.TraceQL, typ
		case expr == "":
			return "", cmp.Or(typ, "unknown")
		case looksLikeLogs(expr):
			return dashboard.LogQL, typ
		}
		return dashboard.PromQL, typ
	}
	return "", typ
}

var logStage = regexp.MustCompile("\\}\\s*(\\|=|\\|~|!=|!~|\\|\\s*(json|logfmt|pattern|regexp|line_format|unpack|unwrap|label_format)\\b)|^\\s*\\{[^}]*\\}\\s*$|count_over_time\\(\\s*\\{|rate\\(\\s*\\{|bytes_rate\\(")

func looksLikeLogs(expr string) bool { return logStage.MatchString(expr) }

// sourceType finds the type of a data source: an object with it, a variable, a
// name, or an input of the file.
func (im *importer) sourceType(v any) string {
	switch v := v.(type) {
	case map[string]any:
		n := node(v)
		if typ := n.str("type"); typ != "" && typ != "datasource" {
			return typ
		}
		return im.sourceType(n.str("uid"))
	case string:
		name := strings.Trim(v, "${}")
		if typ, ok := im.sources[name]; ok {
			return typ
		}
		low := strings.ToLower(v)
		switch {
		case v == "-- Mixed --":
			return "mixed"
		case v == "__expr__" || v == "-- Grafana --" || v == "-- Dashboard --":
			return v
		case strings.Contains(low, "loki"):
			return "loki"
		case strings.Contains(low, "tempo"):
			return "tempo"
		case strings.Contains(low, "prom"):
			return "prometheus"
		}
	}
	return ""
}

// fromFilters is the search form of Tempo as TraceQL.
func fromFilters(filters []node) string {
	var parts []string
	for _, f := range filters {
		tag, op := f.str("tag"), cmp.Or(f.str("operator"), "=")
		values := f.strs("value")
		if tag == "" || len(values) == 0 {
			continue
		}
		if scope := f.str("scope"); scope == "resource" || scope == "span" {
			tag = scope + "." + tag
		}
		v := strings.Join(values, "|")
		if len(values) > 1 {
			op = "=~"
		}
		if f.str("valueType") == "string" || op == "=~" || f.str("valueType") == "" && tag != "status" && tag != "kind" && tag != "duration" {
			v = strconv.Quote(v)
		}
		parts = append(parts, tag+op+v)
	}
	return cut("{"+strings.Join(parts, " && ")+"}", dashboard.MaxText)
}
