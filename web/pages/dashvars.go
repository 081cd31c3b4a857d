package pages

import (
	"cmp"
	"context"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"tripod/dashboard"
	"tripod/store"
	"tripod/ui/screens"
)

const (
	varsTime   = 3 * time.Second // for all variables of a page
	maxOptions = 1000            // of one variable
	maxTaken   = 200             // values at once
)

// dashVar is a variable with what can be chosen, and what is.
type dashVar struct {
	*dashboard.Variable
	options []dashboard.Option
	values  []string // chosen; dashboard.AllValue alone for all
	failed  string
}

// dashVars finds the values of all variables, in order: a later one may name
// those before it.
func (p *Pages) dashVars(ctx context.Context, v *dashView) {
	ctx, cancel := context.WithTimeout(ctx, varsTime)
	defer cancel()
	v.chosen = map[string]dashboard.Chosen{}
	for i := range v.dash.Variables {
		d := dashVar{Variable: &v.dash.Variables[i]}
		p.varOptions(ctx, v, &d)
		d.choose(v.st.Values["var-"+d.Name])
		v.chosen[d.Name] = d.chosen(v)
		v.vars = append(v.vars, d)
	}
}

func (p *Pages) varOptions(ctx context.Context, v *dashView, d *dashVar) {
	switch d.Kind {
	case dashboard.VarQuery:
		found, err := p.askVariable(ctx, v, d.Query)
		if err != nil {
			d.failed = p.reason(ctx, "variable "+d.Name, err)
		}
		d.options = d.narrowed(found)
	default:
		d.options = d.Values
	}
}

// narrowed keeps what the variable's expression matches, sorted, each once.
func (d *dashVar) narrowed(found []string) []dashboard.Option {
	var out []dashboard.Option
	re, err := regexp.Compile(d.Match)
	seen := map[string]bool{}
	for _, s := range found {
		o := dashboard.Option{Value: s}
		if d.Match != "" && err == nil {
			m := re.FindStringSubmatch(s)
			if m == nil {
				continue
			}
			o = captured(re, m, s)
		}
		if seen[o.Value] || len(out) >= maxOptions {
			continue
		}
		seen[o.Value] = true
		out = append(out, o)
	}
	sortOptions(out, d.Sort)
	return out
}

// captured is what groups of an expression take: text and value by name, or the first.
func captured(re *regexp.Regexp, m []string, whole string) dashboard.Option {
	var o dashboard.Option
	for i, name := range re.SubexpNames() {
		switch {
		case name == "value":
			o.Value = m[i]
		case name == "text":
			o.Text = m[i]
		}
	}
	if o.Value == "" && o.Text == "" {
		o.Value = whole
		if len(m) > 1 {
			o.Value = m[1]
		}
	}
	o.Value = cmp.Or(o.Value, o.Text)
	return o
}

func sortOptions(out []dashboard.Option, how string) {
	name, desc := strings.CutPrefix(how, "-")
	slices.SortStableFunc(out, func(a, b dashboard.Option) int {
		c := 0
		switch name {
		case "name":
			c = cmp.Or(strings.Compare(strings.ToLower(a.Value), strings.ToLower(b.Value)), strings.Compare(a.Value, b.Value))
		case "number":
			c = cmp.Compare(firstNumber(a.Value), firstNumber(b.Value))
		}
		if desc {
			return -c
		}
		return c
	})
}

var digits = regexp.MustCompile(`\d+(\.\d+)?`)

func firstNumber(s string) float64 {
	n, err := strconv.ParseFloat(digits.FindString(s), 64)
	if err != nil {
		return math.Inf(1)
	}
	return n
}

// choose takes what the address says, or the default, or the first.
func (d *dashVar) choose(asked []string) {
	if len(asked) > maxTaken {
		asked = asked[:maxTaken]
	}
	if d.Kind == dashboard.VarConstant {
		asked = nil // is nobody's to choose
	}
	d.values = asked
	if len(d.values) == 0 {
		d.values = slices.Clone(d.Default)
	}
	for i, s := range d.values {
		if s == "All" && d.All {
			d.values[i] = dashboard.AllValue
		}
	}
	if d.All && slices.Contains(d.values, dashboard.AllValue) {
		d.values = []string{dashboard.AllValue}
	}
	known := func(s string) bool {
		return slices.ContainsFunc(d.options, func(o dashboard.Option) bool { return o.Value == s })
	}
	if len(asked) == 0 && d.Kind == dashboard.VarQuery && len(d.options) > 0 {
		// the default of a file may name what is not here
		d.values = slices.DeleteFunc(d.values, func(s string) bool { return s != dashboard.AllValue && !known(s) })
	}
	if len(d.values) == 0 {
		switch {
		case d.All && d.Multi:
			d.values = []string{dashboard.AllValue}
		case len(d.options) > 0:
			d.values = []string{d.options[0].Value}
		case d.All:
			d.values = []string{dashboard.AllValue}
		}
	}
	if !d.Multi && len(d.values) > 1 {
		d.values = d.values[:1]
	}
}

// chosen is what the variable stands for.
func (d *dashVar) chosen(v *dashView) dashboard.Chosen {
	c := dashboard.Chosen{Many: d.Multi || d.All}
	if slices.Equal(d.values, []string{dashboard.AllValue}) {
		for _, o := range d.options {
			c.Values = append(c.Values, o.Value)
		}
		c.AllAs = d.AllText
		if len(c.Values) == 0 && c.AllAs == "" {
			c.AllAs = ".*"
		}
		c.Texts = nil
		return c
	}
	for _, s := range d.values {
		text := s
		for _, o := range d.options {
			if o.Value == s {
				text = cmp.Or(o.Text, s)
			}
		}
		if s == "$__auto" {
			s = dashboard.Span(max(v.st.Step(autoPoints), dashStep))
		}
		c.Values, c.Texts = append(c.Values, s), append(c.Texts, text)
	}
	if d.Kind == dashboard.VarConstant || d.Kind == dashboard.VarText {
		c.Many = false
	}
	return c
}

const autoPoints = 100 // of an interval that is chosen by itself

var (
	labelValuesCall = regexp.MustCompile(`(?s)^label_values\(\s*(?:(.+),\s*)?([A-Za-z_][A-Za-z0-9_]*)\s*\)$`)
	labelNamesCall  = regexp.MustCompile(`(?s)^label_names\(\s*(.*?)\s*\)$`)
	metricsCall     = regexp.MustCompile(`(?s)^metrics\((.*)\)$`)
	logValuesCall   = regexp.MustCompile(`(?s)^log_values\(\s*(?:(.+),\s*)?([A-Za-z_][A-Za-z0-9_]*)\s*\)$`)
	queryResultCall = regexp.MustCompile(`(?s)^query_result\((.*)\)$`)
)

// askVariable answers what variables ask: label_values, label_names, metrics,
// query_result.
func (p *Pages) askVariable(ctx context.Context, v *dashView, query string) ([]string, error) {
	if p.o.Metrics == nil || p.o.Labels == nil {
		return nil, errNoDoor
	}
	scope := v.scope(&dashboard.Scoped{}, nil)
	text := strings.TrimSpace(scope.Query(dashboard.PromQL, query))
	from, to := scope.From, scope.To
	if m := labelValuesCall.FindStringSubmatch(text); m != nil {
		return p.labelValues(ctx, strings.TrimSpace(m[1]), m[2], from, to)
	}
	if m := labelNamesCall.FindStringSubmatch(text); m != nil {
		return p.labelNames(ctx, m[1], from, to)
	}
	if m := metricsCall.FindStringSubmatch(text); m != nil {
		names, err := p.o.Labels.LabelValues(ctx, "__name__", from, to)
		re, bad := regexp.Compile(strings.TrimSpace(m[1]))
		if bad != nil {
			return nil, dashWrong("metrics(): " + bad.Error())
		}
		return slices.DeleteFunc(slices.Clone(names), func(n string) bool { return !re.MatchString(n) }), err
	}
	if m := logValuesCall.FindStringSubmatch(text); m != nil {
		return p.logValues(ctx, v, strings.TrimSpace(m[1]), m[2])
	}
	if m := queryResultCall.FindStringSubmatch(text); m != nil {
		return p.queryResult(ctx, m[1], to)
	}
	return nil, dashWrong("the query " + strconv.Quote(cut(text, 100)) + " is none of label_values, label_names, metrics and query_result")
}

func (p *Pages) labelValues(ctx context.Context, selector, name string, from, to time.Time) ([]string, error) {
	if selector == "" {
		return p.o.Labels.LabelValues(ctx, name, from, to)
	}
	found, err := p.o.Metrics.Series(ctx, []string{selector}, from, to, maxVarSeries)
	seen := map[string]bool{}
	for _, ls := range found {
		if s := ls.Get(name); s != "" {
			seen[s] = true
		}
	}
	return sortedKeys(seen), err
}

const maxVarSeries = 20_000 // that are looked at for the values of one variable

func (p *Pages) labelNames(ctx context.Context, selector string, from, to time.Time) ([]string, error) {
	if selector == "" {
		return p.o.Labels.LabelNames(ctx, from, to)
	}
	found, err := p.o.Metrics.Series(ctx, []string{selector}, from, to, maxVarSeries)
	seen := map[string]bool{}
	for _, ls := range found {
		ls.Range(func(l labels.Label) { seen[l.Name] = true })
	}
	return sortedKeys(seen), err
}

// queryResult are series as text with value and time, which a variable's
// expression cuts.
func (p *Pages) queryResult(ctx context.Context, expr string, at time.Time) ([]string, error) {
	m, _, _, err := p.o.Metrics.Measured(ctx, expr, at, at, time.Second)
	var out []string
	for _, s := range m {
		for _, pt := range s.Floats {
			name := s.Metric.Get(labels.MetricName)
			rest := labels.NewBuilder(s.Metric).Del(labels.MetricName).Labels()
			out = append(out, name+strings.ReplaceAll(rest.String(), ", ", ",")+" "+strconv.FormatFloat(pt.F, 'f', -1, 64)+" "+strconv.FormatInt(pt.T, 10))
		}
	}
	return out, err
}

func sortedKeys(m map[string]bool) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// screen is the variable's control.
func (d *dashVar) screen(st *State) screens.DashVar {
	name := "var-" + d.Name
	m := screens.DashVar{Name: name, Label: cmp.Or(d.Label, d.Name), Multi: d.Multi, Free: d.Kind == dashboard.VarText, Keep: st.Hidden(name), Failed: d.failed}
	var said []string
	add := func(value, text string) {
		o := screens.DashOption{Value: value, Text: text, On: slices.Contains(d.values, value), Href: st.With(name, value)}
		if o.On {
			said = append(said, text)
		}
		m.Options = append(m.Options, o)
	}
	if d.All {
		add(dashboard.AllValue, "all")
	}
	for _, o := range d.options {
		text := cmp.Or(o.Text, o.Value)
		if o.Value == "$__auto" {
			text = "auto"
		}
		add(o.Value, text)
	}
	for _, s := range d.values {
		if s != dashboard.AllValue && !slices.ContainsFunc(d.options, func(o dashboard.Option) bool { return o.Value == s }) {
			said = append(said, s)
			if !m.Free {
				m.Options = append(m.Options, screens.DashOption{Value: s, Text: s, On: true, Href: st.With(name, s)})
			}
		}
	}
	switch {
	case len(said) == 0:
		m.Says = "none"
	case len(said) > 2:
		m.Says = said[0] + " + " + strconv.Itoa(len(said)-1)
	default:
		m.Says = strings.Join(said, " + ")
	}
	if m.Free {
		m.Value = strings.Join(d.values, "")
	}
	return m
}

// logValues are the values of a label of log lines.
func (p *Pages) logValues(ctx context.Context, v *dashView, selector, name string) ([]string, error) {
	if p.o.LogQL == nil {
		return nil, errNoDoor
	}
	if selector == "" {
		selector = "{" + name + `=~".+"}`
	}
	width := max(time.Duration(v.st.Range.To-v.st.Range.From), time.Second)
	list, err := p.o.LogQL.Metric(ctx, store.LogMetricQuery{
		Text: "sum by (" + name + ") (count_over_time(" + selector + "[" + dashboard.Span(width) + "]))", From: v.st.Range.To, To: v.st.Range.To,
	})
	seen := map[string]bool{}
	for i := range list {
		if s := list[i].Labels.Get(name); s != "" {
			seen[s] = true
		}
	}
	return sortedKeys(seen), err
}
