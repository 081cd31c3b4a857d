package pages

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"tripod/alerting/rulebook"
	"tripod/store"
	"tripod/ui"
	"tripod/ui/screens"
)

// ruleLanguages are those in which a rule can be written; the label is that of
// the selector in which PromQL carries the others.
var ruleLanguages = [...]struct{ name, title, label string }{
	{"promql", "PromQL", ""}, {"logql", "LogQL", store.AskLogQL}, {"traceql", "TraceQL", store.AskTraceQL},
}

// ruleOps are the comparisons with a number that can be chosen.
var ruleOps = []string{">", ">=", "<", "<=", "==", "!="}

// ruleQuery is the expression of a rule as people write it in LogQL or
// TraceQL: a query, and beside it what its values are compared with.
type ruleQuery struct {
	lang  string // promql when the rest is empty
	text  string
	over  string // how long before each moment spans count; empty is the default
	op    string // empty for no comparison
	limit string // a number as it is typed
}

func labelOf(lang string) string {
	for _, l := range ruleLanguages {
		if l.name == lang {
			return l.label
		}
	}
	return ""
}

// expr is the PromQL that is stored: {__logql__=`…`} > 10.
func (q ruleQuery) expr() string {
	if strings.TrimSpace(q.text) == "" {
		return ""
	}
	text := "`" + q.text + "`"
	if strings.Contains(q.text, "`") {
		text = strconv.Quote(q.text)
	}
	s := "{" + labelOf(q.lang) + "=" + text
	if q.over != "" {
		s += ", " + store.AskRange + "=" + strconv.Quote(q.over)
	}
	s += "}"
	if q.limit != "" {
		s += " " + cmp.Or(q.op, ruleOps[0]) + " " + q.limit
	}
	return s
}

// readRuleQuery finds the query of another language that an expression
// consists of, alone or compared with a number. Everything else is PromQL.
func readRuleQuery(expr string) ruleQuery {
	plain := ruleQuery{lang: ruleLanguages[0].name}
	e, err := parsePromQL(nil, expr)
	if err != nil {
		return plain
	}
	q, left := ruleQuery{}, unwrapParens(e)
	if c, inner, ok := compared(e); ok {
		if c.bool || !slices.Contains(ruleOps, c.op.String()) {
			return plain
		}
		q.op, q.limit, left = c.op.String(), expr[c.place.Start:c.place.End], inner
	}
	s, ok := left.(*parser.VectorSelector)
	if !ok || s.Name != "" || s.OriginalOffset != 0 || s.OriginalOffsetExpr != nil || s.Timestamp != nil || s.StartOrEnd != 0 {
		return plain
	}
	for _, m := range s.LabelMatchers {
		i := slices.IndexFunc(ruleLanguages[:], func(l struct{ name, title, label string }) bool { return l.label == m.Name })
		switch {
		case m.Type != labels.MatchEqual:
			return plain
		case m.Name == store.AskRange:
			q.over = m.Value
		case i > 0 && q.lang == "":
			q.lang, q.text = ruleLanguages[i].name, m.Value
		default:
			return plain
		}
	}
	if q.lang == "" || q.over != "" && q.lang != "traceql" {
		return plain
	}
	return q
}

// formQuery is the same as far as the fields of a form can hold it: a number
// that is written in a way that they do not read, such as 6 * 0.005, stays PromQL.
func formQuery(expr string) ruleQuery {
	q := readRuleQuery(expr)
	if q.limit == "" {
		return q
	}
	c, ok := splitComparison(nil, expr)
	if v, err := limitTyped(q.limit); !ok || err != nil || v != c.limit {
		return ruleQuery{lang: ruleLanguages[0].name}
	}
	return q
}

// typedRuleQuery is that of a form, and what is wrong with its numbers.
func typedRuleQuery(text func(name string) string, query func(name string) string) (q ruleQuery, fault *rulebook.Fault) {
	q = ruleQuery{lang: text("lang"), op: text("op"), limit: text("than"), over: text("over")}
	q.text = query(q.lang)
	if q.lang != "traceql" {
		q.over = ""
	}
	if q.op != "" && !slices.Contains(ruleOps, q.op) {
		return q, &rulebook.Fault{Field: "expr", Text: fmt.Sprintf("%.10q is no comparison", q.op)}
	}
	if q.limit == "" {
		return q, nil
	}
	v, err := limitTyped(q.limit)
	if err != nil {
		return q, &rulebook.Fault{Field: "expr", Text: fmt.Sprintf("compared with %.40q: %v", q.limit, err)}
	}
	if c, ok := splitComparison(nil, "x > "+q.limit); !ok || c.limit != v {
		q.limit = limitExact(v) // PromQL does not read it as it is typed: 0,05, 5 % or 010
	}
	return q, nil
}

// promFault is what PromQL says before a fault of the query that it carries.
var promFault = regexp.MustCompile(`^(?:line \d+, )?column \d+: (?:__\w+__: )?`)

// own leaves out of faults of the expression where it stands in PromQL.
func (q ruleQuery) own(faults rulebook.Faults) rulebook.Faults {
	if labelOf(q.lang) == "" {
		return faults
	}
	for i := range faults {
		if faults[i].Field == "expr" {
			faults[i].Text = promFault.ReplaceAllString(faults[i].Text, "")
			faults[i].From, faults[i].To = 0, 0
		}
	}
	return faults
}

// exprShown is an expression as it was written, in its language.
func exprShown(expr string) string {
	q := readRuleQuery(expr)
	if labelOf(q.lang) == "" {
		return expr
	}
	s := strings.Join(strings.Fields(q.text), " ")
	if q.over != "" {
		s += " over " + q.over
	}
	if q.limit != "" {
		s += " " + q.op + " " + q.limit
	}
	return s
}

// timesSpans is a TraceQL query that measures durations.
var timesSpans = regexp.MustCompile(`\|\s*(?:quantile|avg|min|max)_over_time\(\s*(?:span:)?duration\b`)

// ratesLines and ratesBytes are LogQL queries that count per second.
var (
	ratesLines = regexp.MustCompile(`\brate\s*\(`)
	ratesBytes = regexp.MustCompile(`\bbytes_rate\s*\(`)
)

// unit is what the query's values count, as far as its text says. What is
// divided, or counts both lines and bytes, counts something else.
func (q ruleQuery) unit() string {
	switch {
	case q.lang == "traceql" && timesSpans.MatchString(q.text):
		return "s"
	case q.lang == "traceql" && ratesLines.MatchString(q.text):
		return "/s"
	case q.lang != "logql" || strings.Contains(q.text, "/"):
		return ""
	}
	switch lines, bytes := ratesLines.MatchString(q.text), ratesBytes.MatchString(q.text); {
	case lines && !bytes:
		return "/s"
	case bytes && !lines:
		return "B/s"
	}
	return ""
}

// model is the choice of languages, with the fields of those that are not PromQL.
func (q ruleQuery) model() screens.RuleLanguages {
	out := screens.RuleLanguages{Op: cmp.Or(q.op, ruleOps[0]), Ops: ruleOps, Limit: q.limit, Over: q.over}
	for _, l := range ruleLanguages {
		out.List = append(out.List, screens.RuleSpan{Value: l.name, Text: l.title, On: l.name == cmp.Or(q.lang, ruleLanguages[0].name)})
	}
	out.LogQL = q.box("logql", "LogQL", `numbers from logs, such as sum by (service_name) (count_over_time({level="error"} [5m]))`)
	out.TraceQL = q.box("traceql", "TraceQL", `numbers from spans, such as { status = error } | rate() by (resource.service.name)`)
	return out
}

// box is the field of a query in one language.
func (q ruleQuery) box(lang, title, placeholder string) ui.Query {
	out := ui.Query{ID: "rule-" + lang, Name: lang, Lines: 3, Label: "Query in " + title, Placeholder: placeholder}
	if q.lang == lang {
		out.Value = q.text
	}
	return out
}
