package pages

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"tripod/alerting"
	"tripod/alerting/backtest"
	"tripod/ui/chart"
	"tripod/ui/screens"
)

// AlertTrial runs a rule over what is stored, with the routes of this moment.
type AlertTrial interface {
	Backtest(ctx context.Context, rule backtest.Rule, from, to time.Time) (*backtest.Report, error)
}

// testSpans are how far back a test can go, by its name in the address.
var testSpans = []struct {
	name, text string
	back       time.Duration
}{{"1d", "24 hours", 24 * time.Hour}, {"7d", "7 days", 7 * 24 * time.Hour}, {"30d", "30 days", 30 * 24 * time.Hour}}

const (
	testTime  = 20 * time.Second // for all thresholds together
	testParts = 168              // of the strip
)

// alertTest is the back-test of a rule: an offer to run it, or what it would
// have done, at the threshold that the address names and at others.
func (p *Pages) alertTest(ctx context.Context, st State, e alertEntry) screens.AlertTest {
	out := screens.AlertTest{Hidden: st.Hidden("threshold")}
	if p.o.Alerts.Trial == nil {
		return out
	}
	asked := st.Values.Get("test")
	back := time.Duration(0)
	for _, s := range testSpans {
		out.Spans = append(out.Spans, screens.AlertTestSpan{Text: s.text, Href: st.With("test", s.name) + "#alert-test", On: s.name == asked})
		if s.name == asked {
			back, out.Over = s.back, s.text
		}
	}
	if back == 0 {
		return out
	}
	ctx, cancel := context.WithTimeout(ctx, testTime)
	defer cancel()
	rule := backtest.Rule{
		Name: e.rule.Name, Expr: e.rule.Expr, For: e.rule.For, KeepFiringFor: e.rule.KeepFiringFor,
		Labels: e.rule.Labels, Annotations: e.rule.Annotations, Interval: e.group.Interval, Offset: e.group.QueryOffset,
	}
	if out.Failed = p.runTests(ctx, st, rule, back, false, &out); out.Failed == "" && len(out.Rows) == 0 {
		out.Failed = "the rule has nothing to test"
	}
	return out
}

// runTests fills the rows: those of several thresholds, or the one that is
// asked for alone.
func (p *Pages) runTests(ctx context.Context, st State, rule backtest.Rule, back time.Duration, own bool, out *screens.AlertTest) string {
	thresholds, at, err := testThresholds(st, rule.Expr)
	if err != nil {
		return err.Error()
	}
	out.Threshold = at
	for _, t := range thresholds {
		if own && t.text != at {
			continue
		}
		if t.expr != "" {
			rule.Expr = t.expr
		}
		report, err := p.o.Alerts.Trial.Backtest(ctx, rule, st.Now.Add(-back), st.Now)
		if err != nil {
			if errors.Is(err, alerting.ErrInvalid) {
				return err.Error()
			}
			return p.reason(ctx, "back-test", err)
		}
		row := testRow(t.text, report)
		if row.On = t.text == at; row.On {
			out.Say, out.Strip = testSentence(report, out.Over), testStrip(report)
		}
		out.Rows = append(out.Rows, row)
	}
	return ""
}

type testThreshold struct {
	value      float64
	text, expr string // expr is empty for the rule as it is
}

// testThresholds are the rule's own, or the one of the address, and some on
// both sides of it, in order; of an expression without one only the rule as it
// is.
func testThresholds(st State, expr string) (_ []testThreshold, at string, _ error) {
	c, ok := splitComparison(expr)
	if !ok || math.IsNaN(c.limit) || math.IsInf(c.limit, 0) {
		return []testThreshold{{text: ""}}, "", nil
	}
	value := c.limit
	if s := st.Values.Get("threshold"); s != "" {
		v, err := strconv.ParseFloat(strings.ReplaceAll(s, ",", "."), 64)
		if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, "", fmt.Errorf("threshold %.40q: want a number", s)
		}
		value = v
	}
	var out []testThreshold
	add := func(v float64) {
		text := strconv.FormatFloat(v, 'g', 6, 64)
		if !slices.ContainsFunc(out, func(t testThreshold) bool { return t.text == text }) {
			out = append(out, testThreshold{v, text, fmt.Sprintf("(%s) %s %s", c.left, c.op, strconv.FormatFloat(v, 'g', -1, 64))})
		}
	}
	add(value)
	at = out[0].text
	add(c.limit)
	for _, times := range [...]float64{0.25, 0.5, 2, 4} {
		if value == 0 {
			break
		}
		add(value * times)
	}
	slices.SortFunc(out, func(a, b testThreshold) int { return cmp.Compare(a.value, b.value) })
	return out, at, nil
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
		return s + ", and nobody would have been told."
	case 1:
		return s + ", with one notification."
	default:
		return fmt.Sprintf("%s, with %s notifications.", s, chart.Count(int64(n)))
	}
}

// testStrip joins equal parts.
func testStrip(r *backtest.Report) []screens.AlertSpan {
	var out []screens.AlertSpan
	for _, fired := range r.Strip(testParts) {
		state := "ok"
		if fired {
			state = "firing"
		}
		if n := len(out); n > 0 && out[n-1].State == state {
			out[n-1].Width += 1.0 / testParts
		} else {
			out = append(out, screens.AlertSpan{State: state, Width: 1.0 / testParts})
		}
	}
	return out
}
