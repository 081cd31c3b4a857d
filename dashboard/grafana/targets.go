package grafana

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"tripod/dashboard"
)

// maxTargets is how many targets of a panel are looked at: each may show the
// answers of a panel with as many.
const maxTargets = 100

// shorten leaves a panel one more, by which that is seen.
func shorten(p node) {
	if l := p.list("targets"); len(l) > maxTargets {
		p["targets"] = l[:maxTargets+1]
	}
}

// targets are the questions of a panel; of are the letters of its own.
func (im *importer) targets(at string, p node, out *dashboard.Panel) (of refs) {
	taken, all := &letters{taken: map[string]bool{}}, p.nodes("targets")
	if len(all) > maxTargets {
		im.lost(at+".targets", "further queries", "the first "+strconv.Itoa(maxTargets)+" are looked at")
		all = all[:maxTargets]
	}
	each, of := taken.give(im.ownTargets(p))
	for i, t := range all {
		at := at + ".targets[" + strconv.Itoa(i) + "]"
		if im.ofPanel(p, t) {
			im.borrow(at, t, taken, out)
			continue
		}
		im.ask(at, question{p, t, each[0], of}, out)
		each = each[1:]
	}
	return of
}

// question is a target of a panel, with its letter and those of the others.
type question struct {
	panel, target node
	letter        string
	of            refs
}

// borrow takes over the questions of the panel whose answers a target shows.
func (im *importer) borrow(at string, t node, taken *letters, out *dashboard.Panel) {
	from := im.panelOf[t.whole("panelId")]
	own := im.ownTargets(from)
	if len(own) == 0 {
		im.lost(at, "the answers of panel "+t.str("panelId"), "there is no such panel with queries of its own")
	}
	if t.bool("withTransforms") && len(from.nodes("transformations")) > 0 {
		im.lost(at+".withTransforms", "the transformations of panel "+t.str("panelId"), "its queries are taken, without the steps behind them")
	}
	each, of := taken.give(own)
	before := len(out.Queries)
	for i, other := range own {
		im.ask(at, question{from, other, each[i], of}, out)
	}
	for i := before; i < len(out.Queries); i++ {
		out.Queries[i].Hidden = out.Queries[i].Hidden || t.bool("hide")
	}
}

func (im *importer) ownTargets(p node) []node {
	all := p.nodes("targets")
	return slices.DeleteFunc(all[:min(len(all), maxTargets)], func(t node) bool { return im.ofPanel(p, t) })
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
func (im *importer) ask(at string, ask question, out *dashboard.Panel) {
	if len(out.Queries) >= dashboard.MaxQueries {
		im.lost(at, "query "+ask.target.str("refId"), "a panel has at most "+strconv.Itoa(dashboard.MaxQueries))
		return
	}
	if q, ok := im.target(at, ask, out.Kind); ok {
		out.Queries = append(out.Queries, q)
	}
}

func (im *importer) target(at string, ask question, kind dashboard.Kind) (dashboard.Query, bool) {
	p, t := ask.panel, ask.target
	q := dashboard.Query{Letter: ask.letter, Hidden: t.bool("hide")}
	if im.sourceType(t.at("datasource")) == "__expr__" {
		q.Language = dashboard.Math
		return q, im.expression(at, t, ask.of, &q)
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
