package grafana

import (
	"cmp"
	"regexp"
	"strconv"
	"strings"

	"tripod/dashboard"
)

func quoteMeta(s string) string { return regexp.QuoteMeta(s) }

// variables are the choices above the panels.
func (im *importer) variables(top node) {
	list := top.nodes("templating", "list")
	for _, v := range list { // a variable of data sources says what those are that name it
		if v.str("type") == "datasource" {
			im.sources[v.str("name")] = v.str("query")
		}
	}
	for i, v := range list {
		im.addVariable("templating.list["+strconv.Itoa(i)+"]", v)
	}
}

func (im *importer) addVariable(at string, v node) {
	name := v.str("name")
	if !varName.MatchString(name) || im.out.Variable(name) != nil || len(im.out.Variables) >= dashboard.MaxVariables {
		im.lost(at, "the variable "+strconv.Quote(cut(name, 60)), "its name is taken, or none that can be used here")
		return
	}
	out := dashboard.Variable{
		Name: name, Label: cut(v.str("label"), dashboard.MaxName), Multi: v.bool("multi"), All: v.bool("includeAll"),
		AllText: cut(v.str("allValue"), dashboard.MaxText), Hidden: v.whole("hide") == 2, Default: im.current(v),
	}
	if im.variable(at, v, &out) {
		im.out.Variables = append(im.out.Variables, out)
	}
}

// current is what was chosen when the file was made.
func (im *importer) current(v node) []string {
	out := v.strs("current", "value")
	if len(out) > 100 {
		out = out[:100]
	}
	for i := range out {
		if out[i] == "All" && v.bool("includeAll") {
			out[i] = dashboard.AllValue
		}
		out[i] = cut(out[i], dashboard.MaxName)
	}
	return out
}

func (im *importer) variable(at string, v node, out *dashboard.Variable) bool {
	switch typ := v.str("type"); typ {
	case "query":
		return im.queryVariable(at, v, out)
	case "custom":
		out.Kind = dashboard.VarCustom
		out.Values = choices(v)
	case "interval":
		out.Kind = dashboard.VarInterval
		if v.bool("auto") || strings.HasPrefix(first(out.Default), "$__auto") {
			out.Values = append(out.Values, dashboard.Option{Value: "$__auto", Text: "auto"})
		}
		for _, o := range choices(v) {
			if !strings.HasPrefix(o.Value, "$__auto") {
				out.Values = append(out.Values, o)
			}
		}
		for i := range out.Default {
			if strings.HasPrefix(out.Default[i], "$__auto") {
				out.Default[i] = "$__auto"
			}
		}
	case "datasource":
		out.Kind = dashboard.VarSource
		out.Values, out.Default, out.Hidden = []dashboard.Option{{Value: cut(cmp.Or(v.str("query"), "prometheus"), dashboard.MaxName)}}, nil, true
		out.Multi, out.All, out.Match = false, false, ""
	case "constant":
		out.Kind = dashboard.VarConstant
		out.Values, out.Default, out.Hidden = []dashboard.Option{{Value: cut(cmp.Or(v.str("query"), v.str("current", "value")), dashboard.MaxText)}}, nil, true
	case "textbox":
		out.Kind = dashboard.VarText
		if text := cmp.Or(v.str("current", "value"), v.str("query")); text != "" {
			out.Default = []string{cut(text, dashboard.MaxText)}
		}
	default:
		im.lost(at, "the variable "+out.Name+" of the type "+strconv.Quote(cut(typ, 60)), "its kind is not known here; the scope above limits to services")
		return false
	}
	return true
}

// queryVariable asks Prometheus; a file has the query as text or as an object.
func (im *importer) queryVariable(at string, v node, out *dashboard.Variable) bool {
	out.Kind = dashboard.VarQuery
	text := cmp.Or(v.str("query"), v.str("query", "query"), v.str("definition"))
	out.Match = im.pattern(at+".regex", v.str("regex"))
	out.Sort = map[int]string{1: "name", 2: "-name", 3: "number", 4: "-number", 5: "name", 6: "-name", 7: "name", 8: "-name"}[v.whole("sort")]
	if typ := im.sourceType(v.at("datasource")); typ != "" && typ != "prometheus" && typ != "mixed" {
		text = im.lokiVariable(v, typ, text)
		if text == "" {
			im.lost(at, "the variable "+out.Name+" of the data source "+typ, "values come from metrics only; it stands for all values")
			out.Kind, out.Values, out.All, out.AllText = dashboard.VarCustom, nil, true, ".+"
			return true
		}
	}
	out.Query = cut(strings.TrimSpace(text), dashboard.MaxText)
	if out.Query == "" {
		im.lost(at, "the variable "+out.Name, "it asks nothing")
		return false
	}
	return true
}

// lokiVariable is a label of log streams.
func (im *importer) lokiVariable(v node, typ, text string) string {
	if typ != "loki" {
		return ""
	}
	if label := v.str("query", "label"); label != "" {
		if stream := v.str("query", "stream"); stream != "" {
			return "log_values(" + stream + ", " + label + ")"
		}
		return "log_values(" + label + ")"
	}
	if in, ok := strings.CutPrefix(text, "label_values("); ok {
		return "log_values(" + in
	}
	return ""
}

// choices are the values of a list: those of the file's options, or a query of
// a,b or text : value.
func choices(v node) []dashboard.Option {
	var out []dashboard.Option
	query := v.str("query")
	if query == "" {
		for _, o := range v.nodes("options") {
			if val := o.str("value"); val != "" && val != dashboard.AllValue && len(out) < 500 {
				out = append(out, option(o.str("text"), val))
			}
		}
		return out
	}
	for _, part := range splitUnescaped(query) {
		text, value, ok := strings.Cut(part, " : ")
		if !ok {
			text, value = part, part
		}
		if value = strings.TrimSpace(value); value != "" && len(out) < 500 {
			out = append(out, option(strings.TrimSpace(text), value))
		}
	}
	return out
}

func option(text, value string) dashboard.Option {
	o := dashboard.Option{Value: cut(value, dashboard.MaxName), Text: cut(text, dashboard.MaxName)}
	if o.Text == o.Value {
		o.Text = ""
	}
	return o
}

// splitUnescaped cuts at commas that have no backslash before them.
func splitUnescaped(s string) []string {
	var out []string
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && s[i+1] == ',':
			b.WriteByte(',')
			i++
		case s[i] == ',':
			out = append(out, b.String())
			b.Reset()
		default:
			b.WriteByte(s[i])
		}
	}
	return append(out, b.String())
}
