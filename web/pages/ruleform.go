package pages

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"

	"tripod/alerting/rulebook"
)

// ruleForm is what the form of a rule holds.
type ruleForm struct {
	rule   rulebook.Rule
	record bool        // it is one that records
	query  ruleQuery   // its expression in the language in which it is written
	labels [][2]string // as typed, in their order
	notes  [][2]string // annotations, likewise
	limit  string      // as typed
	base   int         // the version that the change began with
	note   string
	span   string // of the preview
	test   string // of the back-test
	faults rulebook.Faults
}

// usualNotes are the annotations that a new rule's form has room for.
var usualNotes = []string{"summary", "description", "runbook_url"}

// freshRule is the form of a new rule, with what an address says of it.
func freshRule(v url.Values) ruleForm {
	f := readRuleForm(v)
	if f.record {
		f.rule.Group = cmp.Or(f.rule.Group, "recorded")
	}
	f.rule.Group = cmp.Or(f.rule.Group, "alerts")
	if !f.record && !v.Has("for") {
		f.rule.For = "5m"
	}
	if len(f.labels) == 0 && !f.record {
		f.labels = [][2]string{{"severity", "warning"}}
		f.rule.Labels = map[string]string{"severity": "warning"}
	}
	for _, name := range usualNotes {
		if _, ok := f.rule.Annotations[name]; !ok {
			f.notes = append(f.notes, [2]string{name, ""})
		}
	}
	return f
}

// formOf is the form of a rule that there is.
func formOf(r rulebook.Rule) ruleForm {
	f := ruleForm{rule: r, record: r.Record != "", query: formQuery(r.Expr), span: ruleSpans[0].name, test: ruleTest}
	if r.Limit > 0 {
		f.limit = strconv.Itoa(r.Limit)
	}
	for _, name := range slices.Sorted(maps.Keys(r.Labels)) {
		f.labels = append(f.labels, [2]string{name, r.Labels[name]})
	}
	left := maps.Clone(r.Annotations)
	for _, name := range usualNotes {
		f.notes = append(f.notes, [2]string{name, left[name]})
		delete(left, name)
	}
	for _, name := range slices.Sorted(maps.Keys(left)) {
		f.notes = append(f.notes, [2]string{name, left[name]})
	}
	return f
}

// readRuleForm reads the fields of a form or an address; what is wrong with
// the rule is in its faults.
func readRuleForm(v url.Values) ruleForm {
	text := func(name string) string { return strings.TrimSpace(v.Get(name)) }
	f := ruleForm{
		rule: rulebook.Rule{
			Name: text("alert"), Expr: strings.ReplaceAll(v.Get("expr"), "\r\n", "\n"),
			For: text("for"), KeepFiringFor: text("keep_firing_for"), Group: text("group"), Interval: text("interval"), QueryOffset: text("query_offset"),
		},
		limit: text("limit"), note: cut(text("note"), 200), span: cmp.Or(text("span"), ruleSpans[0].name), test: ruleTest,
	}
	if v.Has("test") {
		f.test = text("test")
	}
	if labelOf(text("lang")) != "" {
		query, fault := typedRuleQuery(text, func(name string) string { return strings.ReplaceAll(v.Get(name), "\r\n", "\n") })
		if fault != nil {
			f.faults = append(f.faults, *fault)
		}
		f.query, f.rule.Expr = query, query.expr()
	} else if f.query = formQuery(f.rule.Expr); v.Has("lang") {
		f.query = ruleQuery{lang: ruleLanguages[0].name} // it was chosen to see the PromQL
	}
	f.base, _ = strconv.Atoi(v.Get("base")) // 0 does not ask
	f.rule.Labels, f.labels = f.pairs(v, "label", "labels", true)
	f.rule.Annotations, f.notes = f.pairs(v, "annotation", "annotations", false)
	if f.record = text("kind") == "record"; f.record {
		f.rule.Name, f.rule.Record = "", f.rule.Name
		f.rule.For, f.rule.KeepFiringFor, f.rule.Annotations = "", "", nil
	}
	if f.limit != "" {
		n, err := strconv.Atoi(f.limit)
		if f.rule.Limit = n; err != nil {
			f.faults = append(f.faults, rulebook.Fault{Field: "limit", Text: fmt.Sprintf("%.40q: want a number", f.limit)})
		}
	}
	return f
}

// pairs reads names and values that stand beside each other. An annotation
// without a text is none; a label without one takes that of the series away.
func (f *ruleForm) pairs(v url.Values, in, field string, empty bool) (map[string]string, [][2]string) {
	names, values := v[in+".name"], v[in+".value"]
	var list [][2]string
	out := map[string]string{}
	for i := range min(len(names), len(values), 200) {
		name, value := strings.TrimSpace(names[i]), strings.TrimSpace(strings.ReplaceAll(values[i], "\r\n", "\n"))
		if name == "" && value == "" {
			continue
		}
		list = append(list, [2]string{name, value})
		_, twice := out[name]
		switch {
		case name == "":
			f.faults = append(f.faults, rulebook.Fault{Field: field, Text: fmt.Sprintf("%.40q has no name", value)})
		case twice:
			f.faults = append(f.faults, rulebook.Fault{Field: field, Text: fmt.Sprintf("%.60q stands there twice", name)})
		case value != "" || empty:
			out[name] = value
		}
	}
	return out, list
}

// check gives all faults, those of the form first.
func (f *ruleForm) check(read parser.Parser) rulebook.Faults {
	found, _ := f.rule.Check(read).(rulebook.Faults)
	return append(slices.Clone(f.faults), f.query.own(found)...)
}

// alertOn is the form of a new rule with a query of the Metrics screen, as a
// rule can ask it: formulas put in, and a window that does not follow the zoom.
func (a *metricsAsk) alertOn(i int) string {
	an := &a.answers[i]
	whole, problem := a.queries.whole(a.p.o.Alerts.Parser, i)
	if a.p.o.Alerts.Desk == nil || an.expr == "" || problem != nil {
		return ""
	}
	expr, _ := inScope(a.p.o.Alerts.Parser, expandRate(whole, rateWindow(0, a.p.o.Scrape)), a.st.Services)
	return "/alerts/new?expr=" + urlQuery(expr)
}
