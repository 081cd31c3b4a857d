package pages

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/prometheus/promql/parser"

	"tripod/alerting"
	"tripod/alerting/backtest"
	"tripod/alerting/rulebook"
	"tripod/ui"
	"tripod/ui/chart"
	"tripod/ui/screens"
)

// ruleSpans are how much of the past a preview shows.
var ruleSpans = []struct {
	name, text string
	back       time.Duration
}{{"6h", "6 h", 6 * time.Hour}, {"1h", "1 h", time.Hour}, {"1d", "24 h", 24 * time.Hour}, {"7d", "7 d", 7 * 24 * time.Hour}}

const (
	statesTime  = 2 * time.Second // for the strip of states; the chart says enough without it
	ruleTest    = "7d"            // the back-test that a form begins with
	ruleSamples = 3               // alerts of this moment that are shown in full
)

// rulePreviewPart answers the form while it is being typed in: what is wrong
// with it and how it looks, or its back-test.
func (p *Pages) rulePreviewPart(w http.ResponseWriter, r *http.Request) error {
	f, err := postedRule(w, r)
	if err != nil {
		return err
	}
	st := p.state(r)
	if r.URL.Query().Get("part") == "test" {
		return p.fragment(w, r, http.StatusOK, screens.RuleTest(p.ruleTest(r.Context(), st, &f, true)))
	}
	m := p.rulePreview(r.Context(), st, &f)
	m.Errors = ruleErrors(f.check(p.o.Alerts.Parser))
	if f.rule.Title() == "" && len(m.Errors) > 0 {
		delete(m.Errors, "alert") // who types the expression first need not hear of it yet
	}
	return p.fragment(w, r, http.StatusOK, screens.RuleLook(m))
}

// rulePreview is how the rule would do now and would have done lately.
func (p *Pages) rulePreview(ctx context.Context, st State, f *ruleForm) screens.RulePreview {
	out := screens.RulePreview{Expr: f.rule.Expr}
	back := ruleSpans[0].back
	for _, s := range ruleSpans {
		if s.name == f.span {
			back = s.back
		}
	}
	for _, s := range [...]int{1, 0, 2, 3} {
		out.Spans = append(out.Spans, screens.RuleSpan{Value: ruleSpans[s].name, Text: ruleSpans[s].text, On: ruleSpans[s].name == f.span})
	}
	if faults := f.check(p.o.Alerts.Parser).Of("expr"); len(faults) > 0 {
		out.None = "Write an expression to see it here"
		if f.rule.Expr != "" {
			out.None = "The expression cannot be read yet"
		}
		return out
	}
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	st.readTime("now-"+strconv.Itoa(int(back.Seconds()))+"s", "now")
	c, compared := splitComparison(p.o.Alerts.Parser, f.rule.Expr)
	unit := ruleUnit(p.o.Alerts.Parser, f.rule.Expr, f.rule.Annotations)
	if f.record {
		compared = false
	}
	if out.Hint = ruleHint(c, compared, unit); f.record {
		out.Hint = "Every series of the answer is recorded."
	}
	out.Chart = p.ruleChart(ctx, st, f, c, compared)
	if !compared && !f.record {
		out.Compare = ruleCompare(out.Chart.Lines)
	}
	if compared && out.Chart.Threshold != nil {
		out.Threshold = ruleThreshold(f.rule.Expr, c, out.Chart.Lines.Max)
		out.Threshold.Percent = unit == "%"
		out.Threshold.Beside = labelOf(f.query.lang) != ""
	}
	p.rulePresent(ctx, f, c, compared, &out)
	return out
}

// ruleChart draws the left side of the comparison, and when the rule would
// have been pending and firing.
func (p *Pages) ruleChart(ctx context.Context, st State, f *ruleForm, c comparison, compared bool) screens.AlertChart {
	expr := f.rule.Expr
	if compared {
		expr = c.plain
	}
	out := screens.AlertChart{Expr: expr, Metrics: st.Carry().Href("/graph", "q", expr)}
	if p.o.Alerts.Series == nil {
		out.Failed = p.reason(ctx, "rule preview", errNoDoor)
		return out
	}
	g := newAlertGrid(st)
	m, err := g.measured(ctx, p.o.Alerts.Series, f.rule.Expr, c, compared)
	if err != nil {
		out.Failed = p.reason(ctx, "rule preview", err)
		return out
	}
	if len(m) == 0 {
		out.None = "No data in this time"
		return out
	}
	unit := ruleUnit(p.o.Alerts.Parser, f.rule.Expr, f.rule.Annotations)
	p.alertLines(&out, st, g, m, unit)
	if compared {
		threshold(&out, c.limit, unit)
	}
	if f.record {
		return out
	}
	states := g.states(m, nil)
	if p.o.Alerts.Trial != nil && f.check(p.o.Alerts.Parser) == nil {
		ctx, cancel := context.WithTimeout(ctx, statesTime)
		defer cancel()
		if report, err := p.o.Alerts.Trial.Backtest(ctx, testedRule(f.rule), g.from, g.to); err == nil {
			g.tried(states, report)
		}
	}
	g.stateStrip(&out, states, alerting.Rule{For: rulebook.Duration(f.rule.For)})
	return out
}

// tried marks when a back-test was pending and firing.
func (g alertGrid) tried(states []string, report *backtest.Report) {
	mark := func(from, to time.Time, state string) {
		for i := range states {
			if t := g.from.Add(time.Duration(i) * g.step); !t.Before(from) && t.Before(to) && states[i] != "firing" {
				states[i] = state
			}
		}
	}
	for _, a := range report.Alerts {
		for _, e := range a.Episodes {
			to := e.ResolvedAt
			if to.IsZero() {
				to = g.to.Add(g.step)
			}
			mark(e.FiredAt, to, "firing")
			mark(e.ActiveAt, e.FiredAt, "pending")
		}
	}
}

// testedRule is a rule as the back-test takes it.
func testedRule(r rulebook.Rule) backtest.Rule {
	return backtest.Rule{
		Name: cmp.Or(r.Name, "rule"), Expr: r.Expr, For: rulebook.Duration(r.For), KeepFiringFor: rulebook.Duration(r.KeepFiringFor),
		Labels: r.Labels, Annotations: r.Annotations, Interval: rulebook.Duration(r.Interval), Offset: rulebook.Duration(r.QueryOffset),
	}
}

// ruleThreshold is the number that the expression compares with, and between
// which others a slider may move it.
func ruleThreshold(expr string, c comparison, top float64) *screens.RuleThreshold {
	return &screens.RuleThreshold{
		Value: strconv.FormatFloat(c.limit, 'g', -1, 64), Op: c.op.String(),
		Max:  strconv.FormatFloat(top, 'g', -1, 64),
		Step: strconv.FormatFloat(math.Pow10(int(math.Floor(math.Log10(top)))-2), 'g', -1, 64),
		From: units16(expr, int(c.place.Start)), To: units16(expr, int(c.place.End)),
	}
}

// ruleCompare is a comparison that the drawn values do not reach, with two digits.
func ruleCompare(lines chart.Lines) string {
	most := math.Inf(-1)
	for _, s := range lines.Series {
		for _, v := range s.Values {
			if !math.IsNaN(v) && !math.IsInf(v, 0) {
				most = max(most, v)
			}
		}
	}
	if math.IsInf(most, 0) || most <= 0 {
		return ""
	}
	unit := math.Pow10(int(math.Floor(math.Log10(most))) - 1)
	return "> " + strconv.FormatFloat(math.Ceil(most/unit)*unit, 'g', 2, 64)
}

// ruleHint says in which unit the threshold is, and what has none.
func ruleHint(c comparison, compared bool, unit string) string {
	if !compared {
		return "It compares with no number: every series of the answer is an alert, whatever its value."
	}
	yields := map[string]string{"s": "seconds", "B": "bytes", "B/s": "bytes per second", "%": "a share from 0 to 1"}[unit]
	switch {
	case unit == "/s":
		return "This query yields a rate per second."
	case yields == "":
		return ""
	case c.limit == 0:
		return "This query yields " + yields + "."
	}
	return "This query yields " + yields + ": " + strconv.FormatFloat(c.limit, 'g', -1, 64) + " is " + limitWords(c.limit, unit) + "."
}

// isShare says that a query divides like by like.
func isShare(read parser.Parser, q string) bool {
	e, err := parsePromQL(read, q)
	if err != nil {
		return false
	}
	b, ok := unwrapParens(e).(*parser.BinaryExpr)
	if !ok || b.Op != parser.DIV {
		return false
	}
	unit := unitOf(read, b.LHS.String())
	return unit != "" && unit == unitOf(read, b.RHS.String())
}

// rulePresent says what the rule gives at this moment. When that is nothing,
// it shows how an alert would read with the values of now.
func (p *Pages) rulePresent(ctx context.Context, f *ruleForm, c comparison, compared bool, out *screens.RulePreview) {
	if p.o.Alerts.Now == nil {
		return
	}
	n, samples, err := p.o.Alerts.Now.Now(ctx, f.rule)
	if err != nil {
		out.Failed = p.reason(ctx, "rule now", err)
		return
	}
	switch {
	case f.record:
		out.Say = "Now it records " + ofSeries(n) + "."
	case n > 0 && rulebook.Duration(f.rule.For) > 0:
		out.Say = "Now the condition holds for " + ofSeries(n) + ": pending for " + chart.Long(rulebook.Duration(f.rule.For)) + ", then firing."
	case n > 0:
		out.Say = "Now the condition holds for " + ofSeries(n) + ", which would fire at once."
	default:
		out.Say = "Now the condition holds for nothing."
	}
	if n == 0 && compared {
		as := f.rule
		as.Expr = c.left
		if n, samples, err = p.o.Alerts.Now.Now(ctx, as); err != nil || n == 0 {
			return
		}
		out.Say += " With the values of now an alert would read:"
		out.AsIf = true
	}
	for _, s := range samples[:min(len(samples), ruleSamples)] {
		out.Samples = append(out.Samples, p.ruleSample(s, ruleUnit(p.o.Alerts.Parser, f.rule.Expr, f.rule.Annotations)))
	}
	if !out.AsIf && n > ruleSamples {
		out.More = fmt.Sprintf("and %s more", chart.Count(int64(n-ruleSamples)))
	}
}

func ofSeries(n int) string {
	if n == 1 {
		return "one series"
	}
	return chart.Count(int64(n)) + " series"
}

func (p *Pages) ruleSample(s rulebook.Sample, unit string) screens.RuleSample {
	out := screens.RuleSample{Value: quantity(s.Value, unit).String(), Fault: s.Fault}
	if name := alerting.ServiceOf(s.Labels); name != "" {
		out.Service = &ui.Service{Name: name, Slot: p.o.Slots(name)}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Labels)) {
		switch name {
		case "alertname", "service_name", "service":
		default:
			out.Labels = append(out.Labels, name+"="+s.Labels[name])
		}
	}
	for _, name := range usualNotes {
		if text := s.Annotations[name]; text != "" {
			out.Annotations = append(out.Annotations, screens.RulePair{Name: name, Value: text})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Annotations)) {
		if text := s.Annotations[name]; text != "" && !slices.Contains(usualNotes, name) {
			out.Annotations = append(out.Annotations, screens.RulePair{Name: name, Value: text})
		}
	}
	return out
}

// ruleTest is the back-test of what the form holds, or the offer to run it.
func (p *Pages) ruleTest(ctx context.Context, st State, f *ruleForm, run bool) screens.AlertTest {
	out := screens.AlertTest{}
	if p.o.Alerts.Trial == nil || f.record {
		return out
	}
	back := time.Duration(0)
	for _, s := range testSpans {
		out.Spans = append(out.Spans, screens.AlertTestSpan{Text: s.text, Value: s.name, On: s.name == f.test})
		if s.name == f.test {
			back, out.Over = s.back, s.text
		}
	}
	if faults := f.check(p.o.Alerts.Parser); back == 0 || len(faults.Of("expr")) > 0 {
		out.Over = ""
		return out
	}
	if out.Waiting = !run; out.Waiting {
		return out
	}
	ctx, cancel := context.WithTimeout(ctx, testTime)
	defer cancel()
	tested := testedRule(f.rule)
	tested.Labels, tested.Annotations = soundTemplates(f.check(p.o.Alerts.Parser), "labels", tested.Labels), nil
	if out.Failed = p.runTests(ctx, st, tested, back, &out); out.Failed == "" && len(out.Rows) == 0 {
		out.Failed = "the rule has nothing to test"
	}
	return out
}

// soundTemplates leaves out what is not finished yet.
func soundTemplates(faults rulebook.Faults, field string, m map[string]string) map[string]string {
	out := maps.Clone(m)
	for _, fault := range faults {
		if name, ok := strings.CutPrefix(fault.Field, field+"."); ok {
			delete(out, name)
		}
	}
	return out
}
