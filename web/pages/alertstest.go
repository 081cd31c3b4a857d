package pages

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/promql/parser"

	"tripod/alerting"
	"tripod/alerting/backtest"
	"tripod/ui/chart"
	"tripod/ui/screens"
)

// AlertTrial runs a rule over what is stored, with the routes of this moment.
type AlertTrial interface {
	Backtest(ctx context.Context, rule backtest.Rule, from, to time.Time) (*backtest.Report, error)
	// BacktestAt gives a report for each limit, for the price of little more than one.
	BacktestAt(ctx context.Context, rule backtest.Rule, c backtest.Comparison, limits []float64, from, to time.Time) ([]*backtest.Report, error)
}

// testSpans are how far back a test can go, by its name in the address.
var testSpans = []struct {
	name, text string
	back       time.Duration
}{{"1d", "24 hours", 24 * time.Hour}, {"7d", "7 days", 7 * 24 * time.Hour}, {"30d", "30 days", 30 * 24 * time.Hour}}

// testTime is for all thresholds together.
const testTime = 20 * time.Second

const (
	testDefault = "7d" // how far back a test goes when the address does not say
	testPath    = "/alerts/backtest"
)

// alertTest is the back-test of a rule: what it would have done, at the
// threshold that the address names and at others. It takes about a second,
// therefore the page asks for it once it is shown, unless the address has run,
// as that of a browser without scripts.
func (p *Pages) alertTest(ctx context.Context, st State, e alertEntry, run bool) screens.AlertTest {
	out := screens.AlertTest{Key: e.key, For: promDuration(e.rule.For)}
	if p.o.Alerts.Trial == nil {
		return out
	}
	asked := cmp.Or(st.Values.Get("test"), testDefault)
	back := time.Duration(0)
	st.Values = clone(st.Values)
	st.Values.Del("run")
	st.Values.Set("sel", e.key)
	out.Part, out.Hidden = st.at(testPath), st.Hidden("threshold", "for")
	for _, s := range testSpans {
		to := st
		to.Values = clone(st.Values)
		to.Values.Set("test", s.name)
		out.Spans = append(out.Spans, screens.AlertTestSpan{Text: s.text, Href: to.With("run", "1") + "#alert-test", Part: to.at(testPath), On: s.name == asked})
		if s.name == asked {
			back, out.Over = s.back, s.text
		}
	}
	if back == 0 {
		return out
	}
	if !run {
		out.Waiting = true
		return out
	}
	ctx, cancel := context.WithTimeout(ctx, testTime)
	defer cancel()
	rule := backtest.Rule{
		Name: e.rule.Name, Expr: e.rule.Expr, For: e.rule.For, KeepFiringFor: e.rule.KeepFiringFor,
		Labels: e.rule.Labels, Annotations: e.rule.Annotations, Interval: e.group.Interval, Offset: e.group.QueryOffset,
	}
	if s := st.Values.Get("for"); s != "" {
		d, err := model.ParseDuration(s)
		if err != nil {
			out.Failed = fmt.Sprintf("for %.40q: want a duration like 30s, 5m or 1h30m", s)
			return out
		}
		rule.For = time.Duration(d)
		out.For = s
	}
	if out.Failed = p.runTests(ctx, st, rule, back, &out); out.Failed == "" && len(out.Rows) == 0 {
		out.Failed = "the rule has nothing to test"
	}
	return out
}

// alertTestPart is the back-test of a rule by itself.
func (p *Pages) alertTestPart(w http.ResponseWriter, r *http.Request) error {
	if p.o.Alerts.Rules == nil {
		return errNoDoor
	}
	st := p.state(r)
	st.Path = "/alerts"
	entries := alertEntries(p.o.Alerts.Rules.Groups())
	i := slices.IndexFunc(entries, func(e alertEntry) bool { return e.key == st.Sel })
	if i < 0 {
		return p.fragment(w, r, http.StatusOK, screens.AlertTestPart(screens.AlertTest{Failed: fmt.Sprintf("there is no rule %.80q any more", st.Sel)}))
	}
	m := p.alertTest(r.Context(), st, entries[i], true)
	if r.Context().Err() != nil {
		return r.Context().Err() // nobody waits for it any more
	}
	if st.Values.Has("test") || st.Values.Has("threshold") || st.Values.Has("for") {
		w.Header().Set("HX-Replace-Url", st.Without("run"))
	}
	return p.fragment(w, r, http.StatusOK, screens.AlertTestPart(m))
}

// runTests fills the rows: one for each of several thresholds, or for an
// expression without one.
func (p *Pages) runTests(ctx context.Context, st State, rule backtest.Rule, back time.Duration, out *screens.AlertTest) string {
	unit := ruleUnit(p.o.Alerts.Parser, rule.Expr, rule.Annotations)
	c, limits, at, err := testThresholds(p.o.Alerts.Parser, st, rule.Expr, unit)
	if err != nil {
		return err.Error()
	}
	from, to := st.Now.Add(-back), st.Now
	var reports []*backtest.Report
	if len(limits) == 0 {
		var one *backtest.Report
		one, err = p.o.Alerts.Trial.Backtest(ctx, rule, from, to)
		limits, reports = []float64{0}, []*backtest.Report{one}
	} else {
		out.Threshold = limitField(at, unit)
		reports, err = p.o.Alerts.Trial.BacktestAt(ctx, rule, backtest.Comparison{Left: c.left, Op: c.op.String()}, limits, from, to)
	}
	if errors.Is(err, alerting.ErrInvalid) {
		return err.Error()
	}
	if err != nil {
		return p.reason(ctx, "back-test", err)
	}
	most := 1
	for _, report := range reports {
		most = max(most, report.Fired())
	}
	for i, report := range reports {
		row := testRow(limitWords(limits[i], unit), report)
		row.Share = float64(report.Fired()) / float64(most)
		if row.On = limits[i] == at || out.Threshold == ""; row.On {
			out.Say = testSentence(report, out.Over)
			out.Chart = p.testChart(ctx, st, rule, report, at, unit)
		}
		out.Rows = append(out.Rows, row)
	}
	return ""
}

// testThresholds are the rule's own, or the one of the address, which is at,
// and some on both sides of it, in order; none of an expression that compares
// with no number.
func testThresholds(read parser.Parser, st State, expr, unit string) (c comparison, limits []float64, at float64, _ error) {
	c, ok := splitComparison(read, expr)
	if !ok || c.bool || math.IsNaN(c.limit) || math.IsInf(c.limit, 0) {
		return c, nil, 0, nil
	}
	at = c.limit
	if s := st.Values.Get("threshold"); s != "" {
		v, err := limitTyped(s)
		if err == nil && (math.IsNaN(v) || math.IsInf(v, 0)) {
			err = errNoNumber
		}
		if err != nil {
			return c, nil, 0, fmt.Errorf("threshold %.40q: %w", s, err)
		}
		at = v
	}
	limits = append(limits, at)
	for _, v := range append(otherLimits(at, unit), c.limit) {
		if !slices.ContainsFunc(limits, func(have float64) bool { return limitText(have) == limitText(v) }) {
			limits = append(limits, v)
		}
	}
	slices.Sort(limits)
	return c, limits, at, nil
}

// otherLimits are on both sides of one: of a share near the whole by how much
// it leaves to it.
func otherLimits(at float64, unit string) (out []float64) {
	for _, by := range [...]float64{0.25, 0.5, 2, 4} {
		v := at * by
		if unit == "%" && at > 0.5 && at < 1 {
			v = 1 - (1-at)*by
		}
		if unit != "%" || v > 0 && v < 1 || at >= 1 {
			out = append(out, v)
		}
	}
	return out
}

func testRow(threshold string, r *backtest.Report) screens.AlertTestRow {
	row := screens.AlertTestRow{Threshold: threshold, Fired: chart.Count(int64(r.Fired())), Firing: "–", Told: chart.Count(int64(len(r.Notices)))}
	if r.Fired() > 0 {
		row.Firing = chart.Age(r.Firing())
	}
	night := 0
	var whom []string
	for _, n := range r.Notices {
		if n.Night {
			night++
		}
		if !slices.Contains(whom, n.Receiver) {
			whom = append(whom, n.Receiver)
		}
	}
	row.Night, row.Whom = chart.Count(int64(night)), cmp.Or(strings.Join(whom, ", "), "nobody")
	return row
}

func testSentence(r *backtest.Report, over string) string {
	if r.Fired() == 0 {
		return "It would not have fired in " + over + "."
	}
	times := chart.Count(int64(r.Fired())) + " times"
	if r.Fired() == 1 {
		times = "once"
	}
	s := fmt.Sprintf("It would have fired %s in %s, %s in all", times, over, chart.Age(r.Firing()))
	switch n := len(r.Notices); n {
	case 0:
		s += ", and nobody would have been told"
	case 1:
		s += ", with one notification"
	default:
		s = fmt.Sprintf("%s, with %s notifications", s, chart.Count(int64(n)))
	}
	if held := backtest.SayHeld(r.Reasons()); held != "" {
		s += "; " + held
	}
	return s + "."
}
