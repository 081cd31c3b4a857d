package backtest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"

	"tripod/alerting"
	"tripod/alerting/config"
)

const inhibited = routes + `
inhibit_rules:
- {source_matchers: [alertname="DatabaseDown"], target_matchers: [severity="page"], equal: [zone]}
- {source_matchers: [team=~"sea|air", 'a.b!="1"'], target_matchers: [severity="warning"]}
`

// TestOtherRulesHoldBack: alerts of other rules, as ALERTS has them, hold back
// as they do in the pipeline, and are not told of.
func TestOtherRulesHoldBack(t *testing.T) {
	c, err := config.Parse([]byte(inhibited), config.Source{File: "tripod.yaml"})
	if err != nil {
		t.Fatal(err)
	}
	between := func(from, to int) map[int]float64 {
		at := map[int]float64{}
		for i := from * 4; i < to*4; i++ { // minutes
			at[i] = 7
		}
		return at
	}
	condition := world{
		{labels.FromStrings("zone", "a"), between(60, 90)}, {labels.FromStrings("zone", "b"), between(60, 90)},
		{labels.FromStrings("zone", "a"), between(600, 620)},
	}
	alerts := world{
		{labels.FromStrings("__name__", "ALERTS", "alertstate", "firing", "alertname", "DatabaseDown", "zone", "a", "severity", "critical"), between(30, 70)},
	}
	var asked []string
	var fails error
	o := Options{From: start, To: start.Add(24 * time.Hour), Config: c, Query: func(ctx context.Context, expr string, from, to time.Time, by time.Duration) (promql.Matrix, error) {
		if !strings.Contains(expr, "ALERTS") {
			return condition.query(ctx, expr, from, to, by)
		}
		if len(asked) == 0 || asked[len(asked)-1] != expr {
			asked = append(asked, expr)
		}
		if fails != nil {
			return nil, fails
		}
		return alerts.query(ctx, expr, from, to, by)
	}}
	rule := Rule{Name: "Down", Expr: "x > 1", For: time.Minute, Labels: map[string]string{"severity": "page"}}
	report, err := Run(t.Context(), rule, o)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, n := range report.Notices {
		lines = append(lines, fmt.Sprintf("%s firing %d resolved %d", n.Time.Sub(start), n.Firing, n.Resolved))
	}
	for _, h := range report.Held {
		lines = append(lines, fmt.Sprintf("%s %s from %s: %s", h.Time.Sub(start), h.Labels["zone"], h.Receiver, h.Why))
	}
	want := `1h1m30s firing 1 resolved 0
1h11m30s firing 2 resolved 0
1h31m30s firing 0 resolved 2
10h1m30s firing 1 resolved 0
10h21m30s firing 0 resolved 1
1h1m30s a from pager: inhibited by DatabaseDown`
	if got := strings.Join(lines, "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	p := parser.NewParser(parser.Options{})
	for i, expr := range asked {
		if _, err := p.ParseExpr(expr); err != nil {
			t.Errorf("%s: %v", expr, err)
		}
		if i > 0 || !strings.Contains(expr, `"alertname"!="Down"`) || !strings.Contains(expr, `"alertname"="DatabaseDown"`) {
			t.Errorf("asked %s; only the source of its own inhibition rule is wanted, without its own alerts", expr)
		}
	}
	asked, fails = nil, errors.New("disk gone")
	if _, err := Run(t.Context(), rule, o); err == nil || !strings.Contains(err.Error(), "alerts of other rules: disk gone") {
		t.Errorf("an answer that failed: %v", err)
	}
	rule.Labels["severity"] = "none"
	if _, err := Run(t.Context(), rule, o); err != nil || len(asked) != 1 {
		t.Errorf("nothing holds it back, but %q was asked, %v", asked, err)
	}
	rule.Labels["severity"] = "warning"
	if _, err := Run(t.Context(), rule, o); err == nil || !strings.Contains(asked[1], `"a.b"!="1"`) || !strings.Contains(asked[1], `"team"=~"sea|air"`) {
		t.Errorf("asked %q", asked)
	} else if _, err := p.ParseExpr(asked[1]); err != nil {
		t.Error(err)
	}
}

// TestSelectorMatchesAsAlertmanager: also with words that PromQL would read otherwise.
func TestSelectorMatchesAsAlertmanager(t *testing.T) {
	for _, m := range []alerting.Matcher{
		{Name: "a", Value: "x\"y\\z\n", IsEqual: true}, {Name: "a", Value: "é\x01", IsEqual: true}, {Name: "with space", Value: "", IsEqual: false},
		{Name: "a", Value: `\d+`, IsEqual: true, IsRegex: true},
	} {
		expr, err := parser.NewParser(parser.Options{}).ParseExpr(selector([]alerting.Matcher{m}, "R"))
		if err != nil {
			t.Fatal(err)
		}
		got := expr.(*parser.VectorSelector).LabelMatchers[3]
		if got.Name != m.Name || got.Value != m.Value {
			t.Errorf("%v became %v", m, got)
		}
	}
}
